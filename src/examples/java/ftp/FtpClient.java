/*
 * A client for FTP servers: gets and puts several files at once, on one thread.
 *
 * Run   make example NAME=FtpClient ARGS='ls'
 * or    make example NAME=FtpClient ARGS='get --to /tmp big.iso small.txt'
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" ftp.FtpClient \
 *           put --user ann --password --resume --to incoming big.iso
 *
 * The directory that --to names must be there, with put on the server. --host ::1 is IPv6, for which
 * FtpServer needs --bind ::1.
 *
 * You will see a progress bar for each file, and a line for each that could not be moved. FtpServer is
 * a server for it, any other will do.
 *
 * The exit status is 0 if all went well; otherwise that of the first that did not: 2 for a wrong
 * command line, 3 if there is no connection, 4 if the login was refused, 5 for a file that is not
 * there or not allowed, 6 for a transfer that broke off, 7 for a file on this side.
 *
 * Each file that is moved at the same time has a session of its own; all of them are on one selector.
 * What is got is called NAME.part until it is complete; --resume goes on with that. For uploads that is the
 * server's affair: ours never shows half a file, and keeps half of one on request only.
 */
package ftp;

import java.io.IOException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
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
        name = "FtpClient",
        description = "Gets, puts and lists files of an FTP server.",
        synopsisSubcommandLabel = "get|put|ls")
final class FtpClient {
    /** What get and put have in common. */
    static final class Options {
        @Mixin private Account account;

        @Option(names = "--parallel", defaultValue = "4", description = "sessions (default: 4)")
        private int parallel;

        @Option(names = "--timeout", defaultValue = "60", description = "seconds of silence (60)")
        private int timeout;

        @Option(names = "--help", usageHelp = true, description = "this help")
        private boolean help;
    }

    @Option(names = "--help", usageHelp = true, description = "this help")
    private boolean help;

    @Spec private CommandSpec spec;

    public static void main(String[] args) {
        var commandLine = new CommandLine(new FtpClient());
        commandLine.setExecutionExceptionHandler(
                (e, line, parsed) -> {
                    if (!(e instanceof IOException)) {
                        e.printStackTrace();
                        return 1;
                    }
                    System.err.println(e.getMessage());
                    boolean near =
                            !(e instanceof UnknownHostException || e instanceof SocketException);
                    return near ? Outcome.LOCAL.status : Outcome.NO_CONNECTION.status;
                });
        System.exit(commandLine.execute(args));
    }

    @Command(description = "Gets files.")
    int get(
            @Mixin Options options,
            @Option(
                            names = "--to",
                            paramLabel = "DIR",
                            defaultValue = ".",
                            description = "a directory of this side")
                    Path to,
            @Option(names = "--resume", description = "goes on with NAME.part") boolean resume,
            @Parameters(
                            arity = "1..*",
                            paramLabel = "FILE",
                            description = "their names on the server")
                    List<String> files)
            throws IOException {
        boolean terminal = Progress.isTerminal();
        var jobs = new ArrayList<Job>();
        var names = new HashSet<String>();
        for (String file : files) {
            String name = file.substring(file.lastIndexOf('/') + 1);
            requireOne(names.add(name), name);
            if (!isName(file) || name.isEmpty() || name.equals("..") || name.equals(".")) {
                throw new ParameterException(spec.commandLine(), "no file name: " + file);
            }
            var target = new LocalTarget(to.resolve(name), resume, new Progress(name, terminal));
            jobs.add(new GetJob(file, file, target));
        }
        return run(options, jobs);
    }

    @Command(description = "Puts files.")
    int put(
            @Mixin Options options,
            @Option(
                            names = "--to",
                            paramLabel = "DIR",
                            defaultValue = "",
                            description = "a directory of the server")
                    String to,
            @Option(names = "--resume", description = "sends what the server does not have yet")
                    boolean resume,
            @Parameters(arity = "1..*", paramLabel = "FILE", description = "files of this side")
                    List<Path> files)
            throws IOException {
        boolean terminal = Progress.isTerminal();
        var jobs = new ArrayList<Job>();
        var names = new HashSet<String>();
        for (Path file : files) {
            if (!Files.isRegularFile(file) || !isName(to + file)) {
                System.err.println(file + ": not a plain file");
                return Outcome.LOCAL.status;
            }
            String name = file.getFileName().toString();
            requireOne(names.add(name), name);
            String remote = to.isEmpty() ? name : to + "/" + name;
            var origin = new LocalOrigin(file, new Progress(name, terminal));
            jobs.add(new PutJob(remote, file.toString(), origin, resume));
        }
        return run(options, jobs);
    }

    @Command(description = "Lists a directory.")
    int ls(
            @Mixin Options options,
            @Option(names = "--names", description = "nothing but the names") boolean names,
            @Parameters(
                            arity = "0..1",
                            paramLabel = "DIR",
                            defaultValue = "",
                            description = "of the server")
                    String directory)
            throws IOException {
        if (!isName(directory)) {
            throw new ParameterException(spec.commandLine(), "no file name: " + directory);
        }
        return run(options, List.of(new ListJob(directory, names, System.out)));
    }

    /** They are moved at the same time. */
    private void requireOne(boolean isFirst, String name) {
        if (!isFirst) {
            throw new ParameterException(spec.commandLine(), "two files would be called " + name);
        }
    }

    private static boolean isName(String name) {
        return ftp.Command.isClean(name);
    }

    private int run(Options options, List<Job> jobs) throws IOException {
        String complaint = options.account.complaint();
        if (complaint != null || options.parallel < 1 || options.timeout < 1) {
            throw new ParameterException(
                    spec.commandLine(),
                    complaint != null ? complaint : "--parallel and --timeout are 1 at least");
        }
        options.account.resolve();
        try (var loop = new Loop()) {
            var batch = new Batch(loop, jobs, FtpClient::ended);
            return batch.run(options.account, options.parallel, options.timeout).status;
        }
    }

    private static void ended(Job job, Outcome outcome, String why) {
        if (outcome != Outcome.DONE) {
            System.err.println((job.name.isEmpty() ? "ls" : job.name) + ": " + why);
        } else if (!why.isEmpty()) {
            System.err.println(job.name + ": " + why);
        }
    }
}
