package dev.pollux.bench.edge;

/**
 * What goes back and forth.
 *
 * @param request bytes of one
 * @param reply bytes of one
 * @param readBuffer the most that the server reads at a time
 * @param depth requests that arrive together on one connection
 * @param ready connections on which requests arrive together
 * @param stuckPercent the share of arrivals that find the way back full, because the client has not
 *     read what was sent before
 */
public record Traffic(
        int request, int reply, int readBuffer, int depth, int ready, int stuckPercent) {

    /** The usual: 64 bytes each way, one at a time. */
    public static final Traffic SMALL = new Traffic(64, 64, 16 * 1024, 1, 1, 0);

    Traffic withRequest(int bytes) {
        return new Traffic(bytes, reply, readBuffer, depth, ready, stuckPercent);
    }

    Traffic withReply(int bytes) {
        return new Traffic(request, bytes, readBuffer, depth, ready, stuckPercent);
    }

    Traffic withReadBuffer(int bytes) {
        return new Traffic(request, reply, bytes, depth, ready, stuckPercent);
    }

    Traffic withDepth(int requests) {
        return new Traffic(request, reply, readBuffer, requests, ready, stuckPercent);
    }

    Traffic withReady(int connections) {
        return new Traffic(request, reply, readBuffer, depth, connections, stuckPercent);
    }

    Traffic withStuck(int percent) {
        return new Traffic(request, reply, readBuffer, depth, ready, percent);
    }

    /** For tables: what it has in common with all others is left out. */
    public String text() {
        var text = new StringBuilder(size(request) + " in, " + size(reply) + " out");
        text.append(", read buffer ").append(size(readBuffer));
        if (depth > 1) {
            text.append(", ").append(depth).append(" together");
        }
        if (ready > 1) {
            text.append(", ").append(ready).append(" connections ready");
        }
        if (stuckPercent > 0) {
            text.append(", ").append(stuckPercent).append(" % find the socket full");
        }
        return text.toString();
    }

    private static String size(int bytes) {
        return bytes < 1024
                ? bytes + " B"
                : bytes < 1 << 20 ? bytes / 1024 + " KB" : (bytes >> 20) + " MB";
    }

    /** To another process. */
    String toWords() {
        return request
                + " "
                + reply
                + " "
                + readBuffer
                + " "
                + depth
                + " "
                + ready
                + " "
                + stuckPercent;
    }
}
