/* What the examples with a command line have in common; not an example of its own. */

import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
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
                    // A FileSystemException, say, has a path for its message and nothing else.
                    boolean speaks = e.getMessage() != null && e.getMessage().indexOf(' ') >= 0;
                    System.err.println(speaks ? e.getMessage() : e.toString());
                    return 1;
                });
        int status = commandLine.execute(args);
        if (status != 0) {
            System.exit(status);
        }
    }

    /** Something that goes on until it is stopped. */
    interface Loop {
        void run() throws Exception;
    }

    /** Runs a loop. Ctrl-C has it stopped, waits until it has ended, and then says so. */
    static void serve(Loop loop, Runnable stop, Supplier<?> summary) throws Exception {
        // Not the end of this thread: a loop that fails goes on to System.exit, which waits for the
        // hook.
        var over = new CountDownLatch(1);
        var onExit =
                new Thread(
                        () -> {
                            stop.run();
                            try {
                                over.await();
                            } catch (InterruptedException e) {
                                return;
                            }
                            System.out.print("\n" + summary.get());
                        });
        Runtime.getRuntime().addShutdownHook(onExit);
        try {
            loop.run();
        } finally {
            over.countDown();
        }
    }
}
