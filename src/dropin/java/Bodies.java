import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;

/**
 * What the servers serve, which every client can compute again; and the count of what was found
 * right.
 */
final class Bodies {
    static final int MB = 1 << 20;

    /**
     * More than the buffers of two sockets can take up: to write it, a peer has to wait for the
     * other one.
     */
    static final int MORE_THAN_FITS = 24 * MB;

    private final AtomicLong requests = new AtomicLong();
    private final AtomicLong bytes = new AtomicLong();

    /** The path under which a server has the body of this seed and length. */
    static String path(int seed, int length) {
        return "/bytes/" + seed + "/" + length;
    }

    /** What is to be served under a path, or null if that is none. */
    static byte[] under(String path) {
        String[] parts = path.split("/");
        return parts.length == 4 && !path.startsWith("/echo")
                ? of(Integer.parseInt(parts[2]), Integer.parseInt(parts[3]))
                : null;
    }

    static byte[] of(int seed, int length) {
        byte[] body = new byte[length];
        new Random(seed).nextBytes(body);
        return body;
    }

    /** Holds one answer to what was to come. */
    void check(byte[] expected, int status, byte[] body) {
        assertEquals(200, status);
        assertEquals(expected.length, body.length);
        assertArrayEquals(expected, body);
        requests.incrementAndGet();
        bytes.addAndGet(body.length);
    }

    void add(long moreRequests, long moreBytes) {
        requests.addAndGet(moreRequests);
        bytes.addAndGet(moreBytes);
    }

    long requests() {
        return requests.get();
    }

    long bytes() {
        return bytes.get();
    }

    @Override
    public String toString() {
        return requests + " " + bytes;
    }
}
