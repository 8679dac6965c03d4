package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Child;
import java.io.IOException;
import java.lang.reflect.Field;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.channels.spi.SelectorProvider;
import java.util.List;
import org.junit.jupiter.api.Test;

/** {@code java.nio} put on Pollux by the property alone, where it works and where it does not. */
class DropInTest {
    private static final String PROPERTY = "java.nio.channels.spi.SelectorProvider";
    private static final String SELECTOR = "selector: ";
    private static final String SELECTED = "selected: ";
    private static final String CHANNEL = "channel of: ";
    private static final String FAILURE = "failure: ";
    private static final String OURS = "dev.pollux.nio.PolluxSelectorProvider";

    @Test
    void the_property_alone_puts_all_of_java_nio_on_pollux() throws IOException {
        assumeTrue(LoaderFixture.library() != null, "there is no native library here");
        Child.Result result = child().run(Main.class).ok();
        assertEquals(List.of("dev.pollux.nio.NioSelector"), result.lines(SELECTOR));
        assertEquals(List.of("1"), result.lines(SELECTED));
        assertEquals(List.of(OURS, OURS, OURS, OURS), result.lines(CHANNEL), result.text());
    }

    @Test
    void the_jnr_binding_serves_as_well_while_jdks_have_unsafe() throws IOException {
        requireUnsafe();
        Child.Result result =
                child().withJnr().property("pollux.binding", "jnr").run(Main.class).ok();
        assertEquals(List.of("dev.pollux.nio.NioSelector"), result.lines(SELECTOR));
        assertEquals(List.of("1"), result.lines(SELECTED));
    }

    @Test
    void the_ffm_binding_serves_without_a_library_of_ours_and_without_unsafe() throws IOException {
        int version = Runtime.version().feature();
        assumeTrue(Child.hasFfm(), () -> "JDK " + version + " has no java.lang.foreign");
        Child ffm = child().property("pollux.binding", "ffm");
        if (version >= 23) {
            ffm.option("--sun-misc-unsafe-memory-access=deny");
        }
        Child.Result result = ffm.run(Main.class).ok();
        assertEquals(List.of("dev.pollux.nio.NioSelector"), result.lines(SELECTOR));
        assertEquals(List.of("1"), result.lines(SELECTED));
        assertEquals(List.of(OURS, OURS, OURS, OURS), result.lines(CHANNEL), result.text());
    }

    /** As a JDK after 28 may by itself. */
    @Test
    void where_the_jdk_refuses_unsafe_it_says_why_and_what_to_do() throws IOException {
        int version = Runtime.version().feature();
        assumeTrue(version >= 23, () -> "JDK " + version + " cannot be told to refuse Unsafe");
        Child jnr =
                child().withJnr()
                        .property("pollux.binding", "jnr")
                        .option("--sun-misc-unsafe-memory-access=deny");
        Child.Result result = jnr.run(Main.class);
        assertEquals(1, result.status(), result.text());
        assertTrue(result.text().contains("UnsupportedOperationException"), result.text());
        assertTrue(result.text().contains("the jnr binding has no way to the"), result.text());
        assertTrue(result.text().contains("take -D" + PROPERTY + " away"), result.text());
    }

    @Test
    void without_a_library_opening_a_selector_says_why_and_what_to_do() throws IOException {
        Child.Result result = withoutLibrary().run(Main.class);
        assertEquals(1, result.status(), result.text());
        String failure = String.join("", result.lines(FAILURE));
        assertTrue(failure.contains("/nowhere"), failure);
        assertTrue(failure.contains("-Dpollux.nio.unavailable=jdk"), failure);
        assertTrue(failure.contains("take -D" + PROPERTY + " away"), failure);
        assertEquals(List.of(), result.lines(SELECTOR));
    }

    @Test
    void without_a_library_it_goes_on_with_the_jdks_if_set_to_and_logs_it_once()
            throws IOException {
        requireUnsafe();
        Child.Result result =
                withoutLibrary().property("pollux.nio.unavailable", "jdk").run(Main.class).ok();
        String selector = String.join("", result.lines(SELECTOR));
        assertTrue(selector.startsWith("sun.nio.ch."), result.text());
        assertEquals(List.of("1"), result.lines(SELECTED));
        assertEquals(List.of(OURS, OURS, OURS, OURS), result.lines(CHANNEL));
        String text = result.text();
        String warning = "java.nio goes on with the JDK's own selectors: ";
        assertTrue(text.contains(warning), text);
        assertEquals(text.indexOf(warning), text.lastIndexOf(warning), text);
    }

    @Test
    void a_setting_that_does_not_exist_is_refused() throws IOException {
        Child.Result result = child().property("pollux.nio.unavailable", "maybe").run(Main.class);
        assertEquals(1, result.status(), result.text());
        assertTrue(
                result.text().contains("pollux.nio.unavailable=maybe is none of fail, jdk"),
                result.text());
    }

    /** Else it would take over java.nio wherever the jar is. */
    @Test
    void without_the_property_nothing_changes() throws IOException {
        Child.Result result = Child.here().run(Main.class).ok();
        assertTrue(result.lines(SELECTOR).get(0).startsWith("sun.nio.ch."), result.text());
        assertEquals(4, result.lines(CHANNEL).size());
        assertTrue(result.lines(CHANNEL).stream().allMatch(name -> name.startsWith("sun.nio.ch.")));
    }

    /** Whether the JVM still has it, with a warning or without one, is for each JDK to decide. */
    private static void requireUnsafe() throws IOException {
        Child.Result result = Child.here().run(Unsafe.class);
        assumeTrue(result.status() == 0, () -> "this JDK refuses Unsafe: " + result.text());
    }

    /** Reads a field by {@code sun.misc.Unsafe}, as is done where no library of ours is loaded. */
    static final class Unsafe {
        private Unsafe() {}

        public static void main(String[] arguments) throws ReflectiveOperationException {
            Class<?> type = Class.forName("sun.misc.Unsafe");
            Field theUnsafe = type.getDeclaredField("theUnsafe");
            theUnsafe.setAccessible(true);
            Field field = Unsafe.class.getDeclaredField("VALUE");
            type.getMethod("staticFieldOffset", Field.class).invoke(theUnsafe.get(null), field);
        }

        static final String VALUE = "value";
    }

    /** On the best backend, whatever this JVM was set to use. */
    private static Child child() {
        Child child = Child.here().property(PROPERTY, OURS).property("pollux.binding", "jni");
        String library = System.getProperty("pollux.library.path");
        return library == null ? child : child.property("pollux.library.path", library);
    }

    private static Child withoutLibrary() {
        return child().property("pollux.library.path", "/nowhere/libpollux.so");
    }

    /** Uses java.nio as everybody does. */
    static final class Main {
        private Main() {}

        public static void main(String[] arguments) throws IOException {
            print(CHANNEL, Pipe.open().source().provider());
            print(CHANNEL, SocketChannel.open().provider());
            print(CHANNEL, ServerSocketChannel.open().provider());
            print(CHANNEL, DatagramChannel.open().provider());
            try {
                Selector.open().close();
            } catch (IOException | IllegalArgumentException e) {
                System.out.println(FAILURE + e.getMessage().replace("\n", " // "));
                System.exit(1);
            }
            try (Selector selector = Selector.open()) {
                print(SELECTOR, selector);
                Pipe pipe = SelectorProvider.provider().openPipe();
                pipe.source().configureBlocking(false);
                pipe.source().register(selector, SelectionKey.OP_READ);
                pipe.sink().write(ByteBuffer.wrap(new byte[1]));
                System.out.println(SELECTED + selector.select());
            }
        }

        private static void print(String what, Object object) {
            System.out.println(what + object.getClass().getName());
        }
    }
}
