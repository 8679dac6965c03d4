package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.CountersBean;
import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.support.Child;
import dev.pollux.support.Program;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** A JVM without the modules that only some of the library needs, and one that has them. */
class OptionalModulesTest extends LoaderFixture {
    private static final String POLLED = "polled: ";
    private static final String BEAN = "bean: ";

    private static Child user() {
        return new Child(whole, Child.testClasses())
                .property(Bindings.PROPERTY, "jni")
                .option("-Xlog:class+load=info:stdout");
    }

    @Test
    void without_java_management_only_the_bean_is_refused() throws IOException {
        Child.Result result = user().option("--limit-modules=java.base").run(User.class).ok();
        assertEquals("1", result.lines(POLLED).get(0), result.text());
        String why = result.lines(BEAN).get(0);
        assertTrue(why.startsWith("java.lang.UnsupportedOperationException: "), why);
        assertTrue(why.contains("--add-modules java.management"), why);
    }

    @Test
    void with_it_the_bean_is_there_and_its_class_is_loaded_only_then() throws IOException {
        Child.Result result = user().run(User.class).ok();
        assertEquals("dev.pollux:type=FdSelector,name=main", result.lines(BEAN).get(0));
        String text = result.text();
        int polled = text.indexOf("\n" + POLLED);
        assertFalse(text.substring(0, polled).contains("ManagedCounters"), text);
        assertFalse(text.substring(0, polled).contains("javax.management"), text);
        assertTrue(text.substring(polled).contains("ManagedCounters"), "the control");
    }

    @Test
    void without_jdk_jfr_all_else_works() throws IOException {
        Child.Result result = user().option("--limit-modules=java.management").run(User.class).ok();
        assertEquals("1", result.lines(POLLED).get(0), result.text());
        assertFalse(result.text().contains(" jdk.jfr."), result.text());
        assertFalse(result.text().contains("sys.jfr.PollEvent"), result.text());
    }

    /** The first event class would take hundreds of milliseconds. */
    @Test
    void with_it_no_event_is_loaded_while_nobody_records() throws IOException {
        Child.Result result = user().run(User.class).ok();
        assertTrue(result.text().contains(" jdk.jfr.FlightRecorder "), "the control");
        assertFalse(result.text().contains("sys.jfr.PollEvent"), result.text());
        assertFalse(result.text().contains("jdk.jfr.internal.event"), result.text());
    }

    @Test
    void a_recorder_that_was_started_with_the_jvm_has_what_the_fragment_asks_for()
            throws IOException {
        String tool = Path.of(System.getProperty("java.home"), "bin", "jfr").toString();
        Path settings = dir.resolve("mine.jfc");
        Path file = dir.resolve("mine.jfr");
        Program.run(
                        tool,
                        "configure",
                        "--input",
                        "default.jfc,docs/pollux.jfc",
                        "--output",
                        settings.toString())
                .ok();
        String start = "-XX:StartFlightRecording:settings=" + settings + ",filename=" + file;
        Child.Result result = user().option(start).run(User.class).ok();
        assertTrue(result.text().contains("sys.jfr.PollEvent"), result.text());
        Child.Result summary = Program.run(tool, "summary", file.toString()).ok();
        for (String type : List.of("Poll", "Dispatch", "Wakeup", "Select", "RefusedChange")) {
            assertTrue(Files.readString(settings).contains("\"dev.pollux." + type + "\""), type);
        }
        summary.expectLine("dev.pollux.Poll +[12] +[0-9]+"); // the first one is over at once
        summary.expectLine("dev.pollux.Wakeup +1 +[0-9]+");
        Program.run(tool, "print", "--events", "dev.pollux.Poll", file.toString())
                .ok()
                .expectLine("endedBy = \"TIMEOUT\"");
    }

    /** Polls, then asks for the bean. */
    static final class User {
        private User() {}

        public static void main(String[] arguments) throws Exception {
            int[] pipe = Fd.pipe();
            Fd.write(pipe[1], ByteBuffer.wrap(new byte[1]));
            int[] count = {0};
            try (var selector = DefaultSelector.open()) {
                selector.register(pipe[0], Interest.READ, Trigger.LEVEL, null);
                selector.poll((key, ready) -> count[0]++);
                System.out.println("\n" + POLLED + count[0]);
                selector.unregister(selector.keys().get(0));
                selector.poll(100, TimeUnit.MILLISECONDS, (key, ready) -> {});
                selector.wakeup();
                selector.startCounting(false);
                System.out.println(BEAN + bean(selector));
            }
        }

        private static String bean(dev.pollux.FdSelector selector) throws IOException {
            try {
                return CountersBean.register(selector, "main");
            } catch (UnsupportedOperationException e) {
                return e.toString();
            }
        }
    }
}
