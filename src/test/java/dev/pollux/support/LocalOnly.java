package dev.pollux.support;

import dev.pollux.remote.Remote;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.platform.commons.support.AnnotationSupport;

/** A test, or a class of them, that makes no sense on another machine's kernel, and why. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@ExtendWith(LocalOnly.Condition.class)
public @interface LocalOnly {
    /** What it needs of this process. */
    String value();

    /** Skips it where an agent makes the calls. */
    final class Condition implements ExecutionCondition {
        Condition() {}

        @Override
        public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
            var only = AnnotationSupport.findAnnotation(context.getElement(), LocalOnly.class);
            return Remote.isOn() && only.isPresent()
                    ? ConditionEvaluationResult.disabled("by an agent: " + only.get().value())
                    : ConditionEvaluationResult.enabled("on this machine");
        }
    }
}
