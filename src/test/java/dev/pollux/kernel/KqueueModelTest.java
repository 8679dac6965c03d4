package dev.pollux.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Libc;
import dev.pollux.support.Poller;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/**
 * The models of BSD kernels do what {@code man 2 kqueue} and the kernels' sources say; or else what
 * is tested on them says nothing.
 */
class KqueueModelTest {
    private static final int EV_ENABLE = 4;
    private static final int EV_ONESHOT = 16;

    /** A kqueue of a model. */
    private static final class Kernel implements Closeable {
        final KqueueModel model;
        final BsdKqueue sys;
        final Layout layout;
        final Errno errno;
        final int kq;
        final Fds fds = new Fds();
        private final ByteBuffer memory =
                ByteBuffer.allocateDirect(64 * 64).order(ByteOrder.nativeOrder());

        Kernel(KqueueModel model) throws Bindings.Unavailable {
            this.model = model;
            sys = new BsdKqueue(model, Bindings.current());
            layout = sys.layout();
            errno = sys.errno();
            kq = sys.kqueue();
            assertTrue(kq >= 0);
        }

        private void put(int index, int ident, int filter, int flags, int fflags, long udata) {
            int at = index * layout.keventSize;
            memory.putLong(at + layout.keventIdent, ident);
            if (layout.keventFlagsSize == 4) {
                memory.putInt(at + layout.keventFilter, filter);
                memory.putInt(at + layout.keventFlags, flags);
            } else {
                memory.putShort(at + layout.keventFilter, (short) filter);
                memory.putShort(at + layout.keventFlags, (short) flags);
            }
            memory.putInt(at + layout.keventFflags, fflags);
            memory.putLong(at + layout.keventData, 0);
            memory.putLong(at + layout.keventUdata, udata);
        }

        /** One change, without a receipt. */
        int change(int ident, int filter, int flags, int fflags, long udata) {
            put(0, ident, filter, flags, fflags, udata);
            return sys.keventChange(kq, sys.address(memory), 1, 0);
        }

        int change(int ident, int filter, int flags) {
            return change(ident, filter, flags, 0, ident);
        }

        /** What the flags of each event have beside those asked for. */
        int added() {
            return model.keepsAdd() ? layout.EV_ADD : 0;
        }

        int flags(int index) {
            int at = index * layout.keventSize + layout.keventFlags;
            return layout.keventFlagsSize == 4 ? memory.getInt(at) : memory.getShort(at) & 0xffff;
        }

        int filter(int index) {
            int at = index * layout.keventSize + layout.keventFilter;
            return layout.keventFlagsSize == 4 ? memory.getInt(at) : memory.getShort(at);
        }

        int fflags(int index) {
            return memory.getInt(index * layout.keventSize + layout.keventFflags);
        }

        long data(int index) {
            return memory.getLong(index * layout.keventSize + layout.keventData);
        }

        /** The udata of the events that are there now. */
        List<Long> udata(int capacity) {
            int rc = sys.keventWait(kq, sys.address(memory), capacity, 0);
            assertTrue(rc >= 0 && rc <= capacity, "rc " + rc);
            var found = new ArrayList<Long>();
            for (int i = 0; i < rc; i++) {
                found.add(memory.getLong(i * layout.keventSize + layout.keventUdata));
            }
            return found;
        }

        boolean isReady() {
            return !udata(8).isEmpty();
        }

        @Override
        public void close() throws IOException {
            sys.close(kq);
            fds.close();
        }
    }

    @BeforeEach
    void there_is_epoll() {
        assumeTrue(Host.LINUX, KqueueModel.MADE_OF_EPOLL);
    }

    private static Stream<DynamicTest> each(KqueueModel.Check<Kernel> check) {
        return KqueueModel.each(Kernel::new, check);
    }

    @TestFactory
    Stream<DynamicTest> a_level_knote_is_reported_while_it_holds() {
        return each(
                k -> {
                    int[] pipe = k.fds.pipe();
                    assertEquals(0, k.change(pipe[0], k.layout.EVFILT_READ, k.layout.EV_ADD));
                    assertTrue(!k.isReady());
                    Fds.write(pipe[1], 2);
                    assertEquals(List.of((long) pipe[0]), k.udata(8));
                    assertEquals(k.layout.EVFILT_READ, k.filter(0));
                    assertEquals(k.added(), k.flags(0));
                    assertTrue(k.isReady());
                    Fds.drain(pipe[0]);
                    assertTrue(!k.isReady());
                });
    }

    @TestFactory
    Stream<DynamicTest> a_clear_knote_is_reported_when_something_happens_or_it_is_touched() {
        return each(
                k -> {
                    int[] pipe = k.fds.pipe();
                    int clear = k.layout.EV_ADD | k.layout.EV_CLEAR;
                    assertEquals(0, k.change(pipe[0], k.layout.EVFILT_READ, clear));
                    Fds.write(pipe[1], 2);
                    assertTrue(k.isReady());
                    assertEquals(k.layout.EV_CLEAR | k.added(), k.flags(0), "as it was added");
                    assertTrue(!k.isReady());
                    Fds.write(pipe[1], 2);
                    assertTrue(k.isReady());
                    assertTrue(!k.isReady());
                    assertEquals(0, k.change(pipe[0], k.layout.EVFILT_READ, 0));
                    assertEquals(k.model.looksWhenTouched(), k.isReady());
                    assertEquals(0, k.change(pipe[0], k.layout.EVFILT_READ, k.layout.EV_ADD));
                    assertTrue(k.isReady());
                    assertTrue(!k.isReady());
                });
    }

    @TestFactory
    Stream<DynamicTest> adding_again_changes_udata_and_neither_the_flags_nor_enables() {
        return each(
                k -> {
                    int[] pipe = k.fds.pipe();
                    Fds.write(pipe[1], 2);
                    int read = k.layout.EVFILT_READ;
                    k.change(pipe[0], read, k.layout.EV_ADD | k.layout.EV_DISPATCH);
                    assertTrue(k.isReady());
                    assertTrue(!k.isReady(), "disabled");
                    assertEquals(0, k.change(pipe[0], read, k.layout.EV_ADD, 0, 77));
                    assertTrue(!k.isReady(), "disabled still");
                    assertEquals(0, k.change(pipe[0], read, EV_ENABLE, 0, 78));
                    assertEquals(List.of(k.model.looksWhenEnabled() ? 78L : 77L), k.udata(8));
                    assertEquals(k.layout.EV_DISPATCH | k.added(), k.flags(0));
                    assertTrue(!k.isReady());
                });
    }

    @TestFactory
    Stream<DynamicTest> oneshot_deletes_and_disable_only_hides() {
        return each(
                k -> {
                    int[] pipe = k.fds.pipe();
                    Fds.write(pipe[1], 2);
                    int read = k.layout.EVFILT_READ;
                    k.change(pipe[0], read, k.layout.EV_ADD | EV_ONESHOT);
                    assertTrue(k.isReady());
                    assertEquals(-k.errno.ENOENT, k.change(pipe[0], read, EV_ENABLE));
                    k.change(
                            pipe[0],
                            read,
                            k.layout.EV_ADD | k.layout.EV_CLEAR | k.layout.EV_DISABLE);
                    assertTrue(!k.isReady());
                    k.change(pipe[0], read, EV_ENABLE);
                    assertTrue(k.isReady(), "active all the time");
                });
    }

    @TestFactory
    Stream<DynamicTest> what_is_refused() {
        return each(
                k -> {
                    int[] pipe = k.fds.pipe();
                    int read = k.layout.EVFILT_READ;
                    assertEquals(-k.errno.ENOENT, k.change(pipe[0], read, 0));
                    assertEquals(-k.errno.ENOENT, k.change(pipe[0], read, k.layout.EV_DELETE));
                    assertEquals(-k.errno.EBADF, k.change(-1, read, k.layout.EV_ADD));
                    int unknown = k.change(-1, read, k.layout.EV_DELETE);
                    boolean macos = k.model == KqueueModel.MACOS;
                    assertEquals(macos ? -k.errno.ENOENT : -k.errno.EBADF, unknown);
                    assertEquals(-k.errno.EINVAL, k.change(pipe[0], 99, k.layout.EV_ADD));
                    int itself = k.change(k.kq, read, k.layout.EV_ADD);
                    assertEquals(k.model.watchesItself() ? 0 : -k.errno.EINVAL, itself);
                    int zero = k.change(pipe[0], 0, 0);
                    assertEquals(
                            switch (k.model) {
                                case MACOS, OPENBSD -> -k.errno.EINVAL;
                                case FREEBSD -> 0;
                                case NETBSD -> -k.errno.ENOENT;
                            },
                            zero);
                    if (k.layout.EVFILT_EXCEPT != 0) {
                        int except = k.layout.EVFILT_EXCEPT;
                        assertEquals(-k.errno.EINVAL, k.change(pipe[0], except, k.layout.EV_ADD));
                    }
                    k.fds.close(pipe[0]);
                    int rc = k.change(pipe[1], k.layout.EVFILT_WRITE, k.layout.EV_ADD);
                    String error = k.model.brokenPipe();
                    assertEquals(error == null ? 0 : -k.errno.number(error), rc);
                });
    }

    @TestFactory
    Stream<DynamicTest> closing_a_number_drops_its_knotes_whoever_takes_it() {
        return each(
                k -> {
                    int[] pipe = k.fds.pipe();
                    Fds.write(pipe[1], 2);
                    int read = k.layout.EVFILT_READ;
                    k.change(pipe[0], read, k.layout.EV_ADD);
                    int copy = k.fds.dup(pipe[0]);
                    int[] other = k.fds.pipe();
                    Fds.write(other[1], 2);
                    k.fds.reuse(pipe[0], other[0]);
                    assertTrue(!k.isReady(), "the file is open still, but not as this number");
                    assertEquals(-k.errno.ENOENT, k.change(pipe[0], read, 0));
                    assertEquals(0, k.change(pipe[0], read, k.layout.EV_ADD));
                    assertEquals(List.of((long) pipe[0]), k.udata(8));
                    assertTrue(copy > 0);
                });
    }

    @TestFactory
    Stream<DynamicTest> the_end_of_either_direction() {
        return each(
                k -> {
                    int eof = k.layout.EV_EOF;
                    int[] tcp = k.fds.connected(Libc.Socket.TCP_V4);
                    int writes = k.layout.EVFILT_WRITE;
                    k.change(tcp[0], writes, k.layout.EV_ADD);
                    assertTrue(k.isReady());
                    assertEquals(0, k.flags(0) & eof);
                    Libc.shutdown(tcp[1], Libc.SHUT_WR);
                    assertTrue(k.isReady());
                    assertEquals(0, k.flags(0) & eof, "the peer's end is none of the filter's");
                    Libc.shutdown(tcp[0], Libc.SHUT_WR);
                    assertTrue(k.isReady());
                    assertEquals(eof, k.flags(0) & eof, "one's own");
                    assertEquals(0, k.fflags(0));
                    k.change(tcp[0], writes, k.layout.EV_DELETE);
                    k.change(tcp[0], k.layout.EVFILT_READ, k.layout.EV_ADD);
                    assertTrue(k.isReady());
                    assertEquals(eof, k.flags(0) & eof);

                    int[] reset = k.fds.connected(Libc.Socket.TCP_V4);
                    Libc.resetOnClose(reset[0]);
                    k.fds.close(reset[0]);
                    k.change(tcp[0], k.layout.EVFILT_READ, k.layout.EV_DELETE);
                    k.change(reset[1], k.layout.EVFILT_READ, k.layout.EV_ADD);
                    k.change(reset[1], writes, k.layout.EV_ADD);
                    for (int round = 0; round < 2; round++) { // it does not go away
                        assertEquals(2, k.udata(8).size());
                        assertEquals(eof, k.flags(0) & k.flags(1) & eof);
                        assertTrue(k.fflags(0) != 0 && k.fflags(1) != 0);
                    }
                    k.change(reset[1], k.layout.EVFILT_READ, k.layout.EV_DELETE);
                    k.change(reset[1], writes, k.layout.EV_DELETE);
                    int fresh = k.fds.keep(Libc.Socket.TCP_V4.open());
                    k.change(fresh, k.layout.EVFILT_READ, k.layout.EV_ADD);
                    k.change(fresh, writes, k.layout.EV_ADD);
                    assertTrue(!k.isReady(), "not connected");
                    int listener = k.fds.keep(Libc.Socket.TCP_V4.listen());
                    Libc.Socket.TCP_V4.connect(fresh, listener);
                    assertEquals(1, k.udata(8).size());
                    assertEquals(writes, k.filter(0));
                });
    }

    @TestFactory
    Stream<DynamicTest> receipts_are_in_order_and_then_nothing_is_reported() {
        return each(
                k -> {
                    int receipt = k.layout.EV_RECEIPT;
                    if (receipt == 0) {
                        return;
                    }
                    int[] pipe = k.fds.pipe();
                    Fds.write(pipe[1], 1);
                    int read = k.layout.EVFILT_READ;
                    k.put(0, pipe[1], read, k.layout.EV_DELETE | receipt, 0, 1);
                    k.put(1, pipe[0], read, k.layout.EV_ADD | receipt, 0, 2);
                    k.put(2, -1, read, k.layout.EV_ADD | receipt, 0, 3);
                    assertEquals(3, k.sys.keventChange(k.kq, k.sys.address(k.memory), 3, 3));
                    long[] errors = {k.errno.ENOENT, 0, k.errno.EBADF};
                    for (int i = 0; i < 3; i++) {
                        assertEquals(k.layout.EV_ERROR, k.flags(i));
                        assertEquals(errors[i], k.data(i));
                    }
                    assertTrue(k.isReady());
                });
    }

    @TestFactory
    Stream<DynamicTest> the_rest_comes_with_the_next_call_and_all_have_their_turn() {
        return each(
                k -> {
                    for (int i = 0; i < 5; i++) {
                        int[] pipe = k.fds.pipe();
                        Fds.write(pipe[1], 1);
                        k.change(pipe[0], k.layout.EVFILT_READ, k.layout.EV_ADD);
                    }
                    var seen = new java.util.HashSet<Long>();
                    seen.addAll(k.udata(2));
                    seen.addAll(k.udata(2));
                    seen.addAll(k.udata(2));
                    assertEquals(5, seen.size());
                });
    }

    @TestFactory
    Stream<DynamicTest> a_user_event_is_reported_once_however_often_triggered() {
        return each(
                k -> {
                    int user = k.layout.EVFILT_USER;
                    if (user == 0) {
                        return;
                    }
                    k.change(0, user, k.layout.EV_ADD | k.layout.EV_CLEAR, 0, 1);
                    assertTrue(!k.isReady());
                    assertEquals(0, k.change(0, user, 0, k.layout.NOTE_TRIGGER, 9));
                    assertEquals(0, k.change(0, user, 0, k.layout.NOTE_TRIGGER, 9));
                    assertEquals(List.of(9L), k.udata(8));
                    assertTrue(!k.isReady());
                });
    }

    /** xnu's {@code filt_soread}, which serves both filters. */
    @TestFactory
    Stream<DynamicTest> the_filter_for_urgent_data_reports_other_data_too() {
        return each(
                k -> {
                    int except = k.layout.EVFILT_EXCEPT;
                    if (except == 0) {
                        return;
                    }
                    int[] tcp = k.fds.connected(Libc.Socket.TCP_V4);
                    k.change(tcp[1], except, k.layout.EV_ADD, k.layout.NOTE_OOB, 1);
                    assertTrue(!k.isReady());
                    Fds.write(tcp[0], 1);
                    boolean all = !k.model.reportsUrgentDataAlone();
                    assertEquals(all, k.isReady());
                    assertEquals(0, all ? k.fflags(0) : 0);
                    Libc.sendUrgent(tcp[0]);
                    assertTrue(k.isReady());
                    assertEquals(k.layout.NOTE_OOB, k.fflags(0));
                });
    }

    @TestFactory
    Stream<DynamicTest> a_kqueue_is_readable_when_it_has_something_to_report() {
        return each(
                k -> {
                    int[] pipe = k.fds.pipe();
                    int inner = k.sys.kqueue();
                    assertEquals(0, k.change(inner, k.layout.EVFILT_READ, k.layout.EV_ADD));
                    int write = k.change(inner, k.layout.EVFILT_WRITE, k.layout.EV_ADD);
                    int refused = k.errno.number(k.model.otherFilterOfKqueue());
                    assertEquals(-refused, write);
                    k.put(0, pipe[0], k.layout.EVFILT_READ, k.layout.EV_ADD, 0, 5);
                    assertEquals(0, k.sys.keventChange(inner, k.sys.address(k.memory), 1, 0));
                    assertTrue(!k.isReady());
                    Fds.write(pipe[1], 1);
                    assertEquals(List.of((long) inner), k.udata(8));
                    k.sys.close(inner);
                    assertTrue(!k.isReady());
                });
    }

    @TestFactory
    Stream<DynamicTest> a_change_takes_effect_on_the_wait_that_blocks() {
        return each(
                k -> {
                    int[] pipe = k.fds.pipe();
                    Fds.write(pipe[1], 1);
                    var events = ByteBuffer.allocateDirect(64);
                    var waiting =
                            Poller.run(() -> k.sys.keventWait(k.kq, k.sys.address(events), 1, -1));
                    waiting.awaitBlocked();
                    k.change(pipe[0], k.layout.EVFILT_READ, k.layout.EV_ADD);
                    assertEquals(1, waiting.result());
                });
    }
}
