import java.io.InputStream;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertificateFactory;
import java.util.ArrayList;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

/**
 * The JDK's HTTP client over HTTP/3, which JDK 26 brought; what JDK 17 cannot name is looked up.
 */
final class Http3Client implements Program {
    /** Where the certificate of the server is. */
    static final String CERTIFICATE = "http3.certificate";

    private static final int LIMIT_SECONDS = 60;

    private HttpClient client;

    public static void main(String[] args) throws Exception {
        // In seconds: a connection that is kept in store is no leak.
        System.setProperty("jdk.httpclient.keepalive.timeout.h3", "1");
        Program.run(new Http3Client());
    }

    @Override
    public String version() {
        return System.getProperty("java.version");
    }

    @Override
    public int start() throws Exception {
        client = HttpClient.newBuilder().version(http3()).sslContext(trusting()).build();
        return 0;
    }

    private static HttpClient.Version http3() {
        return HttpClient.Version.valueOf("HTTP_3");
    }

    private static SSLContext trusting() throws Exception {
        KeyStore trusted = KeyStore.getInstance("PKCS12");
        trusted.load(null, null);
        try (InputStream in = Files.newInputStream(Path.of(System.getProperty(CERTIFICATE)))) {
            trusted.setCertificateEntry(
                    "server", CertificateFactory.getInstance("X.509").generateCertificate(in));
        }
        var managers = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        managers.init(trusted);
        SSLContext context = SSLContext.getInstance("TLS");
        context.init(null, managers.getTrustManagers(), null);
        return context;
    }

    @Override
    public Bodies exercise(int port) throws Exception {
        var right = new Bodies();
        for (int i = 0; i < 50; i++) {
            ask(port, i, 50 * i, false, right).get(LIMIT_SECONDS, TimeUnit.SECONDS);
        }
        var all = new ArrayList<CompletableFuture<Void>>();
        for (int i = 0; i < 100; i++) {
            int length = i % 20 == 0 ? 2 * Bodies.MB : 100 * i;
            all.add(ask(port, i, length, i % 4 == 0, right));
        }
        CompletableFuture.allOf(all.toArray(CompletableFuture[]::new))
                .get(LIMIT_SECONDS, TimeUnit.SECONDS);
        return right;
    }

    /** Asks for a body, or has it come back. */
    private CompletableFuture<Void> ask(int port, int seed, int length, boolean echo, Bodies right)
            throws ReflectiveOperationException {
        byte[] body = Bodies.of(seed, length);
        String path = echo ? "/echo" : Bodies.path(seed, length);
        var request = HttpRequest.newBuilder(URI.create("https://localhost:" + port + path));
        request.version(http3());
        withoutTcp(request);
        if (echo) {
            request.POST(BodyPublishers.ofByteArray(body));
        }
        return client.sendAsync(request.build(), BodyHandlers.ofByteArray())
                .thenAccept(answer -> check(answer, body, right));
    }

    private static void check(HttpResponse<byte[]> answer, byte[] expected, Bodies right) {
        if (answer.version() != http3()) {
            throw new AssertionError(answer.version());
        }
        right.check(expected, answer.statusCode(), answer.body());
    }

    /** {@code setOption(HttpOption.H3_DISCOVERY, Http3DiscoveryMode.HTTP_3_URI_ONLY)}. */
    private static void withoutTcp(HttpRequest.Builder request)
            throws ReflectiveOperationException {
        Class<?> option = Class.forName("java.net.http.HttpOption");
        Class<?> mode = Class.forName("java.net.http.HttpOption$Http3DiscoveryMode");
        Method set = HttpRequest.Builder.class.getMethod("setOption", option, Object.class);
        set.invoke(
                request,
                option.getField("H3_DISCOVERY").get(null),
                mode.getField("HTTP_3_URI_ONLY").get(null));
    }

    @Override
    public void stop() throws Exception {
        ((AutoCloseable) (Object) client).close();
        client = null;
    }
}
