/* The server of a model in a process of its own, see IoModels; not an example of its own. */
package models;

import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Starts it, tells what it has used, ends it. It ends by itself when its starter is gone. */
final class ServerProcess implements AutoCloseable {
    /** What IoModels is told to be the server of a model instead. */
    static final String SERVE = "--serve";

    private final Process process;
    private final CpuClock cpu;
    private final int threadsBefore;
    final int port;

    /** Serves this model; nothing at all if it is null: a JVM that waits for its end. */
    ServerProcess(ModelName model) throws IOException {
        process =
                new ProcessBuilder(command(model))
                        .redirectError(ProcessBuilder.Redirect.INHERIT)
                        .start();
        try {
            BufferedReader out = process.inputReader();
            threadsBefore = number(out);
            port = number(out);
            cpu = new CpuClock(process.pid());
        } catch (IOException | RuntimeException e) {
            close();
            throw e;
        }
    }

    private static List<String> command(ModelName model) {
        var command = new ArrayList<String>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.add("--enable-native-access=ALL-UNNAMED");
        // Few threads of the JVM's own, and all of them from the start: the model's stand out.
        command.addAll(List.of("-XX:+UseSerialGC", "-XX:-UseDynamicNumberOfCompilerThreads"));
        command.addAll(List.of("-XX:-UsePerfData", "-Xmx128m")); // perf data wakes up by the clock
        for (String name : System.getProperties().stringPropertyNames()) {
            if (name.startsWith("pollux.")) {
                command.add("-D" + name + "=" + System.getProperty(name));
            }
        }
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
        command.addAll(List.of(IoModels.class.getName(), SERVE, model == null ? "" : model.name()));
        return command;
    }

    private static int number(BufferedReader out) throws IOException {
        String line = out.readLine();
        if (line == null) {
            throw new IOException("the server did not start, see above");
        }
        return Integer.parseInt(line);
    }

    /** The other side. Its input never has anything but an end: that of the one who started it. */
    static void serve(String model) throws IOException {
        System.out.println(threads("self"));
        System.out.println(model.isEmpty() ? 0 : ModelName.valueOf(model).create().start());
        System.in.read();
        Runtime.getRuntime().halt(0);
    }

    long pid() {
        return process.pid();
    }

    /** CPU time that it has used until now, with all its threads, also those that are over. */
    long cpuNanos() throws IOException {
        return cpu.nanos();
    }

    /** Threads that it has beyond those of a JVM that serves nothing; -1 if that is not known. */
    int threads() throws IOException {
        return threadsBefore < 0 ? -1 : threads("" + process.pid()) - threadsBefore;
    }

    /** {@code man 5 proc_pid_status}; -1 where there is no such file. */
    private static int threads(String process) throws IOException {
        Path status = Path.of("/proc", process, "status");
        if (!Files.exists(status)) {
            return -1;
        }
        for (String line : Files.readAllLines(status)) {
            if (line.startsWith("Threads:")) {
                return Integer.parseInt(line.substring(8).strip());
            }
        }
        throw new IOException("no Threads: in " + status);
    }

    @Override
    public void close() throws IOException {
        process.getOutputStream().close();
        try {
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }
}
