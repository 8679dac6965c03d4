package dev.pollux.bench;

import java.io.BufferedReader;
import java.io.IOException;
import java.time.Duration;
import java.util.List;

/** Another process, on a processor of its own where there is taskset. It answers line by line. */
public final class PinnedProcess implements AutoCloseable {
    private final List<String> command;
    private final Process process;
    private final BufferedReader output;

    public PinnedProcess(int processor, List<String> command) throws IOException {
        this.command = command;
        var builder = new ProcessBuilder(canPin() ? Programs.on(processor, command) : command);
        process = builder.redirectError(ProcessBuilder.Redirect.INHERIT).start();
        output = process.inputReader();
    }

    /** Whether server and load do not share a processor. */
    public static boolean canPin() {
        return Runtime.getRuntime().availableProcessors() > 1 && Programs.isInstalled("taskset");
    }

    /** What it says next. */
    public String line() throws IOException {
        String line = output.readLine();
        if (line == null) {
            throw hasEnded();
        }
        return line;
    }

    private IOException hasEnded() {
        return new IOException("it has ended by itself: " + String.join(" ", command));
    }

    /** What it says when it is asked by an empty line. */
    public String ask() throws IOException {
        return ask("");
    }

    /** What it says when it is asked this. */
    String ask(String question) throws IOException {
        if (!process.isAlive()) {
            throw hasEnded();
        }
        write(question);
        return line();
    }

    /** Signals it by an empty line. */
    public void signal() throws IOException {
        write("");
    }

    private void write(String line) throws IOException {
        process.outputWriter().append(line).append('\n').flush();
    }

    /** The processor time of all of its threads; 0 where it cannot be had. */
    public long cpuNanos() {
        return process.info().totalCpuDuration().orElse(Duration.ZERO).toNanos();
    }

    /** What it has said up to its end. */
    public List<String> lines() throws IOException, InterruptedException {
        List<String> lines = output.lines().toList();
        if (process.waitFor() != 0) {
            throw new IOException("status " + process.exitValue() + " after " + lines);
        }
        return lines;
    }

    @Override
    public void close() {
        process.destroy();
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
