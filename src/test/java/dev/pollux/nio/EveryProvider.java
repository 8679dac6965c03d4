package dev.pollux.nio;

import static org.junit.jupiter.api.Assertions.fail;

import dev.pollux.support.EachRow;
import dev.pollux.support.Fds;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Runs a test once for each {@link Subject}. The JDK's own provider is one of them: it shows which
 * expectation is wrong. A parameter of type {@link Selector} is a fresh selector; one of type
 * {@link Peers} makes channels; {@link SelectorProvider} and {@link Subject} are what they say. All
 * that was opened is closed after the test, and then no descriptor may be left.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith(EveryProvider.Provider.class)
@interface EveryProvider {

    /** One invocation for each subject. */
    final class Provider extends EachRow<Subject> {
        static final List<Subject> SUBJECTS = Subject.all();

        Provider() {
            super(SUBJECTS);
        }

        @Override
        protected Extension support(Subject subject) {
            return new Support(subject);
        }
    }

    /** Skips, supplies, closes, counts. */
    final class Support implements ExecutionCondition, ParameterResolver, AfterEachCallback {
        private final Subject subject;
        private final List<AutoCloseable> opened = new ArrayList<>();
        private int openBefore = -1;

        Support(Subject subject) {
            this.subject = subject;
        }

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            return subject.unavailableBecause() == null
                    ? ConditionEvaluationResult.enabled("available")
                    : ConditionEvaluationResult.disabled(
                            subject + ": " + subject.unavailableBecause());
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            Class<?> type = parameter.getParameter().getType();
            return type == Selector.class
                    || type == Peers.class
                    || type == SelectorProvider.class
                    || type == Subject.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            try {
                if (openBefore < 0) {
                    openBefore = Fds.openCount();
                }
                Class<?> type = parameter.getParameter().getType();
                if (type == Subject.class) {
                    return subject;
                }
                if (type == SelectorProvider.class) {
                    return subject.provider();
                }
                return type == Selector.class
                        ? keep(subject.provider().openSelector())
                        : keep(new Peers(subject.provider()));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        private AutoCloseable keep(AutoCloseable closeable) {
            opened.add(closeable);
            return closeable;
        }

        @Override
        public void afterEach(ExtensionContext context) throws Exception {
            for (AutoCloseable closeable : opened) {
                closeable.close();
            }
            if (openBefore >= 0 && context.getExecutionException().isEmpty()) {
                try {
                    Fds.assertOpenCount(openBefore);
                } catch (AssertionError e) {
                    fail("descriptors are left or gone", e);
                }
            }
        }
    }
}
