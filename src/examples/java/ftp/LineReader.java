package ftp;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;

/**
 * Bytes of a control connection in, lines out, however they are cut.
 *
 * <p>A control connection speaks Telnet (RFC 959 3.1): a client may put Telnet commands between the
 * bytes, and does so before ABOR: IAC IP IAC DM, the last of them as urgent data. They are taken
 * out. A line that is too long is told of once and skipped, so that it needs no memory.
 */
final class LineReader {
    private static final int IAC = 255; // RFC 854
    private static final int DONT = 254;
    private static final int WILL = 251;
    private static final int SB = 250;
    private static final int SE = 240;

    private enum Telnet {
        DATA,
        COMMAND, // after IAC
        OPTION, // after IAC WILL, WONT, DO, DONT
        SUBNEGOTIATION, // after IAC SB
        SUBNEGOTIATION_COMMAND // after IAC in there
    }

    private final int maxLength;
    private final ByteArrayOutputStream line = new ByteArrayOutputStream();
    private Telnet telnet = Telnet.DATA;
    private long skipped; // bytes of a line that is too long

    LineReader(int maxLength) {
        this.maxLength = maxLength;
    }

    /**
     * Takes all of it. Each line goes to one of the two, the second for those that are too long.
     */
    void feed(ByteBuffer bytes, Consumer<String> lines, Runnable tooLong) {
        while (bytes.hasRemaining()) {
            int b = Byte.toUnsignedInt(bytes.get());
            switch (telnet) {
                case DATA -> {
                    if (b == IAC) {
                        telnet = Telnet.COMMAND;
                    } else {
                        data(b, lines, tooLong);
                    }
                }
                case COMMAND -> command(b, lines, tooLong);
                case OPTION -> telnet = Telnet.DATA;
                case SUBNEGOTIATION -> {
                    if (b == IAC) {
                        telnet = Telnet.SUBNEGOTIATION_COMMAND;
                    }
                }
                case SUBNEGOTIATION_COMMAND ->
                        telnet = b == SE ? Telnet.DATA : Telnet.SUBNEGOTIATION;
            }
        }
    }

    private void command(int b, Consumer<String> lines, Runnable tooLong) {
        telnet = Telnet.DATA;
        if (b == IAC) {
            data(b, lines, tooLong); // twice stands for once
        } else if (b == SB) {
            telnet = Telnet.SUBNEGOTIATION;
        } else if (b >= WILL && b <= DONT) {
            telnet = Telnet.OPTION;
        } // all others are of these two bytes: IP, DM, NOP
    }

    private void data(int b, Consumer<String> lines, Runnable tooLong) {
        if (b == '\n') {
            if (skipped == 0) {
                lines.accept(text());
            }
            skipped = 0;
            line.reset();
        } else if (skipped > 0) {
            skipped++;
        } else if (line.size() < maxLength) {
            line.write(b);
        } else {
            skipped = 1;
            tooLong.run();
        }
    }

    /** Without the CR. What is no UTF-8 comes as U+FFFD. */
    private String text() {
        String text = line.toString(StandardCharsets.UTF_8);
        return text.endsWith("\r") ? text.substring(0, text.length() - 1) : text;
    }

    /** How much of a line without end was skipped up to now. */
    long skipped() {
        return skipped;
    }
}
