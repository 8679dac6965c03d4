package dev.pollux.remote;

import dev.pollux.support.Libc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.HashMap;
import java.util.Map;

/** libc's functions for the tests, called on the agent's machine. */
public final class AgentLibc implements Libc.Calls {
    private static final byte[] NOTHING = {};

    private final AgentLink link;
    private final ThreadLocal<Integer> error = ThreadLocal.withInitial(() -> 0);
    private final Map<Path, String> paths = new HashMap<>(); // guarded by itself

    AgentLibc(AgentLink link) {
        this.link = link;
    }

    /** The error number of this thread's last call that failed. */
    public int lastError() {
        return error.get();
    }

    private int call(AgentCall call, byte[] bytes, long... arguments) {
        return result(link.call(call, bytes, 0, arguments));
    }

    private int result(AgentLink.Answer answer) {
        if (answer.result() < 0) {
            error.set((int) -answer.result());
            return -1;
        }
        return (int) answer.result();
    }

    private int make(AgentCall call, long... arguments) {
        return call(call, NOTHING, arguments);
    }

    private int copy(AgentLink.Answer answer, byte[] to, int[] length) {
        int rc = result(answer);
        if (rc >= 0) {
            System.arraycopy(answer.bytes(), 0, to, 0, answer.bytes().length);
            length[0] = answer.bytes().length;
        }
        return rc;
    }

    /**
     * Where on the agent's machine what tests make in a directory for files goes: into one that the
     * agent removes in the end. Others are what they are.
     */
    public String path(Path path) throws IOException {
        if (!path.startsWith(System.getProperty("java.io.tmpdir"))) {
            return path.toString();
        }
        AgentLink.Answer answer = link.call(AgentCall.temporary, NOTHING, 64);
        if (answer.result() < 0) {
            throw new IOException("mkdtemp: " + -answer.result());
        }
        String directory = new String(answer.bytes(), StandardCharsets.UTF_8);
        synchronized (paths) {
            return Files.isDirectory(path)
                    ? directory
                    : paths.computeIfAbsent(path, p -> directory + "/" + paths.size());
        }
    }

    private byte[] bytes(String path) {
        try {
            return path(Path.of(path)).getBytes(StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    /** The numbers below this one that are open there. */
    public BitSet numbers(int limit) {
        AgentLink.Answer answer = link.call(AgentCall.numbers, NOTHING, (limit + 7) / 8, limit);
        return BitSet.valueOf(answer.bytes());
    }

    /** A signal for all that the agent does at the moment. */
    public void interruptCalls() {
        make(AgentCall.signalOthers);
    }

    @Override
    public int dup(int fd) {
        return make(AgentCall.dup, fd);
    }

    @Override
    public int dup2(int from, int to) {
        return make(AgentCall.dup2, from, to);
    }

    @Override
    public int open(String path, int flags) {
        return call(AgentCall.open, bytes(path), flags);
    }

    @Override
    public int fcntl(int fd, int command, int argument) {
        return make(AgentCall.fcntl, fd, command, argument);
    }

    @Override
    public int mkfifo(String path, int mode) {
        return call(AgentCall.mkfifo, bytes(path), mode);
    }

    @Override
    public int shutdown(int fd, int how) {
        return make(AgentCall.shutdown, fd, how);
    }

    @Override
    public long send(int fd, byte[] bytes, long length, int flags) {
        return call(AgentCall.send, bytes, fd, flags);
    }

    @Override
    public int socket(int domain, int type, int protocol) {
        return make(AgentCall.socket, domain, type, protocol);
    }

    @Override
    public int bind(int fd, byte[] address, int length) {
        return call(AgentCall.bind, address, fd);
    }

    @Override
    public int listen(int fd, int backlog) {
        return make(AgentCall.listen, fd, backlog);
    }

    @Override
    public int accept(int fd, byte[] address, int[] length) {
        return make(AgentCall.accept, fd);
    }

    @Override
    public int connect(int fd, byte[] address, int length) {
        return call(AgentCall.connect, java.util.Arrays.copyOf(address, length), fd);
    }

    @Override
    public int getsockname(int fd, byte[] address, int[] length) {
        return copy(link.call(AgentCall.getsockname, NOTHING, length[0], fd), address, length);
    }

    @Override
    public int setsockopt(int fd, int level, int option, byte[] value, int length) {
        return call(AgentCall.setsockopt, value, fd, level, option);
    }

    @Override
    public int posix_openpt(int flags) {
        return make(AgentCall.posix_openpt, flags);
    }

    @Override
    public int grantpt(int fd) {
        return make(AgentCall.grantpt, fd);
    }

    @Override
    public int unlockpt(int fd) {
        return make(AgentCall.unlockpt, fd);
    }

    @Override
    public int ptsname_r(int fd, byte[] name, long length) {
        return copy(link.call(AgentCall.ptsname, NOTHING, (int) length - 1, fd), name, new int[1]);
    }

    @Override
    public int eventfd(int value, int flags) {
        return make(AgentCall.eventfd);
    }

    @Override
    public int timerfd_create(int clock, int flags) {
        return make(AgentCall.timerfd_create, clock, flags);
    }

    /** Once, after the time of {@code it_value}. */
    @Override
    public int timerfd_settime(int fd, int flags, byte[] value, byte[] old) {
        ByteBuffer spec = ByteBuffer.wrap(value).order(ByteOrder.nativeOrder());
        long nanos = spec.getLong(16) * 1_000_000_000 + spec.getLong(24);
        return make(AgentCall.timerfd_after, fd, nanos);
    }

    @Override
    public int inotify_init1(int flags) {
        return make(AgentCall.inotify_init1, flags);
    }

    /** Of an error queue, of which nothing is wanted. */
    @Override
    public long recv(int fd, long bytes, long length, int flags) {
        return make(AgentCall.recv, fd, flags);
    }

    // What a thread does to itself, or to memory of this process, has no meaning there.

    @Override
    public long send(int fd, long bytes, long length, int flags) {
        throw new UnsupportedOperationException("send from memory");
    }

    @Override
    public int getsockopt(int fd, int level, int option, long value, long length) {
        throw new UnsupportedOperationException("getsockopt into memory");
    }

    @Override
    public int unshare(int flags) {
        throw new UnsupportedOperationException("unshare");
    }

    @Override
    public int mount(String source, String target, String type, long flags, String data) {
        throw new UnsupportedOperationException("mount");
    }

    @Override
    public int umount2(String target, int flags) {
        throw new UnsupportedOperationException("umount2");
    }
}
