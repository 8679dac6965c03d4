import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What {@code java -jar pollux.jar fds PID} lists of a program that it knows nothing of. */
class FdsTest {
    private static final long LIMIT_NANOS = TimeUnit.SECONDS.toNanos(60);

    @Test
    void netty_with_a_connection() throws Exception {
        try (var jvm = new Jvm(NettyServer.class);
                var client = new Socket(InetAddress.getLoopbackAddress(), jvm.port())) {
            String server = "127.0.0.1:" + jvm.port();
            String connection =
                    server + " <-> 127.0.0.1:" + client.getLocalPort() + ", established";
            String listed = fds(jvm.pid());
            long begin = System.nanoTime();
            while (!listed.contains(connection)) { // until it is accepted and registered
                assertTrue(System.nanoTime() - begin < LIMIT_NANOS, listed);
                listed = fds(jvm.pid());
            }
            expect(listed, "process " + jvm.pid() + ": .*NettyServer");
            expect(listed, "\\d+  read(\\+peer's close)?, level +tcp6? " + server + ", listening");
            expect(listed, "\\d+  read(\\+peer's close)?, level +tcp6? " + connection);
            expect(listed, "\\d+  read, (level|edge) +eventfd, count \\d+");
        }
    }

    private static String fds(long pid) throws Exception {
        Path java = Path.of(System.getProperty("java.home"), "bin", "java");
        Process process =
                new ProcessBuilder(
                                java.toString(),
                                "-jar",
                                System.getProperty("dropin.pollux"),
                                "fds",
                                Long.toString(pid))
                        .redirectErrorStream(true)
                        .start();
        String text = new String(process.getInputStream().readAllBytes());
        assertEquals(0, process.waitFor(), text);
        return text;
    }

    private static void expect(String listed, String regex) {
        assertTrue(
                listed.lines().anyMatch(line -> line.strip().matches(regex)),
                () -> "no line like: " + regex + "\n" + listed);
    }
}
