package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Child;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.Host;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;

/** Many waits at once: none is lost, none is left, and no carrier is kept. */
class AwaitStressTest {
    @EveryBackend
    void of_many_waits_none_is_lost_and_none_is_left(FdSelector selector) throws Exception {
        try (var await = Await.on(selector)) {
            var stress = new AwaitStress(await, 100);
            stress.run(16, false);
            assertOver(await, selector);
        }
    }

    @EveryBackend
    void nor_of_virtual_threads(FdSelector selector) throws Exception {
        assumeTrue(
                Runtime.version().feature() >= Host.FIRST_VIRTUAL,
                "before JDK 21 there are no virtual threads");
        try (var await = Await.on(selector)) {
            var stress = new AwaitStress(await, 20);
            stress.run(100, true);
            assertOver(await, selector);
        }
    }

    private static void assertOver(Await await, FdSelector selector) {
        assertEquals(0, await.waits());
        Poller.await(
                "no registration",
                () -> {
                    try {
                        return selector.keys().isEmpty();
                    } catch (PolluxException e) {
                        throw new AssertionError(e);
                    }
                });
    }

    /** {@code java ... dev.pollux.AwaitStressTest$Main 10000 100} is the long run: a million. */
    @Test
    void a_thousand_virtual_threads_keep_no_carrier() throws Exception {
        assumeTrue(
                Runtime.version().feature() >= Host.FIRST_TO_PARK,
                "before JDK 24 monitors keep a carrier, also in the JDK");
        Child.Result run =
                Child.here()
                        .withJnr()
                        .withAllElse()
                        .withProperties()
                        .run(Main.class, "1000", "10")
                        .ok();
        assertEquals(List.of("0"), run.lines(Main.PINNED), run.text());
        assertEquals(List.of("1"), run.lines(Main.THREADS), run.text());
        assertEquals(List.of("1"), run.lines(Main.CONTROL), run.text());
    }

    /** In a JVM of its own: so many virtual threads, so many bytes for each. */
    static final class Main {
        static final String PINNED = "carriers kept: ";
        static final String CONTROL = "carriers kept by the control: ";
        static final String THREADS = "platform threads: ";

        private static final String PINS = "jdk.VirtualThreadPinned";

        private Main() {}

        public static void main(String[] arguments) throws Exception {
            int threads = Integer.parseInt(arguments[0]);
            int rounds = Integer.parseInt(arguments[1]);
            try (var await = Await.open()) { // to wait until another has initialized a class pins
                new AwaitStress(await, 100).run(10, true);
            }
            try (var recording = new Recording()) {
                recording.enable(PINS).withoutThreshold();
                recording.start();
                FdSelector selector = DefaultSelector.open();
                long start = System.nanoTime();
                try (var await = Await.on(selector)) {
                    var stress = new AwaitStress(await, rounds);
                    stress.run(threads, true);
                    System.out.printf(
                            "%d virtual threads, %d of them on terminals, %s, in %.1f s%n",
                            threads, stress.ptys, stress, (System.nanoTime() - start) / 1e9);
                    System.out.println(THREADS + ours());
                    assertOver(await, selector);
                }
                System.out.println(PINNED + pinned(recording));
            }
            try (var recording = new Recording()) {
                recording.enable(PINS).withoutThreshold();
                recording.start();
                pin();
                System.out.println(CONTROL + pinned(recording));
            }
        }

        private static long ours() {
            return Thread.getAllStackTraces().keySet().stream()
                    .map(Thread::getName)
                    .filter(name -> name.matches("pollux-(a)?wait"))
                    .count();
        }

        private static long pinned(Recording recording) throws IOException {
            Path file = Files.createTempFile("pollux", ".jfr");
            try {
                recording.stop();
                recording.dump(file);
                return RecordingFile.readAllEvents(file).stream()
                        .filter(event -> event.getEventType().getName().equals(PINS))
                        .peek(System.out::println)
                        .count();
            } finally {
                Files.delete(file);
            }
        }

        /** A native method, here a class's initialization, is between the thread and its park. */
        private static void pin() throws Exception {
            Thread thread = Host.startVirtual(() -> assertTrue(Parks.DONE));
            thread.join();
        }

        private static final class Parks {
            static final boolean DONE = park();

            private static boolean park() {
                java.util.concurrent.locks.LockSupport.parkNanos(1_000_000);
                return true;
            }
        }
    }
}
