package dev.pollux.sys;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of constants against what the systems' headers declare, see {@link Facts}. */
class PlatformTest {
    /** Lines of the table that are a size or a place in a struct: its C name, and the member's. */
    private static final Map<String, String> MEMBERS =
            Map.ofEntries(
                    Map.entry("epollEventEvents", "epoll_event.events"),
                    Map.entry("epollEventData", "epoll_event.data"),
                    Map.entry("keventIdent", "kevent.ident"),
                    Map.entry("keventFilter", "kevent.filter"),
                    Map.entry("keventFlags", "kevent.flags"),
                    Map.entry("keventFflags", "kevent.fflags"),
                    Map.entry("keventData", "kevent.data"),
                    Map.entry("keventUdata", "kevent.udata"),
                    Map.entry("pollfdFd", "pollfd.fd"),
                    Map.entry("pollfdEvents", "pollfd.events"),
                    Map.entry("pollfdRevents", "pollfd.revents"),
                    Map.entry("statDev", "stat.st_dev"),
                    Map.entry("statIno", "stat.st_ino"),
                    Map.entry("statMode", "stat.st_mode"),
                    Map.entry("statRdev", "stat.st_rdev"));

    private static final Map<String, String> SIZES =
            Map.of(
                    "epollEventSize", "epoll_event",
                    "keventSize", "kevent",
                    "pollfdSize", "pollfd",
                    "statSize", "stat",
                    "sockaddrUnSize", "sockaddr_un");

    private static final Map<String, String> MEMBER_SIZES =
            Map.of(
                    "keventFlagsSize", "kevent.flags",
                    "devSize", "stat.st_dev",
                    "modeSize", "stat.st_mode",
                    "usecSize", "timeval.tv_usec");

    static List<String> columns() {
        return Platform.names();
    }

    private static Facts facts(String column) {
        return switch (column) {
            case "linux" -> new Facts("linux", "linux-generic");
            case "linux/x64" -> new Facts("linux", "linux-x64");
            case "linux/ppc" -> new Facts("linux", "linux-ppc");
            default -> new Facts(column);
        };
    }

    // ---- every number, on every platform

    @ParameterizedTest
    @MethodSource("columns")
    void every_number_is_what_the_headers_declare(String column) {
        Platform platform = new Platform(column, Map.of());
        Facts facts = facts(column);
        var expected = new HashMap<String, Integer>();
        for (String name : platform.constants().keySet()) {
            expected.put(name, declared(facts, name));
        }
        assertEquals(expected, platform.constants());
    }

    private static Integer declared(Facts facts, String line) {
        if (line.equals("kqueueIsEmulated")) {
            return facts.constant("LIBKQUEUE") == null ? 0 : 1;
        }
        if (SIZES.containsKey(line)) {
            String struct = SIZES.get(line);
            return facts.declares(struct) ? facts.sizeOf(struct) : absent(line);
        }
        if (MEMBERS.containsKey(line)) {
            String[] member = MEMBERS.get(line).split("\\.");
            return facts.declares(member[0])
                    ? facts.field(member[0], member[1]).offset()
                    : absent(line);
        }
        if (MEMBER_SIZES.containsKey(line)) {
            String[] member = MEMBER_SIZES.get(line).split("\\.");
            return facts.field(member[0], member[1]).size();
        }
        Integer value = facts.constant(line);
        return value == null && line.startsWith("EPOLL") ? absent(line) : value;
    }

    /** Of epoll the headers of other systems do not even say that they have none. */
    private static int absent(String line) {
        assertTrue(line.startsWith("epoll") || line.startsWith("EPOLL"), line);
        return 0;
    }

    @ParameterizedTest
    @MethodSource("columns")
    void what_the_code_takes_to_be_the_same_everywhere_is(String column) {
        Facts facts = facts(column);
        assertEquals(facts.constant("FD_CLOEXEC"), Platform.FD_CLOEXEC);
        assertEquals(facts.constant("F_SETFD"), Platform.F_SETFD);
        assertEquals(facts.constant("F_GETFL"), Platform.F_GETFL);
        assertEquals(facts.constant("F_SETFL"), Platform.F_SETFL);
        assertEquals(facts.constant("SOCK_STREAM"), Platform.SOCK_STREAM);
        assertEquals(facts.constant("AF_UNIX"), Platform.AF_UNIX);
        assertEquals(facts.constant("AF_INET"), Platform.AF_INET);
        assertEquals(facts.constant("SEEK_CUR"), Platform.SEEK_CUR);
        assertEquals(facts.constant("EINVAL"), Platform.EINVAL);
        // Written as two longs, and an int where tv_usec is one.
        assertEquals(16, facts.sizeOf("timespec"));
        assertEquals(8, facts.field("timespec", "tv_nsec").offset());
        assertEquals(16, facts.sizeOf("timeval"));
        assertEquals(8, facts.field("timeval", "tv_usec").offset());
        assertEquals(8, facts.field("stat", "st_ino").size());
        assertEquals(2, facts.field("pollfd", "events").size());
        assertEquals(facts.field("kevent", "flags").size(), facts.field("kevent", "filter").size());
        assertEquals(4, facts.field("kevent", "fflags").size());
        assertEquals(8, facts.field("kevent", "data").size());
        assertEquals(8, facts.field("kevent", "udata").size());
    }

    @Test
    void the_control_a_wrong_number_would_be_seen() {
        Facts macos = facts("macos");
        Facts netbsd = facts("netbsd");
        var differ = new TreeSet<String>();
        for (String name : new Platform("macos", Map.of()).constants().keySet()) {
            if (!declared(macos, name).equals(declared(netbsd, name))) {
                differ.add(name);
            }
        }
        assertTrue(
                differ.containsAll(Set.of("keventSize", "EVFILT_USER", "statMode", "ECANCELED")),
                differ.toString());
        assertEquals(12, facts("linux/x64").sizeOf("epoll_event"));
        assertEquals(16, facts("linux").sizeOf("epoll_event"));
    }

    // ---- order

    /** The table and the fields of Layout have the same names in the same order. */
    @Test
    void each_field_of_layout_is_filled_from_the_line_of_its_name() throws Exception {
        Layout numbered =
                new Layout(
                        (Syscalls)
                                Proxy.newProxyInstance(
                                        Syscalls.class.getClassLoader(),
                                        new Class<?>[] {Syscalls.class},
                                        (proxy, method, arguments) -> // layout(int)
                                        Long.valueOf(1000 + (Integer) arguments[0])));
        var lines = new ArrayList<>(new Platform("macos", Map.of()).constants().keySet());
        for (int i = 0; i < Layout.COUNT; i++) {
            int filled = Layout.class.getField(lines.get(i)).getInt(numbered);
            assertEquals(1000 + i, filled, lines.get(i));
        }
        int errors = lines.size() - Errno.NAMES.size();
        assertEquals(Errno.NAMES, lines.subList(errors, lines.size()));
    }

    @Test
    void what_is_beyond_the_table_is_an_invalid_argument() {
        for (String column : columns()) {
            Platform platform = new Platform(column, Map.of());
            assertEquals(-22, platform.layout(-1));
            assertEquals(-22, platform.layout(Layout.COUNT));
            assertEquals(-22, platform.errorNumber(-1));
            assertEquals(-22, platform.errorNumber(Errno.NAMES.size()));
            int enosys = Errno.NAMES.indexOf("ENOSYS");
            assertEquals(column.startsWith("linux") ? 38 : 78, platform.errorNumber(enosys));
        }
    }

    // ---- which one

    @ParameterizedTest
    @CsvSource({
        "Linux, amd64, 6.18.5, linux/x64",
        "Linux, x86_64, 6.18.5, linux/x64",
        "Linux, aarch64, 6.1.0-13-arm64, linux",
        "Linux, riscv64, 6.1, linux",
        "Linux, loongarch64, 6.6, linux",
        "Linux, ppc64le, 6.1, linux/ppc",
        "Linux, s390x, 6.1, linux/ppc",
        "Mac OS X, x86_64, 10.16, macos",
        "Mac OS X, aarch64, 15.4, macos",
        "FreeBSD, amd64, 12.0-RELEASE, freebsd",
        "FreeBSD, aarch64, 15.0-CURRENT, freebsd",
        "OpenBSD, amd64, 7.8, openbsd",
        "NetBSD, amd64, 10.1, netbsd",
        "NetBSD, aarch64, 11.0_BETA, netbsd",
    })
    void the_right_column_is_chosen(String os, String arch, String version, String column) {
        assertEquals(
                new Platform(column, Map.of()).constants(),
                Platform.of(os, arch, version).constants());
    }

    @ParameterizedTest
    @CsvSource({
        "Linux, i386, 6.18.5",
        "Linux, arm, 6.1",
        "Linux, mips64el, 6.1",
        "Linux, sparcv9, 6.1",
        "FreeBSD, amd64, 11.4-RELEASE",
        "FreeBSD, i386, 14.2-RELEASE",
        "NetBSD, amd64, 9.3",
        "NetBSD, amd64, unknown",
        "SunOS, amd64, 5.11",
        "Windows 11, amd64, 10.0",
    })
    void others_are_refused_by_name(String os, String arch, String version) {
        var e = assertThrows(UnsatisfiedLinkError.class, () -> Platform.of(os, arch, version));
        assertTrue(e.getMessage().contains(os + " " + version + " on " + arch), e.getMessage());
    }

    // ---- names of functions

    @ParameterizedTest
    @CsvSource({"macos, Mac OS X, 15.4", "netbsd, NetBSD, 10.1"})
    void functions_go_by_the_names_that_the_headers_give_them(
            String column, String os, String version) {
        List<Facts.Symbol> symbols = facts(column).symbols();
        assertTrue(symbols.size() >= 4);
        for (Facts.Symbol symbol : symbols) {
            Platform platform = Platform.of(os, symbol.arch(), version);
            assertEquals(symbol.name(), platform.symbol(symbol.function()), symbol.toString());
            assertEquals("read", platform.symbol("read"));
        }
    }

    @Test
    void this_platform_has_a_column_that_tests_run_on() {
        assertNotNull(Platform.current());
    }
}
