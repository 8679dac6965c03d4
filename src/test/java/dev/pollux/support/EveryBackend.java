package dev.pollux.support;

import dev.pollux.Backend;
import dev.pollux.FdSelector;
import dev.pollux.Internals;
import dev.pollux.PolluxException;
import dev.pollux.kernel.BsdKqueue;
import dev.pollux.kernel.KqueueModel;
import dev.pollux.remote.AgentLink.AgentLost;
import dev.pollux.remote.Remote;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Syscalls;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.TestTemplate;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.InvocationInterceptor;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import org.junit.jupiter.api.extension.ReflectiveInvocationContext;

/**
 * Runs a test once for each pair of a backend and a binding. A parameter of type {@link FdSelector}
 * is a fresh selector on that pair, closed after the test; one of type {@link Pair} is the pair.
 * What is not available here is skipped with the reason; {@code -Dpollux.backend} and {@code
 * -Dpollux.binding} leave the others out, and {@link Backend#URING} is tested when it is named.
 * kqueue runs on models of the BSD kernels as well, see {@link KqueueModel}. A test with the tag
 * {@link #LONG} runs on each backend by the first binding that works, and by each other binding
 * once.
 */
@Target(ElementType.METHOD)
@Retention(RetentionPolicy.RUNTIME)
@TestTemplate
@ExtendWith({LostAgent.class, EveryBackend.Provider.class})
public @interface EveryBackend {
    /** The tag of tests that start a program for each pair. */
    String LONG = "long";

    /** A backend through a binding. */
    record Pair(Backend backend, String binding, Syscalls sys, String unavailableBecause) {
        public FdSelector open() throws PolluxException {
            return Internals.openAsUsersDo(backend, sys);
        }

        @Override
        public String toString() {
            return (backend + "/" + binding).toLowerCase(java.util.Locale.ROOT);
        }

        /** Every pair that the properties leave, available or not. */
        public static List<Pair> all() {
            String onlyBackend = System.getProperty(Internals.BACKEND_PROPERTY, "").strip();
            String onlyBinding = System.getProperty(Bindings.PROPERTY, "").strip();
            var pairs = new ArrayList<Pair>();
            if (Remote.isOn()) {
                for (Backend backend : Backend.values()) {
                    if (onlyBackend.isEmpty() || onlyBackend.equalsIgnoreCase(backend.name())) {
                        pairs.add(ofAgent(backend));
                    }
                }
                return pairs;
            }
            for (String binding : Bindings.NAMES) {
                if (!onlyBinding.isEmpty() && !onlyBinding.equals(binding)) {
                    continue;
                }
                for (Backend backend : Backend.values()) {
                    boolean named = onlyBackend.equalsIgnoreCase(backend.name());
                    if (named || onlyBackend.isEmpty() && backend != Backend.URING) {
                        pairs.add(of(backend, binding));
                    }
                }
            }
            if (onlyBackend.isEmpty() || onlyBackend.equalsIgnoreCase(Backend.KQUEUE.name())) {
                for (KqueueModel model : KqueueModel.chosen(!onlyBinding.isEmpty())) {
                    pairs.add(of(model));
                }
            }
            return pairs;
        }

        /**
         * Whether it is the first of its backend or of its binding that works here: enough for a
         * program, which takes a second to start and reaches the kernel as all others do.
         */
        private boolean isFirst() {
            return unavailableBecause != null
                    || this == firstOf(other -> other.backend == backend)
                    || this == firstOf(other -> other.binding.equals(binding));
        }

        private static Pair firstOf(Predicate<Pair> some) {
            return Provider.PAIRS.stream()
                    .filter(pair -> pair.unavailableBecause == null)
                    .filter(some)
                    .findFirst()
                    .orElseThrow();
        }

        /** A pair whose binding plays a BSD kernel over this one. */
        private static Pair of(KqueueModel model) {
            if (!Host.LINUX) {
                return new Pair(Backend.KQUEUE, model.binding(), null, KqueueModel.MADE_OF_EPOLL);
            }
            try {
                var sys = new BsdKqueue(model, Bindings.current());
                return new Pair(Backend.KQUEUE, model.binding(), sys, null);
            } catch (Bindings.Unavailable e) {
                return new Pair(Backend.KQUEUE, model.binding(), null, e.getMessage());
            }
        }

        /** On another machine's kernel. Whether there is one is for the first test to say. */
        private static Pair ofAgent(Backend backend) {
            try {
                Internals.open(backend, Remote.sys()).close();
                return new Pair(backend, Remote.system(), Remote.sys(), null);
            } catch (PolluxException e) {
                return new Pair(backend, Remote.system(), null, e.getMessage());
            } catch (AgentLost e) {
                return new Pair(backend, "agent", null, null);
            }
        }

        private static Pair of(Backend backend, String binding) {
            try {
                Syscalls sys = Bindings.open(binding);
                Internals.open(backend, sys).close();
                return new Pair(backend, binding, sys, null);
            } catch (Bindings.Unavailable | PolluxException e) {
                return new Pair(backend, binding, null, e.getMessage());
            }
        }
    }

    /** One invocation for each pair. */
    final class Provider extends EachRow<Pair> {
        static final List<Pair> PAIRS = Pair.all();

        Provider() {
            super(PAIRS);
        }

        @Override
        protected Stream<Pair> rows(ExtensionContext test) {
            return PAIRS.stream().filter(pair -> !test.getTags().contains(LONG) || pair.isFirst());
        }

        @Override
        protected Extension support(Pair pair) {
            return new Support(pair);
        }
    }

    /** Skips, supplies, closes. */
    final class Support
            implements ExecutionCondition,
                    ParameterResolver,
                    InvocationInterceptor,
                    AfterEachCallback {
        private static volatile Pair current;

        private final Pair pair;
        private final List<FdSelector> opened = new ArrayList<>();

        Support(Pair pair) {
            this.pair = pair;
        }

        /** The pair that is tested now; tests run one after the other. */
        static Pair current() {
            return current;
        }

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            current = pair;
            return pair.unavailableBecause == null
                    ? ConditionEvaluationResult.enabled("available")
                    : ConditionEvaluationResult.disabled(pair + ": " + pair.unavailableBecause);
        }

        @Override
        public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
            Class<?> type = parameter.getParameter().getType();
            return type == FdSelector.class || type == Pair.class;
        }

        @Override
        public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
            if (parameter.getParameter().getType() == Pair.class) {
                return pair;
            }
            try {
                FdSelector selector = pair.open();
                opened.add(selector);
                return selector;
            } catch (PolluxException e) {
                throw new AssertionError(e);
            }
        }

        @Override
        public void interceptTestTemplateMethod(
                Invocation<Void> test,
                ReflectiveInvocationContext<Method> method,
                ExtensionContext context)
                throws Throwable {
            if (!Host.VIRTUAL) {
                test.proceed();
                return;
            }
            Throwable[] thrown = {null};
            Thread thread =
                    Host.newThread(
                            () -> {
                                try {
                                    test.proceed();
                                } catch (Throwable e) {
                                    thrown[0] = e;
                                }
                            });
            thread.start();
            thread.join();
            if (thrown[0] != null) {
                throw thrown[0];
            }
        }

        @Override
        public void afterEach(ExtensionContext context) {
            opened.forEach(FdSelector::close);
        }
    }
}
