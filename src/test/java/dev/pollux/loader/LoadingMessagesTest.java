package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.ChannelFd;
import dev.pollux.PolluxException;
import dev.pollux.support.Child;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is said when a binding does not work, and when the other one serves instead. */
class LoadingMessagesTest extends LoaderFixture {
    private static final String INSTEAD = "the jnr binding serves instead of JNI: ";
    private static final String PUT_JNR = "put jnr-ffi on the class path";

    // ---- jnr-ffi

    @Test
    void jnr_that_is_there_and_does_not_work_is_not_called_missing() throws IOException {
        Path broken = Files.writeString(dir.resolve("jffi.so"), "this is no library");
        for (Path classes : List.of(bare, jar)) {
            Child.Result result =
                    new Child(classes)
                            .withJnr()
                            .property("pollux.binding", "jnr")
                            .property("jffi.boot.library.path", dir)
                            .property("jffi.extract.dir", broken)
                            .property("java.io.tmpdir", dir.resolve("none"))
                            .run(Probe.class);
            assertFailed(result, "the jnr binding does not work here: ");
            assertFalse(result.text().contains(PUT_JNR), result.text());
            assertFalse(result.text().contains("Could not initialize"), result.text());
        }
    }

    @Test
    void jnr_that_is_missing_is_called_so() throws IOException {
        Child.Result result = new Child(bare).property("pollux.binding", "jnr").run(Probe.class);
        assertFailed(result, "is missing: " + PUT_JNR);
    }

    /** jffi puts a stack trace into the message of its error. */
    @Test
    void native_access_that_is_denied_to_jnr_is_said_in_one_line() throws IOException {
        requireDenial();
        Child denied = new Child(jar).withJnr().withoutNativeAccess();
        Child.Result result = denied.property("pollux.binding", "jnr").run(Probe.class);
        assertFailed(
                result,
                "the jnr binding does not work here: Illegal native access from an unnamed module",
                ": start the JVM with --enable-native-access=ALL-UNNAMED");
        assertOneLine(result);
    }

    @Test
    void neither_is_it_a_trace_when_every_binding_is_denied() throws IOException {
        requireDenial();
        Child.Result result =
                new Child(jar).withJnr().withoutNativeAccess().run(Probe.class).expectNoTrace();
        assertFailed(
                result, "the jnr binding does not", "the jni binding does not", "what to do: ");
    }

    @Test
    void a_module_that_is_denied_it_is_named() throws IOException {
        requireDenial();
        Child.Result result =
                new Child(Child.testClasses())
                        .withJnrModules(Child.classes())
                        .withoutNativeAccess()
                        .option("--enable-native-access=dev.pollux")
                        .property("pollux.binding", "jnr")
                        .run(Looking.class)
                        .ok();
        String said = String.join("", result.lines(Probe.FAILURE));
        assertTrue(said.contains("from module org.jnrproject.jffi "), result.text());
        assertTrue(said.endsWith("--enable-native-access=org.jnrproject.jffi"), result.text());
    }

    private static void requireDenial() {
        if (Runtime.version().feature() < 24) {
            skip("before JDK 24 nobody is denied native access");
        }
    }

    private static void assertOneLine(Child.Result result) {
        assertFalse(String.join("", result.lines(Probe.FAILURE)).contains(Probe.NEXT_LINE));
        result.expectNoTrace();
    }

    @Test
    void a_class_of_ours_that_is_missing_is_not_taken_for_jnrs() throws IOException {
        Path torn = dir.resolve("torn");
        Relocated.plainlyInto(torn, true);
        Files.delete(torn.resolve("dev/pollux/sys/jni/JniSyscalls.class"));
        Child.Result result = new Child(torn).property("pollux.binding", "jni").run(Probe.class);
        assertFailed(result, "dev.pollux.sys.jni.JniSyscalls");
        assertFalse(result.text().contains(PUT_JNR), result.text());
    }

    // ---- one instead of the other

    @Test
    void when_jnr_serves_instead_of_jni_one_line_says_why() throws IOException {
        Path none = dir.resolve("none");
        Child.Result result =
                new Child(jar).withJnr().property("pollux.tmpdir", none).run(Probe.class);
        assertServed("jnr", result);
        List<String> lines = result.text().lines().filter(line -> line.contains(INSTEAD)).toList();
        assertEquals(1, lines.size(), result.text());
        assertTrue(lines.get(0).contains("cannot unpack into " + none), lines.get(0));
        assertTrue(lines.get(0).contains("what to do: "), lines.get(0));
    }

    @Test
    void the_control_nothing_is_said_when_the_binding_is_the_right_one() throws IOException {
        Child.Result result = new Child(jar).withJnr().run(Probe.class);
        assertServed("jni", result);
        assertFalse(result.text().contains(INSTEAD), result.text());
        result = new Child(jar).withJnr().property("pollux.binding", "jnr").run(Probe.class);
        assertServed("jnr", result);
        assertFalse(result.text().contains(INSTEAD), result.text());
    }

    // ---- ChannelFd

    @Test
    void channel_fd_says_why_jni_does_not_serve() throws IOException {
        Path none = dir.resolve("none");
        String said = channelFd(new Child(jar).property("pollux.tmpdir", none));
        assertTrue(said.contains("the jnr binding cannot look into a channel"), said);
        assertTrue(said.contains("cannot unpack into " + none), said);
        said = channelFd(new Child(bare));
        assertTrue(said.contains("the jar has no /META-INF/native/"), said);
        said = channelFd(new Child(jar).property("pollux.binding", "jnr"));
        assertTrue(said.contains("leave -Dpollux.binding away"), said);
        assertFalse(said.contains("make native"), said);
    }

    private static String channelFd(Child child) throws IOException {
        Child.Result result = child.withJnr().run(Looking.class).ok();
        return String.join("", result.lines(Probe.FAILURE));
    }

    /** Asks for the descriptor of a channel. */
    static final class Looking {
        private Looking() {}

        public static void main(String[] arguments) throws IOException {
            try {
                System.out.println(ChannelFd.of(Pipe.open().source()));
            } catch (PolluxException.Unsupported e) {
                System.out.println(Probe.FAILURE + e.getMessage().replace("\n", Probe.NEXT_LINE));
            }
        }
    }
}
