import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.ByteArrayInputStream;
import java.io.File;
import java.io.IOException;
import java.net.SocketException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * What every server is put through, in a JVM of its own that lives from the first of these tests to
 * the last.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
abstract class ServerTest {
    /**
     * After which a server closes a connection that nobody uses: so its selector has time-outs to
     * keep.
     */
    static final int IDLE_SECONDS = 10;

    private final Class<? extends Program> program;
    private final Bodies right = new Bodies();
    private final HttpClient client = HttpClient.newHttpClient();
    private Jvm jvm;
    private List<String> before;
    private List<String> after = List.of(); // none, if it is unknown
    private Http unused;

    ServerTest(Class<? extends Program> program) {
        this.program = program;
    }

    @BeforeAll
    void start() throws Exception {
        jvm = new Jvm(program);
        // Until it has all its threads, and all else that it opens only when there is something to
        // do.
        for (int i = 0; i < 20; i++) {
            closedAfter(i, 1000);
            try (var http = connection()) {
                http.post("/echo", Bodies.of(i, 1000)).expect(Bodies.of(i, 1000), right);
            }
        }
        before = jvm.descriptors();
        unused = connection().get(Bodies.path(1, 1)).expect(Bodies.of(1, 1), right);
    }

    @AfterAll
    void destroy() throws IOException {
        if (jvm != null) {
            jvm.close();
        }
        if (unused != null) {
            unused.close();
        }
    }

    @Test
    @Order(1)
    void it_waits_by_the_provider_that_was_asked_for() throws Exception {
        jvm.isWhatItShouldBe();
    }

    @Test
    @Order(2)
    void small_bodies_over_kept_connections() throws IOException {
        int[] lengths = {0, 1, 100, 5000};
        var connections = new ArrayList<Http>();
        try {
            for (int i = 0; i < 4; i++) {
                connections.add(connection());
            }
            for (int i = 0; i < 50; i++) {
                int length = lengths[i % lengths.length];
                for (Http http : connections) {
                    http.get(Bodies.path(i, length));
                }
                for (Http http : connections) {
                    http.expect(Bodies.of(i, length), right);
                }
            }
        } finally {
            closeAll(connections);
        }
    }

    @Test
    @Order(2)
    void a_connection_for_each_request() throws IOException {
        for (int i = 0; i < 100; i++) {
            closedAfter(i, 10 * i);
        }
    }

    @Test
    @Order(2)
    void a_request_may_come_in_pieces() throws IOException {
        try (var slow = connection();
                var quick = connection()) {
            byte[] body = Bodies.of(7, 300);
            slow.send("POST /echo HT");
            serves(quick);
            slow.send("TP/1.1\r\nHost: here\r\nContent-Length: 3\r\n");
            serves(quick);
            slow.send("\r\na");
            serves(quick);
            slow.send("bc").expect("abc".getBytes(StandardCharsets.US_ASCII), right);
            slow.post("/echo", body).expect(body, right);
        }
    }

    @Test
    @Order(2)
    void chunked_uploads_are_echoed() throws IOException {
        try (var http = connection()) {
            for (int length : new int[] {0, 1, 1000, 100_000, 3 * Bodies.MB}) {
                byte[] body = Bodies.of(length, length);
                http.post("/echo", body).expect(body, right);
            }
        }
    }

    @Test
    @Order(2)
    void large_bodies() throws IOException {
        try (var http = connection()) {
            for (int i = 0; i < 8; i++) {
                http.get(Bodies.path(i, 5 * Bodies.MB + i));
                http.expect(Bodies.of(i, 5 * Bodies.MB + i), right);
            }
        }
    }

    @Test
    @Order(2)
    void many_at_once() {
        Stream<CompletableFuture<Void>> gets =
                Stream.iterate(0, i -> i + 1)
                        .limit(150)
                        .map(i -> gets(i, i % 10 == 0 ? 400_000 : 97 * i));
        Stream<CompletableFuture<Void>> posts =
                Stream.iterate(0, i -> i + 1)
                        .limit(50)
                        .map(i -> posts(i, i % 10 == 0 ? 400_000 : 97 * i));
        CompletableFuture.allOf(Stream.concat(gets, posts).toArray(CompletableFuture[]::new))
                .join();
    }

    @Test
    @Order(2)
    void a_slow_reader_gets_all_and_holds_nobody_up() throws IOException {
        byte[] body = Bodies.of(5, Bodies.MORE_THAN_FITS);
        try (var slow = new Http(jvm.port(), 16 * 1024);
                var other = new Http(jvm.port(), 16 * 1024);
                var quick = connection()) {
            slow.get(Bodies.path(5, body.length)).awaitAnswer();
            other.get(Bodies.path(5, body.length)).awaitAnswer();
            for (int i = 0; i < 20; i++) {
                serves(quick);
            }
            slow.expect(body, right);
            other.expect(body, right);
            serves(slow);
        }
    }

    @Test
    @Order(2)
    void an_idle_connection_serves_again() throws IOException {
        try (var idle = connection()) {
            serves(idle);
            for (int i = 0; i < 20; i++) {
                closedAfter(i, 100);
            }
            serves(idle);
        }
    }

    @Test
    @Order(2)
    void a_load_tool_finds_nothing_to_complain_of() throws Exception {
        assumeTrue(
                Stream.of(System.getenv("PATH").split(File.pathSeparator))
                        .anyMatch(directory -> Files.isExecutable(Path.of(directory, "ab"))),
                "there is no ab (Debian: apache2-utils)");
        String url = "http://127.0.0.1:" + jvm.port() + Bodies.path(3, 1000);
        for (String keep : List.of("-k", "-r")) { // -r changes nothing where nothing fails
            Process ab =
                    new ProcessBuilder("ab", "-q", keep, "-n", "2000", "-c", "20", url)
                            .redirectErrorStream(true)
                            .start();
            String text = new String(ab.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertEquals(0, ab.waitFor(), text);
            assertEquals("2000", number(text, "Complete requests:"), text);
            assertEquals("0", number(text, "Failed requests:"), text);
            assertEquals("2000000", number(text, "HTML transferred:"), text);
        }
    }

    @Test
    @Order(3)
    void a_connection_that_nobody_uses_is_closed_in_time() throws IOException {
        unused.expectEnd();
    }

    @Test
    @Order(4)
    void no_descriptor_is_left_after_a_thousand_connections() throws Exception {
        for (int i = 0; i < 1000; i++) {
            Http http = connection();
            switch (i % 5) {
                case 0 -> http.close();
                case 1 -> http.reset();
                case 2 -> http.send("GET /by").close();
                case 3 -> http.get(Bodies.path(i, 100_000)).reset();
                default -> {
                    http.get(Bodies.path(i, 100)).expect(Bodies.of(i, 100), right);
                    http.close();
                }
            }
        }
        after = jvm.descriptorsDownTo(before);
        jvm.isWhatItShouldBe();
    }

    @Test
    @Order(5)
    void it_stops_cleanly_with_a_connection_open() throws Exception {
        try (var open = connection()) {
            serves(open);
            int exit = jvm.stop();
            try {
                open.expectEnd();
            } catch (SocketException e) {
                // A reset will do.
            }
            Table.add(program, jvm, right, before, after, exit);
        }
    }

    private Http connection() throws IOException {
        return new Http(jvm.port());
    }

    private void serves(Http http) throws IOException {
        http.get(Bodies.path(9, 90)).expect(Bodies.of(9, 90), right);
    }

    private void closedAfter(int seed, int length) throws IOException {
        try (var http = connection()) {
            http.getAndClose(Bodies.path(seed, length)).expect(Bodies.of(seed, length), right);
            http.expectEnd();
        }
    }

    private CompletableFuture<Void> gets(int seed, int length) {
        return answers(request(Bodies.path(seed, length)), Bodies.of(seed, length));
    }

    private CompletableFuture<Void> posts(int seed, int length) {
        byte[] body = Bodies.of(seed, length);
        return answers( // of unknown length, so in chunks
                request("/echo")
                        .POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(body))),
                body);
    }

    private HttpRequest.Builder request(String path) {
        return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + jvm.port() + path))
                .version(HttpClient.Version.HTTP_1_1);
    }

    private CompletableFuture<Void> answers(HttpRequest.Builder request, byte[] body) {
        return client.sendAsync(request.build(), BodyHandlers.ofByteArray())
                .orTimeout(120, TimeUnit.SECONDS)
                .thenAccept(
                        (HttpResponse<byte[]> a) -> right.check(body, a.statusCode(), a.body()));
    }

    private static String number(String text, String after) {
        return Arrays.stream(text.split("\n"))
                .filter(line -> line.startsWith(after))
                .map(line -> line.substring(after.length()).trim().split(" ")[0])
                .findAny()
                .orElse("");
    }

    private static void closeAll(List<Http> connections) throws IOException {
        for (Http http : connections) {
            http.close();
        }
    }
}
