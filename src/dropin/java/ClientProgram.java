import java.net.URI;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/** A client, and what it is made to ask for. */
abstract class ClientProgram implements Program {
    private static final int LIMIT_SECONDS = 60;

    /**
     * Sends a request, with a body in chunks unless that is null, and checks the answer when it has
     * come.
     */
    abstract CompletableFuture<Void> ask(URI uri, byte[] upload, byte[] expected, Bodies right);

    @Override
    public final int start() throws Exception {
        startClient();
        return 0;
    }

    void startClient() throws Exception {}

    @Override
    public final Bodies exercise(int port) throws Exception {
        var right = new Bodies();
        for (int i = 0; i < 100; i++) {
            get(port, "", i, 50 * i, right).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        }
        var all = new ArrayList<CompletableFuture<Void>>();
        for (int i = 0; i < 200; i++) {
            int length = i % 20 == 0 ? 2 * Bodies.MB : 100 * i;
            all.add(
                    i % 4 == 0
                            ? post(port, "/echo", i, length, right)
                            : get(port, "", i, length, right));
        }
        all.add(get(port, "", 1, Bodies.MORE_THAN_FITS, right));
        // The server reads none of this before it has seen the next request.
        all.add(post(port, "/echo/late", 2, Bodies.MORE_THAN_FITS, right));
        all.add(get(port, "/release", 3, 30, right));
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                .get(LIMIT_SECONDS, TimeUnit.SECONDS);
        return right;
    }

    @Override
    public final Bodies once(int port, int times) throws Exception {
        var right = new Bodies();
        for (int i = 0; i < times; i++) {
            get(port, "/once", i, 100, right).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        }
        return right;
    }

    private CompletableFuture<Void> get(int port, String kind, int seed, int length, Bodies right) {
        String path = kind.isEmpty() ? Bodies.path(seed, length) : kind + "/" + seed + "/" + length;
        return ask(uri(port, path), null, Bodies.of(seed, length), right);
    }

    private CompletableFuture<Void> post(
            int port, String path, int seed, int length, Bodies right) {
        byte[] body = Bodies.of(seed, length);
        return ask(uri(port, path), body, body, right);
    }

    private static URI uri(int port, String path) {
        return URI.create("http://127.0.0.1:" + port + path);
    }
}
