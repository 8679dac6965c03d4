/*
 * A file server for FTP clients: uploads and downloads of many users on one thread.
 *
 * Run       make example NAME=FtpServer ARGS='--root /some/directory --anonymous'
 * or        java --enable-native-access=ALL-UNNAMED \
 *               -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" ftp.FtpServer --anonymous
 * and then  curl ftp://127.0.0.1:2121/        or lftp, or make example NAME=FtpClient
 *
 * For users who may write, make a file of them first; it asks for the password:
 *
 *           make example NAME=FtpServer ARGS='adduser --users users.txt ann'
 *           make example NAME=FtpServer ARGS='--users users.txt --root /some/directory'
 *
 * You will see where it listens, then a line for each login and each transfer. Ctrl-C ends it, and it
 * says what it did.
 *
 * Control and data connections are on one selector; the first are level-triggered, with WRITE of
 * interest only while something is left to send, the second edge-triggered (not on poll and select,
 * which have no EDGE). One thread does it all, but for password hashes and fsync: those take long and
 * cannot be polled. The files of this directory, in the order to read them: Loop, Watched,
 * ControlConnection, DataConnection; then Session and what it is made of.
 *
 * It is an example: all is sent in the clear, passwords too. It needs the JNI binding, which knows the
 * descriptor of a java.nio channel; and a locale with UTF-8, if file names are not all ASCII.
 *
 * One server for one root: at its start it removes the unfinished uploads of an earlier one.
 */
package ftp;

import java.io.Console;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Scanner;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The command line. */
@Command(
        name = "FtpServer",
        description = "An FTP server on one thread.",
        showDefaultValues = true,
        subcommands = FtpServer.AddUser.class)
final class FtpServer implements Callable<Integer> {
    @Mixin private Settings settings;

    @Option(names = "--help", usageHelp = true, description = "this help")
    private boolean help;

    @Spec private CommandSpec spec;

    public static void main(String[] args) {
        var commandLine = new CommandLine(new FtpServer());
        commandLine.setExecutionExceptionHandler(
                (e, line, parsed) -> {
                    if (e instanceof IOException) {
                        // A FileSystemException may have a path for its message and nothing else.
                        boolean speaks = e.getMessage() != null && e.getMessage().contains(" ");
                        System.err.println(speaks ? e.getMessage() : e.toString());
                    } else {
                        e.printStackTrace();
                    }
                    return 1;
                });
        int status = commandLine.execute(args);
        if (status != 0) {
            System.exit(status);
        }
    }

    @Override
    public Integer call() throws IOException {
        String complaint = settings.complaint();
        if (complaint != null) {
            throw new ParameterException(spec.commandLine(), complaint);
        }
        var closed = new CountDownLatch(1);
        try (var server = new Server(settings)) {
            server.addresses().forEach(System.out::println);
            System.out.println("files of " + server.root);
            Runtime.getRuntime().addShutdownHook(new Thread(() -> end(server, closed)));
            server.run();
        } finally {
            closed.countDown();
        }
        return 0;
    }

    /** Does not wait for the thread that serves: if it fails, it waits for this one in its exit. */
    private static void end(Server server, CountDownLatch closed) {
        server.stop();
        try {
            closed.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        System.out.print("\n" + server.table());
    }

    /** Adds a user to the file, or gives one a new password. */
    @Command(name = "adduser", description = "Adds a user, or gives one a new password.")
    static final class AddUser implements Callable<Integer> {
        @Option(names = "--users", required = true, description = "the file; made if missing")
        private Path users;

        @Option(names = "--cost", defaultValue = "" + Users.DEFAULT_COST, description = "4 to 31")
        private int cost;

        @Option(names = "--readonly", description = "may not write")
        private boolean readOnly;

        @Option(names = "--home", defaultValue = "/", description = "this user's root directory")
        private String home;

        @Parameters(description = "the name")
        private String name;

        @Spec private CommandSpec spec;

        @Override
        public Integer call() throws IOException {
            if (cost < 4 || cost > 31 || home.contains(",")) {
                throw new ParameterException(
                        spec.commandLine(), "a cost of 4 to 31, a home without commas");
            }
            char[] password = password();
            try {
                String options = (readOnly ? "readonly," : "") + "home=" + home;
                Users.add(users, name, password, cost, options);
            } finally {
                Arrays.fill(password, '\0');
            }
            System.out.println(name + " may log in now");
            return 0;
        }

        /** From the terminal, without showing it; otherwise the first line of the input. */
        private char[] password() throws IOException {
            Console console = System.console();
            if (console == null) {
                var input = new Scanner(System.in);
                return input.hasNextLine() ? input.nextLine().toCharArray() : new char[0];
            }
            char[] first = console.readPassword("Password of %s: ", name);
            char[] second = console.readPassword("Once more: ");
            if (first == null || second == null || !Arrays.equals(first, second)) {
                throw new IOException("the two differ");
            }
            return first;
        }
    }
}
