package dev.pollux.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.Backend;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.Internals;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.kernel.KqueueDriverTest.Setting;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import java.io.IOException;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Selectors that watch selectors: circles are found before the kernel, which accepts them. */
class KqueueNestingTest {
    @BeforeEach
    void there_is_epoll() {
        assumeTrue(Host.LINUX, KqueueModel.MADE_OF_EPOLL);
    }

    private static Stream<DynamicTest> each(KqueueModel.Check<Setting> check) {
        return KqueueModel.each(Setting::new, check);
    }

    private static FdSelector open(Setting s) throws PolluxException {
        return Internals.open(Backend.KQUEUE, s.sys);
    }

    private static FdKey watch(FdSelector outer, int fd) throws IOException {
        return outer.register(fd, Interest.READ, Trigger.LEVEL, null);
    }

    private static void assertCircle(FdSelector outer, int fd) {
        var e = assertThrows(PolluxException.Unsupported.class, () -> watch(outer, fd));
        assertTrue(e.getMessage().contains("in a circle"), e::getMessage);
    }

    @TestFactory
    Stream<DynamicTest> a_circle_is_refused_and_leaves_nothing() {
        return each(
                s -> {
                    try (var inner = open(s)) {
                        FdKey key = watch(s.selector, inner.fd());
                        assertCircle(inner, s.selector.fd());
                        assertEquals(0, inner.keys().size());
                        inner.wakeup();
                        assertEquals(inner.fd() + " READ", s.pollNow());
                        assertEquals("WAKEUP", Fds.pollNow(inner));
                        assertEquals("TIMEOUT", s.pollNow());
                        s.selector.unregister(key);
                        if (s.sys.model.countsNesting()) {
                            assertCircle(inner, s.selector.fd()); // it was watched once
                        } else {
                            FdKey back = watch(inner, s.selector.fd());
                            assertCircle(s.selector, inner.fd());
                            inner.unregister(back);
                        }
                        watch(s.selector, inner.fd());
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> a_circle_of_three_is_refused() {
        return each(
                s -> {
                    if (s.layout.EVFILT_USER == 0) {
                        return; // epolls do not nest so deeply
                    }
                    try (var two = open(s);
                            var three = open(s)) {
                        watch(s.selector, two.fd());
                        FdKey key = watch(two, three.fd());
                        assertCircle(three, s.selector.fd());
                        assertCircle(three, two.fd());
                        two.unregister(key);
                        if (!s.sys.model.countsNesting()) {
                            watch(three, s.selector.fd());
                            assertCircle(two, three.fd());
                        }
                    }
                });
    }

    @TestFactory
    Stream<DynamicTest> a_selector_that_was_closed_is_in_no_circle() {
        return each(
                s -> {
                    var old = open(s);
                    old.fd();
                    watch(old, s.selector.fd());
                    old.close();
                    try (var next = open(s)) { // under the same number, if nobody was faster
                        FdKey key = watch(s.selector, next.fd());
                        next.wakeup();
                        assertEquals(next.fd() + " READ", s.pollNow());
                        s.selector.unregister(key);
                    }
                });
    }

    /** Not one of ours, so the kernel is asked: macOS refuses, and not because it is a file. */
    @TestFactory
    Stream<DynamicTest> a_circle_through_a_foreign_kqueue_is_unsupported_where_it_is_refused() {
        return each(
                s -> {
                    try (var foreign = new KeventProbe(s.sys.model, s.sys, s.sys.kqueue())) {
                        foreign.set(s.selector.fd(), foreign.r, foreign.add);
                        if (s.sys.model.acceptsCircles()) {
                            s.selector.unregister(watch(s.selector, foreign.kq));
                        } else {
                            assertCircle(s.selector, foreign.kq);
                        }
                    }
                });
    }
}
