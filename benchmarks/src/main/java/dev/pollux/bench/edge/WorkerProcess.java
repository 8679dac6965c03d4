package dev.pollux.bench.edge;

import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** A {@link Worker}, seen from the process that wants to know. */
public final class WorkerProcess implements AutoCloseable {
    private final List<Mode> modes; // in the order of the answers
    private final Process process;
    private final BufferedReader answers;
    private final BufferedWriter orders;

    private WorkerProcess(List<String> wrapper, String[] options, List<Mode> modes)
            throws IOException {
        this.modes = modes.stream().sorted().toList();
        var command = new ArrayList<>(wrapper);
        command.addAll(
                List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-cp",
                        System.getProperty("java.class.path")));
        for (String name : List.of("pollux.backend", "pollux.binding")) {
            if (System.getProperty(name) != null) {
                command.add("-D" + name + "=" + System.getProperty(name));
            }
        }
        command.add(Worker.class.getName());
        command.addAll(List.of(options));
        modes.forEach(mode -> command.add(mode.name()));
        process =
                new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
        answers = process.inputReader();
        orders = process.outputWriter();
    }

    /** One that is warm. */
    public static WorkerProcess start(List<Mode> modes) throws IOException {
        return new WorkerProcess(List.of(), new String[0], modes);
    }

    /** One whose calls are looked at: its times are worth nothing. */
    static WorkerProcess startBehind(List<String> wrapper, List<Mode> modes) throws IOException {
        return new WorkerProcess(wrapper, new String[] {"--cold"}, modes);
    }

    /** New connections for all modes. */
    public void open(Traffic traffic) throws IOException {
        ask("open " + traffic.toWords());
    }

    /** Exchanges messages in all modes by turns, for about so long in each. */
    public Map<Mode, Turn> round(long nanosPerMode) throws IOException {
        var turns = new EnumMap<Mode, Turn>(Mode.class);
        String[] answer = ask("round " + nanosPerMode).split(",");
        for (int i = 0; i < answer.length; i++) {
            turns.put(modes.get(i), Turn.of(answer[i]));
        }
        return turns;
    }

    /** The calls for a few messages. */
    Calls count(Mode mode) throws IOException {
        return Turn.of(ask("count " + mode)).calls();
    }

    private String ask(String order) throws IOException {
        String answer = null;
        if (process.isAlive()) {
            orders.write(order + "\n");
            orders.flush();
            answer = answers.readLine();
        }
        if (answer == null) {
            throw new IOException(
                    "the process that measures has ended, asked to " + order + "; see its output");
        }
        return answer;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** Lets it end by itself. */
    @Override
    public void close() throws IOException {
        if (process.isAlive()) {
            orders.close();
        }
        try {
            process.waitFor();
        } catch (InterruptedException e) {
            process.destroy();
            Thread.currentThread().interrupt();
        }
    }
}
