package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.nio.PolluxSelectorProvider;
import dev.pollux.support.Capability;
import dev.pollux.support.Child;
import dev.pollux.support.EveryBackend;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Host;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * A virtual thread that waits lets others run on its carrier, on JDK 24 and later. Each test has
 * JVMs with one carrier: whoever keeps it stops everybody else.
 */
class VirtualThreadsTest {
    private static final String WAITED = "waited: ";
    private static final String RAN = "ran meanwhile: ";

    /** For one waiter: says that it is about to wait, waits, says how that ended. */
    private interface Waiting {
        String run(Pipe pipe, CountDownLatch begun) throws Exception;
    }

    @EveryBackend
    void another_one_runs_while_one_polls(Pair pair) throws IOException {
        assertEquals(List.of("EVENTS", "EVENTS"), waited(pair, "poll write", "poll write bounded"));
    }

    @EveryBackend
    void another_one_runs_while_one_selects(Pair pair) throws IOException {
        assertEquals(List.of("1", "1"), waited(pair, "select write", "select write bounded"));
    }

    @EveryBackend
    void a_waiting_one_hears_an_interrupt_a_wakeup_and_the_end_of_its_time(Pair pair)
            throws IOException {
        assertEquals(
                List.of("INTERRUPT interrupted", "WAKEUP", "TIMEOUT"),
                waited(pair, "poll interrupt", "poll wakeup", "poll nothing short"));
        assertEquals(
                List.of("0 interrupted", "0", "0"),
                waited(pair, "select interrupt", "select wakeup", "select nothing short"));
    }

    /** How the JDK's poller works, or that it does not, decides who waits, not what is heard. */
    @EveryBackend
    void so_it_is_with_every_poller_that_the_jdk_can_be_told_to_use(Pair pair) throws IOException {
        boolean selects = Runtime.version().feature() >= Host.FIRST_TO_PARK;
        for (int mode = 1; mode <= 3; mode++) { // JDK 24 to 26 know no third one
            String option = "-Djdk.pollerMode=" + mode;
            if (selects) {
                var both = List.of("EVENTS", "1");
                assertEquals(both, waited(pair, option, "poll write", "select write"), option);
            } else {
                assertEquals(List.of("EVENTS"), waited(pair, option, "poll write"), option);
            }
        }
    }

    /** How each wait of one JVM ended; before them, maybe, an option for it. */
    private static List<String> waited(Pair pair, String... waits) throws IOException {
        boolean selects = Arrays.stream(waits).anyMatch(wait -> wait.startsWith("select "));
        assumeTrue(
                Runtime.version().feature() >= (selects ? Host.FIRST_TO_PARK : Host.FIRST_VIRTUAL),
                selects
                        ? "before JDK 24 monitors keep a carrier, for which another is added: many"
                                + " at once are in nio.VirtualThreadsContract"
                        : "before JDK 21 there are none");
        if (waits[0].startsWith("-D")) {
            return waitedIn(
                    child(pair).option(waits[0]), Arrays.copyOfRange(waits, 1, waits.length));
        }
        return waitedIn(child(pair), waits);
    }

    private static Child child(Pair pair) {
        assumeTrue(Capability.IN_A_CHILD.isThere(pair), () -> pair + ": a model is in this JVM");
        return Child.here()
                .withJnr()
                .withProperties()
                .property("pollux.binding", pair.binding())
                .property("pollux.backend", pair.backend())
                .property("jdk.virtualThreadScheduler.parallelism", 1)
                .property("jdk.virtualThreadScheduler.maxPoolSize", 1);
    }

    private static List<String> waitedIn(Child child, String... waits) throws IOException {
        Child.Result result = child.run(Main.class, waits).ok();
        assertEquals(Collections.nCopies(waits.length, "true"), result.lines(RAN), result.text());
        return result.lines(WAITED);
    }

    /** In a JVM of its own. */
    static final class Main {
        private Main() {}

        private static FdSelector polled;
        private static Selector selected;
        private static long nanos;

        /** Each argument: poll or select; what ends it; bounded, short or nothing. */
        public static void main(String[] waits) throws Exception {
            for (String wait : waits) {
                if (!isOver(wait.split(" "))) {
                    System.exit(1);
                }
            }
            System.exit(0);
        }

        private static boolean isOver(String[] arguments) throws Exception {
            nanos = Long.MAX_VALUE;
            polled = null;
            if (arguments.length > 2) {
                nanos = arguments[2].equals("short") ? 50_000_000L : 600_000_000_000L;
            }
            Waiting waiting = arguments[0].equals("poll") ? Main::poll : Main::select;
            var begun = new CountDownLatch(1);
            var over = new CountDownLatch(1);
            Pipe pipe = Pipe.open();
            pipe.source().configureBlocking(false);
            Thread waiter =
                    Host.startVirtual(
                            () -> {
                                try {
                                    String how = waiting.run(pipe, begun);
                                    boolean status = Thread.currentThread().isInterrupted();
                                    System.out.println(
                                            WAITED + how + (status ? " interrupted" : ""));
                                    over.countDown();
                                } catch (Exception e) {
                                    e.printStackTrace();
                                    System.exit(2);
                                }
                            });
            begun.await();
            var ran = new CountDownLatch(1);
            // Can run only when the waiter has let go of the carrier, which it does by waiting.
            Host.startVirtual(ran::countDown);
            System.out.println(RAN + ran.await(30, TimeUnit.SECONDS));
            switch (arguments[1]) {
                case "write" -> pipe.sink().write(ByteBuffer.wrap(new byte[1]));
                case "interrupt" -> waiter.interrupt();
                case "wakeup" -> {
                    if (polled != null) {
                        polled.wakeup();
                    } else {
                        selected.wakeup();
                    }
                }
                default -> {}
            }
            return over.await(60, TimeUnit.SECONDS);
        }

        private static String poll(Pipe pipe, CountDownLatch begun) throws IOException {
            try (FdSelector selector = DefaultSelector.open()) {
                polled = selector;
                int[] fds = Fd.pipe();
                selector.register(fds[0], Interest.READ, Trigger.LEVEL, null);
                forward(pipe, fds[1]);
                begun.countDown();
                return selector.poll(nanos, TimeUnit.NANOSECONDS, (key, ready) -> {}).toString();
            }
        }

        /** ChannelFd is not for the jnr-ffi binding: a platform thread hands the byte on. */
        private static void forward(Pipe pipe, int fd) {
            var thread =
                    new Thread(
                            () -> {
                                try {
                                    pipe.source().configureBlocking(true);
                                    ByteBuffer one = ByteBuffer.allocateDirect(1);
                                    pipe.source().read(one);
                                    Fd.write(fd, one.flip());
                                } catch (IOException e) {
                                    throw new AssertionError(e);
                                }
                            });
            thread.setDaemon(true);
            thread.start();
        }

        private static String select(Pipe pipe, CountDownLatch begun) throws IOException {
            try (Selector selector = new PolluxSelectorProvider().openSelector()) {
                selected = selector;
                pipe.source().register(selector, SelectionKey.OP_READ);
                begun.countDown();
                long millis = nanos == Long.MAX_VALUE ? 0 : nanos / 1_000_000;
                return String.valueOf(selector.select(millis));
            }
        }
    }
}
