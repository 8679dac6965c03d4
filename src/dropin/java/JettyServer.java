import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.Callback;

/** Jetty, with one thread that accepts and two that select. */
final class JettyServer implements Program {
    private final Server server = new Server();

    private final boolean inherit;

    private JettyServer(boolean inherit) {
        this.inherit = inherit;
    }

    public static void main(String[] args) throws Exception {
        Program.run(new JettyServer(Inherited.isAsked(args)));
    }

    @Override
    public String version() {
        return Server.getVersion();
    }

    @Override
    public int start() throws Exception {
        var connector = new ServerConnector(server, 1, 2);
        connector.setHost("127.0.0.1");
        if (inherit) {
            connector.open(Inherited.channel());
        }
        connector.setIdleTimeout(ServerTest.IDLE_SECONDS * 1000L);
        server.addConnector(connector);
        server.setHandler(new Answers());
        server.start();
        return connector.getLocalPort();
    }

    @Override
    public void stop() throws Exception {
        server.stop();
    }

    private static final class Answers extends Handler.Abstract {
        @Override
        public boolean handle(Request request, Response response, Callback callback)
                throws Exception {
            byte[] served = Bodies.under(request.getHttpURI().getPath());
            ByteBuffer body =
                    served == null ? Content.Source.asByteBuffer(request) : ByteBuffer.wrap(served);
            response.getHeaders().put(HttpHeader.CONTENT_LENGTH, body.remaining());
            response.write(true, body, callback);
            return true;
        }
    }
}
