import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

/** The JDK's own HTTP server. It is also what the clients among the programs talk to. */
final class JdkServer implements Program {
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private final CountDownLatch uploading = new CountDownLatch(1);
    private final CountDownLatch released = new CountDownLatch(1);
    private HttpServer server;

    public static void main(String[] args) throws Exception {
        Program.run(new JdkServer());
    }

    @Override
    public String version() {
        return System.getProperty("java.version");
    }

    @Override
    public int start() throws IOException {
        System.setProperty("sun.net.httpserver.idleInterval", ServerTest.IDLE_SECONDS + "");
        System.setProperty("sun.net.httpserver.nodelay", "true");
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(threads);
        server.createContext("/", this::answer);
        server.start();
        return server.getAddress().getPort();
    }

    @Override
    public void stop() {
        server.stop(0);
        threads.shutdown();
    }

    private void answer(HttpExchange exchange) throws IOException {
        try (exchange) {
            String path = exchange.getRequestURI().getPath();
            if (path.startsWith("/once/")) {
                exchange.getResponseHeaders().set("Connection", "close");
            } else if (path.equals("/echo/late")) {
                uploading.countDown();
                await(released);
            } else if (path.startsWith("/release/")) {
                await(uploading);
                released.countDown();
            }
            byte[] served = Bodies.under(path);
            byte[] body = exchange.getRequestBody().readAllBytes();
            if (served != null) {
                body = served;
            }
            exchange.sendResponseHeaders(200, body.length == 0 ? -1 : body.length);
            exchange.getResponseBody().write(body);
        }
    }

    private static void await(CountDownLatch latch) throws IOException {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IOException(e);
        }
    }
}
