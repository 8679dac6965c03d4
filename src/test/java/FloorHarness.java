import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/**
 * What the library adds to what the kernel takes: the same loops in C through libc and in Java
 * through the library, by turns, in one run, as a Markdown table. The number that counts is the
 * ratio: of each turn of Java to the mean of the turns of C right before and after it.
 *
 * <pre>{@code
 * make floor
 * make floor BINDING=jni ARGS='--rounds=41 --only=one,modify --taskset=1'
 * }</pre>
 *
 * <p>The targets are the JNI binding's; jnr-ffi goes through libc like C, with its own cost on top.
 *
 * <p>C and each binding are processes of their own, warmed up and kept: both bindings in one VM
 * would make every call of the system-call interface choose between two, which no program does.
 */
final class FloorHarness {
    /** A row of the table: the same work on both sides, and the ratio to reach. */
    private record Row(String text, String java, int idle, String floor, double target) {}

    /** Stands for "the empty poll of the same binding". */
    private static final String OWN_EMPTY = "empty";

    private static final double NONE = 0;

    private static final List<Row> ROWS =
            List.of(
                    new Row("poll, one ready", "one", 10, "epoll-one", 1.03),
                    new Row("poll, one ready", "one", 1_000, "epoll-one", 1.03),
                    new Row("poll, one ready", "one", 10_000, "epoll-one", 1.03),
                    new Row(
                            "poll of up to 1 s, one ready",
                            "block-one",
                            10,
                            "epoll-block-one",
                            NONE),
                    new Row("poll, none ready", "empty", 10, "epoll-empty", NONE),
                    new Row("modify + poll", "modify", 10, "epoll-modify", 0.90),
                    new Row("64 modifies + poll", "modify-64", 64, "epoll-modify-64", 0.80),
                    new Row("toggle there and back + poll", "toggle", 10, OWN_EMPTY, 1.05),
                    new Row("register + unregister", "register", 10, "epoll-register", 1.05),
                    new Row("write + read, one byte", "write-read", 10, "write-read", NONE),
                    new Row("wakeup there and back", "wakeup", 10, "epoll-wakeup", 1.2));

    private static final String[] ALONE = {"epoll-one", "poll-one", "select-one"};
    private static final int[] IDLES = {10, 1_000, 10_000};

    private int rounds = 15;
    private int millis = 20;
    private List<String> only = List.of();
    private List<String> prefix = List.of();

    /** A process that measures. */
    private static final class Measurer implements AutoCloseable {
        private final Process process;
        private final BufferedReader answers;
        private final BufferedWriter requests;

        Measurer(List<String> command) throws IOException {
            process =
                    new ProcessBuilder(command)
                            .redirectError(ProcessBuilder.Redirect.INHERIT)
                            .start();
            answers = process.inputReader();
            requests = process.outputWriter();
        }

        String line() throws IOException {
            String line = answers.readLine();
            if (line == null) {
                throw new IOException("a measuring process has ended before it answered");
            }
            return line;
        }

        /** Nanoseconds and, where it is told, bytes. */
        double[] ask(String workload, int idle, int millis) throws IOException {
            requests.write(workload + " " + idle + " " + millis + "\n");
            requests.flush();
            String[] words = line().split(" ");
            return Arrays.stream(words).skip(2).mapToDouble(Double::parseDouble).toArray();
        }

        @Override
        public void close() throws IOException {
            requests.close();
            process.destroy();
        }
    }

    /** Numbers of one kind, one for each round. */
    private static final class Series {
        private double[] sorted = {};

        void add(double value) {
            sorted = Arrays.copyOf(sorted, sorted.length + 1);
            sorted[sorted.length - 1] = value;
            Arrays.sort(sorted);
        }

        double median() {
            return sorted[sorted.length / 2];
        }

        String text(String format) {
            return String.format(
                    Locale.ROOT,
                    format + " [" + format + ".." + format + "]",
                    median(),
                    sorted[0],
                    sorted[sorted.length - 1]);
        }
    }

    public static void main(String[] args) throws IOException {
        var harness = new FloorHarness();
        for (String arg : args) {
            harness.option(arg);
        }
        harness.run(args[0]);
    }

    private void option(String arg) {
        String value = arg.substring(arg.indexOf('=') + 1);
        if (arg.startsWith("--rounds=")) {
            rounds = Integer.parseInt(value);
        } else if (arg.startsWith("--millis=")) {
            millis = Integer.parseInt(value);
        } else if (arg.startsWith("--only=")) {
            only = List.of(value.split(","));
        } else if (arg.startsWith("--taskset=")) {
            prefix = List.of("taskset", "-c", value);
        } else if (arg.startsWith("-")) {
            throw new IllegalArgumentException(
                    arg + ": options are --rounds= --millis= --only= --taskset=");
        }
    }

    private void run(String directory) throws IOException {
        long start = System.nanoTime();
        try (var floor = new Measurer(command(Path.of(directory, "floor").toString()))) {
            List<Measurer> bindings = openBindings();
            System.out.println(
                    "\n| workload | idle | C, ns | binding | Pollux, ns | ratio | target | bytes |\n"
                            + "|---|--:|--:|---|--:|--:|--:|--:|");
            for (Row row : ROWS) {
                if (only.isEmpty() || only.contains(row.java)) {
                    measure(row, floor, bindings);
                }
            }
            for (Measurer binding : bindings) {
                binding.close();
            }
            if (only.isEmpty()) {
                alone(floor);
            }
        }
        System.out.printf(
                Locale.ROOT,
                "%nMedian [least..most] of %d rounds; JDK %s, %s %s, %d processors, %.0f s.%n",
                rounds,
                System.getProperty("java.version"),
                System.getProperty("os.name"),
                System.getProperty("os.version"),
                Runtime.getRuntime().availableProcessors(),
                (System.nanoTime() - start) / 1e9);
    }

    private final List<String> names = new ArrayList<>();

    /** The binding that the property names, or both, as far as they load. */
    private List<Measurer> openBindings() throws IOException {
        String chosen = System.getProperty("pollux.binding", "");
        var opened = new ArrayList<Measurer>();
        for (String name : chosen.isBlank() ? List.of("jni", "jnr") : List.of(chosen)) {
            var command = new ArrayList<String>(List.of(javaExecutable()));
            command.addAll(FloorLoops.Vm.options());
            command.add("-Dpollux.binding=" + name);
            command.add("-Dpollux.backend=" + System.getProperty("pollux.backend", "epoll"));
            command.addAll(List.of("-cp", System.getProperty("java.class.path"), "FloorLoops"));
            ROWS.stream().map(Row::java).distinct().forEach(command::add);
            var measurer = new Measurer(command(command.toArray(String[]::new)));
            try {
                System.out.println(name + ": " + measurer.line());
                opened.add(measurer);
                names.add(name);
            } catch (IOException e) {
                System.out.println(name + ": left out, " + e.getMessage());
                measurer.close();
            }
        }
        return opened;
    }

    private static String javaExecutable() {
        return Path.of(System.getProperty("java.home"), "bin", "java").toString();
    }

    private List<String> command(String... words) {
        var command = new ArrayList<>(prefix);
        command.addAll(List.of(words));
        return command;
    }

    private void measure(Row row, Measurer floor, List<Measurer> bindings) throws IOException {
        for (int b = 0; b < bindings.size(); b++) {
            Measurer java = bindings.get(b);
            var floors = new Series();
            var times = new Series();
            var ratios = new Series();
            var bytes = new Series();
            double before = floor(row, floor, java);
            for (int round = 0; round < rounds; round++) {
                double[] answer = java.ask(row.java, row.idle, millis);
                double after = floor(row, floor, java);
                floors.add(before);
                times.add(answer[0]);
                bytes.add(answer[1]);
                ratios.add(answer[0] / ((before + after) / 2));
                before = after;
            }
            System.out.printf(
                    Locale.ROOT,
                    "| %s | %d | %s%s | %s | %s | %s | %s | %.1f |%n",
                    row.text,
                    row.idle,
                    row.floor.equals(OWN_EMPTY) ? "empty poll: " : "",
                    floors.text("%.0f"),
                    names.get(b),
                    times.text("%.0f"),
                    ratios.text("%.3f"),
                    names.get(b).equals("jni") ? verdict(row.target, ratios.median()) : "",
                    bytes.median());
        }
    }

    private static String verdict(double target, double ratio) {
        if (target == NONE) {
            return "";
        }
        return String.format(Locale.ROOT, "%.2f%s", target, ratio <= target ? " met" : " missed");
    }

    private double floor(Row row, Measurer floor, Measurer java) throws IOException {
        Measurer measurer = row.floor.equals(OWN_EMPTY) ? java : floor;
        return measurer.ask(row.floor, row.idle, millis)[0];
    }

    /** C alone: what the interfaces cost beside each other. */
    private void alone(Measurer floor) throws IOException {
        System.out.println("\n| C alone, one ready, ns | 10 idle | 1,000 idle | 10,000 idle |");
        System.out.println("|---|--:|--:|--:|");
        for (String workload : ALONE) {
            var line = new StringBuilder("| " + workload);
            for (int idle : IDLES) {
                line.append(
                        String.format(Locale.ROOT, " | %.0f", floor.ask(workload, idle, 100)[0]));
            }
            System.out.println(line + " |");
        }
    }
}
