import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedInputStream;
import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * One connection, of which a test decides what is sent when, and when what is read. It does not use
 * java.nio.
 */
final class Http implements Closeable {
    private final Socket socket = new Socket();
    private final InputStream in;
    private final OutputStream out;

    Http(int port) throws IOException {
        this(port, 0);
    }

    /** With a receive buffer of this size, unless it is 0. */
    Http(int port, int receiveBuffer) throws IOException {
        if (receiveBuffer > 0) {
            socket.setReceiveBufferSize(receiveBuffer);
        }
        socket.setTcpNoDelay(true);
        socket.setSoTimeout(120_000);
        socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        in = new BufferedInputStream(socket.getInputStream(), 4096);
        out = socket.getOutputStream();
    }

    Http send(String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.US_ASCII));
        return this;
    }

    Http get(String path) throws IOException {
        return send("GET " + path + " HTTP/1.1\r\nHost: here\r\n\r\n");
    }

    Http getAndClose(String path) throws IOException {
        return send("GET " + path + " HTTP/1.1\r\nHost: here\r\nConnection: close\r\n\r\n");
    }

    /** The body in chunks of many lengths. */
    Http post(String path, byte[] body) throws IOException {
        send("POST " + path + " HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n");
        var lengths = new Random(body.length);
        int most = Math.max(64, body.length / 50);
        for (int at = 0, n; at < body.length; at += n) {
            n = Math.min(1 + lengths.nextInt(most), body.length - at);
            send(Integer.toHexString(n) + "\r\n");
            out.write(body, at, n);
            send("\r\n");
        }
        return send("0\r\n\r\n");
    }

    /** Reads one answer, and counts it if it is what was to come. */
    Http expect(byte[] body, Bodies right) throws IOException {
        String status = line();
        int length = -1;
        for (String line; !(line = line()).isEmpty(); ) {
            String[] header = line.split(": *", 2);
            if (header[0].equalsIgnoreCase("Content-Length")) {
                length = Integer.parseInt(header[1]);
            }
        }
        // The JDK's server has no such header where there is no body.
        byte[] read = in.readNBytes(Math.max(0, length));
        right.check(body, Integer.parseInt(status.split(" ")[1]), read);
        return this;
    }

    /** Reads up to the end that the peer has made. */
    void expectEnd() throws IOException {
        assertEquals(-1, in.read());
    }

    /** Waits for the first byte of an answer, and leaves it. */
    void awaitAnswer() throws IOException {
        in.mark(1);
        if (in.read() < 0) {
            throw new EOFException();
        }
        in.reset();
    }

    private String line() throws IOException {
        var line = new StringBuilder();
        for (int c; (c = in.read()) != '\n'; ) {
            if (c < 0) {
                throw new EOFException("after " + line);
            }
            if (c != '\r') {
                line.append((char) c);
            }
        }
        return line.toString();
    }

    /** The peer gets a reset instead of an end. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
