package dev.pollux.support;

import dev.pollux.remote.Remote;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestExecutionExceptionHandler;

/**
 * An agent that is lost fails one test, and skips the others: for each test that an agent may run.
 */
public final class LostAgent
        implements ExecutionCondition, BeforeEachCallback, TestExecutionExceptionHandler {
    /** Whether a test has failed by it. Tests run one after the other. */
    private static boolean said;

    LostAgent() {}

    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
        return said
                ? ConditionEvaluationResult.disabled("the agent is lost, see the failure")
                : ConditionEvaluationResult.enabled("there is none, or it is there");
    }

    @Override
    public void beforeEach(ExtensionContext context) {
        failOnce();
    }

    /** Whatever else the test has made of it. */
    @Override
    public void handleTestExecutionException(ExtensionContext context, Throwable thrown)
            throws Throwable {
        failOnce();
        throw thrown;
    }

    /** Throws what was wrong with the agent, the first time after it was lost. */
    private static void failOnce() {
        if (Remote.isOn() && Remote.lost() != null && !said) {
            said = true;
            throw Remote.lost();
        }
    }
}
