package dev.pollux.bench.server;

import java.nio.ByteBuffer;
import java.util.function.Supplier;

/** What a server answers: one for each connection, since it may have to remember something. */
interface Protocol {
    /**
     * What to send for these bytes: they themselves, or something of its own that is good until the
     * next call.
     *
     * @param received from its position to its limit
     */
    ByteBuffer answer(ByteBuffer received);

    static Supplier<Protocol> named(String name) {
        return switch (name) {
            case "echo" -> {
                Protocol echo = received -> received;
                yield () -> echo;
            }
            case "http" -> HttpHello::new;
            default -> throw new IllegalArgumentException("no protocol: " + name);
        };
    }
}
