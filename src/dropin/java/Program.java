import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.channels.Selector;
import java.nio.channels.spi.SelectorProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A program that is started in a JVM of its own, and answers what a test asks by its standard
 * input, line by line.
 */
interface Program {
    String version();

    /** The port that it listens on; 0 if it is a client. */
    int start() throws Exception;

    /**
     * Makes a client ask a server for all that it has; the number of requests and of bytes that
     * were right.
     */
    default Bodies exercise(int port) throws Exception {
        throw new UnsupportedOperationException();
    }

    /** Makes a client ask so many times over a connection that is closed after it. */
    default Bodies once(int port, int times) throws Exception {
        throw new UnsupportedOperationException();
    }

    void stop() throws Exception;

    /** From start to stop; standard input ends when the test does. */
    static void run(Program program) throws Exception {
        // Of Tomcat and the JDK. What they say on stderr fails the test.
        Logger.getLogger("").setLevel(Level.WARNING);
        openAllJars();
        System.out.println(program.version() + " " + program.start());
        var commands = new BufferedReader(new InputStreamReader(System.in));
        for (String line; (line = commands.readLine()) != null && !line.equals("stop"); ) {
            String[] words = line.split(" ");
            System.out.println(answer(program, words));
        }
        program.stop();
        long limit = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (waiting().findAny().isPresent() && System.nanoTime() < limit) {
            System.gc(); // JDK 17's HttpClient has no close, it ends when nobody has it any more
            Thread.sleep(10);
        }
        System.out.println(waiting().collect(Collectors.joining(" ")));
        System.out.println(descriptors());
    }

    private static String answer(Program program, String[] words) throws Exception {
        switch (words[0]) {
            case "provider" -> {
                try (Selector selector = Selector.open()) {
                    return SelectorProvider.provider().getClass().getName()
                            + " "
                            + selector.getClass().getName();
                }
            }
            case "waiting" -> {
                return waiting().collect(Collectors.joining(" "));
            }
            case "kinds" -> {
                return Stacks.all().stream()
                        .filter(Stacks.Stack::selects)
                        .map(stack -> stack.isVirtual() ? "virtual" : "platform")
                        .distinct()
                        .collect(Collectors.joining(" "));
            }
            case "virtual" -> {
                var ran = new CountDownLatch(1);
                Thread.class
                        .getMethod("startVirtualThread", Runnable.class) // of JDK 21
                        .invoke(null, (Runnable) ran::countDown);
                return ran.await(30, TimeUnit.SECONDS) ? "ran" : "no carrier is left";
            }
            case "descriptors" -> {
                return descriptors();
            }
            case "connections" -> {
                return connections() + "";
            }
            case "exercise" -> {
                return program.exercise(Integer.parseInt(words[1])).toString();
            }
            case "once" -> {
                return program.once(Integer.parseInt(words[1]), Integer.parseInt(words[2]))
                        .toString();
            }
            default -> throw new IllegalArgumentException(words[0]);
        }
    }

    /**
     * The classes by which threads now wait for channels: the JDK's selectors, and all of Pollux.
     */
    private static Stream<String> waiting() throws Exception {
        Set<String> classes = new TreeSet<>();
        for (Stacks.Stack stack : Stacks.all()) {
            stack.classes().stream()
                    .filter(
                            name ->
                                    name.startsWith("dev.pollux.")
                                            || name.startsWith("sun.nio.ch.EPoll")
                                            || name.startsWith("sun.nio.ch.SelectorImpl"))
                    .forEach(classes::add);
        }
        return classes.stream();
    }

    /** What each descriptor stands for, in some order. */
    private static String descriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.map(Program::target).sorted().collect(Collectors.joining(" "));
        }
    }

    /**
     * How many of its sockets are connections: not only those that it has open, but also those that
     * it has closed and the JDK keeps until the next selection. Some of these are copies of one
     * local socket, others are in no table of the kernel any more; so what is counted is the rest.
     */
    private static long connections() throws IOException {
        List<String> sockets =
                Stream.of(descriptors().split(" "))
                        .filter(name -> name.startsWith("socket:"))
                        .toList();
        Set<String> others = new TreeSet<>(); // man 5 proc
        for (String[] line : table("unix")) {
            others.add("socket:[" + line[6] + "]");
        }
        for (String[] line : table("tcp", "tcp6")) {
            if (line[3].equals("0A")) { // LISTEN
                others.add("socket:[" + line[9] + "]");
            }
        }
        return sockets.size() - sockets.stream().distinct().filter(others::contains).count();
    }

    private static List<String[]> table(String... names) throws IOException {
        var lines = new ArrayList<String[]>();
        for (String name : names) {
            Path file = Path.of("/proc/self/net", name);
            if (Files.exists(file)) { // not each kernel has tcp6
                Files.readAllLines(file).forEach(line -> lines.add(line.trim().split(" +")));
            }
        }
        return lines;
    }

    private static String target(Path link) {
        try {
            return Files.readSymbolicLink(link).toString().replace(' ', '_');
        } catch (IOException e) {
            return "gone";
        }
    }

    /** Otherwise each is opened when the first class is looked for there, and looks like a leak. */
    private static void openAllJars() {
        try {
            Class.forName("there.is.none.Such");
            throw new AssertionError();
        } catch (ClassNotFoundException e) {
            // It was looked for in all of them.
        }
    }
}
