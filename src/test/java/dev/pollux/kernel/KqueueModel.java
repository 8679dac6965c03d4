package dev.pollux.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pollux.support.Fds;
import dev.pollux.sys.Layout;
import java.io.Closeable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;

/**
 * The kernels whose kqueue {@link BsdKqueue} plays: numbers of their {@code <sys/event.h>}, and
 * where their {@code kern_event.c} and filters differ.
 */
public enum KqueueModel {
    /** xnu: bsd/sys/event.h, bsd/kern/kern_event.c, uipc_socket.c, sys_pipe.c. */
    MACOS(
            new long[] {
                32,
                0,
                8,
                10,
                12,
                16,
                24,
                2, // struct kevent
                -1,
                -2,
                -15,
                -10, // EVFILT_
                0x01,
                0x02,
                0x08,
                0x20,
                0x40,
                0x80,
                0x8000,
                0x4000, // EV_
                0x02,
                0x01000000, // NOTE_
                0
            }),

    /** FreeBSD 12 and later: sys/sys/event.h, sys/kern/kern_event.c, uipc_socket.c, sys_pipe.c. */
    FREEBSD(
            new long[] {
                64,
                0,
                8,
                10,
                12,
                16,
                24,
                2, // struct kevent with ext[4]
                -1,
                -2,
                0,
                -11, // EVFILT_
                0x01,
                0x02,
                0x08,
                0x20,
                0x40,
                0x80,
                0x8000,
                0x4000, // EV_
                0,
                0x01000000, // NOTE_
                0
            }),

    /**
     * OpenBSD 7.3, before it got {@code EVFILT_USER}: sys/sys/event.h, sys/kern/kern_event.c,
     * uipc_socket.c, sys_pipe.c.
     */
    OPENBSD(
            new long[] {
                32, 0, 8, 10, 12, 16, 24, 2, // struct kevent
                -1, -2, -9, 0, // EVFILT_
                0x01, 0x02, 0x08, 0x20, 0x40, 0x80, 0x8000, 0x4000, // EV_
                0x04, 0, // NOTE_
                0
            }),

    /**
     * NetBSD 7.99.34, and so 8 and 9, before it got {@code EVFILT_USER}: sys/sys/event.h,
     * sys/kern/kern_event.c, sys_pipe.c.
     */
    NETBSD(
            new long[] {
                40, 0, 8, 12, 16, 24, 32, 4, // struct kevent, wider
                0, 1, 0, 0, // EVFILT_
                0x01, 0x02, 0x08, 0x20, 0x40, 0x80, 0x8000, 0x4000, // EV_
                0, 0, // NOTE_
                0
            });

    /**
     * Which of them the suite runs on: a list of names, {@code all} or {@code none}. Without it,
     * macOS, unless a binding is chosen.
     */
    static final String PROPERTY = "pollux.kqueue.models";

    /** Why there are none elsewhere. */
    public static final String MADE_OF_EPOLL =
            "a model of a kqueue is made of epolls, and runs on Linux";

    private final long[] layout;

    KqueueModel(long[] layout) {
        this.layout = layout;
        assert layout.length == Layout.POLL - Layout.KQUEUE;
    }

    /** One constant of the part of {@link Layout} that describes kqueue. */
    long layout(int index) {
        return layout[index - Layout.KQUEUE];
    }

    /** The name of the binding that plays it. */
    public String binding() {
        return "model-" + name().toLowerCase(Locale.ROOT);
    }

    /** The error of a write filter on a pipe without a peer; null where that is an event. */
    String brokenPipe() {
        return this == MACOS ? null : this == NETBSD ? "EBADF" : "EPIPE";
    }

    /** Whether a pipe's write knote goes away with the event that its reader has closed. */
    boolean dropsBrokenPipes() {
        return this == FREEBSD; // knlist_cleardel: EV_EOF | EV_ONESHOT
    }

    /**
     * Whether the write knote of a full pipe is not notified when the reader closes: they look at
     * it before they mark the end.
     */
    public boolean hidesFullBrokenPipes() {
        return this == OPENBSD || this == NETBSD; // pipe_destroy, pipeclose
    }

    /**
     * Whether a FIFO of the file system keeps its filters when the other end is closed, since
     * another process may open that, and whether those of the wrong end are silent for ever.
     */
    public boolean keepsFifos() {
        return this == FREEBSD; // pipe_kqfilter, PIPE_NAMED; nobody has asked the others
    }

    /** Whether filter 0 is passed over in silence, and no filter at all. */
    boolean skipsFilterZero() {
        return this == FREEBSD;
    }

    /** Whether a change asks first whether its descriptor is open, and for its knote after that. */
    boolean looksAtDescriptorFirst() {
        return this != MACOS;
    }

    /** Whether every change of a knote looks whether it is active; or else EV_ADD alone. */
    boolean looksWhenTouched() {
        return this == MACOS || this == FREEBSD;
    }

    /** Whether a knote that is enabled again is looked at. */
    boolean looksWhenEnabled() {
        return this != NETBSD;
    }

    /** Whether the flags of an event have EV_ADD, as its knote got it. */
    boolean keepsAdd() {
        return this == OPENBSD || this == NETBSD;
    }

    /** Whether a disabled knote leaves the queue at once, and not when that is looked at next. */
    boolean dequeuesWhenDisabled() {
        return this == MACOS; // kevent_register
    }

    /** Whether a kqueue that is asked, and keeps something in its queue, is news to a watcher. */
    boolean renotifiesWatchers() {
        return this == OPENBSD;
    }

    /** The error of any filter of a kqueue but that for reading. */
    String otherFilterOfKqueue() {
        return this == NETBSD ? "EPERM" : "EINVAL";
    }

    /** Whether a kqueue may watch itself. */
    boolean watchesItself() {
        return this == OPENBSD || this == NETBSD;
    }

    /** Whether kqueues may watch each other in a circle. */
    public boolean acceptsCircles() {
        return this != MACOS; // kqueue_kqfilter
    }

    /** Whether each kqueue has a level, which what it watches must not exceed. */
    public boolean countsNesting() {
        return this == MACOS; // kqueue_kqfilter
    }

    /** The error of a device that has no filters. */
    String noFilter() {
        return switch (this) {
            case MACOS -> "EINVAL";
            case FREEBSD -> "ENODEV";
            case OPENBSD -> "EOPNOTSUPP"; // vop_generic_kqfilter
            case NETBSD -> "EPERM";
        };
    }

    /** Whether the filter for urgent data reports nothing else, not even the end. */
    public boolean reportsUrgentDataAlone() {
        return this == OPENBSD; // filt_soexcept
    }

    /** Whether pipes have neither device nor inode. */
    public boolean hidesPipes() {
        return this == OPENBSD || this == NETBSD;
    }

    /** Whether sockets of AF_UNIX have a device beside their inode; others have neither. */
    boolean showsDeviceOfUnixSockets() {
        return this != MACOS;
    }

    /** Those that the property leaves. */
    public static List<KqueueModel> chosen(boolean bindingIsChosen) {
        String names = System.getProperty(PROPERTY, "").strip().toUpperCase(Locale.ROOT);
        if (names.isEmpty()) {
            return bindingIsChosen ? List.of() : List.of(MACOS);
        }
        if (names.equals("ALL")) {
            return Arrays.asList(values());
        }
        var chosen = new ArrayList<KqueueModel>();
        for (String name : names.split("[, ]+")) {
            if (!name.equals("NONE")) {
                chosen.add(valueOf(name));
            }
        }
        return chosen;
    }

    /** What a test is made on; closed after it. */
    @FunctionalInterface
    interface Opener<T> {
        T on(KqueueModel model) throws Exception;
    }

    /** What a test does. */
    @FunctionalInterface
    interface Check<T> {
        void on(T opened) throws Exception;
    }

    /** One test on each of them, which leaves no descriptor open. */
    static <T extends Closeable> Stream<DynamicTest> each(Opener<T> opener, Check<T> check) {
        return Stream.of(values())
                .map(
                        model ->
                                DynamicTest.dynamicTest(
                                        model.binding(),
                                        () -> {
                                            int before = Fds.openCount();
                                            try (T opened = opener.on(model)) {
                                                check.on(opened);
                                            }
                                            assertEquals(before, Fds.openCount());
                                        }));
    }
}
