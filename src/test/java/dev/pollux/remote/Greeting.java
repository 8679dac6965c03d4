package dev.pollux.remote;

import java.io.ByteArrayOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;

/** What the agent says of itself and of its machine before anybody asks. */
final class Greeting {
    /** As the agent has it; another one speaks otherwise. */
    static final int VERSION = 1;

    private static final String NAME = "pollux-agent ";
    private static final int LONGEST = 64 * 1024;

    private final Map<String, String> lines = new HashMap<>();

    private Greeting() {}

    /** Reads it; throws an exception that says what is wrong with it. */
    static Greeting read(InputStream in) throws IOException {
        String first = line(in);
        if (!first.startsWith(NAME)) {
            throw new IOException("what answers is no agent: it says \"" + shown(first) + "\"");
        }
        if (!first.equals(NAME + VERSION)) {
            throw new IOException(
                    "the agent speaks version "
                            + shown(first.substring(NAME.length()))
                            + ", this suite "
                            + VERSION
                            + ": build it from this tree (make agent)");
        }
        var greeting = new Greeting();
        int length = 0;
        for (String line; !(line = line(in)).isEmpty(); ) {
            String[] words = line.split(" ", 2);
            if (words.length < 2 || (length += line.length()) > LONGEST) {
                throw new IOException("the agent's greeting is none: \"" + shown(line) + "\"");
            }
            greeting.lines.put(words[0], words[1]);
        }
        greeting.check();
        return greeting;
    }

    private void check() throws IOException {
        boolean little = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;
        if ((number("littleEndian") == 1) != little) {
            throw new IOException("the agent's processor has another byte order than this one");
        }
        var missing = new TreeSet<String>();
        for (String name : AgentSyscalls.CONSTANTS) {
            if (!lines.containsKey(name)) {
                missing.add(name);
            }
        }
        for (AgentCall call : AgentCall.values()) {
            if (!lines.containsKey("call:" + call)) {
                missing.add(call.name());
            }
        }
        if (!missing.isEmpty()) {
            throw new IOException(
                    "the agent does not know "
                            + missing
                            + ": build it from this tree (make agent)");
        }
    }

    private static String line(InputStream in) throws IOException {
        var line = new ByteArrayOutputStream();
        for (int next; (next = in.read()) != '\n'; line.write(next)) {
            if (next < 0) {
                throw new EOFException("the connection ended before the agent's greeting did");
            }
            if (line.size() > 1000) {
                throw new IOException(
                        "what answers is no agent: it says \""
                                + shown(line.toString(StandardCharsets.ISO_8859_1))
                                + "\"");
            }
        }
        return line.toString(StandardCharsets.ISO_8859_1);
    }

    private static String shown(String line) {
        return line.substring(0, Math.min(60, line.length())).replaceAll("[^ -~]", "?");
    }

    /** One line's value. */
    String text(String name) throws IOException {
        String value = lines.get(name);
        if (value == null) {
            throw new IOException("the agent's greeting does not name its " + name);
        }
        return value;
    }

    /** One line's value that is a number. */
    long number(String name) throws IOException {
        String value = text(name);
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IOException("the agent's greeting says of " + name + ": " + shown(value), e);
        }
    }

    /** "freebsd" and the like; macOS is "macos". */
    String system() throws IOException {
        String name = text("system").toLowerCase(Locale.ROOT);
        return name.equals("darwin") ? "macos" : name;
    }
}
