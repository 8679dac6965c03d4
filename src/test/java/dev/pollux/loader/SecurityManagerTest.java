package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.ChannelFd;
import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.Child;
import java.io.File;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Under a security manager that gives the library all permissions and the application none: what
 * the JDK's own selectors can do there, ours can. JDK 24 and later have no security manager.
 */
class SecurityManagerTest extends LoaderFixture {
    private static final String OURS = "dev.pollux.nio.PolluxSelectorProvider";
    private static final String PROPERTY = "java.nio.channels.spi.SelectorProvider";
    private static final String REFUSED = "refused: ";

    @BeforeEach
    void only_where_there_is_one() {
        if (Runtime.version().feature() >= 24) {
            skip("this JDK has no security manager");
        }
    }

    @Test
    void java_nio_on_pollux_needs_no_permission() throws IOException {
        for (Path library : List.of(jar, whole)) {
            Child.Result result =
                    sandboxed(library).property(PROPERTY, OURS).run(Application.class, "nio").ok();
            assertEquals(List.of("dev.pollux.nio.NioSelector"), result.lines(Inside.SELECTOR));
            assertEquals(List.of("1"), result.lines(Inside.SELECTED), result.text());
        }
    }

    @Test
    void the_control_the_jdk_needs_none_and_the_application_has_none() throws IOException {
        Child.Result result = sandboxed(jar).run(Application.class, "nio").ok();
        assertTrue(result.lines(Inside.SELECTOR).get(0).startsWith("sun.nio.ch."), result.text());
        result = sandboxed(jar).run(Application.class, "property");
        assertEquals(1, result.status(), result.text());
        assertTrue(result.text().contains("java.security.AccessControlException"), result.text());
    }

    @Test
    void our_own_selectors_need_none() throws IOException {
        Child.Result result = sandboxed(jar).run(Application.class, "pollux").ok();
        assertEquals(List.of("1"), result.lines(Inside.SELECTED), result.text());
    }

    @Test
    void what_is_logged_needs_none() throws IOException {
        Child.Result result =
                sandboxed(jar)
                        .property("pollux.library.path", "/nowhere/libpollux.so")
                        .property("pollux.nio.unavailable", "jdk")
                        .property(PROPERTY, OURS)
                        .run(Application.class, "nio")
                        .ok();
        assertTrue(result.lines(Inside.SELECTOR).get(0).startsWith("sun.nio.ch."), result.text());
        assertTrue(result.text().contains("there is no /nowhere/libpollux.so"), result.text());
    }

    @Test
    void jnr_that_serves_instead_may_log_it() throws IOException {
        Child.Result result =
                sandboxed(jar)
                        .withJnr()
                        .property("pollux.tmpdir", dir.resolve("none"))
                        .property("pollux.binding", "")
                        .run(Application.class, "pollux-pipe")
                        .ok();
        assertEquals(List.of("1"), result.lines(Inside.SELECTED), result.text());
        assertTrue(
                result.text().contains("the jnr binding serves instead of JNI: "), result.text());
    }

    /** A number may be that of a file which the application could not open. */
    @Test
    void a_bare_descriptor_takes_the_permission_that_a_stream_of_one_takes() throws IOException {
        Child.Result result = sandboxed(jar).run(Application.class, "descriptors").ok();
        assertEquals(
                List.of(
                        "readFileDescriptor",
                        "writeFileDescriptor",
                        "writeFileDescriptor",
                        "writeFileDescriptor"),
                result.lines(REFUSED),
                result.text());
    }

    private static String granting(Path code) {
        return "grant codeBase \""
                + code.toUri()
                + (Files.isDirectory(code) ? "-" : "")
                + "\" { permission java.security.AllPermission; };\n";
    }

    private Child sandboxed(Path library) throws IOException {
        Path policy = dir.resolve("policy");
        var grants = new StringBuilder(granting(library));
        for (String property : List.of("jdk.module.path", "java.class.path")) {
            for (String path : System.getProperty(property, "").split(File.pathSeparator)) {
                grants.append(path.endsWith(".jar") ? granting(Path.of(path)) : ""); // jnr-ffi
            }
        }
        Files.writeString(policy, grants);
        return new Child(library, Child.testClasses())
                .property("java.security.manager", "")
                .property("java.security.policy", "=" + policy)
                .property("pollux.tmpdir", dir)
                .property("pollux.binding", "jni");
    }

    /** What an application does. */
    static final class Application {
        private Application() {}

        public static void main(String[] arguments) throws Exception {
            switch (arguments[0]) {
                case "nio":
                    select();
                    break;
                case "pollux":
                    poll();
                    break;
                case "pollux-pipe":
                    pollPipe();
                    break;
                case "descriptors":
                    useDescriptors();
                    break;
                default:
                    System.out.println(System.getProperty("user.home"));
            }
        }

        private static void select() throws IOException {
            Pipe pipe = Pipe.open();
            pipe.source().configureBlocking(false);
            pipe.sink().write(ByteBuffer.wrap(new byte[1]));
            try (Selector selector = Selector.open()) {
                System.out.println(Inside.SELECTOR + selector.getClass().getName());
                pipe.source().register(selector, SelectionKey.OP_READ);
                System.out.println(Inside.SELECTED + selector.select());
            }
        }

        private static void poll() throws IOException {
            Pipe pipe = Pipe.open();
            pipe.source().configureBlocking(false);
            pipe.sink().write(ByteBuffer.wrap(new byte[1]));
            try (var selector = DefaultSelector.open()) {
                selector.register(ChannelFd.of(pipe.source()), Interest.READ, Trigger.LEVEL, null);
                int[] count = {0};
                selector.poll((key, ready) -> count[0]++);
                System.out.println(Inside.SELECTED + count[0]);
            }
        }

        /** The end to write to is ready. */
        private static void pollPipe() throws IOException {
            int[] pipe = Fd.pipe();
            try (var selector = DefaultSelector.open()) {
                selector.register(pipe[1], Interest.WRITE, Trigger.LEVEL, null);
                int[] count = {0};
                selector.poll((key, ready) -> count[0]++);
                System.out.println(Inside.SELECTED + count[0]);
            }
        }

        /** What is done with one. */
        private interface Use {
            void run() throws IOException;
        }

        private static void useDescriptors() throws IOException {
            int[] pipe = Fd.pipe();
            Use[] uses = {
                () -> Fd.read(pipe[0], ByteBuffer.allocate(1)),
                () -> Fd.write(pipe[1], ByteBuffer.allocate(1)),
                () -> Fd.setNonBlocking(pipe[0], true),
                () -> Fd.close(pipe[0])
            };
            for (Use use : uses) {
                try {
                    use.run();
                    System.out.println(REFUSED + "nothing");
                } catch (SecurityException e) {
                    System.out.println(REFUSED + e.getMessage().split("\"")[3]);
                }
            }
        }
    }
}
