package dev.pollux.examples.ftp;

import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.pollux.Backend;
import dev.pollux.support.Program;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.net.BindException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** A running FtpServer with a root directory of its own, and with the users ann and guest. */
final class FtpProcess implements AutoCloseable {
    static final String PASSWORD = "open sesame";

    /** A hash of it, of the lowest cost; made by adduser. */
    private static final String HASH =
            "$2a$04$jQDWWuxdnl6h93WLN87GIezcwG2c8.hk0zf9ab6Z3uMElIIEQeyGy";

    final Path directory;
    final Path root;
    final Path outside;
    private final Backend backend;
    private final List<String> javaOptions = new ArrayList<>();
    private Program program;
    private int port;
    private int port6;

    private FtpProcess(Backend backend) throws IOException {
        this.backend = backend;
        directory = Files.createTempDirectory("pollux-ftp").toRealPath();
        root = Files.createDirectory(directory.resolve("root"));
        outside = Files.createDirectory(directory.resolve("outside"));
        Files.writeString(
                directory.resolve("users"),
                "# two\n\nann:" + HASH + ":\nguest:" + HASH + ":readonly,home=/\n");
    }

    /** Its directory only: a test puts something into it, and starts it then. */
    static FtpProcess prepare(Backend backend) throws IOException {
        return new FtpProcess(backend);
    }

    /** For the JVM that it runs in. */
    FtpProcess java(String... options) {
        javaOptions.addAll(List.of(options));
        return this;
    }

    static FtpProcess start(Backend backend, String... options) throws Exception {
        var server = new FtpProcess(backend);
        try {
            return server.begin(0, options);
        } catch (Exception | Error e) {
            server.close();
            throw e;
        }
    }

    /** With this limit of descriptors, if it is not 0. */
    FtpProcess begin(int descriptors, String... options) throws Exception {
        List<String> command = FtpPrograms.java(backend, "ftp.FtpServer", "0");
        command.addAll(1, javaOptions);
        command.addAll(List.of("--root", root.toString()));
        command.addAll(List.of("--users", directory.resolve("users").toString()));
        command.addAll(List.of(options));
        if (descriptors > 0) {
            command = Program.limited(descriptors, command);
        }
        var builder = new ProcessBuilder(command);
        builder.environment().put("LC_ALL", "C.UTF-8");
        program = new Program(builder);
        program.expect("files of ");
        port = portOf("FTP server on 127");
        port6 = portOf("FTP server on 0:0:0:0:0:0:0:1");
        return this;
    }

    private int portOf(String prefix) {
        return said().lines()
                .filter(line -> line.startsWith(prefix))
                .map(line -> Integer.parseInt(line.replaceAll(".* port ([0-9]+) .*", "$1")))
                .findFirst()
                .orElse(0);
    }

    int port() {
        return port;
    }

    int port6() {
        return port6;
    }

    String said() {
        return program.said();
    }

    String url(String user) {
        return "ftp://" + user + ":" + PASSWORD.replace(" ", "%20") + "@127.0.0.1:" + port + "/";
    }

    Talk talk() throws IOException {
        return new Talk("127.0.0.1", port);
    }

    /** Logged in as one who may write. */
    Talk ann() throws IOException {
        return talk().login("ann", PASSWORD);
    }

    Path file(String name, byte[] bytes) throws IOException {
        return Files.write(root.resolve(name), bytes);
    }

    /** Zeros that take no room. */
    void sparse(String name, long size) throws IOException {
        try (var file = new RandomAccessFile(root.resolve(name).toFile(), "rw")) {
            file.setLength(size);
        }
    }

    /**
     * A port that nobody listens on at the moment, below those that systems give to whoever names
     * none: any connection may have one of those a moment later.
     */
    static int freePort() throws IOException {
        for (int tries = 0; ; tries++) {
            try (var socket = new ServerSocket(10_000 + new Random().nextInt(20_000))) {
                return socket.getLocalPort();
            } catch (BindException e) {
                if (tries == 100) {
                    throw e;
                }
            }
        }
    }

    static byte[] random(int size) {
        byte[] bytes = new byte[size];
        new Random(size).nextBytes(bytes);
        return bytes;
    }

    /** What is in its root and below, hidden or not, apart from the root itself. */
    List<String> tree() throws IOException {
        while (true) {
            try (Stream<Path> tree = Files.walk(root)) {
                return tree.map(path -> root.relativize(path).toString())
                        .filter(name -> !name.isEmpty())
                        .sorted()
                        .toList();
            } catch (UncheckedIOException e) {
                if (!(e.getCause() instanceof NoSuchFileException)) {
                    throw e;
                } // it has gone while it was looked at: once more
            }
        }
    }

    void expectTree(String... names) throws Exception {
        Program.until(
                () -> {
                    try {
                        return tree().equals(List.of(names));
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                "nothing but " + List.of(names) + "; " + tree());
    }

    /** How many descriptors it has open. */
    int descriptors() {
        String[] names = Path.of("/proc/" + program.process.pid() + "/fd").toFile().list();
        return names == null ? -1 : names.length;
    }

    void expectDescriptors(int count) throws InterruptedException {
        Program.until(() -> descriptors() <= count, count + " descriptors; " + descriptors());
    }

    /** Ends it as Ctrl-C does; a number of its table is asked for afterwards. */
    FtpProcess stop() throws Exception {
        program.stop().expectNoTrace();
        return this;
    }

    long counted(String name) {
        String line =
                said().lines().filter(l -> l.startsWith(name)).reduce((a, b) -> b).orElseThrow();
        return Long.parseLong(line.substring(name.length()).strip().split(" ")[0].replace(",", ""));
    }

    @Override
    public void close() throws IOException {
        if (program != null) {
            program.close();
            assertFalse(said().contains("\tat "), this::said);
        }
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }
}
