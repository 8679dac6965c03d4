import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.netty.handler.codec.quic.Quic;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * HTTP/3 of the JDK's client: QUIC, over datagram channels that a selector waits for, against
 * Netty's server.
 */
class Http3ClientTest {
    private static final int FIRST = 26;

    @Test
    void it_gets_what_is_served_over_quic() throws Exception {
        int version = Runtime.version().feature();
        assumeTrue(version >= FIRST, () -> "JDK " + version + ": its HTTP client has no HTTP/3");
        assumeTrue(Quic.isAvailable(), () -> "no QUIC of Netty here: " + cause());
        Path directory = Path.of(System.getProperty("dropin.directory"), "http3");
        Files.createDirectories(directory);
        var server = new Http3Server(directory);
        int port = server.start();
        Path certificate = Http3Server.certificate(directory);
        try (var jvm =
                new Jvm(Http3Client.class, "-D" + Http3Client.CERTIFICATE + "=" + certificate)) {
            List<String> before = jvm.descriptors();
            String[] found = jvm.ask("exercise " + port).split(" ");
            var right = new Bodies();
            right.add(Long.parseLong(found[0]), Long.parseLong(found[1]));
            assertEquals(150, right.requests());
            jvm.isWhatItShouldBe();
            List<String> after = List.of(jvm.ask("descriptors").split(" "));
            Table.add(Http3Client.class, jvm, right, before, after, jvm.stop());
        } finally {
            server.stop();
        }
    }

    private static String cause() {
        return String.valueOf(Quic.unavailabilityCause());
    }
}
