/*
 * The edge-triggered echo server under load.
 *
 * Run   make demo
 * or    make demo BACKEND=select BINDING=jnr
 * or    make demo ARGS='--connections 2000 --bytes 100000'
 * or    make demo ARGS='--drain once'     the classic mistake, and what it loses
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" EdgeEchoDemo
 *
 * You will see 500 connections at once send a megabyte of random bytes each, in uneven pieces, and
 * one thread echo them all. Some say early that they have sent all, some read slowly, some drop the
 * connection half-way. Then a table: what the server did, and whether every byte came back.
 * The exit status is 0 if so, 1 if bytes were lost, 2 if the demonstration itself went wrong.
 *
 * The server is EdgeEchoServer with EchoConnection; the clients, in EchoClient, are plain java.nio.
 */

import dev.pollux.PolluxException;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ConsoleProgressBarConsumer;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarStyle;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The command line. */
@Command(name = "EdgeEchoDemo", showDefaultValues = true)
final class EdgeEchoDemo implements Callable<Integer> {
    private static final long STALLED_NANOS = TimeUnit.SECONDS.toNanos(5);

    @Option(names = "--connections", defaultValue = "500", description = "how many, all at once")
    private int connections;

    @Option(names = "--bytes", defaultValue = "1000000", description = "what each of them sends")
    private int bytes;

    @Option(names = "--drain", defaultValue = "SHORT", description = "${COMPLETION-CANDIDATES}")
    private EchoConnection.Drain drain;

    @Option(names = "--deadline", defaultValue = "60", description = "seconds until giving up")
    private int deadline;

    @Option(names = "--help", usageHelp = true, description = "this help")
    private boolean help;

    @Spec private CommandSpec spec;

    public static void main(String[] args) {
        var commandLine = new CommandLine(new EdgeEchoDemo());
        commandLine.setCaseInsensitiveEnumValuesAllowed(true);
        commandLine.setExecutionExceptionHandler(
                (e, line, parsed) -> {
                    if (e instanceof PolluxException.Unsupported) {
                        System.err.println(e.getMessage()); // say, a backend that is not here
                    } else {
                        e.printStackTrace();
                    }
                    return 2;
                });
        System.exit(commandLine.execute(args));
    }

    @Override
    public Integer call() throws Exception {
        if (connections < 1 || bytes < 2 || bytes > 1_000_000_000 || deadline < 1) {
            throw new ParameterException(
                    spec.commandLine(),
                    "at least 1 connection, 2 to 1,000,000,000 bytes, 1 second");
        }
        if (!hasDescriptors(2 * connections + 100)) {
            return 2;
        }
        EchoLoad.spawn("deadline", this::giveUp);
        var server = new EdgeEchoServer(0, drain);
        System.out.println(server);
        FutureTask<Void> serving = EchoLoad.spawn("server", server::run);
        var load = new EchoLoad(connections, bytes, server.port());
        System.out.printf(
                Locale.ROOT,
                "%d connections, %,d bytes each: %d steady, %d half-closing, %d slow, %d resetting%n",
                connections,
                bytes,
                load.count(EchoClient.Kind.STEADY),
                load.count(EchoClient.Kind.HALF_CLOSING),
                load.count(EchoClient.Kind.SLOW),
                load.count(EchoClient.Kind.RESETTING));
        long began = System.nanoTime();
        load.start();
        watch(load, serving);
        double seconds = (System.nanoTime() - began) / 1e9;
        load.stop();
        server.close();
        serving.get();
        System.out.print("\n" + server.count);
        return report(load, seconds);
    }

    /** Shows how far it is; returns when all is over, or when nothing moves any more. */
    private static void watch(EchoLoad load, FutureTask<Void> serving) throws Exception {
        try (ProgressBar bar = progressBar(load.due())) {
            long moved = System.nanoTime();
            while (!load.isOver()) {
                Thread.sleep(50);
                long received = load.received();
                long now = System.nanoTime();
                if (received != bar.getCurrent()) {
                    moved = now;
                    bar.stepTo(received);
                }
                if (now - moved > STALLED_NANOS) {
                    return;
                }
                if (serving.isDone()) {
                    serving.get(); // throws what ended it
                }
            }
            bar.stepTo(load.received());
        }
    }

    private static ProgressBar progressBar(long bytes) throws Exception {
        boolean terminal = new ProcessBuilder("test", "-t", "1").inheritIO().start().waitFor() == 0;
        return ProgressBar.builder()
                .setTaskName("echoed")
                .setInitialMax(bytes)
                .setUnit(" MB", 1_000_000)
                .setStyle(ProgressBarStyle.ASCII)
                .setUpdateIntervalMillis(terminal ? 100 : 2000)
                .setConsumer(
                        terminal
                                ? new ConsoleProgressBarConsumer(System.out, 79)
                                : new DelegatingProgressBarConsumer(System.out::println, 79))
                .build();
    }

    /** The last lines of the table, and the exit status. */
    private static int report(EchoLoad load, double seconds) {
        List<EchoClient> failed = load.clients.stream().filter(EchoClient::isWrong).toList();
        long lost = failed.stream().mapToLong(EchoClient::lost).sum();
        String note =
                failed.isEmpty()
                        ? "CRC32C of each connection agrees"
                        : failed.size() + " connections incomplete or damaged";
        System.out.print(EchoCounters.line("bytes lost", lost, note));
        if (failed.isEmpty()) {
            double speed = load.due() / seconds / 1e6;
            System.out.printf(
                    Locale.ROOT, "%nEvery byte came back: %.1f s, %.0f MB/s.%n", seconds, speed);
            return 0;
        }
        System.out.printf(Locale.ROOT, "%nNot every byte came back, after %.1f s:%n", seconds);
        failed.stream().limit(10).forEach(c -> System.out.println("  " + c));
        if (failed.size() > 10) {
            System.out.printf("  and %d more%n", failed.size() - 10);
        }
        return 1;
    }

    /** Whether the process may have that many descriptors open; says what to do if not. */
    private boolean hasDescriptors(int needed) throws IOException {
        var shell = new ProcessBuilder("sh", "-c", "ulimit -n").start(); // inherits our limit
        String limit = new String(shell.getInputStream().readAllBytes()).strip();
        if (limit.equals("unlimited") || Integer.parseInt(limit) >= needed) {
            return true;
        }
        System.err.printf(
                "%d connections need %d descriptors, but the limit is %s.%n"
                        + "Raise it:     ulimit -n %d%n"
                        + "or take less: make demo ARGS='--connections %d'%n",
                connections,
                needed,
                limit,
                needed,
                Math.max(1, (Integer.parseInt(limit) - 100) / 2));
        return false;
    }

    /** So that it can never hang. */
    private void giveUp() throws InterruptedException {
        TimeUnit.SECONDS.sleep(deadline);
        System.err.println("\nNot over after " + deadline + " s: giving up.");
        Runtime.getRuntime().halt(2);
    }
}
