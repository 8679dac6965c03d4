package dev.pollux;

import dev.pollux.kernel.BsdKqueue;
import dev.pollux.support.Capability;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import dev.pollux.support.Polling;
import dev.pollux.support.Reported;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Pipes, socket pairs, copies of their descriptors, and what a selector must, may and must not say
 * of them. Each step is done to both the real ones and the model; each poll is compared.
 *
 * <p>A bit of readiness that the kernel decides by its own lights (whether a half-emptied pipe
 * takes more) is one that may be reported. The same goes for edges that come of other things than
 * arrival: a peer that reads, an epoll instance that is rebuilt.
 */
final class Model implements AutoCloseable {
    /** The library did not do what the model says. */
    static final class Wrong extends Exception {
        private static final long serialVersionUID = 1L;

        Wrong(String what) {
            super(what);
        }
    }

    /**
     * The numbers that the model uses begin here. The lower ones are the JVM's, which opens files
     * of its own, in threads of its own, under whatever number is free.
     */
    private static final int NUMBERS = 500;

    private static final int BYTES = 40; // at most so many unread, except when filled

    /** One direction. */
    private static final class Stream {
        int bytes;
        int room = 1; // 1: yes, 0: no, -1: perhaps
        boolean ended; // no more will be written
        boolean unread; // nobody will read
    }

    /** An open file: an end of a pipe, or a socket. */
    private static final class File {
        final String name;
        final Stream in;
        final Stream out;
        final boolean socket;
        File peer;
        int numbers;
        boolean reset; // the peer was closed before it had read all

        File(String name, Stream in, Stream out, boolean socket) {
            this.name = name;
            this.in = in;
            this.out = out;
            this.socket = socket;
        }

        boolean hungUp() {
            return socket ? in.ended && out.ended : in != null && in.ended;
        }

        boolean failed() {
            return socket ? reset : out != null && out.unread;
        }

        /** The bits that it must, and in the upper half those that it may show. */
        int shows(Interest interest, boolean exclusive, boolean select) {
            int must = 0;
            int may = 0;
            boolean end = in != null && in.ended;
            if (interest.isRead() && in != null && (in.bytes > 0 || end || failed())) {
                must |= Ready.READ;
            }
            if (interest.isWrite() && out != null) {
                boolean dead = failed() || socket && peer.numbers == 0 || !select && hungUp();
                must |= out.room == 1 || dead ? Ready.WRITE : 0;
                may |= out.room == -1 ? Ready.WRITE : 0;
            }
            if (!select) {
                if (end || hungUp()) {
                    boolean sure = hungUp() || interest.isRead() && !exclusive;
                    must |= sure ? Ready.READ_CLOSED : 0;
                    may |= interest.isRead() ? Ready.READ_CLOSED : 0;
                }
                must |= hungUp() && interest.isWrite() ? Ready.WRITE_CLOSED : 0;
                must |= failed() ? Ready.ERROR : 0;
            }
            return must | (must | may) << 16;
        }

        /** What kqueue, one filter for each direction, must and may show of the flags. */
        int showsByFilters(Interest interest, int shows) {
            int must = shows & (Ready.READ | Ready.WRITE | Ready.PRIORITY);
            int may = shows >> 16;
            boolean reports = interest.isRead() || interest.isPriority();
            if (reports && in != null && (in.ended || failed())) {
                may |= Ready.READ_CLOSED;
            }
            if (interest.isWrite() && out != null && (out.ended || failed())) {
                may |= Ready.WRITE | Ready.WRITE_CLOSED;
            }
            return must | may << 16;
        }
    }

    private static final int ALL = Ready.READ | Ready.WRITE | Ready.PRIORITY;

    private enum Edge {
        NONE,
        PERHAPS,
        CERTAIN
    }

    /** A registration. */
    private static final class Reg {
        final FdKey key;
        final File file; // what the number was when it was registered
        Interest interest;
        Trigger trigger;
        boolean armed = true;
        Edge edge = Edge.CERTAIN;
        Edge later = Edge.NONE; // what has come since the batch that is being delivered was fetched
        int bits = ALL; // of a CERTAIN edge: what it is about
        int laterBits;
        boolean modified; // remembered, not yet handed over
        Interest sentInterest; // as handed over
        Trigger sentTrigger;
        boolean touched; // modified in the batch that is being delivered
        int again; // what its handler threw at: it is delivered again
        boolean gone; // kqueue forgot it: its number was closed
        boolean unclear; // its number was another file's for a while: the model makes no claim

        Reg(FdKey key, File file, Interest interest, Trigger trigger) {
            this.key = key;
            this.file = file;
            this.interest = interest;
            this.trigger = trigger;
            sent();
        }

        void sent() {
            sentInterest = interest;
            sentTrigger = trigger;
        }

        /** Whether the kernel will be asked: only the net effect is handed over. */
        boolean isToBeSent() {
            boolean arms = trigger == Trigger.EDGE || trigger == Trigger.ONESHOT;
            return modified && (arms || interest != sentInterest || trigger != sentTrigger);
        }

        /** What is delivered again, of what is of interest now. */
        int again(int bits) {
            int closed = Ready.READ_CLOSED | Ready.ERROR;
            return bits
                    & (interest.bits() | closed | (interest.isWrite() ? Ready.WRITE_CLOSED : 0));
        }

        boolean isEdge() {
            return trigger == Trigger.EDGE || trigger == Trigger.EDGE_EXCLUSIVE;
        }

        boolean isExclusive() {
            return trigger == Trigger.LEVEL_EXCLUSIVE || trigger == Trigger.EDGE_EXCLUSIVE;
        }

        @Override
        public String toString() {
            return key.fd() + "=" + file.name + " " + interest + " " + trigger;
        }
    }

    /** Thrown by the handler. */
    private static final class Thrown extends IOException {
        private static final long serialVersionUID = 1L;
    }

    private final Pair pair;
    private final boolean epoll;
    private final boolean kqueue;
    private final boolean forgets; // what was closed
    private final boolean select;
    private final boolean copies; // whether descriptors are copied, which weakens some claims
    private final FdSelector selector;
    private final StringBuilder protocol = new StringBuilder();

    private final Map<Integer, File> table = new TreeMap<>(); // by number
    private final Map<Integer, Reg> regs = new LinkedHashMap<>(); // by number
    private final List<FdKey> ended = new ArrayList<>();
    private final Set<String> orphans = new HashSet<>(); // number and file that epoll cannot remove
    private boolean wakeup;
    private int files;

    Model(Pair pair, boolean copies) throws IOException {
        this.pair = pair;
        this.copies = copies;
        epoll = dev.pollux.support.Reported.isEpoll(pair.backend());
        kqueue = pair.backend() == Backend.KQUEUE;
        forgets = Capability.FORGETS_WHAT_WAS_CLOSED.isThere(pair);
        select = pair.backend() == Backend.SELECT;
        selector = pair.open();
    }

    /** What was done. */
    String protocol() {
        return protocol.toString();
    }

    private void say(String what) {
        protocol.append("\n  ").append(what);
    }

    // ---- steps

    /** Does one thing, if it can be done at present. */
    void step(int[] step) throws IOException, Wrong {
        int a = step[1];
        int b = step[2];
        int c = step[3];
        switch (step[0] % 32) {
            case 0, 1 -> open(a % 2 == 0);
            case 2 -> unregisterAndClose(pickNumber(a));
            case 3 -> {
                if (forgets) {
                    closeNumber(pickNumber(a)); // perhaps still registered
                } else {
                    unregisterAndClose(pickNumber(a));
                }
            }
            case 4 -> copy(pickNumber(a), pickNumber(b), c % 2 == 0);
            case 5, 6, 7, 8 -> register(pickNumber(a), b, c);
            case 9, 10 -> modify(pick(regs, a), b, c);
            case 11, 12 -> unregister(pick(regs, a));
            case 13, 14, 15, 16 -> write(pickNumber(a), 1 + b % 5);
            case 17 -> fill(pickNumber(a));
            case 18, 19 -> drain(pickNumber(a));
            case 20, 21 -> readSome(pickNumber(a), 1 + b % 3);
            case 22 -> halfClose(pickNumber(a));
            case 23 -> wakeup();
            case 24 -> useOfAnEndedKey(a, b);
            default -> poll(a, b, c);
        }
    }

    /** Closes the selector, and what must be so afterwards. */
    void end() throws Wrong {
        say("close");
        selector.close();
        for (Reg reg : regs.values()) {
            require(!reg.key.isValid(), reg + " is valid after close");
        }
        try {
            selector.poll(0, TimeUnit.SECONDS, (key, ready) -> {});
            throw new Wrong("poll after close");
        } catch (PolluxException.Closed e) {
            say("closed");
        } catch (IOException e) {
            throw new Wrong("poll after close: " + e);
        }
    }

    @Override
    public void close() throws IOException {
        selector.close();
        for (int fd : table.keySet()) {
            Fd.close(fd);
        }
    }

    private Integer pickNumber(int a) {
        return table.isEmpty() ? null : List.copyOf(table.keySet()).get(a % table.size());
    }

    private static Reg pick(Map<Integer, Reg> regs, int a) {
        return regs.isEmpty() ? null : List.copyOf(regs.values()).get(a % regs.size());
    }

    private static void require(boolean condition, String otherwise) throws Wrong {
        if (!condition) {
            throw new Wrong(otherwise);
        }
    }

    // ---- descriptors

    private void open(boolean socket) throws IOException {
        if (table.size() > 20) {
            return;
        }
        int[] fds = socket ? Fd.socketpair() : Fd.pipe();
        for (int i = 0; i < 2; i++) {
            int low = fds[i];
            fds[i] = freeNumber(i);
            Libc.dup2(low, fds[i]);
            Fd.close(low);
        }
        char letter = (char) ('A' + files++ % 26);
        var first = new Stream();
        var second = socket ? new Stream() : null;
        var in = new File(letter + "0", first, second, socket);
        var out = new File(letter + "1", second, first, socket);
        in.peer = out;
        out.peer = in;
        name(fds[0], in);
        name(fds[1], out);
        say(
                (socket ? "socketpair " : "pipe ")
                        + fds[0]
                        + "="
                        + in.name
                        + " "
                        + fds[1]
                        + "="
                        + out.name);
    }

    /** The lowest of the model's own numbers, as the kernel would do, or the one after it. */
    private int freeNumber(int skip) {
        int fd = NUMBERS;
        while (table.containsKey(fd) || skip-- > 0) {
            fd++;
        }
        return fd;
    }

    private void name(int fd, File file) {
        put(fd, file);
        file.numbers++;
    }

    /** A number that is the same file again is one that {@link BsdKqueue} takes for the same. */
    private void put(int fd, File file) {
        table.put(fd, file);
        Reg reg = regs.get(fd);
        boolean again = reg != null && reg.gone && reg.file == file;
        if (again && pair.sys() instanceof BsdKqueue) {
            reg.unclear = true;
        }
    }

    private void copy(Integer from, Integer onto, boolean lowest) throws IOException {
        if (!copies || !forgets || from == null || table.size() > 20) {
            return;
        }
        File file = table.get(from);
        if (lowest) {
            int fd = freeNumber(0);
            Libc.dup2(from, fd);
            say("dup " + from + " -> " + fd + "=" + file.name);
            name(fd, file);
        } else if (!from.equals(onto)) {
            Libc.dup2(from, onto);
            say("dup2 " + from + " -> " + onto + "=" + file.name);
            file.numbers++; // before the other goes, which may be the peer
            forgetNumber(onto);
            put(onto, file);
        }
    }

    private void closeNumber(Integer fd) throws IOException {
        if (fd == null) {
            return;
        }
        say("close " + fd);
        Fd.close(fd);
        forgetNumber(fd);
    }

    private void forgetNumber(int fd) {
        File file = table.remove(fd);
        if (kqueue && regs.containsKey(fd)) {
            regs.get(fd).gone = true;
        }
        if (--file.numbers > 0) {
            return;
        }
        orphans.removeIf(orphan -> orphan.endsWith("=" + file.name));
        if (file.socket) {
            file.peer.reset |= file.in.bytes > 0 && file.peer.numbers > 0;
            file.out.room = 1;
            file.in.room = 1; // what the peer had sent is thrown away
            file.in.bytes = 0;
            file.out.ended = true;
            file.in.ended = true;
            arrival(file.peer, Interest.READ);
        } else if (file.out != null) {
            file.out.ended = true;
            arrival(file.peer, Interest.READ);
        } else {
            file.in.unread = true;
            arrival(file.peer, Interest.WRITE);
        }
    }

    private void unregisterAndClose(Integer fd) throws IOException, Wrong {
        if (fd != null) {
            unregister(regs.get(fd));
            closeNumber(fd);
        }
    }

    // ---- data

    private void write(Integer fd, int count) throws IOException {
        File file = fd == null ? null : table.get(fd);
        if (file == null || file.out == null || file.out.ended || file.peer.numbers == 0) {
            return;
        }
        if (file.out.room != 1 || file.out.bytes + count > BYTES) {
            return;
        }
        say("write " + fd + " " + count);
        Fds.write(fd, count);
        file.out.bytes += count;
        arrival(file.peer, Interest.READ);
    }

    private void fill(Integer fd) throws IOException {
        File file = fd == null ? null : table.get(fd);
        if (file == null || file.out == null || file.out.ended || file.peer.numbers == 0) {
            return;
        }
        int count = Fds.fill(fd);
        say("fill " + fd + " " + count);
        file.out.bytes += count;
        file.out.room = 0;
        touch(file.peer); // the kernel wakes the reader even for no byte
        if (count > 0) {
            arrival(file.peer, Interest.READ);
        }
    }

    private void drain(Integer fd) throws IOException, Wrong {
        read(fd, Integer.MAX_VALUE);
    }

    private void readSome(Integer fd, int count) throws IOException, Wrong {
        read(fd, count);
    }

    private void read(Integer fd, int most) throws IOException, Wrong {
        File file = fd == null ? null : table.get(fd);
        if (file == null || file.in == null) {
            return;
        }
        int count = 0;
        boolean error = false;
        ByteBuffer buffer = ByteBuffer.allocate(Math.min(most, 8192));
        try {
            for (int n; count < most && (n = Fd.read(fd, buffer.clear())) > 0; ) {
                count += n;
            }
        } catch (PolluxException e) {
            error = true;
            file.reset = false; // reported once
        }
        say("read " + fd + " " + count + (error ? " and an error" : ""));
        if (count == 0 && !error) {
            return;
        }
        boolean wasFull = file.in.room == 0;
        file.in.bytes -= count;
        require(file.in.bytes >= 0, "the model is wrong about " + file.name);
        if (file.in.room != 1) {
            file.in.room = file.in.bytes == 0 ? 1 : -1;
        }
        touch(file.peer);
        touch(file);
        if (wasFull && file.in.room == 1) {
            arrival(file.peer, Interest.WRITE);
        }
    }

    private void halfClose(Integer fd) throws IOException {
        File file = fd == null ? null : table.get(fd);
        if (file == null || !file.socket || file.out.ended) {
            return;
        }
        say("shutdown " + fd);
        Libc.shutdown(fd, Libc.SHUT_WR);
        file.out.ended = true;
        touch(file);
        arrival(file.peer, Interest.READ);
    }

    /** What is an edge to who waits for this, and may be one to others. */
    private void arrival(File file, Interest what) {
        touch(file);
        for (Reg reg : regs.values()) {
            if (reg.file == file && (reg.interest.bits() & what.bits()) != 0) {
                reg.bits = what.bits() | (reg.edge == Edge.CERTAIN ? reg.bits : 0);
                reg.edge = Edge.CERTAIN;
                reg.later = Edge.CERTAIN;
                reg.laterBits |= what.bits();
            }
        }
        touch(file.peer);
    }

    private void touch(File file) {
        for (Reg reg : regs.values()) {
            if (reg.file == file) {
                reg.edge = max(reg.edge, Edge.PERHAPS);
                reg.later = max(reg.later, Edge.PERHAPS);
            }
        }
    }

    private static Edge max(Edge one, Edge other) {
        return one.compareTo(other) > 0 ? one : other;
    }

    // ---- the selector

    private Interest interest(File file, int b, Trigger trigger) {
        Interest interest =
                file.socket
                        ? Interest.of(1 + b % 7)
                        : file.in != null ? Interest.READ : Interest.WRITE;
        boolean exclusive = trigger == Trigger.LEVEL_EXCLUSIVE || trigger == Trigger.EDGE_EXCLUSIVE;
        if (!exclusive && selector.supports(Interest.PRIORITY, Trigger.LEVEL)) {
            return b % 5 == 0 ? interest.plus(Interest.PRIORITY) : interest;
        }
        int bits = interest.bits() & ~Interest.PRIORITY.bits();
        return bits == 0 ? Interest.READ : Interest.of(bits);
    }

    private static Trigger trigger(int c) {
        // The first three three times as often.
        return Trigger.values()[c % 11 < 9 ? c % 3 : 3 + c % 2];
    }

    private void register(Integer fd, int b, int c) throws IOException, Wrong {
        if (fd == null) {
            return;
        }
        File file = table.get(fd);
        Reg old = regs.get(fd);
        Trigger trigger = trigger(c);
        Interest interest = interest(file, b, trigger);
        String call = "register " + fd + "=" + file.name + " " + interest + " " + trigger;
        boolean orphan = orphans.contains(fd + "=" + file.name);
        boolean sameInode = old != null && (old.file == file || samePipe(old.file, file));
        try {
            FdKey key = selector.register(fd, interest, trigger, null);
            say(call + (old == null ? "" : ", ends " + old));
            require(selector.supports(interest, trigger), "it takes an unsupported trigger");
            require(
                    old == null || old.unclear || old.gone || old.file != file,
                    "it registers twice");
            if (old != null) {
                require(!old.key.isValid(), "the stale key is valid");
                end(old, false);
            }
            orphans.remove(fd + "=" + file.name);
            regs.put(fd, new Reg(key, file, interest, trigger));
        } catch (PolluxException.AlreadyRegistered e) {
            say(call + ": already");
            // A stale key and an orphan, or the two ends of a pipe under one number, look like
            // that.
            boolean allowed =
                    epoll
                            ? old != null && (orphan || old.file == file)
                            : sameInode && !(kqueue && old.gone);
            require(allowed || old != null && old.unclear, "it is not registered");
            if (kqueue) { // asking for a knote makes it look again
                old.edge = max(old.edge, Edge.PERHAPS);
                old.later = max(old.later, Edge.PERHAPS);
            }
        } catch (PolluxException.Unsupported e) {
            say(call + ": unsupported");
            require(!selector.supports(interest, trigger), "it is supported");
        }
    }

    /** They have one inode, and poll and select distinguish files by that. */
    private static boolean samePipe(File one, File other) {
        return !one.socket && one.peer == other;
    }

    private void modify(Reg reg, int b, int c) throws IOException, Wrong {
        if (reg == null) {
            return;
        }
        Trigger trigger = c % 3 == 0 ? trigger(c / 3) : reg.trigger;
        Interest interest = interest(reg.file, b, trigger);
        boolean now = reg.isExclusive() || trigger.bits() >= Trigger.LEVEL_EXCLUSIVE.bits();
        boolean proper = table.get(reg.key.fd()) == reg.file && !reg.gone;
        String call = "modify " + reg + " to " + interest + " " + trigger;
        try {
            if (trigger == reg.trigger && c % 2 == 0) {
                selector.modify(reg.key, interest);
            } else {
                selector.modify(reg.key, interest, trigger);
            }
            say(call);
            require(selector.supports(interest, trigger), "it takes an unsupported trigger");
            require(!now || proper || reg.unclear, "a closed descriptor was modified");
            reg.interest = interest;
            reg.trigger = trigger;
            reg.armed = true;
            reg.edge = Edge.CERTAIN;
            reg.bits = ALL;
            if (now) {
                reg.sent(); // what was remembered before is still looked at, see isToBeSent
            } else {
                reg.modified = true;
            }
            reg.touched = true;
            reg.unclear |= isHaunted(reg);
        } catch (PolluxException.Unsupported e) {
            say(call + ": unsupported");
            require(!selector.supports(interest, trigger), "it is supported");
        } catch (PolluxException.NotRegistered e) {
            dropped(reg); // in this very poll, before its handler was called
        } catch (PolluxException.BadDescriptor e) {
            say(call + ": bad descriptor");
            require(now && (!proper || reg.unclear), "it is open, or this should come later");
        }
    }

    /**
     * Its number was closed, and is now that of a file that was registered under it before and that
     * epoll cannot remove. Nobody can distinguish the two: it may take that over.
     */
    private boolean isHaunted(Reg reg) {
        int fd = reg.key.fd();
        return epoll && table.get(fd) != reg.file && orphans.contains(fd + "=" + nameOf(fd));
    }

    private String nameOf(int fd) {
        File file = table.get(fd);
        return file == null ? "" : file.name;
    }

    private void unregister(Reg reg) throws IOException, Wrong {
        if (reg == null) {
            return;
        }
        say("unregister " + reg);
        selector.unregister(reg.key);
        require(!reg.key.isValid(), "it is valid");
        regs.remove(reg.key.fd());
        end(reg, true);
    }

    /** No event of it from here on. */
    private void end(Reg reg, boolean removed) {
        ended.add(reg.key);
        int fd = reg.key.fd();
        if (epoll && reg.file.numbers > 0 && (table.get(fd) != reg.file || reg.unclear)) {
            orphans.add(fd + "=" + reg.file.name);
        }
        if (removed) {
            orphans.remove(fd + "=" + nameOf(fd));
        }
    }

    private void wakeup() {
        say("wakeup");
        selector.wakeup();
        wakeup = true;
    }

    private void useOfAnEndedKey(int a, int b) throws IOException, Wrong {
        if (ended.isEmpty()) {
            return;
        }
        FdKey key = ended.get(a % ended.size());
        require(!key.isValid(), key + " is valid");
        try {
            selector.modify(key, Interest.READ);
            throw new Wrong("modify of an ended key");
        } catch (PolluxException.NotRegistered e) {
            say("modify of the ended " + key + " refused");
        }
    }

    // ---- polling

    /** What is expected of one registration in one poll. */
    private record Expected(int must, int may, boolean event, boolean possible) {}

    private Expected expected(Reg reg) {
        int fd = reg.key.fd();
        File now = table.get(fd);
        if (reg.unclear) {
            return new Expected(0, 0x3f, false, true);
        }
        if (kqueue) {
            if (reg.gone) {
                int reported = reg.isToBeSent() ? Ready.ERROR : 0;
                return new Expected(reported, reported, reported != 0, reported != 0);
            }
            int shows = reg.file.shows(reg.interest, false, false);
            shows = reg.file.showsByFilters(reg.interest, shows);
            boolean armed = reg.armed && (!reg.isEdge() || reg.edge != Edge.NONE);
            boolean sure = reg.armed && (!reg.isEdge() || reg.edge == Edge.CERTAIN);
            int must = shows & 0xffff;
            if (reg.isEdge() && forgets) { // each filter has edges of its own
                must &= sure ? reg.bits : 0;
            }
            return new Expected(must, shows >> 16, sure && must != 0, armed && shows >> 16 != 0);
        }
        if (epoll) {
            if (reg.isToBeSent() && now != reg.file) {
                return new Expected(Ready.ERROR, Ready.ERROR, true, true); // refused
            }
            if (reg.file.numbers == 0) {
                return new Expected(0, 0, false, false); // gone from the kernel by itself
            }
            int shows = reg.file.shows(reg.interest, reg.isExclusive(), false);
            boolean armed = reg.armed && (!reg.isEdge() || reg.edge != Edge.NONE);
            boolean sure = reg.armed && (!reg.isEdge() || reg.edge == Edge.CERTAIN);
            boolean there = now == reg.file; // otherwise a copy keeps it, until epoll is rebuilt
            return new Expected(
                    shows & 0xffff,
                    shows >> 16,
                    sure && there && (shows & 0xffff) != 0,
                    armed && shows >> 16 != 0);
        }
        if (!reg.armed) {
            return new Expected(0, 0, false, false);
        }
        if (now == null) {
            return new Expected(Ready.ERROR, Ready.ERROR, true, true);
        }
        int shows = now.shows(reg.interest, false, select); // known by its number alone
        if (now != reg.file && !now.socket) { // the wrong end of a pipe, say
            return new Expected(0, 0x3f, false, true);
        }
        return new Expected(shows & 0xffff, shows >> 16, (shows & 0xffff) != 0, shows >> 16 != 0);
    }

    /** One batch of events: what was expected and what has come. */
    private final class Batch {
        final Map<FdKey, Expected> expected = new HashMap<>();
        final Map<FdKey, Reg> of = new HashMap<>();
        final Map<FdKey, Integer> again = new HashMap<>(); // what handlers of earlier ones threw at
        boolean threw; // what is to be delivered again comes with the rest, or after it
        final Set<FdKey> reported = new HashSet<>();
        final boolean orphaned = !orphans.isEmpty(); // epoll may be rebuilt before the next one
        boolean failed; // select fails for all: who is not reported now is reported by the next one

        Batch() {
            for (Reg reg : regs.values()) {
                reg.unclear |= isHaunted(reg);
                expected.put(reg.key, expected(reg));
                of.put(reg.key, reg);
                if (reg.again != 0) {
                    again.put(reg.key, reg.again);
                    reg.again = 0;
                }
                reg.sent();
                reg.modified = false;
                reg.touched = false;
                reg.later = Edge.NONE;
                reg.laterBits = 0;
            }
        }

        /** Null if all is well. */
        String event(FdKey key, Ready ready) {
            Reg reg = of.get(key);
            if (reg == null) {
                return "an event of a stranger: " + key + " " + ready;
            }
            if (regs.get(key.fd()) != reg) {
                return "an event after its end: " + reg + " " + ready;
            }
            if (!reported.add(key) && !reg.unclear) {
                return "two events in one poll: " + reg;
            }
            Expected e = expected.get(key);
            int bits = ready.bits();
            boolean ended = bits == Ready.ERROR && !key.isValid();
            int repeated = ended ? 0 : reg.again(again.getOrDefault(key, 0));
            again.remove(key);
            if (bits == 0 || !e.possible && repeated == 0) {
                return "not expected: " + reg + " " + ready;
            }
            if ((repeated & ~bits) != 0) {
                return "not again: " + reg + " " + ready;
            }
            File seen = epoll || kqueue ? reg.file : table.get(key.fd());
            int may = e.may | repeated;
            if (reg.touched && seen != null) { // what was fetched, by what is now of interest
                int shows = seen.shows(reg.interest, reg.isExclusive(), select);
                may |= (kqueue ? seen.showsByFilters(reg.interest, shows) : shows) >> 16;
            }
            if ((bits & ~may) != 0) {
                return "too much: " + reg + " " + ready;
            }
            if (!reg.touched && e.event && (e.must & ~bits) != 0) {
                return "too little: " + reg + " " + ready;
            }
            if (ended) {
                regs.remove(key.fd());
                end(reg, false);
                failed = select;
            } else if (!reg.touched) {
                reg.armed = reg.trigger != Trigger.ONESHOT;
                reg.edge = Edge.NONE;
            }
            return null;
        }

        /** A registration that had to be reported and was not; or null. */
        Reg missing() {
            for (Reg reg : of.values()) {
                boolean repeated = again.containsKey(reg.key) && !threw && reg.key.isValid();
                if ((expected.get(reg.key).event || repeated && reg.again(again.get(reg.key)) != 0)
                        && !reported.contains(reg.key)
                        && regs.get(reg.key.fd()) == reg
                        && !failed
                        && !reg.touched) {
                    return reg;
                }
            }
            return null;
        }

        /** What was not delivered again by now is due with the next one. */
        void keep() {
            again.forEach((key, bits) -> of.get(key).again |= bits);
        }

        /** An edge that was not ready any more is over; a rebuilt epoll reports its edges again. */
        void over() {
            for (Reg reg : of.values()) {
                if (!reg.touched && reg.isEdge() && !reported.contains(reg.key)) {
                    Expected e = expected.get(reg.key);
                    boolean unsure = e.possible && !e.event;
                    reg.edge = unsure ? Edge.PERHAPS : Edge.NONE;
                }
                if (reg.later == Edge.CERTAIN) {
                    reg.bits = reg.laterBits | (reg.edge == Edge.CERTAIN ? reg.bits : 0);
                }
                reg.edge = max(reg.edge, reg.later);
                if (orphaned || !orphans.isEmpty()) {
                    reg.edge = max(reg.edge, Edge.PERHAPS);
                }
            }
        }
    }

    private void poll(int a, int b, int c) throws IOException, Wrong {
        var batch = new Batch();
        boolean woken = wakeup; // one that a handler asks for is for the next poll
        boolean due = wakeup || batch.missing() != null;
        boolean block = due && a % 2 == 0;
        String call = block ? "poll " : "poll(0) ";
        int throwAt = c % 8 == 0 && !wakeup ? 1 + b % 3 : 0;
        int actAt = c % 8 == 1 || c % 8 == 2 ? 1 + b % 3 : 0;
        Polling form = Polling.values()[(b >> 3) & 1];
        var first = new Reported(batch, throwAt, actAt, a, b, c);
        PollResult result = null;
        try {
            result = form.poll(selector, block ? 1 : 0, TimeUnit.SECONDS, first);
            first.check(call + result);
        } catch (Thrown e) {
            first.check(call + "throws");
            batch.threw = true;
            // The rest of the batch comes with the next poll; or another batch if there is none,
            // and with that, or the next, what the handler threw at.
            var rest = new ArrayList<Object[]>();
            result = form.pollNow(selector, (key, ready) -> rest.add(new Object[] {key, ready}));
            if (rest.stream().anyMatch(event -> batch.reported.contains(event[0]))) {
                require(batch.missing() == null, "kept for the next poll, not: " + batch.missing());
                batch.over();
                batch.keep();
                var next = new Batch();
                deliver(next, rest, "poll(0) again " + result);
                finish(next);
                return;
            }
            deliver(batch, rest, "poll(0) the rest " + result);
            finish(batch);
            batch.keep();
            return;
        }
        if (woken) {
            require(result == PollResult.WAKEUP, "a wakeup was lost");
            wakeup = false;
        } else {
            require(
                    result == (batch.reported.isEmpty() ? PollResult.TIMEOUT : PollResult.EVENTS),
                    "it says " + result);
        }
        finish(batch);
    }

    private void deliver(Batch batch, List<Object[]> events, String call) throws Wrong {
        for (Object[] event : events) {
            say(call + ": " + event[0] + " " + event[1]);
            String wrong = batch.event((FdKey) event[0], (Ready) event[1]);
            require(wrong == null, wrong);
        }
    }

    private void finish(Batch batch) throws IOException, Wrong {
        require(batch.missing() == null, "missing: " + batch.missing());
        batch.over();
        for (Reg reg : List.copyOf(regs.values())) {
            if (!reg.key.isValid()) {
                dropped(reg);
            } else if (epoll && table.get(reg.key.fd()) != reg.file && reg.file.numbers > 0) {
                reg.unclear = true; // it may be dropped by now, or come back under its number
            }
        }
        var keys = new HashSet<>(selector.keys());
        var known = new HashSet<FdKey>();
        regs.values().forEach(reg -> known.add(reg.key));
        require(keys.equals(known), "keys() says " + keys + ", the model " + known);
    }

    /** Only rebuilding epoll drops keys in silence, and only those whose number was closed. */
    private void dropped(Reg reg) throws Wrong {
        boolean closed = table.get(reg.key.fd()) != reg.file || reg.unclear;
        require(epoll && closed && !reg.key.isValid(), "ended by itself: " + reg);
        say("dropped: " + reg);
        regs.remove(reg.key.fd());
        end(reg, false);
    }

    /** The handler of one poll: compares each event, and acts or throws at one of them. */
    private final class Reported implements ReadyHandler {
        private final Batch batch;
        private final int throwAt;
        private final int actAt;
        private final int a;
        private final int b;
        private final int c;
        private int events;
        private String wrong;
        private final StringBuilder reported = new StringBuilder();

        Reported(Batch batch, int throwAt, int actAt, int a, int b, int c) {
            this.batch = batch;
            this.throwAt = throwAt;
            this.actAt = actAt;
            this.a = a;
            this.b = b;
            this.c = c;
        }

        @Override
        public void onReady(FdKey key, Ready ready) throws IOException {
            say("  reported " + key + " " + ready);
            String error = batch.event(key, ready);
            wrong = wrong == null ? error : wrong;
            events++;
            if (events == actAt) {
                try {
                    act();
                } catch (Wrong e) {
                    wrong = wrong == null ? e.getMessage() : wrong;
                }
            }
            if (events == throwAt && key.isValid()) {
                Reg reg = batch.of.get(key);
                if (reg != null) {
                    reg.again = ready.bits();
                }
                throw new Thrown();
            }
        }

        private void act() throws IOException, Wrong {
            say("  in the handler");
            switch (a / 2 % 6) {
                case 0 -> unregister(pick(regs, b));
                case 1 -> unregisterAndClose(pickNumber(b));
                case 2 -> modify(pick(regs, b), c, a);
                case 3 -> {
                    open(b % 2 == 0);
                    register(pickNumber(c), a, b);
                }
                case 4 -> {
                    unregisterAndClose(pickNumber(b));
                    open(c % 2 == 0); // on the same number
                    register(pickNumber(b), a, c);
                }
                default -> wakeup();
            }
        }

        void check(String call) throws Wrong {
            say(call + reported);
            require(wrong == null, wrong);
        }
    }
}
