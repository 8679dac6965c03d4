/*
 * Descriptor 0, watched like any other; not an example of its own.
 *
 * Standard input comes from whoever started the program. What that asks for:
 *
 *   (a) It stays blocking. O_NONBLOCK belongs to the open file, not to the descriptor, and the open
 *       file is shared with the shell: whoever reads there next would meet EAGAIN and not wait. So
 *       a read comes only after the kernel has reported that it will not block, under LEVEL, and takes
 *       one system call (into a direct buffer) for each report: what is left is reported again.
 *       Where two programs read the same input, one may take what was reported to the other, who then
 *       blocks. That cannot be helped.
 *   (b) It may be a regular file or /dev/null, which no kernel waits for: register says NotPollable.
 *       Such a file is always ready. Then the loop reads it in turns with polls that do not wait.
 *   (c) Its end is not the end of the program: that is for the program to say.
 *   (d) A program in the background may not read the terminal. The kernel stops it (SIGTTIN, the
 *       shell's `fg` lets it go on) or, where nobody could do that, the read fails with EIO, which is
 *       taken for the end. Start it with </dev/null to have it run in the background; and not with
 *       <&-, which closes descriptor 0: the first file that the JVM opens would have the number.
 */
package chat;

import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/** Used by the thread that polls. */
final class ChatTerminal {
    private static final int STANDARD_INPUT = 0;

    private final FdSelector selector;
    private final Object attachment;
    private FdKey key; // null while it is not watched
    private boolean alwaysReady; // (b)
    private boolean ended;

    /** Watched from now on. */
    ChatTerminal(FdSelector selector, Object attachment) throws IOException {
        this.selector = selector;
        this.attachment = attachment;
        resume();
    }

    void resume() throws IOException {
        if (key != null || alwaysReady || ended) {
            return;
        }
        try {
            key =
                    selector.register(
                            STANDARD_INPUT, Interest.READ, Trigger.LEVEL, attachment); // (a)
        } catch (PolluxException.NotPollable e) {
            alwaysReady = true; // (b)
        }
    }

    /** Until {@link #resume}: what is typed meanwhile waits in the kernel. */
    void pause() throws IOException {
        alwaysReady = false;
        if (key != null) {
            selector.unregister(key);
            key = null;
        }
    }

    /** Whether the loop is to read now, since it will not be told to. */
    boolean isAlwaysReady() {
        return alwaysReady;
    }

    boolean isEnded() {
        return ended;
    }

    /** One read; -1 at the end. */
    int read(ByteBuffer into) throws IOException {
        int n;
        try {
            n = Fd.read(STANDARD_INPUT, into);
        } catch (PolluxException e) {
            System.err.println("standard input: " + e.getMessage()); // (d)
            n = -1;
        }
        if (n < 0) {
            giveUp();
        }
        return n;
    }

    /** As if it had come to its end. Under LEVEL every poll would report that. */
    void giveUp() throws IOException {
        ended = true;
        pause();
    }

    /** Standard output, in the encoding of the chat whatever the locale says. */
    static PrintStream output() {
        var out = new FileOutputStream(FileDescriptor.out);
        return new PrintStream(out, true, StandardCharsets.UTF_8);
    }
}
