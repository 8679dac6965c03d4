package dev.pollux.remote;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The numbers of devices over there, in those of this machine: a driver knows {@code /dev/null} by
 * the number that it has where the JVM is.
 */
final class DeviceNumbers {
    private static final List<String> KNOWN = List.of("/dev/null", "/dev/zero", "/dev/full");
    private static final long ELSEWHERE = 1L << 62;

    private final Map<Long, Long> here = new HashMap<>();

    private DeviceNumbers() {}

    /** For an agent that is asked for no device. */
    static DeviceNumbers unknown() {
        return new DeviceNumbers();
    }

    static DeviceNumbers ask(AgentLink link) {
        var numbers = new DeviceNumbers();
        for (String path : KNOWN) {
            byte[] name = path.getBytes(StandardCharsets.UTF_8);
            int access = (int) link.constant("O_RDONLY");
            long fd = link.call(AgentCall.open, name, 0, access).result();
            if (fd >= 0) {
                byte[] status = link.call(AgentCall.fileStatus, new byte[0], 32, fd).bytes();
                link.call(AgentCall.close, new byte[0], 0, fd);
                long there = ByteBuffer.wrap(status).order(ByteOrder.nativeOrder()).getLong(24);
                numbers.here.put(there, numberHere(path));
            }
        }
        return numbers;
    }

    /** What that number is here; one that nothing has here, if it is of none of them. */
    long here(long there) {
        return here.getOrDefault(there, ELSEWHERE | there);
    }

    private static long numberHere(String path) {
        try {
            return ((Number) Files.getAttribute(Path.of(path), "unix:rdev")).longValue();
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return ELSEWHERE; // no such device here, so no driver asks for it
        }
    }
}
