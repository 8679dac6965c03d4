package dev.pollux.nio;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Child;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Channels of the JDK's kind that are no {@code SocketChannel} and connect all the same: its SCTP
 * channels, which few kernels have, or anybody's. The program is started from its source, since
 * only a JVM of its own may be allowed to see {@code sun.nio.ch}.
 */
class OtherChannelTest {
    private static final String SOURCE =
            Path.of("src", "test", "resources", "dev", "pollux", "nio", "OtherChannel.java")
                    .toString();

    @ParameterizedTest
    @ValueSource(strings = {"epoll", "poll", "select"})
    void a_channel_that_is_no_socket_channel_is_reported_connected(String backend)
            throws IOException {
        Child child =
                Child.here()
                        .withJnr()
                        .withProperties()
                        .property("pollux.backend", backend)
                        .property(
                                "java.nio.channels.spi.SelectorProvider",
                                PolluxSelectorProvider.class.getName());
        assertConnects(child, NioSelector.class.getName());
    }

    @Test
    void the_control_the_jdks_own_selector_does_the_same() throws IOException {
        assertConnects(Child.here(), "sun.nio.ch.");
    }

    private static void assertConnects(Child child, String selector) throws IOException {
        Child.Result result =
                child.option("--add-exports=java.base/sun.nio.ch=ALL-UNNAMED").run(SOURCE).ok();
        assertTrue(result.lines("selector: ").get(0).startsWith(selector), result.text());
        assertEquals(List.of("1"), result.lines("connect: "), result.text());
        assertEquals(List.of("1"), result.lines("read: "), result.text());
        assertEquals(List.of("false"), result.lines("open after close: "), result.text());
    }
}
