import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.management.ObjectName;

/** What all threads of this JVM do, the virtual ones of JDK 21 and later too. */
final class Stacks {
    /** The names of the classes on one thread's stack. */
    record Stack(boolean isVirtual, Set<String> classes) {
        boolean selects() {
            return classes.stream().anyMatch(Stacks::isSelector);
        }

        /** One of those by which the JDK lets virtual threads wait, whoever does. */
        boolean isPoller() {
            return !selects() && classes.contains("sun.nio.ch.Poller");
        }
    }

    private Stacks() {}

    /** Without the JDK's pollers. */
    static List<Stack> all() throws Exception {
        return (Runtime.version().feature() < 21 ? ofPlatformThreads() : dumped())
                .stream().filter(stack -> !stack.isPoller()).toList();
    }

    private static boolean isSelector(String name) {
        return name.equals("sun.nio.ch.SelectorImpl") || name.equals("dev.pollux.nio.NioSelector");
    }

    private static List<Stack> ofPlatformThreads() {
        return Thread.getAllStackTraces().values().stream()
                .map(
                        stack ->
                                new Stack(
                                        false,
                                        Stream.of(stack)
                                                .map(StackTraceElement::getClassName)
                                                .collect(Collectors.toSet())))
                .toList();
    }

    /** Nothing else of the JDK lists virtual threads. */
    private static List<Stack> dumped() throws Exception {
        Path directory = Files.createTempDirectory("stacks");
        Path file = directory.resolve("threads.txt");
        try {
            ManagementFactory.getPlatformMBeanServer()
                    .invoke(
                            new ObjectName("com.sun.management:type=HotSpotDiagnostic"),
                            "dumpThreads",
                            new Object[] {file.toString(), "TEXT_PLAIN"},
                            new String[] {String.class.getName(), String.class.getName()});
            return parse(Files.readAllLines(file));
        } finally {
            Files.deleteIfExists(file);
            Files.delete(directory);
        }
    }

    /** A line {@code #22 "name" virtual}, and below it a frame a line, further to the right. */
    private static List<Stack> parse(List<String> lines) {
        var stacks = new ArrayList<Stack>();
        for (String line : lines) {
            if (line.startsWith("#")) {
                boolean virtual = line.matches(".*\" virtual.*");
                stacks.add(new Stack(virtual, new HashSet<>()));
            } else if (line.startsWith(" ") && line.contains("(") && !stacks.isEmpty()) {
                String method = line.substring(0, line.indexOf('(')).strip().replace("at ", "");
                String plain = method.substring(method.lastIndexOf('/') + 1);
                if (plain.contains(".")) {
                    stacks.get(stacks.size() - 1)
                            .classes()
                            .add(plain.substring(0, plain.lastIndexOf('.')));
                }
            }
        }
        return stacks;
    }
}
