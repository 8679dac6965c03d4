#!/bin/sh
# Two event loops of Java that are much used look only once a second whether a time-out has passed, so that one of 100 ms comes
# after up to a second more. Apache HttpClient's asynchronous client with a response time-out of 100 ms gives up after a
# second, and its exception then says "100 MILLISECONDS"; the classic client of the same jar keeps to it. Tomcat's NIO
# connector, the default one, closes a connection that is idle for keepAliveTimeout 100 ms, or silent for connectionTimeout 100
# ms, after a second; its NIO2 connector after 100 ms.
#
# Why: the selector's loop goes through its connections at most every selectInterval (IOReactorConfig, 1 s unless set; the
# client with 50 ms below keeps to its time-out). Tomcat's does it at most every timeoutInterval, 1 s unless set, from a loop
# whose select lasts as long (NioEndpoint.Poller).
#
# Seen: httpclient5 5.6.5 with httpcore5 5.4.4, tomcat-embed-core 11.0.27, OpenJDK 17.0.15 and 25.0.3, Linux 6.18; each is the
# second fastest of five. The output was:
#   classic client, response time-out 100 ms: later than 0.5 s false
#   async client, response time-out 100 ms: later than 0.5 s true
#   async client, select interval 50 ms: later than 0.5 s false
#   Tomcat NIO, connectionTimeout 100 ms: later than 0.5 s true
#   Tomcat NIO, keepAliveTimeout 100 ms: later than 0.5 s true
#   Tomcat NIO2, connectionTimeout 100 ms: later than 0.5 s false
#   Tomcat NIO2, keepAliveTimeout 100 ms: later than 0.5 s false
#
# Needs JDK 17 or newer and Maven, which fetches the two; JAVA names the JDK's java, MVN Maven's mvn. Exit status: 0 it is so;
# 1 it is not so any longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/pom.xml" <<'POM'
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>finding</groupId>
  <artifactId>finding</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.httpcomponents.client5</groupId>
      <artifactId>httpclient5</artifactId>
      <version>5.6.5</version>
    </dependency>
    <dependency>
      <groupId>org.apache.tomcat.embed</groupId>
      <artifactId>tomcat-embed-core</artifactId>
      <version>11.0.27</version>
    </dependency>
  </dependencies>
</project>
POM

cat >"$directory/Late.java" <<'JAVA'
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.apache.catalina.Context;
import org.apache.catalina.connector.Connector;
import org.apache.catalina.startup.Tomcat;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.classic.methods.HttpGet;
import org.apache.hc.client5.http.config.RequestConfig;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.core5.reactor.IOReactorConfig;
import org.apache.hc.core5.util.TimeValue;
import org.apache.hc.core5.util.Timeout;

class Late {
    private static final RequestConfig CONFIG = RequestConfig.custom().setResponseTimeout(Timeout.ofMilliseconds(100)).build();

    public static void main(String[] args) throws Exception {
        Logger.getLogger("").setLevel(Level.WARNING);
        try (var silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
            String uri = "http://" + silent.getInetAddress().getHostAddress() + ":" + silent.getLocalPort() + "/";
            try (var client = HttpClients.custom().setDefaultRequestConfig(CONFIG).disableAutomaticRetries().build()) {
                show("classic client, response time-out 100 ms", () -> client.execute(new HttpGet(uri), response -> null));
            }
            async("async client, response time-out 100 ms", IOReactorConfig.DEFAULT, uri);
            async("async client, select interval 50 ms",
                    IOReactorConfig.custom().setSelectInterval(TimeValue.ofMilliseconds(50)).build(), uri);
        }
        tomcat("Tomcat NIO", "org.apache.coyote.http11.Http11NioProtocol", args[0]);
        tomcat("Tomcat NIO2", "org.apache.coyote.http11.Http11Nio2Protocol", args[0]);
        System.exit(0);
    }

    private static void async(String title, IOReactorConfig reactor, String uri) throws Exception {
        try (var client = HttpAsyncClients.custom().setDefaultRequestConfig(CONFIG).setIOReactorConfig(reactor)
                .disableAutomaticRetries().build()) {
            client.start();
            show(title, () -> client.execute(SimpleRequestBuilder.get(uri).build(), null).get(60, TimeUnit.SECONDS));
        }
    }

    private static void tomcat(String title, String protocol, String directory) throws Exception {
        Tomcat tomcat = new Tomcat();
        tomcat.setBaseDir(Path.of(directory, title).toString());
        Connector connector = new Connector(protocol);
        connector.setPort(0);
        connector.setProperty("address", InetAddress.getLoopbackAddress().getHostAddress());
        connector.setProperty("connectionTimeout", "100");
        connector.setProperty("keepAliveTimeout", "100");
        tomcat.setConnector(connector);
        Context context = tomcat.addContext("", null);
        Tomcat.addServlet(context, "hello", new Hello());
        context.addServletMappingDecoded("/", "hello");
        tomcat.start();
        show(title + ", connectionTimeout 100 ms", () -> connection(connector, ""));
        show(title + ", keepAliveTimeout 100 ms", () -> connection(connector, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        tomcat.stop();
    }

    /** Sends the text, and reads to the end. */
    private static Void connection(Connector connector, String text) throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort())) {
            socket.getOutputStream().write(text.getBytes());
            socket.getInputStream().readAllBytes();
        }
        return null;
    }

    private static void show(String title, Callable<?> waits) throws Exception {
        long[] millis = new long[5];
        for (int i = 0; i < millis.length; i++) {
            long before = System.nanoTime();
            try {
                waits.call();
            } catch (SocketTimeoutException e) {
                // the time-out of the classic client
            } catch (ExecutionException e) {
                if (!(e.getCause() instanceof SocketTimeoutException)) {
                    throw e;
                }
            }
            millis[i] = (System.nanoTime() - before) / 1_000_000;
        }
        System.err.println(title + ": " + Arrays.toString(millis) + " ms");
        Arrays.sort(millis);
        System.out.println(title + ": later than 0.5 s " + (millis[1] > 500));
    }

    private static final class Hello extends HttpServlet {
        private static final long serialVersionUID = 1;

        @Override
        protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
            response.getWriter().print("hello");
        }
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
if ! "${MVN:-mvn}" -q -B -f "$directory/pom.xml" dependency:copy-dependencies -DoutputDirectory="$directory/lib" >&2; then
    echo "the two cannot be fetched here" >&2
    exit 2
fi
"${JAVA:-java}" -cp "$directory/lib/*" "$directory/Late.java" "$directory" >"$directory/out" 2>"$directory/err" || {
    cat "$directory/err" >&2
    exit 2
}
grep ' ms$' "$directory/err" >&2
cat "$directory/out"
diff - "$directory/out" <<'EXPECTED'
classic client, response time-out 100 ms: later than 0.5 s false
async client, response time-out 100 ms: later than 0.5 s true
async client, select interval 50 ms: later than 0.5 s false
Tomcat NIO, connectionTimeout 100 ms: later than 0.5 s true
Tomcat NIO, keepAliveTimeout 100 ms: later than 0.5 s true
Tomcat NIO2, connectionTimeout 100 ms: later than 0.5 s false
Tomcat NIO2, keepAliveTimeout 100 ms: later than 0.5 s false
EXPECTED
