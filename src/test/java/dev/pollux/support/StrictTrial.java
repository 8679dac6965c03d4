package dev.pollux.support;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Internals;
import dev.pollux.PolluxException;
import dev.pollux.ReadyHandler;
import dev.pollux.StrictMode;
import dev.pollux.StrictReport;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A selector in strict mode with little patience, and what it has reported. A fault is planted in
 * one registration, and beside it stands another that is used rightly: when the fault is named the
 * right one has been looked at as well.
 */
public final class StrictTrial implements AutoCloseable {
    private static final Duration SOON = Duration.ofMillis(10);

    /** The patience of a trial; far more than a kernel needs to queue an event. */
    private static final Duration PATIENCE = Duration.ofMillis(50);

    public final FdSelector selector;
    public final List<StrictReport> reports = new CopyOnWriteArrayList<>();

    public StrictTrial(EveryBackend.Pair pair) throws PolluxException {
        this(pair, pair.sys());
    }

    /** On system calls that a test has a hand in. */
    public StrictTrial(EveryBackend.Pair pair, Syscalls sys) throws PolluxException {
        var mode = new StrictMode(reports::add, PATIENCE, Duration.ofMinutes(10));
        selector = Internals.open(pair.backend(), sys, mode);
    }

    /** Polls with this handler until this kind is named, and returns what is said of it. */
    public StrictReport named(StrictReport.Kind kind, ReadyHandler handler) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (reports.isEmpty() && System.nanoTime() < end) {
            selector.poll(SOON.toMillis(), TimeUnit.MILLISECONDS, handler);
        }
        return named(kind);
    }

    /** The one report there is. */
    public StrictReport named(StrictReport.Kind kind) {
        assertEquals(1, reports.size(), reports.toString());
        StrictReport report = reports.get(0);
        assertEquals(kind, report.kind(), report.message());
        return report;
    }

    /** Fails unless {@code docs/strict.md} has a row for it, and says there what is said. */
    public static void assertDocumented(StrictReport report) throws IOException {
        String said = report.message().replaceAll("[0-9]+", "N");
        String row = "| `" + report.kind() + "` |";
        assertTrue(
                Files.readString(Path.of("docs", "strict.md"))
                        .lines()
                        .filter(line -> line.startsWith(row))
                        .map(line -> line.replaceAll(".*\"(.*)\".*", "$1"))
                        .anyMatch(quoted -> said.contains(quoted.replaceAll("[0-9]+", "N"))),
                report.message());
    }

    /** This one and no other: of this registration, made where the test says, with these words. */
    public void assertNamed(StrictReport report, FdKey wrong, String... words) throws IOException {
        assertDocumented(report);
        assertEquals(wrong, report.key());
        assertEquals(wrong.fd(), report.fd());
        for (String word : words) {
            assertTrue(report.message().contains(word), report.message());
        }
        assertTrue(
                Stream.of(report.registered().getStackTrace())
                        .anyMatch(frame -> frame.getClassName().contains(".contract.Strict")),
                "it says where it was registered");
        assertEquals(List.of(report), reports);
    }

    @Override
    public void close() {
        selector.close();
    }
}
