package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.FdSocket;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.Trigger;
import dev.pollux.support.Child;
import dev.pollux.support.ForwardingSyscalls;
import dev.pollux.support.Host;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A library that was preloaded in place of libc's epoll and sockets, as network stacks in user
 * space and tracers are: it sees every call.
 */
class InterposedTest {
    private static final String MADE = "made: ";
    private static final String SEEN = "seen: ";
    private static final String NAME = "name: ";
    private static final int COUNTS = 5;

    /** Counts what goes through it, where the test can read it, and hands it on. */
    private static final String SHIM =
            """
            #define _GNU_SOURCE
            #include <dlfcn.h>
            #include <fcntl.h>
            #include <stdlib.h>
            #include <sys/epoll.h>
            #include <sys/mman.h>
            #include <sys/socket.h>
            #include <unistd.h>
            static int *counts;
            __attribute__((constructor)) static void begin(void) {
                int fd = open(getenv("SHIM_COUNTS"), O_RDWR);
                counts = mmap(NULL, 20, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
                close(fd);
            }
            int epoll_create1(int flags) {
                counts[0]++;
                return ((int (*)(int))dlsym(RTLD_NEXT, "epoll_create1"))(flags);
            }
            int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) {
                counts[1]++;
                return ((int (*)(int, int, int, void *))dlsym(RTLD_NEXT, "epoll_ctl"))(epfd, op, fd, event);
            }
            ssize_t recv(int fd, void *bytes, size_t length, int flags) {
                counts[3]++;
                return ((ssize_t (*)(int, void *, size_t, int))dlsym(RTLD_NEXT, "recv"))(fd, bytes, length, flags);
            }
            ssize_t send(int fd, const void *bytes, size_t length, int flags) {
                counts[4]++;
                return ((ssize_t (*)(int, const void *, size_t, int))dlsym(RTLD_NEXT, "send"))(fd, bytes, length,
                                                                                              flags);
            }
            int epoll_wait(int epfd, struct epoll_event *events, int capacity, int millis) {
                counts[2]++;
                return ((int (*)(int, void *, int, int))dlsym(RTLD_NEXT, "epoll_wait"))(epfd, events, capacity,
                                                                                      millis);
            }
            """;

    @TempDir Path directory;

    @BeforeEach
    void linux_and_a_compiler() throws IOException, InterruptedException {
        Host.requireLinux("epoll");
        assumeTrue(System.getenv("LD_PRELOAD") == null, "something else is preloaded already");
        Path source = Files.writeString(directory.resolve("shim.c"), SHIM);
        List<String> command =
                List.of("gcc", "-shared", "-fPIC", "-o", shim(), source.toString(), "-ldl");
        try {
            Process gcc = new ProcessBuilder(command).redirectErrorStream(true).start();
            String text = new String(gcc.getInputStream().readAllBytes());
            assertEquals(0, gcc.waitFor(), text);
        } catch (IOException e) {
            System.out.println("InterposedTest: skipped: " + e.getMessage());
            assumeTrue(false, "no C compiler: " + e.getMessage());
        }
    }

    private String shim() {
        return directory.resolve("shim.so").toString();
    }

    private Child.Result run(String binding, boolean preloaded, String setting) throws IOException {
        Path counts = Files.write(directory.resolve("counts"), new byte[4 * COUNTS]);
        Child child =
                Child.here().withAllElse().withProperties().property(Bindings.PROPERTY, binding);
        if (!setting.isEmpty()) {
            child.property(Bindings.LIBC, setting);
        }
        if (preloaded) {
            child.before("env", "LD_PRELOAD=" + shim(), "SHIM_COUNTS=" + counts);
        }
        return child.run(Calls.class, counts.toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jni", "ffm", "jnr"})
    void it_sees_every_call_without_a_setting(String binding) throws IOException {
        requireBinding(binding);
        Child.Result result = run(binding, true, "").ok();
        assertEquals(result.lines(MADE), result.lines(SEEN), result.text());
        assertTrue(result.lines(NAME).get(0).contains("EPOLL/" + binding + "/libc,"));
    }

    @Test
    void the_control_with_the_setting_off_it_sees_none() throws IOException {
        requireBinding("jni");
        assumeTrue(
                List.of("amd64", "aarch64").contains(System.getProperty("os.arch")),
                "elsewhere all calls are libc's");
        Child.Result result = run("jni", true, "false").ok();
        assertEquals(List.of("[0, 0, 0, 0, 0]"), result.lines(SEEN), result.text());
        assertTrue(result.lines(NAME).get(0).contains("EPOLL/jni,"), result.text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jni", "ffm", "jnr"})
    void nothing_is_taken_for_interposed_without_such_a_library(String binding) throws IOException {
        requireBinding(binding);
        Child.Result result = run(binding, false, "").ok();
        assertTrue(result.lines(NAME).get(0).contains("EPOLL/" + binding + ","), result.text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jni", "ffm", "jnr"})
    void the_setting_alone_does_it_too(String binding) throws IOException {
        requireBinding(binding);
        Child.Result result = run(binding, false, "true").ok();
        String name = result.lines(NAME).get(0);
        assertTrue(name.contains("EPOLL/" + binding + "/libc,"), result.text());
    }

    @ParameterizedTest
    @ValueSource(strings = {"jni", "ffm", "jnr"})
    void another_value_is_refused(String binding) throws IOException {
        requireBinding(binding);
        Child.Result result = run(binding, false, "yes");
        assertTrue(result.status() != 0);
        assertTrue(result.text().contains("pollux.libc=yes is none of true, false"), result.text());
    }

    private static void requireBinding(String binding) {
        try {
            Bindings.open(binding);
        } catch (Bindings.Unavailable e) {
            assumeTrue(false, e.getMessage());
        }
    }

    /** Makes calls of each kind, and counts them. */
    static final class Calls {
        private Calls() {}

        public static void main(String[] arguments) throws Exception {
            var counting = new Counting(Bindings.current());
            int[] before = seen(arguments[0]);
            try (FdSelector selector = Internals.open(Backend.EPOLL, counting)) {
                System.out.println(NAME + selector);
                int[] pipe = Fd.pipe();
                FdKey key = selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
                for (long nanos : new long[] {0, 1_000, 1_000_000, 1_234_567}) {
                    selector.modify(key, Interest.READ, Trigger.EDGE);
                    selector.modify(key, Interest.READ, Trigger.LEVEL);
                    selector.poll(nanos, TimeUnit.NANOSECONDS, (k, ready) -> {});
                    selector.modify(key, Interest.READ, Trigger.EDGE);
                    Fd.write(pipe[1], ByteBuffer.allocate(1));
                    selector.poll(nanos, TimeUnit.NANOSECONDS, (k, ready) -> {});
                    Fd.read(pipe[0], ByteBuffer.allocate(1));
                }
                selector.unregister(key);
            }
            int messages = 3;
            int[] sockets = Fd.socketpair();
            for (int i = 0; i < messages; i++) {
                FdSocket.send(sockets[0], ByteBuffer.allocate(1), 0);
                FdSocket.receive(sockets[1], ByteBuffer.allocate(1), 0);
            }
            int[] after = seen(arguments[0]);
            int[] made = {counting.creates, counting.controls, counting.waits, messages, messages};
            System.out.println(MADE + Arrays.toString(made));
            Arrays.setAll(after, i -> after[i] - before[i]);
            System.out.println(SEEN + Arrays.toString(after));
        }

        private static int[] seen(String file) throws IOException {
            int[] counts = new int[COUNTS];
            ByteBuffer.wrap(Files.readAllBytes(Path.of(file)))
                    .order(ByteOrder.nativeOrder())
                    .asIntBuffer()
                    .get(counts);
            return counts;
        }
    }

    private static final class Counting extends ForwardingSyscalls {
        private int creates;
        private int controls;
        private int waits;

        Counting(Syscalls real) {
            super(real);
        }

        @Override
        public int epollCreate() {
            creates++;
            return super.epollCreate();
        }

        @Override
        public int epollCtl(int epfd, int op, int fd, int events, long data) {
            controls++;
            return super.epollCtl(epfd, op, fd, events, data);
        }

        @Override
        public int epollWait(int epfd, long events, int max, int millis, EpollChanges changes) {
            waits++;
            int madeHere = controls;
            int sent = changes == null ? 0 : changes.count();
            int rc = super.epollWait(epfd, events, max, millis, changes);
            controls = madeHere + sent; // jnr-ffi makes them one by one, through this
            return rc;
        }

        @Override
        public int epollPwait2(int epfd, long events, int max, long nanos, EpollChanges changes) {
            int madeHere = controls;
            int sent = changes == null ? 0 : changes.count();
            int rc = super.epollPwait2(epfd, events, max, nanos, changes);
            controls = madeHere + sent;
            waits += rc == -errno().ENOSYS ? 0 : 1;
            return rc;
        }
    }
}
