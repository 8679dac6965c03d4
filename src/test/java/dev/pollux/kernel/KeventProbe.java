package dev.pollux.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.kenai.jffi.MemoryIO;
import dev.pollux.remote.Remote;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.sys.Bindings;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Makes calls of kevent and writes down the answers, one after the other: {@code 0} or an error's
 * name for a change, {@code [R[EOF] W[]]} for a call that asks for events, with their filters,
 * flags and fflags. Filters of one call are in alphabetical order.
 */
final class KeventProbe implements Closeable {
    static final int ENABLE = 4; // the same everywhere
    static final int ONESHOT = 16;

    /** No kernel has it. */
    static final int NO_FILTER = Short.MAX_VALUE;

    private static final MemoryIO MEMORY = MemoryIO.getInstance();

    final KqueueModel model;
    final Syscalls sys;
    final Layout layout;
    final Errno errno;
    final int kq;
    final int add;
    final int clear;
    final int dispatch;
    final int delete;
    final int disable;
    final int r;
    final int w;
    final Fds fds = new Fds();
    private final StringBuilder answers = new StringBuilder();
    private final ByteBuffer list;

    /** On the model; where an agent makes the calls, on its kernel. */
    KeventProbe(KqueueModel model) throws Bindings.Unavailable {
        this(model, Remote.isOn() ? Remote.sys() : new BsdKqueue(model, Bindings.current()));
    }

    private KeventProbe(KqueueModel model, Syscalls sys) {
        this(model, sys, sys.kqueue());
    }

    /** Of a kqueue that is there, and is closed with this. */
    KeventProbe(KqueueModel model, Syscalls sys, int kq) {
        this.sys = sys;
        this.kq = kq;
        this.model = model;
        layout = sys.layout();
        errno = sys.errno();
        add = layout.EV_ADD;
        clear = layout.EV_CLEAR;
        dispatch = layout.EV_DISPATCH;
        delete = layout.EV_DELETE;
        disable = layout.EV_DISABLE;
        r = layout.EVFILT_READ;
        w = layout.EVFILT_WRITE;
        list = ByteBuffer.allocateDirect(256 * 64).order(ByteOrder.nativeOrder());
    }

    /** Where changes are put. */
    ByteBuffer list() {
        return list;
    }

    String answers() {
        return answers.toString();
    }

    void say(Object text) {
        answers.append(text);
    }

    private long at(int index) {
        return sys.address(list) + (long) index * layout.keventSize;
    }

    /** Puts a change into the list. */
    void put(int index, int ident, int filter, int flags, int fflags, long data, long udata) {
        BsdKqueue.put(layout, at(index), ident, filter, flags, fflags, udata);
        MEMORY.putLong(at(index) + layout.keventData, data);
    }

    void put(int index, int ident, int filter, int flags) {
        put(index, ident, filter, flags, 0, 0, ident);
    }

    private int make(int queue) {
        return sys.keventChange(queue, at(0), 1, 0);
    }

    private String name(int rc) {
        return rc >= 0 ? "0" : errno.describe(-rc).split(" ")[0];
    }

    /** A change whose answer is written down. */
    void change(int ident, int filter, int flags) {
        put(0, ident, filter, flags);
        say(name(make(kq)));
    }

    void change(int queue, int ident, int filter, int flags) {
        put(0, ident, filter, flags);
        say(name(make(queue)));
    }

    /** As {@link #change} with all there is. */
    void change(int ident, int filter, int flags, int fflags, long data) {
        put(0, ident, filter, flags, fflags, data, ident);
        say(name(make(kq)));
    }

    /** A change that succeeds. */
    void set(int ident, int filter, int flags) {
        set(kq, ident, filter, flags, ident);
    }

    void set(int queue, int ident, int filter, int flags, long udata) {
        put(0, ident, filter, flags, 0, 0, udata);
        assertEquals(0, make(queue));
    }

    /** Makes the first changes of the list, with room for so many receipts. */
    void make(int count, int receipts) {
        int rc = sys.keventChange(kq, at(0), count, receipts);
        say(rc < 0 ? name(rc) : rc);
        for (int i = 0; i < Math.min(rc, 8); i++) {
            say(event(i));
        }
    }

    void poll() {
        poll(kq, 64);
    }

    void poll(int queue, int capacity) {
        int rc = sys.keventWait(queue, at(0), capacity, 0);
        if (rc < 0) {
            say(name(rc));
            return;
        }
        List<String> events = new ArrayList<>();
        for (int i = 0; i < rc; i++) {
            events.add(event(i));
        }
        Collections.sort(events);
        say("[" + String.join(" ", events) + "]");
    }

    /** Asks for events, and forgets them. */
    void skip() {
        sys.keventWait(kq, at(0), 64, 0);
    }

    /** Asks, and writes down the udata alone, in the order in which they come. */
    void tokens(int capacity) {
        int rc = sys.keventWait(kq, at(0), capacity, 0);
        for (int i = 0; i < rc; i++) {
            say(MEMORY.getLong(at(i) + layout.keventUdata));
        }
        say(" ");
    }

    private String event(int index) {
        int at = index * layout.keventSize;
        boolean wide = layout.keventFlagsSize == 4;
        int filter =
                wide
                        ? list.getInt(at + layout.keventFilter)
                        : list.getShort(at + layout.keventFilter);
        int flags =
                wide
                        ? list.getInt(at + layout.keventFlags)
                        : list.getShort(at + layout.keventFlags) & 0xffff;
        int fflags = list.getInt(at + layout.keventFflags);
        String kind = filter == r ? "R" : filter == w ? "W" : "?";
        kind = filter == layout.EVFILT_EXCEPT && filter != 0 ? "X" : kind;
        kind = filter == layout.EVFILT_USER && filter != 0 ? "U" : kind;
        if ((flags & layout.EV_ERROR) != 0) {
            int error = (int) list.getLong(at + layout.keventData);
            return kind + "[ERROR " + (error == 0 ? "0" : name(-error)) + "]";
        }
        var names = new ArrayList<String>();
        if ((flags & clear) != 0) {
            names.add("CLEAR");
        }
        if ((flags & dispatch) != 0) {
            names.add("DISPATCH");
        }
        if ((flags & ONESHOT) != 0) {
            names.add("ONESHOT");
        }
        if ((flags & layout.EV_EOF) != 0) {
            names.add("EOF");
        }
        String what = String.join("+", names);
        boolean failed = fflags != 0 && (flags & layout.EV_EOF) != 0;
        what += failed ? " " + name(-fflags) : fflags != 0 ? " ff=" + fflags : "";
        return kind + "[" + what.strip() + "]";
    }

    // ---- descriptors

    /** A pipe with so many bytes in it, whose reader is watched. */
    int[] pipe(int bytes, int flags) throws IOException {
        int[] pipe = fds.pipe();
        Fds.write(pipe[1], bytes);
        set(pipe[0], r, add | flags);
        return pipe;
    }

    /** Watches both directions of the first. */
    int[] watched(int[] pair, int flags) {
        set(pair[0], r, add | flags);
        set(pair[0], w, add | flags);
        return pair;
    }

    int[] tcp() throws IOException {
        int[] pair = fds.connected(Libc.Socket.TCP_V4);
        Fds.write(pair[1], 1); // settles it
        while (Fds.drain(pair[0]) == 0) {
            Thread.onSpinWait();
        }
        return pair;
    }

    /** A reset connection: this end of it. */
    int reset(int[] tcp) throws IOException {
        Libc.resetOnClose(tcp[1]);
        fds.close(tcp[1]);
        return tcp[0];
    }

    @Override
    public void close() throws IOException {
        sys.close(kq);
        fds.close();
    }
}
