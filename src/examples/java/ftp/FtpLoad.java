/*
 * The file server under load: 500 clients upload and download at once.
 *
 * Run   make example NAME=FtpLoad
 * or    make example NAME=FtpLoad ARGS='--clients 1000 --bytes 200000'
 * or    java -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" ftp.FtpLoad
 *
 * You will see FtpServer started in a process of its own, with 64 MB of heap. When all clients have
 * logged in they begin at the same time: one half puts files, the other half gets some, then the
 * other way round, until each has put two, got them back, and got one that all get. Then a table: how
 * fast that was, whether every byte came back, and how much memory the server took at most.
 * The exit status is 0 if all came back, 1 if not, 2 for a wrong command line.
 *
 * The clients are those of FtpClient, all on one thread; files are made up, and checked by CRC32C.
 */
package ftp;

import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line, the server's process, and the table. */
@Command(name = "FtpLoad", showDefaultValues = true)
final class FtpLoad implements Callable<Integer> {
    private static final String USER = "load";
    private static final String PASSWORD = "the password of the load";
    private static final int DESCRIPTORS = 5; // of the server, for a client that transfers

    @Option(names = "--clients", defaultValue = "500", description = "how many, all at once")
    private int clients;

    @Option(names = "--bytes", defaultValue = "1000000", description = "of a file, on average")
    private int bytes;

    @Option(names = "--heap", defaultValue = "64", description = "MB of the server")
    private int heap;

    @Option(names = "--timeout", defaultValue = "60", description = "seconds of silence")
    private int timeout;

    @Option(names = "--help", usageHelp = true, description = "this help")
    private boolean help;

    @Spec private CommandSpec spec;

    public static void main(String[] args) {
        System.exit(new CommandLine(new FtpLoad()).execute(args));
    }

    @Override
    public Integer call() throws Exception {
        if (clients < 1 || bytes < 2 || bytes > 1_000_000_000 || heap < 16 || timeout < 1) {
            throw new ParameterException(
                    spec.commandLine(), "at least 1 client, 2 bytes, 16 MB and 1 second");
        }
        requireDescriptors(DESCRIPTORS * clients + 100);
        Path directory = Files.createTempDirectory("ftp-load");
        Process server = null;
        try {
            Path root = Files.createDirectory(directory.resolve("root"));
            Path users = directory.resolve("users");
            // The cheapest hash there is: it is the files that are to be looked at here.
            Users.add(users, USER, PASSWORD.toCharArray(), 4, "");
            Path log = directory.resolve("log");
            server = start(root, users, log);
            BufferedReader out = server.inputReader();
            String first = out.readLine();
            if (first == null) {
                System.err.print(Files.readString(log));
                return 1;
            }
            System.out.println(first);
            int port = Integer.parseInt(first.replaceAll(".* port ([0-9]+) .*", "$1"));
            int status = load(server, port);
            server.toHandle().destroy(); // as Ctrl-C; it says what it did
            out.lines().dropWhile(line -> !line.isEmpty()).forEach(System.out::println);
            return status;
        } finally {
            if (server != null) {
                server.destroyForcibly();
            }
            delete(directory);
        }
    }

    private Process start(Path root, Path users, Path log) throws IOException {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("-Xmx" + heap + "m");
        command.add("-XX:+UseSerialGC");
        command.add("--enable-native-access=ALL-UNNAMED");
        for (String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith("pollux.")) {
                command.add("-D" + name + "=" + System.getProperty(name));
            }
        }
        command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(FtpServer.class.getName(), "0", "--root", root.toString()));
        command.addAll(List.of("--users", users.toString()));
        command.addAll(List.of("--max-connections", "" + (clients + 1)));
        command.addAll(List.of("--max-per-user", "" + (clients + 1)));
        return new ProcessBuilder(command).redirectError(log.toFile()).start();
    }

    private int load(Process server, int port) throws IOException {
        long before = memory(server, "VmRSS");
        try (var loop = new Loop()) {
            var crowd = new Crowd(loop, clients, bytes);
            System.out.printf(
                    Locale.ROOT,
                    "%d clients on one thread, files of some %,d bytes, %,d bytes to move in all%n",
                    clients,
                    bytes,
                    crowd.due());
            var account = new Account(new InetSocketAddress("127.0.0.1", port), USER, PASSWORD);
            crowd.run(account, timeout);
            System.out.println();
            System.out.print(
                    line("clients at once", crowd.atOnce(), "logged in when the first file moved")
                            + line("files", crowd.files(), crowd.failures() + " failed")
                            + line(
                                    "bytes moved",
                                    crowd.moved(),
                                    String.format(
                                            Locale.ROOT,
                                            "in %.1f s, %.0f MB/s",
                                            crowd.seconds(),
                                            crowd.moved() / crowd.seconds() / 1e6))
                            + line(
                                    "bytes lost",
                                    crowd.lost(),
                                    crowd.lost() == 0 && crowd.failures() == 0
                                            ? "CRC32C of each file agrees"
                                            : crowd.firstFailure())
                            + line(
                                    "server's memory",
                                    memory(server, "VmHWM"),
                                    "KiB resident at most; "
                                            + before
                                            + " before the first client; "
                                            + heap
                                            + " MB of heap allowed"));
            return crowd.lost() == 0 && crowd.failures() == 0 ? 0 : 1;
        }
    }

    private static String line(String name, long value, String note) {
        return String.format(Locale.ROOT, "%-18s%,14d  %s%n", name, value, note);
    }

    /** {@code man 5 proc}, status; 0 on systems without. */
    private static long memory(Process process, String field) throws IOException {
        Path status = Path.of("/proc/" + process.pid() + "/status");
        if (!Files.exists(status)) {
            return 0;
        }
        return Files.readAllLines(status).stream()
                .filter(line -> line.startsWith(field + ":"))
                .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")))
                .findFirst()
                .orElse(0);
    }

    /** A JVM raises its limit to the hard one. */
    private void requireDescriptors(int needed) throws IOException {
        var shell = new ProcessBuilder("sh", "-c", "ulimit -Hn").start();
        String limit =
                new String(shell.getInputStream().readAllBytes(), StandardCharsets.US_ASCII)
                        .strip();
        if (!limit.equals("unlimited") && Integer.parseInt(limit) < needed) {
            throw new ParameterException(
                    spec.commandLine(),
                    clients + " clients need " + needed + " descriptors, the limit is " + limit);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> tree = Files.walk(directory)) {
            for (Path path : tree.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(path);
            }
        }
    }
}
