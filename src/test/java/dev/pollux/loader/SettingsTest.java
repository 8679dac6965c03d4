package dev.pollux.loader;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.pollux.DefaultSelector;
import dev.pollux.FdSelector;
import dev.pollux.support.Child;
import java.io.IOException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A setting that is misspelt is refused when a selector is opened, whatever else would serve. */
class SettingsTest {
    @ParameterizedTest
    @CsvSource({
        "pollux.backend, fastest, 'is none of epoll, kqueue, poll, select, uring'",
        "pollux.binding, best, 'is none of jni, ffm, jnr'",
        "pollux.libc, always, 'is none of true, false'",
        "pollux.batch, maybe, 'is none of true, false'",
        "pollux.returns, often, 'is none of renew, keep, measure'",
        "pollux.spin, long, 'is no number of nanoseconds; 0 is not to spin'",
        "pollux.strict, on, 'is none of true, false'"
    })
    void a_wrong_value_is_named_with_what_is_possible(String property, String value, String why)
            throws IOException {
        String complaint = "IllegalArgumentException: " + property + "=" + value + " " + why;
        open(property, value).expect(0).expectLine(".*" + complaint);
    }

    @ParameterizedTest
    @CsvSource({
        "pollux.libc, TRUE",
        "pollux.batch, False",
        "pollux.returns, Keep",
        "pollux.strict, false",
        "pollux.strict, ' True '",
        "pollux.strict, ''"
    })
    void a_right_value_may_have_capitals_or_blanks(String property, String value)
            throws IOException {
        Child.Result result = open(property, value).expect(0);
        assertEquals(1, result.lines("open: ").size(), result::text);
    }

    private static Child.Result open(String property, String value) throws IOException {
        return Child.here().withJnr().property(property, value).run(Opens.class);
    }

    static final class Opens {
        private Opens() {}

        public static void main(String[] arguments) throws IOException {
            try (FdSelector selector = DefaultSelector.open()) {
                System.out.println("open: " + selector);
            } catch (IllegalArgumentException e) {
                System.out.println(e);
            }
        }
    }
}
