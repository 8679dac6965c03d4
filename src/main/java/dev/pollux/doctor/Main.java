package dev.pollux.doctor;

import dev.pollux.sys.proc.Descriptors;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.List;

/**
 * The jar's main: says whether Pollux works here, or what the epoll instances of a process wait
 * for.
 *
 * <p>Exit status: 0 all is well; 1 no selector works here, or the process cannot be looked at; 2
 * the arguments are wrong.
 */
public final class Main {
    private static final String USAGE =
            """
            usage: java -jar pollux.jar [doctor] [--json]     does it work here, and if not, why
                   java -jar pollux.jar fds PID [--json]      what the epolls of a process wait for
            exit status: 0 all is well; 1 it does not work here, or there is no such process, or it
            is not ours, or it ended or closed an epoll meanwhile; 2 wrong arguments
            """;

    private static final int WELL = 0;
    private static final int FAILED = 1;
    private static final int WRONG_USE = 2;

    private Main() {}

    /**
     * Runs it and ends the JVM.
     *
     * @param args see the usage
     */
    public static void main(String[] args) {
        System.exit(run(List.of(args), System.out, System.err));
    }

    static int run(List<String> args, PrintStream out, PrintStream err) {
        var words = new ArrayList<String>(args);
        boolean json = words.removeIf("--json"::equals);
        String command = words.isEmpty() ? "doctor" : words.remove(0);
        switch (command) {
            case "doctor":
                return words.isEmpty() ? doctor(json, out) : wrong("doctor takes no words", err);
            case "fds":
                return words.size() == 1
                        ? fds(words.get(0), json, out, err)
                        : wrong("fds takes the number of one process", err);
            case "help", "--help", "-h":
                out.print(USAGE);
                return WELL;
            default:
                return wrong("there is no command " + command, err);
        }
    }

    private static int wrong(String why, PrintStream err) {
        err.println(why);
        err.print(USAGE);
        return WRONG_USE;
    }

    private static int doctor(boolean json, PrintStream out) {
        var report = new Report();
        boolean works = new Doctor(report).examine();
        out.println(json ? report.json() : report.text().stripTrailing());
        return works ? WELL : FAILED;
    }

    private static int fds(String pid, boolean json, PrintStream out, PrintStream err) {
        long number;
        try {
            number = Long.parseLong(pid);
        } catch (NumberFormatException e) {
            return wrong("fds: " + pid + " is no number of a process", err);
        }
        if (number <= 0) {
            return wrong("fds: the number of a process is positive", err);
        }
        try {
            var listing = new Listing(number, Descriptors.of(number));
            out.println(json ? listing.json() : listing.text().stripTrailing());
            listing.trouble().forEach(line -> err.println("fds: " + line));
            return listing.trouble().isEmpty() ? WELL : FAILED;
        } catch (Descriptors.Unreadable e) {
            err.println("fds: " + e.getMessage());
            return FAILED;
        }
    }
}
