import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * The JDK's HTTP client in a JVM with one carrier: from JDK 26 on it selects in a virtual thread,
 * and if that kept its carrier no other would ever run.
 */
class CarriersTest {
    private static final int FIRST_VIRTUAL_CLIENT = 26;

    private final JdkServer server = new JdkServer();
    private int port;

    @BeforeEach
    void start() throws Exception {
        port = server.start();
    }

    @AfterEach
    void stop() {
        server.stop();
    }

    static Stream<List<String>> options() {
        List<List<String>> backends =
                Jvm.POLLUX
                        ? List.of(
                                List.of("-Dpollux.backend=epoll"),
                                List.of("-Dpollux.backend=poll"),
                                List.of("-Dpollux.backend=select"))
                        : List.of(List.of());
        return backends.stream();
    }

    @ParameterizedTest
    @MethodSource("options")
    void other_virtual_threads_run_beside_a_client(List<String> backend) throws Exception {
        int version = Runtime.version().feature();
        assumeTrue(version >= 21, () -> "JDK " + version + " has no virtual threads");
        try (var jvm = new Jvm(JdkClient.class, oneCarrier(backend))) {
            jvm.isWhatItShouldBe();
            if (backend.isEmpty() || backend.contains("-Dpollux.backend=epoll")) {
                assertTrue(jvm.ask("descriptors").contains(Jvm.WAKEUP)); // which stop looks for
            }
            boolean virtual = version >= FIRST_VIRTUAL_CLIENT;
            assertEquals(virtual ? "virtual" : "platform", jvm.ask("kinds"));
            assertEquals("ran", jvm.ask("virtual"));
            assertEquals("20 2000", jvm.ask("once " + port + " 20"));
            assertEquals("ran", jvm.ask("virtual"));
            assertEquals(0, jvm.stop());
        }
    }

    private static String[] oneCarrier(List<String> more) {
        return Stream.concat(
                        more.stream(),
                        Stream.of(
                                "-Djdk.virtualThreadScheduler.parallelism=1",
                                "-Djdk.virtualThreadScheduler.maxPoolSize=1"))
                .toArray(String[]::new);
    }
}
