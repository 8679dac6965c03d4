/*
 * Lines out of whatever pieces the bytes come in; not an example of its own.
 *
 * The text is UTF-8. What is not becomes U+FFFD, as String has it. What a terminal would obey and
 * not show is taken out: escape sequences, control characters, and the marks that turn the
 * direction of writing round. So nobody moves the cursor of somebody else, renames his window or
 * writes a line that seems to come from another.
 */
package chat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;

/** What was read and is not a whole line yet is kept, up to a limit. */
final class ChatLines {
    /** In bytes. A terminal gives out no longer ones ({@code man 3 termios}, canonical mode). */
    static final int LIMIT = 4096;

    /** ECMA-48: control sequences, and strings up to their end or that of the line. */
    private static final Pattern ESCAPE_SEQUENCES =
            Pattern.compile(
                    "(?:\u001b\\[|\u009b)[0-?]*[ -/]*[@-~]?"
                            + "|(?:\u001b[\\]PX^_]|[\u0090\u0098\u009d-\u009f])"
                            + ".*?(?:\u0007|\u001b\\\\|\u009c|$)"
                            + "|\u001b[ -/]*[0-~]?");

    private static final Pattern OTHER_CONTROLS =
            Pattern.compile("[\\p{Cc}\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]");

    /** Where the bytes come from: one read, as {@link dev.pollux.Fd#read} does it. */
    interface Source {
        int read(ByteBuffer into) throws IOException;
    }

    private final ByteBuffer bytes; // direct: a read is one system call; filled up to its position
    private int start; // of the line that comes next
    private int looked; // there is no end of a line before this
    private boolean ended;

    /** For lines up to this many bytes. */
    ChatLines(int limit) {
        bytes = ByteBuffer.allocateDirect(limit + 1); // with its end
    }

    /** Reads once; then {@link #next} until there is none. False if this was the end. */
    boolean read(Source source) throws IOException {
        ended = source.read(bytes) < 0;
        return !ended;
    }

    /**
     * The next line, without its end; null if there is none. At the end of all, what is left counts
     * as a line.
     *
     * @throws IOException if the line is longer than the limit
     */
    String next() throws IOException {
        while (looked < bytes.position()) {
            if (bytes.get(looked++) == '\n') {
                String line = text(start, looked - 1);
                start = looked;
                return line;
            }
        }
        bytes.flip().position(start);
        bytes.compact();
        looked -= start;
        start = 0;
        if (ended && looked > 0) {
            String line = text(0, looked);
            bytes.clear();
            looked = 0;
            return line;
        }
        if (!bytes.hasRemaining()) {
            throw new IOException("a line of more than " + (bytes.capacity() - 1) + " bytes");
        }
        return null;
    }

    private String text(int from, int to) {
        byte[] line = new byte[to - from];
        bytes.get(from, line);
        return clean(new String(line, StandardCharsets.UTF_8));
    }

    static String clean(String line) {
        String visible = ESCAPE_SEQUENCES.matcher(line.replace('\t', ' ')).replaceAll("");
        return OTHER_CONTROLS.matcher(visible).replaceAll("").strip();
    }
}
