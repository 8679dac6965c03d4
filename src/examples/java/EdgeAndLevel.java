/*
 * The same bytes under LEVEL, EDGE and ONESHOT.
 *
 * Run   make example NAME=EdgeAndLevel
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" EdgeAndLevel
 *
 * You will see a timeline: eight bytes arrive in a pipe, later four more, and after each arrival
 * four readers are polled three times. A read takes at most four bytes. Then a table: how many
 * events each of them had, how often it read, and what it left behind.
 *
 * Look at the second column. It reads once for each event, as the first one does. Under LEVEL
 * what it left is reported again; under EDGE it is not, and cannot know that there is more.
 *
 * poll and select (BACKEND=poll, BACKEND=select) have no EDGE: its two columns are missing there.
 */

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Ready;
import dev.pollux.Trigger;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

/** Plays one script to four readers. */
final class EdgeAndLevel {
    private static final List<String> ARRIVALS = List.of("abcdefgh", "ijkl");
    private static final int POLLS = 3; // after each arrival
    private static final int ONE_READ = 4; // bytes, at most

    /** What a reader does for each report. */
    enum Way {
        LEVEL(Trigger.LEVEL, "one read"),
        EDGE(Trigger.EDGE, "one read"),
        EDGE_DRAINED(Trigger.EDGE, "read until EAGAIN"),
        ONESHOT(Trigger.ONESHOT, "one read, modify");

        final Trigger trigger;
        final String habit;

        Way(Trigger trigger, String habit) {
            this.trigger = trigger;
            this.habit = habit;
        }
    }

    public static void main(String[] args) throws IOException {
        var readers = new ArrayList<Reader>();
        try (FdSelector selector = DefaultSelector.open()) {
            for (Way way : Way.values()) {
                if (selector.supports(way.trigger)) {
                    readers.add(new Reader(selector, way));
                }
            }
            row("", readers, reader -> reader.way.trigger);
            row("", readers, reader -> reader.way.habit);
            for (String bytes : ARRIVALS) {
                System.out.println("\n" + bytes.length() + " bytes arrive: " + bytes);
                for (Reader reader : readers) {
                    reader.arrive(bytes);
                }
                for (int poll = 1; poll <= POLLS; poll++) {
                    selector.poll(0, TimeUnit.SECONDS, EdgeAndLevel::onReady);
                    row("  poll " + poll, readers, Reader::whatHappened);
                }
            }
            System.out.println();
            row("reported", readers, reader -> reader.reported);
            row("reads", readers, reader -> reader.reads);
            row("bytes read", readers, reader -> reader.bytes);
            row(
                    "left behind",
                    readers,
                    reader -> reader.left() + (reader.left() > 0 ? " (!)" : ""));
        } finally {
            for (Reader reader : readers) {
                reader.close();
            }
        }
    }

    private static void onReady(FdKey key, Ready ready) throws IOException {
        ((Reader) key.attachment()).onReady(key, ready);
    }

    private static void row(String name, List<Reader> readers, Function<Reader, Object> cell) {
        var line = new StringBuilder(String.format("%-13s", name));
        for (Reader reader : readers) {
            line.append(String.format("%-23s", cell.apply(reader)));
        }
        System.out.println(line.toString().stripTrailing());
    }

    /** The reading end of a pipe, and what was reported of it. */
    private static final class Reader {
        final Way way;
        private final int[] pipe = Fd.pipe();
        private final ByteBuffer buffer = ByteBuffer.allocate(ONE_READ);
        private String happened = "";
        private int arrived;
        int reported;
        int reads;
        int bytes;

        Reader(FdSelector selector, Way way) throws IOException {
            this.way = way;
            selector.register(pipe[0], Interest.READ, way.trigger, this);
        }

        void arrive(String text) throws IOException {
            arrived += Fd.write(pipe[1], StandardCharsets.US_ASCII.encode(text));
        }

        void onReady(FdKey key, Ready ready) throws IOException {
            reported++;
            happened = ready.toString();
            switch (way) {
                case LEVEL, EDGE -> read();
                case EDGE_DRAINED -> {
                    while (read() > 0) {}
                }
                case ONESHOT -> {
                    read();
                    key.selector().modify(key, Interest.READ); // arms it again
                }
            }
        }

        /** How many bytes came; 0 is EAGAIN. */
        private int read() throws IOException {
            int n = Fd.read(pipe[0], buffer.clear());
            reads++;
            bytes += n;
            happened += " " + (n > 0 ? StandardCharsets.US_ASCII.decode(buffer.flip()) : "EAGAIN");
            return n;
        }

        int left() {
            return arrived - bytes;
        }

        /** Since this was last asked. */
        String whatHappened() {
            String silence = left() == 0 ? "." : ".  " + left() + " unread";
            String answer = happened.isEmpty() ? silence : happened;
            happened = "";
            return answer;
        }

        void close() throws IOException {
            Fd.close(pipe[0]);
            Fd.close(pipe[1]);
        }
    }
}
