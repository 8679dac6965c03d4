import java.io.ByteArrayInputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.concurrent.CompletableFuture;

/** The JDK's own HTTP client. */
final class JdkClient extends ClientProgram {
    private HttpClient client;

    public static void main(String[] args) throws Exception {
        // In seconds: a connection that is kept in store is no leak.
        System.setProperty("jdk.httpclient.keepalive.timeout", "1");
        Program.run(new JdkClient());
    }

    @Override
    public String version() {
        return System.getProperty("java.version");
    }

    @Override
    void startClient() {
        client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    }

    @Override
    CompletableFuture<Void> ask(URI uri, byte[] upload, byte[] expected, Bodies right) {
        var request = HttpRequest.newBuilder(uri);
        if (upload != null) { // of unknown length, so in chunks
            request.POST(BodyPublishers.ofInputStream(() -> new ByteArrayInputStream(upload)));
        }
        return client.sendAsync(request.build(), BodyHandlers.ofByteArray())
                .thenAccept(
                        (HttpResponse<byte[]> a) ->
                                right.check(expected, a.statusCode(), a.body()));
    }

    /** Up to JDK 20 it has no close, and ends when nobody has it any more. */
    @Override
    public void stop() throws Exception {
        if ((Object) client instanceof AutoCloseable closeable) {
            closeable.close();
        }
        client = null;
    }
}
