package dev.pollux.sys.proc;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The descriptors of a process, in words, from {@code /proc/PID/fd} and {@code fdinfo}; Linux only.
 * The list and the tables of sockets are as they were at first; each descriptor is looked at when
 * it is asked for, and may be gone by then.
 */
public final class Descriptors {
    private static final Pattern INODE = Pattern.compile("(socket|pipe):\\[(\\d+)]");
    private static final Pattern TIME = Pattern.compile("\\((\\d+), (\\d+)\\)");
    private static final String ANONYMOUS = "anon_inode:";

    private static final int FILE_TYPE = 0170000; // man 7 inode
    private static final int FIFO = 0010000;
    private static final int CHARACTERS = 0020000;
    private static final int DIRECTORY = 0040000;
    private static final int REGULAR = 0100000;

    private final String name;
    private final Path process;
    private final Map<Integer, String> links; // as /proc names what they stand for
    private Sockets sockets; // read when the first is asked for

    /** A process that cannot be looked at; the message says why, for people. */
    public static final class Unreadable extends IOException {
        private static final long serialVersionUID = 1L;

        Unreadable(String message, Throwable cause) {
            super(message, cause);
        }
    }

    /** Which file a descriptor stands for: the device in the kernel's own numbering. */
    private record Identity(long inode, long device) {}

    private Descriptors(String name, Path process, Map<Integer, String> links) {
        this.name = name;
        this.process = process;
        this.links = links;
    }

    /** Of another process. */
    public static Descriptors of(long pid) throws Unreadable {
        return of("process " + pid, Path.of("/proc", Long.toString(pid)));
    }

    /** Of this process. */
    public static Descriptors ofThisProcess() throws Unreadable {
        return of("this process", Path.of("/proc/self"));
    }

    static Descriptors of(String name, Path process) throws Unreadable {
        if (!Files.isDirectory(process.resolveSibling("self"))) {
            throw new Unreadable(
                    "there is no /proc here, from which Linux tells what processes have open",
                    null);
        }
        try {
            String status = ProcText.read(process.resolve("status"));
            if (String.valueOf(ProcText.value(status, "State")).startsWith("Z")) {
                throw new Unreadable(
                        name + " has ended; its parent has not asked for its status yet", null);
            }
            return new Descriptors(name, process, links(process.resolve("fd")));
        } catch (DirectoryIteratorException e) {
            throw unreadable(name, process, e.getCause());
        } catch (Unreadable e) {
            throw e;
        } catch (IOException e) {
            throw unreadable(name, process, e);
        }
    }

    private static Unreadable unreadable(String name, Path process, IOException e) {
        if (e instanceof AccessDeniedException) {
            return new Unreadable(
                    name
                            + " is not ours: its own user, or root with CAP_SYS_PTRACE, may list its"
                            + " descriptors",
                    e);
        }
        if (!Files.exists(process)) {
            return new Unreadable("there is no " + name + ", or not any longer", e);
        }
        return new Unreadable(name + ": " + e, e);
    }

    private static Map<Integer, String> links(Path directory) throws IOException {
        var links = new TreeMap<Integer, String>();
        String own = directory.toRealPath().toString(); // open while it is read
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (Path entry : entries) {
                try {
                    String link = Files.readSymbolicLink(entry).toString();
                    if (!link.equals(own)) {
                        links.put(Integer.valueOf(entry.getFileName().toString()), link);
                    }
                } catch (NoSuchFileException e) {
                    continue; // closed meanwhile
                }
            }
        }
        return links;
    }

    /** How the process calls itself: its arguments, or in brackets its name. */
    public String command() {
        String arguments = ProcText.firstLine(process.resolve("cmdline"));
        if (arguments != null && !arguments.isEmpty()) {
            return ProcText.printable(arguments.replaceAll("\0+$", "").replace('\0', ' '));
        }
        return "[" + ProcText.printable("" + ProcText.firstLine(process.resolve("comm"))) + "]";
    }

    /** How many it had open. */
    public int size() {
        return links.size();
    }

    /** The numbers of its epoll instances. */
    public List<Integer> epolls() {
        var numbers = new ArrayList<Integer>();
        links.forEach(
                (fd, link) -> {
                    if (link.equals(ANONYMOUS + "[eventpoll]")) {
                        numbers.add(fd);
                    }
                });
        return numbers;
    }

    /**
     * What an epoll instance of it waits for now.
     *
     * @throws Unreadable if it was closed meanwhile, or the process has ended
     */
    public List<Watch> watches(int epoll) throws Unreadable {
        try {
            return Watch.parse(info(epoll));
        } catch (IOException e) {
            throw Files.exists(process)
                    ? new Unreadable("epoll " + epoll + " was closed during the listing", e)
                    : new Unreadable(name + " has ended during the listing", e);
        }
    }

    /** What a registration is of: the descriptor of its number, unless that is another's by now. */
    public Descriptor target(Watch watch) {
        String link = links.get(watch.fd());
        Descriptor now = get(watch.fd());
        if (link == null) {
            return now.and(elsewhere(watch));
        }
        Identity identity = identity(link, watch.fd());
        boolean other =
                watch.inode() >= 0
                        && identity != null
                        && (identity.inode != watch.inode() || identity.device != watch.device());
        if (!other) {
            return now;
        }
        return Descriptor.of("orphaned", "another file than this number's now (" + now.text() + ")")
                .and(elsewhere(watch));
    }

    /** Where else the process has what is watched; both ends of a pipe are one file. */
    private String elsewhere(Watch watch) {
        var numbers = new ArrayList<String>();
        for (var entry : links.entrySet()) {
            Identity identity = identity(entry.getValue(), entry.getKey());
            if (identity != null
                    && !entry.getValue().startsWith(ANONYMOUS) // those share one inode
                    && identity.inode == watch.inode()
                    && identity.device == watch.device()) {
                numbers.add(entry.getKey().toString());
            }
        }
        return numbers.isEmpty()
                ? "; what is watched is open under another number, or in another process"
                : "; what is watched is open as " + String.join(", ", numbers);
    }

    /**
     * Null where it cannot be compared: some file systems show other numbers than the kernel has
     * inside. Of those only what is watched by none is another file for certain.
     */
    private Identity identity(String link, int fd) {
        Map<String, Object> status = status(fd);
        if (status == null) {
            return null;
        }
        int type = (Integer) status.get("mode") & FILE_TYPE;
        boolean path = link.startsWith("/");
        if (path && type != REGULAR && type != DIRECTORY) {
            return null;
        }
        long device = (Long) status.get("dev");
        long major = device >> 8 & 0xfff | device >> 32 & ~0xfff;
        long minor = device & 0xff | device >> 12 & ~0xff & 0xffffffffL;
        return new Identity((Long) status.get("ino"), major << 20 | minor);
    }

    private Map<String, Object> status(int fd) {
        try {
            return Files.readAttributes(link(fd), "unix:ino,dev,mode");
        } catch (IOException | UnsupportedOperationException e) {
            return null; // closed meanwhile
        }
    }

    private Path link(int fd) {
        return process.resolve("fd").resolve(Integer.toString(fd));
    }

    private String info(int fd) throws IOException {
        return ProcText.read(process.resolve("fdinfo").resolve(Integer.toString(fd)));
    }

    /** What a descriptor stands for. */
    public Descriptor get(int fd) {
        String link = links.get(fd);
        if (link == null) {
            return Descriptor.of("closed", "closed");
        }
        String info;
        try {
            info = info(fd);
        } catch (IOException e) {
            return Descriptor.of("closed", "closed during the listing; was " + link);
        }
        Matcher matcher = INODE.matcher(link);
        if (matcher.matches()) {
            return matcher.group(1).equals("pipe")
                    ? pipe(fd, link, info)
                    : socket(Long.parseLong(matcher.group(2)));
        }
        return link.startsWith(ANONYMOUS) ? anonymous(link, info) : file(fd, link, info);
    }

    private Descriptor socket(long inode) {
        if (sockets == null) {
            sockets = Sockets.read(process);
        }
        Descriptor found = sockets.get(inode);
        return found != null
                ? found
                : Descriptor.of(
                        "socket",
                        "socket "
                                + inode
                                + ", not bound, or of a family or namespace that /proc does not list");
    }

    private Descriptor pipe(int fd, String link, String info) {
        String others = "";
        for (var entry : links.entrySet()) {
            if (entry.getKey() != fd && entry.getValue().equals(link)) {
                others += (others.isEmpty() ? ", here also " : ", ") + entry.getKey();
            }
        }
        return new Descriptor("pipe", "pipe, " + end(info) + others, Map.of("end", end(info)));
    }

    /** {@code O_ACCMODE} of the flags, which are octal. */
    private static String end(String info) {
        String flags = ProcText.value(info, "flags");
        int access = flags == null ? 3 : Integer.parseUnsignedInt(flags, 8) & 3;
        return switch (access) {
            case 0 -> "reading end";
            case 1 -> "writing end";
            default -> "both ends";
        };
    }

    private static Descriptor anonymous(String link, String info) {
        String kind = link.substring(ANONYMOUS.length()).replaceAll("[\\[\\]]", "");
        String text =
                switch (kind) {
                    case "eventpoll" -> "epoll, " + Watch.parse(info).size() + " registered";
                    case "eventfd" ->
                            "eventfd, count " + hex(ProcText.value(info, "eventfd-count"));
                    case "timerfd" -> "timerfd, " + due(ProcText.value(info, "it_value"));
                    case "inotify" ->
                            "inotify, "
                                    + info.lines().filter(l -> l.startsWith("inotify wd")).count()
                                    + " watches";
                    case "signalfd" -> "signalfd, mask " + ProcText.value(info, "sigmask");
                    case "pidfd" -> "pidfd of process " + ProcText.value(info, "Pid");
                    default -> kind;
                };
        return Descriptor.of(kind.equals("eventpoll") ? "epoll" : kind, text);
    }

    /** Of {@code (seconds, nanoseconds)}; both are 0 if it is not set. */
    private static String due(String value) {
        Matcher matcher = TIME.matcher(String.valueOf(value));
        if (!matcher.matches()) {
            return "due in " + value;
        }
        long seconds = Long.parseLong(matcher.group(1));
        long nanos = Long.parseLong(matcher.group(2));
        return seconds == 0 && nanos == 0
                ? "not set"
                : String.format(Locale.ROOT, "due in %d.%03d s", seconds, nanos / 1_000_000);
    }

    private static String hex(String number) {
        try {
            return number == null ? "?" : Long.toUnsignedString(Long.parseUnsignedLong(number, 16));
        } catch (NumberFormatException e) {
            return number;
        }
    }

    private Descriptor file(int fd, String link, String info) {
        Map<String, Object> status = status(fd);
        int type = status == null ? 0 : (Integer) status.get("mode") & FILE_TYPE;
        String kind =
                switch (type) {
                    case FIFO -> "fifo";
                    case CHARACTERS ->
                            link.matches("/dev/(pts/|tty|console|ptmx).*") ? "terminal" : "device";
                    case DIRECTORY -> "directory";
                    default -> "file";
                };
        String path = ProcText.printable(link);
        String text = kind + " " + path + (type == FIFO ? ", " + end(info) : "");
        return new Descriptor(kind, text, Map.of("path", path));
    }
}
