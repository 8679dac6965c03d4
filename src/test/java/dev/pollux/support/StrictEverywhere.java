package dev.pollux.support;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pollux.Internals;
import dev.pollux.StrictMode;
import dev.pollux.StrictReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.BeforeEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * With {@code -Dpollux.strict=true} a test fails by what strict mode reports during it, unless it
 * says that it {@linkplain PlantsFaults plants} such faults. Of each table's tests, see {@link
 * EachRow}. What became unreachable is only printed: it is some earlier test's.
 */
final class StrictEverywhere implements BeforeEachCallback, AfterEachCallback {
    /** Shorter than by the property alone: a test is short. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private static final List<StrictReport> REPORTS = new CopyOnWriteArrayList<>();
    private static final boolean ON =
            Internals.strictByProperty(
                    new StrictMode(REPORTS::add, PATIENCE, Duration.ofMinutes(10)));

    @Override
    public void beforeEach(ExtensionContext context) {
        REPORTS.clear();
    }

    @Override
    public void afterEach(ExtensionContext context) {
        if (!ON) {
            return;
        }
        var faults = new ArrayList<>(REPORTS);
        faults.removeIf(report -> isPlanted(report, context));
        REPORTS.clear(); // they hold keys, and those their selectors
        faults.forEach(report -> report.registered().printStackTrace(System.out));
        assertEquals(List.of(), faults.stream().map(StrictReport::message).toList());
    }

    private static boolean isPlanted(StrictReport report, ExtensionContext context) {
        var method = context.getRequiredTestMethod().getAnnotation(PlantsFaults.class);
        var type = context.getRequiredTestClass().getAnnotation(PlantsFaults.class);
        return report.kind() == StrictReport.Kind.UNREACHABLE
                || method != null && Set.of(method.value()).contains(report.kind())
                || type != null && Set.of(type.value()).contains(report.kind());
    }
}
