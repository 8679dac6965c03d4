package dev.pollux.bench.server;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * As little of an HTTP/1.1 server as a load generator can bear: what ends with an empty line is a
 * request for "hello". The same for all servers, also in C, so that none is measured by its codec.
 */
final class HttpHello implements Protocol {
    private static final byte[] HELLO =
            """
            HTTP/1.1 200 OK\r
            Content-Type: text/plain\r
            Content-Length: 6\r
            \r
            hello
            """
                    .getBytes(StandardCharsets.US_ASCII);

    /** As many as can come at once, one after the other. */
    private static final int MOST_REQUESTS = Server.BUFFER_BYTES / 4;

    /** Of the one thread that serves. */
    private static final ByteBuffer HELLOS =
            ByteBuffer.allocateDirect(MOST_REQUESTS * HELLO.length);

    static {
        while (HELLOS.hasRemaining()) {
            HELLOS.put(HELLO);
        }
    }

    private int matched; // how much of an empty line the last bytes were

    @Override
    public ByteBuffer answer(ByteBuffer received) {
        int requests = 0;
        for (int i = received.position(); i < received.limit(); i++) {
            matched = match(matched, received.get(i));
            if (matched == 4) {
                matched = 0;
                requests++;
            }
        }
        return HELLOS.clear().limit(requests * HELLO.length);
    }

    /** "\r\n\r\n", or what the last bytes have of it. */
    private static int match(int matched, byte next) {
        if (next == '\n') {
            return matched == 1 || matched == 3 ? matched + 1 : 0;
        }
        if (next == '\r') {
            return matched == 2 ? 3 : 1;
        }
        return 0;
    }
}
