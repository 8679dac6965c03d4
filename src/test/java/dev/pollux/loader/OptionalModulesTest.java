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
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.nio.ByteBuffer;
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
