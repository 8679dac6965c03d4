package dev.pollux.nio;

import static java.nio.channels.SelectionKey.OP_READ;
import static java.nio.channels.SelectionKey.OP_WRITE;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.channels.CancelledKeyException;
import java.nio.channels.Channel;
import java.nio.channels.Pipe;
import java.nio.channels.ReadableByteChannel;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

/**
 * Random sequences of all that can be done to channels and keys. Each channel is registered with
 * two selectors, one of them the JDK's own, and whatever happens to one registration happens to the
 * other; then both must select the same.
 *
 * <p>A failure names the seed and prints the sequence; {@code -Dpollux.model.seed=S} begins with
 * that seed, {@code -Dpollux.nio.runs=N} tries so many.
 */
class RandomSequencesTest {
    private static final long SEED = Long.getLong("pollux.model.seed", 1);
    private static final int RUNS = Integer.getInteger("pollux.nio.runs", 300);
    private static final int LENGTH = 150;
    private static final int CHANNELS = 6;

    @EveryProvider
    void both_selectors_report_the_same(SelectorProvider provider) throws IOException {
        for (long seed = SEED; seed < SEED + RUNS; seed++) {
            var log = new ArrayList<String>();
            try (var sequence = new Sequence(provider, new Random(seed), log)) {
                for (int i = 0; i < LENGTH; i++) {
                    sequence.step();
                }
            } catch (Exception | AssertionError e) {
                throw new AssertionError("seed " + seed + "\n" + String.join("\n", log), e);
            }
        }
    }

    /** One channel and the other end of its connection; all that happens here happens at once. */
    private static final class Registered {
        final int number;
        final SelectableChannel channel;
        final Channel peer;
        boolean ended; // one of its ends is closed, or will not be written to any more

        Registered(int number, SelectableChannel channel, Channel peer) {
            this.number = number;
            this.channel = channel;
            this.peer = peer;
        }
    }

    /** Two selectors, and what is done to both. */
    private static final class Sequence implements AutoCloseable {
        private final Random random;
        private final List<String> log;
        private final Peers peers;
        private final Selector tested;
        private final Selector control = Subject.jdk().openSelector();
        private final List<Registered> all = new ArrayList<>();
        private int opened;

        Sequence(SelectorProvider provider, Random random, List<String> log) throws IOException {
            this.random = random;
            this.log = log;
            peers = new Peers(provider);
            tested = peers.selector();
        }

        void step() throws IOException {
            if (all.size() < CHANNELS && random.nextInt(3) == 0) {
                open();
                return;
            }
            if (all.isEmpty()) {
                return;
            }
            Registered it = all.get(random.nextInt(all.size()));
            switch (random.nextInt(14)) {
                case 0, 1 -> register(it);
                case 2, 3, 4 -> interest(it);
                case 5 -> cancel(it);
                case 6 -> write(it.channel, it);
                case 7 -> write(it.peer, it);
                case 8 -> read(it.channel, it);
                case 9 -> read(it.peer, it);
                case 10 -> end(it);
                case 11 -> selectWithAction();
                default -> select();
            }
        }

        private void open() throws IOException {
            int number = opened++;
            switch (random.nextInt(3)) {
                case 0 -> {
                    Pipe pipe = peers.pipe();
                    all.add(new Registered(number, pipe.source(), pipe.sink()));
                }
                case 1 -> {
                    Pipe pipe = peers.pipe();
                    all.add(new Registered(number, pipe.sink(), pipe.source()));
                }
                default -> {
                    Peers.Link link = peers.unix();
                    all.add(new Registered(number, link.here(), link.there()));
                }
            }
            log.add("open " + number + " " + all.get(all.size() - 1).channel);
        }

        private void register(Registered it) throws IOException {
            int ops = randomOps(it);
            log.add("register " + it.number + " " + ops);
            assertEquals(registered(it, control, ops), registered(it, tested, ops), "key");
        }

        private static String registered(Registered it, Selector selector, int ops)
                throws IOException {
            try {
                SelectionKey key = it.channel.register(selector, ops, it);
                dropIfEnded(it, key);
                return key.interestOps() + " " + key.readyOps();
            } catch (CancelledKeyException e) {
                return "cancelled";
            }
        }

        private void interest(Registered it) {
            int ops = randomOps(it);
            int how = random.nextInt(3);
            log.add("interest " + it.number + " " + how + " " + ops);
            assertEquals(changed(it, control, ops, how), changed(it, tested, ops, how));
        }

        private static String changed(Registered it, Selector selector, int ops, int how) {
            SelectionKey key = it.channel.keyFor(selector);
            if (key == null) {
                return "none";
            }
            try {
                dropIfEnded(it, key);
                return switch (how) {
                    case 0 -> "" + key.interestOps(ops).interestOps();
                    case 1 -> key.interestOpsOr(ops) + " " + key.interestOps();
                    default -> key.interestOpsAnd(ops) + " " + key.interestOps();
                };
            } catch (CancelledKeyException e) {
                return "cancelled";
            }
        }

        /**
         * At a hang-up the JDK forgets the older readiness of a key that is in the selected-key
         * set, although "information previously recorded in the ready set is preserved". It shows
         * when the interest has changed meanwhile.
         */
        private static void dropIfEnded(Registered it, SelectionKey key) {
            if (it.ended) {
                key.selector().selectedKeys().remove(key);
            }
        }

        private int randomOps(Registered it) {
            return random.nextInt(8) & (OP_READ | OP_WRITE) & it.channel.validOps();
        }

        private void cancel(Registered it) {
            log.add("cancel " + it.number);
            for (Selector selector : List.of(control, tested)) {
                SelectionKey key = it.channel.keyFor(selector);
                if (key != null) {
                    key.cancel();
                }
            }
        }

        private void write(Channel channel, Registered it) {
            if (!(channel instanceof WritableByteChannel to)) {
                return;
            }
            boolean fill = random.nextInt(3) == 0;
            log.add((fill ? "fill " : "write ") + side(channel, it));
            try {
                if (fill) {
                    Peers.fill(to);
                } else {
                    to.write(java.nio.ByteBuffer.allocate(1 + random.nextInt(100)));
                }
            } catch (IOException e) {
                log.add("  " + e); // the other end is closed
            }
        }

        private void read(Channel channel, Registered it) {
            if (!(channel instanceof ReadableByteChannel from)) {
                return;
            }
            boolean all = random.nextBoolean();
            log.add((all ? "drain " : "read ") + side(channel, it));
            try {
                if (all) {
                    Peers.drain(from);
                } else {
                    from.read(java.nio.ByteBuffer.allocate(10));
                }
            } catch (IOException e) {
                log.add("  " + e);
            }
        }

        private void end(Registered it) throws IOException {
            int how = random.nextInt(4);
            log.add("end " + it.number + " " + how);
            it.ended = true;
            for (Selector selector : List.of(control, tested)) {
                SelectionKey key = it.channel.keyFor(selector);
                if (key != null) {
                    dropIfEnded(it, key);
                }
            }
            if (how == 0) {
                it.channel.close();
                it.peer.close();
                all.remove(it);
            } else if (how == 1 && it.peer instanceof SocketChannel socket) {
                if (socket.isOpen()) {
                    socket.shutdownOutput();
                }
            } else {
                it.peer.close();
            }
        }

        private static String side(Channel channel, Registered it) {
            return (channel == it.peer ? "peer of " : "") + it.number;
        }

        private void select() throws IOException {
            log.add("select");
            assertEquals(control.selectNow(), tested.selectNow(), "updated");
            assertEquals(keys(control), keys(tested));
            assertEquals(selected(control), selected(tested));
            log.add("  " + selected(control));
            if (random.nextInt(3) != 0) {
                control.selectedKeys().clear();
                tested.selectedKeys().clear();
            } else {
                int gone = random.nextInt(CHANNELS);
                control.selectedKeys().removeIf(key -> number(key) % CHANNELS == gone);
                tested.selectedKeys().removeIf(key -> number(key) % CHANNELS == gone);
            }
        }

        private void selectWithAction() throws IOException {
            log.add("select with action");
            var expected = new TreeMap<Integer, Integer>();
            var reported = new TreeMap<Integer, Integer>();
            int updated = control.selectNow(key -> expected.put(number(key), key.readyOps()));
            assertEquals(
                    updated, tested.selectNow(key -> reported.put(number(key), key.readyOps())));
            assertEquals(expected, reported);
            assertEquals(keys(control), keys(tested));
            assertEquals(selected(control), selected(tested));
            log.add("  " + reported);
        }

        private static TreeMap<Integer, Integer> selected(Selector selector) {
            var ready = new TreeMap<Integer, Integer>();
            selector.selectedKeys().forEach(key -> ready.put(number(key), key.readyOps()));
            return ready;
        }

        private static TreeMap<Integer, Integer> keys(Selector selector) {
            var interests = new TreeMap<Integer, Integer>();
            selector.keys().forEach(key -> interests.put(number(key), key.interestOps()));
            return interests;
        }

        private static int number(SelectionKey key) {
            return ((Registered) key.attachment()).number;
        }

        @Override
        public void close() throws IOException {
            peers.close();
            control.close();
        }
    }
}
