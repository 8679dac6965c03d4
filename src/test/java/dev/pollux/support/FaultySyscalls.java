package dev.pollux.support;

import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A binding that does what a test says: {@code on("epollCtl", call -> call.nth() == 2 ? -ENOMEM :
 * call.go())}. What nothing is said about goes to the real one. Thread-safe.
 */
public final class FaultySyscalls extends ForwardingSyscalls {
    /** One call under way: how many there have been since {@link #on}, and its arguments. */
    public record Call(int nth, long[] args, Real real) {
        /** Makes the call, with the arguments as they are by now. */
        public int go() {
            return real.call(args);
        }

        public int arg(int index) {
            return (int) args[index];
        }
    }

    @FunctionalInterface
    interface Real {
        int call(long[] args);
    }

    @FunctionalInterface
    public interface Answer {
        int to(Call call);
    }

    private record Rule(Answer answer, AtomicInteger calls) {}

    private final Map<String, Rule> rules = new ConcurrentHashMap<>();

    public FaultySyscalls(Syscalls real) {
        super(real);
    }

    /** From now on this method answers so. */
    public FaultySyscalls on(String method, Answer answer) {
        rules.put(method, new Rule(answer, new AtomicInteger()));
        return this;
    }

    /** From now on this method is the real one again. */
    public void heal(String method) {
        rules.remove(method);
    }

    /** How often a method with an answer was called since {@link #on}. */
    public int calls(String method) {
        return rules.get(method).calls.get();
    }

    private int run(String method, Real call, long... args) {
        Rule rule = rules.get(method);
        return rule == null
                ? call.call(args)
                : rule.answer.to(new Call(rule.calls.incrementAndGet(), args, call));
    }

    /**
     * Makes the changes one by one, each by an {@code epollCtl} that can be refused, and releases
     * the lock; but leaves them to the real wait if nothing is said about either.
     */
    private int runWait(String method, RealWait call, EpollChanges changes, long... args) {
        boolean scripted = rules.containsKey(method) || rules.containsKey("epollCtl");
        if (scripted && changes != null && changes.apply((int) args[0]) > 0) {
            args[3] = 0; // a refusal is reported at once
        }
        return run(method, a -> call.call(a, scripted ? null : changes), args);
    }

    @FunctionalInterface
    private interface RealWait {
        int call(long[] args, EpollChanges changes);
    }

    @Override
    public int read(int fd, ByteBuffer direct, int at, int length) {
        return run("read", a -> real.read((int) a[0], direct, at, length), fd);
    }

    @Override
    public int write(int fd, ByteBuffer direct, int at, int length) {
        return run("write", a -> real.write((int) a[0], direct, at, length), fd);
    }

    @Override
    public int close(int fd) {
        return run("close", a -> real.close((int) a[0]), fd);
    }

    @Override
    public int pipe(long fds) {
        return run("pipe", a -> real.pipe(a[0]), fds);
    }

    @Override
    public int socketpair(long fds) {
        return run("socketpair", a -> real.socketpair(a[0]), fds);
    }

    @Override
    public int setNonBlocking(int fd, boolean on) {
        return run("setNonBlocking", a -> real.setNonBlocking((int) a[0], on), fd);
    }

    @Override
    public int setCloseOnExec(int fd) {
        return run("setCloseOnExec", a -> real.setCloseOnExec((int) a[0]), fd);
    }

    @Override
    public int isOpen(int fd) {
        return run("isOpen", a -> real.isOpen((int) a[0]), fd);
    }

    @Override
    public int fileStatus(int fd, long status) {
        return run("fileStatus", a -> real.fileStatus((int) a[0], a[1]), fd, status);
    }

    @Override
    public int readv(int fd, long list, int count) {
        return run("readv", a -> real.readv((int) a[0], a[1], (int) a[2]), fd, list, count);
    }

    @Override
    public int writev(int fd, long list, int count) {
        return run("writev", a -> real.writev((int) a[0], a[1], (int) a[2]), fd, list, count);
    }

    @Override
    public int pread(int fd, ByteBuffer direct, int at, int length, long offset) {
        return run(
                "pread",
                a -> real.pread((int) a[0], direct, (int) a[1], (int) a[2], a[3]),
                fd,
                at,
                length,
                offset);
    }

    @Override
    public int recv(int fd, ByteBuffer direct, int at, int length, int flags) {
        return run(
                "recv",
                a -> real.recv((int) a[0], direct, (int) a[1], (int) a[2], (int) a[3]),
                fd,
                at,
                length,
                flags);
    }

    @Override
    public int send(int fd, ByteBuffer direct, int at, int length, int flags) {
        return run(
                "send",
                a -> real.send((int) a[0], direct, (int) a[1], (int) a[2], (int) a[3]),
                fd,
                at,
                length,
                flags);
    }

    @Override
    public int accept(int fd) {
        return run("accept", a -> real.accept((int) a[0]), fd);
    }

    @Override
    public int connect(int fd, long address, int length, int port, int scope) {
        return run(
                "connect",
                a -> real.connect((int) a[0], a[1], (int) a[2], (int) a[3], (int) a[4]),
                fd,
                address,
                length,
                port,
                scope);
    }

    @Override
    public int connectUnix(int fd, long path, int length) {
        return run(
                "connectUnix",
                a -> real.connectUnix((int) a[0], a[1], (int) a[2]),
                fd,
                path,
                length);
    }

    @Override
    public int isListening(int fd) {
        return run("isListening", a -> real.isListening((int) a[0]), fd);
    }

    @Override
    public int socketError(int fd) {
        return run("socketError", a -> real.socketError((int) a[0]), fd);
    }

    @Override
    public int shutdown(int fd, int how) {
        return run("shutdown", a -> real.shutdown((int) a[0], (int) a[1]), fd, how);
    }

    @Override
    public int sendfile(int to, int file, long offset, int count) {
        return run(
                "sendfile",
                a -> real.sendfile((int) a[0], (int) a[1], a[2], (int) a[3]),
                to,
                file,
                offset,
                count);
    }

    @Override
    public int splice(int from, int to, int count) {
        return run("splice", a -> real.splice((int) a[0], (int) a[1], (int) a[2]), from, to, count);
    }

    @Override
    public int pipeCapacity(int fd, int bytes) {
        return run("pipeCapacity", a -> real.pipeCapacity((int) a[0], (int) a[1]), fd, bytes);
    }

    @Override
    public int channelDescriptor(Channel channel) {
        return run("channelDescriptor", a -> real.channelDescriptor(channel));
    }

    @Override
    public int eventfd() {
        return run("eventfd", a -> real.eventfd());
    }

    @Override
    public int epollCreate() {
        return run("epollCreate", a -> real.epollCreate());
    }

    @Override
    public int epollReplace(int fresh, int epfd) {
        return run("epollReplace", a -> real.epollReplace((int) a[0], (int) a[1]), fresh, epfd);
    }

    @Override
    public int epollSetParams(int epfd, long params) {
        return run("epollSetParams", a -> real.epollSetParams((int) a[0], a[1]), epfd, params);
    }

    @Override
    public int epollParams(int epfd, long params) {
        return run("epollParams", a -> real.epollParams((int) a[0], a[1]), epfd, params);
    }

    @Override
    public int epollCtl(int epfd, int op, int fd, int events, long data) {
        return run(
                "epollCtl",
                a -> real.epollCtl((int) a[0], (int) a[1], (int) a[2], (int) a[3], a[4]),
                epfd,
                op,
                fd,
                events,
                data);
    }

    @Override
    public int epollWait(int epfd, long events, int capacity, int millis, EpollChanges changes) {
        return runWait(
                "epollWait",
                (a, c) -> real.epollWait((int) a[0], a[1], (int) a[2], (int) a[3], c),
                changes,
                epfd,
                events,
                capacity,
                millis);
    }

    @Override
    public int epollPwait2(int epfd, long events, int capacity, long nanos, EpollChanges changes) {
        return runWait(
                "epollPwait2",
                (a, c) -> real.epollPwait2((int) a[0], a[1], (int) a[2], a[3], c),
                changes,
                epfd,
                events,
                capacity,
                nanos);
    }

    @Override
    public int uringOpen(int entries, int flags, long ring) {
        return run(
                "uringOpen",
                a -> real.uringOpen((int) a[0], (int) a[1], a[2]),
                entries,
                flags,
                ring);
    }

    @Override
    public int uringChange(long ring, int epfd, int op, long list, int count) {
        return run(
                "uringChange",
                a -> real.uringChange(a[0], (int) a[1], (int) a[2], a[3], (int) a[4]),
                ring,
                epfd,
                op,
                list,
                count);
    }

    @Override
    public int uringWatch(long ring, int fd, int number, int earlier) {
        return run(
                "uringWatch",
                a -> real.uringWatch(a[0], (int) a[1], (int) a[2], (int) a[3]),
                ring,
                fd,
                number,
                earlier);
    }

    @Override
    public int seccomp() {
        return run("seccomp", a -> real.seccomp());
    }

    @Override
    public int kqueue() {
        return run("kqueue", a -> real.kqueue());
    }

    @Override
    public int keventChange(int kq, long changes, int count, int receipts) {
        return run(
                "keventChange",
                a -> real.keventChange((int) a[0], a[1], (int) a[2], (int) a[3]),
                kq,
                changes,
                count,
                receipts);
    }

    @Override
    public int keventWait(int kq, long events, int capacity, long nanos) {
        return run(
                "keventWait",
                a -> real.keventWait((int) a[0], a[1], (int) a[2], a[3]),
                kq,
                events,
                capacity,
                nanos);
    }

    @Override
    public int poll(long fds, int count, int millis) {
        return run("poll", a -> real.poll(a[0], (int) a[1], (int) a[2]), fds, count, millis);
    }

    @Override
    public int ppoll(long fds, int count, long nanos) {
        return run("ppoll", a -> real.ppoll(a[0], (int) a[1], a[2]), fds, count, nanos);
    }

    @Override
    public int select(int nfds, long reads, long writes, long excepts, long micros) {
        return run(
                "select",
                a -> real.select((int) a[0], a[1], a[2], a[3], a[4]),
                nfds,
                reads,
                writes,
                excepts,
                micros);
    }
}
