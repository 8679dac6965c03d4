package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.pollux.support.ForwardingSyscalls;
import dev.pollux.sys.Bindings;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** What the variables of {@code sd_listen_fds} mean; programs that get them are in the examples. */
class ListenFdsTest {
    private static final long SELF = 4711;

    private final List<Integer> marked = new ArrayList<>();

    /** Reads, and calls numbers from {@code closed} on not open. */
    private List<ListenFds.Passed> read(int closed, Map<String, String> environment)
            throws IOException {
        try {
            var sys =
                    new ForwardingSyscalls(Bindings.current()) {
                        @Override
                        public int setCloseOnExec(int fd) {
                            marked.add(fd);
                            return fd < closed ? 0 : -errno().EBADF;
                        }
                    };
            return ListenFds.of(environment::get, SELF, sys);
        } catch (Bindings.Unavailable e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void numbers_from_3_on_have_their_names_and_are_close_on_exec() throws IOException {
        var passed =
                read(
                        9,
                        Map.of(
                                "LISTEN_PID", "4711",
                                "LISTEN_FDS", "3",
                                "LISTEN_FDNAMES", "http::ftp"));
        assertEquals(
                List.of(
                        new ListenFds.Passed(3, "http"),
                        new ListenFds.Passed(4, ""),
                        new ListenFds.Passed(5, "ftp")),
                passed);
        assertEquals(List.of(3, 4, 5), marked);
    }

    @Test
    void without_names_they_are_unknown() throws IOException {
        var passed = read(9, Map.of("LISTEN_PID", "4711", "LISTEN_FDS", "1"));
        assertEquals(List.of(new ListenFds.Passed(3, "unknown")), passed);
    }

    @Test
    void what_is_meant_for_another_process_or_not_passed_is_none() throws IOException {
        assertEquals(List.of(), read(9, Map.of()));
        assertEquals(List.of(), read(9, Map.of("LISTEN_FDS", "2")));
        assertEquals(List.of(), read(9, Map.of("LISTEN_PID", "4711")));
        assertEquals(List.of(), read(9, Map.of("LISTEN_PID", "4712", "LISTEN_FDS", "2")));
        assertEquals(List.of(), marked);
    }

    @Test
    void a_malformed_variable_is_named() {
        for (String bad : List.of("", "x", "-1", "0", "2147483648", " 4711", "3.5")) {
            for (String variable : List.of("LISTEN_PID", "LISTEN_FDS")) {
                var environment = new HashMap<String, String>();
                environment.put("LISTEN_PID", "4711");
                environment.put("LISTEN_FDS", "1");
                environment.put(variable, bad);
                var e =
                        assertThrows(
                                IllegalArgumentException.class, () -> read(9, environment), bad);
                assertTrue(e.getMessage().startsWith(variable + "=" + bad + ":"), e.getMessage());
            }
        }
        for (String names : List.of("", "a", "a:b:c")) {
            var environment =
                    Map.of("LISTEN_PID", "4711", "LISTEN_FDS", "2", "LISTEN_FDNAMES", names);
            var e = assertThrows(IllegalArgumentException.class, () -> read(9, environment));
            assertTrue(e.getMessage().startsWith("LISTEN_FDNAMES=" + names), e.getMessage());
        }
        assertEquals(List.of(), marked);
    }

    @Test
    void a_number_that_is_not_open_is_a_bad_descriptor() {
        var e =
                assertThrows(
                        PolluxException.BadDescriptor.class,
                        () -> read(4, Map.of("LISTEN_PID", "4711", "LISTEN_FDS", "4")));
        assertEquals(4, e.fd());
        assertTrue(e.getMessage().contains("LISTEN_FDS=4"), e.getMessage());
    }

    @Test
    void nothing_was_passed_to_this_process() throws IOException {
        assertEquals(List.of(), ListenFds.ofEnvironment());
    }
}
