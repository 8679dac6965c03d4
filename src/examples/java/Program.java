/* What the examples with a command line have in common; not an example of its own. */

import java.util.concurrent.Callable;
import java.util.function.Supplier;
import picocli.CommandLine;

/** The start and the end of a program. */
final class Program {
    private Program() {}

    /**
     * Runs a command. What it throws becomes one line and the exit status 1; what was wrong with
     * the command line, the usage and the exit status 2.
     */
    static void run(Callable<Integer> command, String[] args) {
        var commandLine = new CommandLine(command).setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionExceptionHandler(
                (e, line, parsed) -> {
                    String why = e.getMessage();
                    System.err.println(why != null ? why : e.toString());
                    return 1;
                });
        int status = commandLine.execute(args);
        if (status != 0) {
            System.exit(status);
        }
    }

    /** Has Ctrl-C stop the loop of this thread, wait until it has ended, and then say so. */
    static void onExit(Runnable stop, Supplier<?> summary) {
        var serving = Thread.currentThread();
        var onExit =
                new Thread(
                        () -> {
                            stop.run();
                            try {
                                serving.join();
                            } catch (InterruptedException e) {
                                return;
                            }
                            System.out.print("\n" + summary.get());
                        });
        Runtime.getRuntime().addShutdownHook(onExit);
    }
}
