package dev.pollux.bench.edge;

import java.util.List;
import java.util.function.BiFunction;

/** What is varied, all else left as it is. */
public enum Dimension {
    REQUEST(
            "Size of a request",
            "64 bytes back, read buffer of 16 KB",
            "bytes in",
            Traffic.SMALL,
            Traffic::withRequest,
            64,
            1024,
            4096,
            16 * 1024,
            64 * 1024,
            256 * 1024),
    READ_BUFFER(
            "Size of the read buffer",
            "16 KB in, 64 bytes back",
            "bytes of read buffer",
            Traffic.SMALL.withRequest(16 * 1024),
            Traffic::withReadBuffer,
            1024,
            4096,
            16 * 1024,
            64 * 1024),
    DEPTH(
            "Requests that arrive together, and fit into the read buffer",
            "64 bytes each way, read buffer of 16 KB",
            "requests together",
            Traffic.SMALL,
            Traffic::withDepth,
            1,
            4,
            16),
    DEPTH_BEYOND(
            "Requests that arrive together, more than fit into the read buffer",
            "1 KB in, 64 bytes back, read buffer of 4 KB",
            "requests together",
            Traffic.SMALL.withRequest(1024).withReadBuffer(4096),
            Traffic::withDepth,
            1,
            4,
            16),
    READY(
            "Connections that are ready together",
            "64 bytes each way",
            "connections ready",
            Traffic.SMALL,
            Traffic::withReady,
            1,
            4,
            16,
            64),
    READY_BEYOND(
            "Connections that are ready together, with more than fits into the read buffer",
            "64 KB in, 64 bytes back, read buffer of 16 KB",
            "connections ready",
            Traffic.SMALL.withRequest(64 * 1024),
            Traffic::withReady,
            1,
            4,
            16),
    REPLY(
            "Size of a reply",
            "64 bytes in; 256 KB and more do not fit into the socket",
            "bytes out",
            Traffic.SMALL,
            Traffic::withReply,
            64,
            16 * 1024,
            64 * 1024,
            256 * 1024,
            1024 * 1024),
    STUCK(
            "Writes that block",
            "64 bytes each way; the client has not read what was sent before",
            "% of the replies find the socket full",
            Traffic.SMALL,
            Traffic::withStuck,
            0,
            10,
            50,
            100);

    public final String title;

    /** What stays as it is. */
    public final String constant;

    /** What the values are. */
    public final String unit;

    /** From the least to the most. */
    public final List<Integer> steps;

    private final Traffic base;
    private final BiFunction<Traffic, Integer, Traffic> with;

    Dimension(
            String title,
            String constant,
            String unit,
            Traffic base,
            BiFunction<Traffic, Integer, Traffic> with,
            Integer... steps) {
        this.title = title;
        this.constant = constant;
        this.unit = unit;
        this.base = base;
        this.with = with;
        this.steps = List.of(steps);
    }

    public Traffic at(int step) {
        return with.apply(base, step);
    }
}
