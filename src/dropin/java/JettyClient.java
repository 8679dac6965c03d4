import java.net.URI;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.client.AsyncRequestContent;
import org.eclipse.jetty.client.BufferingResponseListener;
import org.eclipse.jetty.client.HttpClient;
import org.eclipse.jetty.client.Request;
import org.eclipse.jetty.client.Result;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.util.Jetty;

/** Jetty's HTTP client. */
final class JettyClient extends ClientProgram {
    private final HttpClient client = new HttpClient();

    public static void main(String[] args) throws Exception {
        Program.run(new JettyClient());
    }

    @Override
    public String version() {
        return Jetty.VERSION;
    }

    @Override
    void startClient() throws Exception {
        client.setIdleTimeout(5000); // a connection that is kept in store is no leak
        client.start();
    }

    @Override
    CompletableFuture<Void> ask(URI uri, byte[] upload, byte[] expected, Bodies right) {
        Request request = client.newRequest(uri);
        if (upload != null) { // of unknown length, so in chunks
            var content = new AsyncRequestContent(ByteBuffer.wrap(upload));
            content.close();
            request.method(HttpMethod.POST).body(content);
        }
        var answered = new CompletableFuture<Void>();
        request.send(
                new BufferingResponseListener(2 * Bodies.MORE_THAN_FITS) {
                    @Override
                    public void onComplete(Result result) {
                        try {
                            if (result.isFailed()) {
                                throw result.getFailure();
                            }
                            byte[] body = getContent();
                            right.check(
                                    expected,
                                    result.getResponse().getStatus(),
                                    body == null ? new byte[0] : body);
                            answered.complete(null);
                        } catch (Throwable e) {
                            answered.completeExceptionally(e);
                        }
                    }
                });
        return answered;
    }

    @Override
    public void stop() throws Exception {
        client.stop();
    }
}
