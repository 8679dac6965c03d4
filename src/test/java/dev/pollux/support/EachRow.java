package dev.pollux.support;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.Extension;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContext;
import org.junit.jupiter.api.extension.TestTemplateInvocationContextProvider;

/** Runs a test once for each row of a table, with that row's name and its own extension. */
@SuppressWarnings("exports") // public for another package of tests; none of it is exported
public abstract class EachRow<R> implements TestTemplateInvocationContextProvider {
    private final List<R> rows;

    protected EachRow(List<R> rows) {
        this.rows = rows;
    }

    /** Those of the table that this test runs on: all, unless something else is said of it. */
    protected Stream<R> rows(ExtensionContext test) {
        return rows.stream();
    }

    /** What skips the test for a row, supplies its parameters and closes what was opened. */
    protected abstract Extension support(R row);

    @Override
    public final boolean supportsTestTemplate(ExtensionContext context) {
        return true;
    }

    @Override
    public final Stream<TestTemplateInvocationContext> provideTestTemplateInvocationContexts(
            ExtensionContext context) {
        return rows(context).map(this::invocation);
    }

    private TestTemplateInvocationContext invocation(R row) {
        return new TestTemplateInvocationContext() {
            @Override
            public String getDisplayName(int index) {
                return row.toString();
            }

            @Override
            public List<Extension> getAdditionalExtensions() {
                return List.of(new StrictEverywhere(), support(row));
            }
        };
    }
}
