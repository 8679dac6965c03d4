package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.Program;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

/** A control connection by hand. */
final class Talk implements AutoCloseable {
    final Socket socket;
    private final BufferedReader in;
    private final OutputStream out;

    Talk(String host, int port) throws IOException {
        socket = new Socket(host, port);
        socket.setSoTimeout(Program.LIMIT_MILLIS);
        socket.setTcpNoDelay(true);
        in =
                new BufferedReader(
                        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
        out = socket.getOutputStream();
    }

    Talk login(String user, String password) throws IOException {
        expect(220);
        ask(331, "USER " + user);
        ask(230, "PASS " + password);
        return this;
    }

    void send(String line) throws IOException {
        sendRaw((line + "\r\n").getBytes(StandardCharsets.UTF_8));
    }

    void sendRaw(byte... bytes) throws IOException {
        out.write(bytes);
    }

    /** The last line of the answer. */
    String reply() throws IOException {
        for (String line; (line = in.readLine()) != null; ) {
            if (line.matches("[1-5][0-9]{2} .*")) {
                return line;
            }
        }
        return "the end";
    }

    /** One line as it is; null at the end. */
    String line() throws IOException {
        return in.readLine();
    }

    String expect(int code) throws IOException {
        String reply = reply();
        assertTrue(reply.startsWith(code + " "), () -> "instead of " + code + ": " + reply);
        return reply;
    }

    String ask(int code, String line) throws IOException {
        send(line);
        String reply = reply();
        assertTrue(
                reply.startsWith(code + " "), () -> line + ": instead of " + code + ": " + reply);
        return reply;
    }

    /** Fails unless the server closes. */
    void expectEnd() throws IOException {
        try {
            while (in.readLine() != null) {}
        } catch (SocketTimeoutException e) {
            throw e;
        } catch (IOException e) {
            return; // a reset is an end
        }
    }

    /** Whether an answer is there already. */
    boolean isAnswered() throws IOException {
        return in.ready() || socket.getInputStream().available() > 0;
    }

    int epsv() throws IOException {
        String port = ask(229, "EPSV").replaceAll(".*\\|\\|\\|([0-9]+)\\|.*", "$1");
        return Integer.parseInt(port);
    }

    /** A data connection, passive. */
    Socket data() throws IOException {
        var data = new Socket(socket.getInetAddress(), epsv());
        data.setSoTimeout(Program.LIMIT_MILLIS);
        return data;
    }

    /** The same from another address. */
    static Socket dataFrom(String local, int port) throws IOException {
        var data =
                new Socket(
                        InetAddress.getByName("127.0.0.1"), port, InetAddress.getByName(local), 0);
        data.setSoTimeout(Program.LIMIT_MILLIS);
        return data;
    }

    /** What a command like RETR or LIST sends. */
    byte[] get(String command) throws IOException {
        try (Socket data = data()) {
            ask(150, command);
            byte[] bytes = data.getInputStream().readAllBytes();
            expect(226);
            return bytes;
        }
    }

    String list(String command) throws IOException {
        return new String(get(command), StandardCharsets.UTF_8);
    }

    /** What a command like STOR takes. */
    void put(String command, byte[] bytes) throws IOException {
        try (Socket data = data()) {
            ask(150, command);
            data.getOutputStream().write(bytes);
        }
        expect(226);
    }

    /** Without another word. */
    void reset() throws IOException {
        socket.setSoLinger(true, 0);
        socket.close();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
