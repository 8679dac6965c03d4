package dev.pollux.remote;

import com.kenai.jffi.MemoryIO;
import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Platform;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channel;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A binding whose calls an agent makes, on its machine: layouts and numbers are those of its
 * compiler. Memory is this process's, and travels with the calls.
 */
public final class AgentSyscalls implements Syscalls {
    private static final MemoryIO MEMORY = MemoryIO.getInstance();
    private static final byte[] NOTHING = {};

    /** Those of the layout, in its order. */
    private static final Object[] LAYOUT =
            new Platform("linux/x64", Map.of())
                    .constants().keySet().stream().limit(Layout.COUNT).toArray();

    /** What the agent must know by name. */
    static final String[] CONSTANTS =
            Stream.concat(Stream.of(LAYOUT), Errno.NAMES.stream()).toArray(String[]::new);

    private final AgentLink link;
    private final Syscalls local; // for memory alone
    private final Layout layout;
    private final Errno errno;
    private final DeviceNumbers devices;

    AgentSyscalls(AgentLink link, Syscalls local, DeviceNumbers devices) {
        this.link = link;
        this.local = local;
        this.devices = devices;
        layout = new Layout(this);
        errno = new Errno(this);
    }

    @Override
    public String binding() {
        return "agent";
    }

    @Override
    public Layout layout() {
        return layout;
    }

    @Override
    public Errno errno() {
        return errno;
    }

    @Override
    public long layout(int index) {
        return link.constant((String) LAYOUT[index]);
    }

    @Override
    public int errorNumber(int index) {
        return (int) link.constant(Errno.NAMES.get(index));
    }

    /** A call without bytes. */
    private int call(AgentCall call, long... arguments) {
        return (int) link.call(call, NOTHING, 0, arguments).result();
    }

    /** A call with bytes, of which so many come back if it succeeds. */
    private int call(AgentCall call, byte[] sent, long to, int back, long... arguments) {
        AgentLink.Answer answer = link.call(call, sent, back, arguments);
        if (answer.result() >= 0) {
            store(call, answer, to, back);
        }
        return (int) answer.result();
    }

    /** A call whose result says how many things of this size come back. */
    private int list(
            AgentCall call, byte[] sent, long to, int capacity, int size, long... arguments) {
        AgentLink.Answer answer = link.call(call, sent, capacity * size, arguments);
        if (answer.result() > capacity) {
            throw link.fail(
                    "it lies: " + call + " returned " + answer.result() + " of " + capacity, null);
        }
        if (answer.result() > 0) {
            store(call, answer, to, (int) answer.result() * size);
        }
        return (int) answer.result();
    }

    private void store(AgentCall call, AgentLink.Answer answer, long to, int expected) {
        int length = answer.bytes().length;
        if (length != expected) {
            throw link.fail(
                    "it lies: " + call + " came with " + length + " bytes, not " + expected, null);
        }
        MEMORY.putByteArray(to, answer.bytes(), 0, expected);
    }

    private static byte[] bytes(long address, int length) {
        byte[] bytes = new byte[length];
        MEMORY.getByteArray(address, bytes, 0, length);
        return bytes;
    }

    @Override
    public int errorText(int error, long text, int capacity) {
        return list(AgentCall.errorText, NOTHING, text, capacity, 1, error);
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        return local.allocate(bytes);
    }

    @Override
    public void free(ByteBuffer allocated) {
        local.free(allocated);
    }

    @Override
    public long address(ByteBuffer direct) {
        return local.address(direct);
    }

    @Override
    public int read(int fd, ByteBuffer direct, int at, int length) {
        long to = address(direct) + at;
        return list(AgentCall.read, NOTHING, to, length, 1, fd);
    }

    @Override
    public int write(int fd, ByteBuffer direct, int at, int length) {
        byte[] sent = bytes(address(direct) + at, length);
        return (int) link.call(AgentCall.write, sent, 0, fd).result();
    }

    @Override
    public int readv(int fd, long list, int count) {
        byte[] sizes = sizes(list, count);
        int room = sizes.length + (int) total(list, count);
        AgentLink.Answer answer = link.call(AgentCall.readv, sizes, room, fd, count);
        int from = sizes.length;
        if (answer.result() >= 0 && answer.bytes().length != from + answer.result()) {
            throw link.fail("it lies: readv came with other bytes than it says", null);
        }
        for (int i = 0; i < count && from < answer.bytes().length; i++) {
            int length = Math.min(size(list, i), answer.bytes().length - from);
            MEMORY.putByteArray(MEMORY.getLong(list + 16L * i), answer.bytes(), from, length);
            from += length;
        }
        return (int) answer.result();
    }

    @Override
    public int writev(int fd, long list, int count) {
        byte[] sizes = sizes(list, count);
        var sent = ByteBuffer.allocate(sizes.length + (int) total(list, count)).put(sizes);
        for (int i = 0; i < count; i++) {
            sent.put(bytes(MEMORY.getLong(list + 16L * i), size(list, i)));
        }
        return (int) link.call(AgentCall.writev, sent.array(), 0, fd, count).result();
    }

    private static int size(long list, int index) {
        return (int) MEMORY.getLong(list + 16L * index + 8);
    }

    private static long total(long list, int count) {
        long total = 0;
        for (int i = 0; i < count; i++) {
            total += size(list, i);
        }
        return total;
    }

    private static byte[] sizes(long list, int count) {
        var sizes = ByteBuffer.allocate(8 * count).order(ByteOrder.nativeOrder());
        for (int i = 0; i < count; i++) {
            sizes.putLong(size(list, i));
        }
        return sizes.array();
    }

    @Override
    public int pread(int fd, ByteBuffer direct, int at, int length, long offset) {
        return list(AgentCall.pread, NOTHING, address(direct) + at, length, 1, fd, offset);
    }

    @Override
    public int recv(int fd, ByteBuffer direct, int at, int length, int flags) {
        return list(AgentCall.recv, NOTHING, address(direct) + at, length, 1, fd, flags);
    }

    @Override
    public int send(int fd, ByteBuffer direct, int at, int length, int flags) {
        byte[] sent = bytes(address(direct) + at, length);
        return (int) link.call(AgentCall.send, sent, 0, fd, flags).result();
    }

    @Override
    public int open(long path, int access) {
        byte[] name = bytes(path, (int) MEMORY.getStringLength(path));
        return (int) link.call(AgentCall.openMarked, name, 0, access).result();
    }

    @Override
    public int accept(int fd) {
        return call(AgentCall.acceptMarked, fd);
    }

    @Override
    public int connect(int fd, long address, int length, int port, int scope) {
        byte[] sent = bytes(address, length);
        return (int) link.call(AgentCall.connectInternet, sent, 0, fd, port, scope).result();
    }

    @Override
    public int connectUnix(int fd, long path, int length) {
        byte[] sent = bytes(path, length);
        return (int) link.call(AgentCall.connectUnix, sent, 0, fd).result();
    }

    @Override
    public int socketError(int fd) {
        return call(AgentCall.socketError, fd);
    }

    @Override
    public int isListening(int fd) {
        return call(AgentCall.isListening, fd);
    }

    @Override
    public int shutdown(int fd, int how) {
        return call(AgentCall.shutdown, fd, how);
    }

    @Override
    public int sendfile(int to, int file, long offset, int count) {
        return call(AgentCall.sendfile, to, file, offset, count);
    }

    @Override
    public int splice(int from, int to, int count) {
        return call(AgentCall.splice, from, to, count);
    }

    @Override
    public int pipeCapacity(int fd, int bytes) {
        return call(AgentCall.pipeCapacity, fd, bytes);
    }

    @Override
    public int close(int fd) {
        return call(AgentCall.close, fd);
    }

    @Override
    public int pipe(long fds) {
        return call(AgentCall.pipe, NOTHING, fds, 8);
    }

    @Override
    public int socketpair(long fds) {
        return call(AgentCall.socketpair, NOTHING, fds, 8);
    }

    @Override
    public int setNonBlocking(int fd, boolean on) {
        return call(AgentCall.setNonBlocking, fd, on ? 1 : 0);
    }

    @Override
    public int isNonBlocking(int fd) {
        return call(AgentCall.isNonBlocking, fd);
    }

    @Override
    public int setCloseOnExec(int fd) {
        return call(AgentCall.fcntl, fd, Platform.F_SETFD, Platform.FD_CLOEXEC);
    }

    @Override
    public int unread(int fd) {
        AgentLink.Answer answer = link.call(AgentCall.unread, NOTHING, 4, fd);
        return answer.result() < 0
                ? (int) answer.result()
                : ByteBuffer.wrap(answer.bytes()).order(ByteOrder.nativeOrder()).getInt();
    }

    @Override
    public int isOpen(int fd) {
        return call(AgentCall.isOpen, fd);
    }

    @Override
    public int socketType(int fd) {
        return call(AgentCall.socketType, fd);
    }

    @Override
    public int fileStatus(int fd, long status) {
        AgentLink.Answer answer = link.call(AgentCall.fileStatus, NOTHING, 32, fd);
        if (answer.result() >= 0) {
            store(AgentCall.fileStatus, answer, status, 32);
            MEMORY.putLong(status + 24, devices.here(MEMORY.getLong(status + 24)));
        }
        return (int) answer.result();
    }

    /** A channel of this machine has nothing to do with it. */
    @Override
    public int channelDescriptor(Channel channel) {
        return -errno.ENOSYS;
    }

    @Override
    public int eventfd() {
        return call(AgentCall.eventfd);
    }

    @Override
    public int epollCreate() {
        return call(AgentCall.epollCreate);
    }

    @Override
    public int epollReplace(int fresh, int epfd) {
        return call(AgentCall.epollReplace, fresh, epfd);
    }

    @Override
    public int epollCtl(int epfd, int op, int fd, int events, long data) {
        return call(AgentCall.epollCtl, epfd, op, fd, Integer.toUnsignedLong(events), data);
    }

    @Override
    public int epollWait(int epfd, long events, int capacity, int millis, EpollChanges changes) {
        boolean refused = changes != null && changes.apply(epfd) > 0;
        int timeout = refused ? 0 : millis;
        int size = layout.epollEventSize;
        return list(AgentCall.epollWait, NOTHING, events, capacity, size, epfd, capacity, timeout);
    }

    @Override
    public int epollPwait2(int epfd, long events, int capacity, long nanos, EpollChanges changes) {
        boolean refused = changes != null && changes.apply(epfd) > 0;
        long time = refused ? 0 : nanos;
        int size = layout.epollEventSize;
        return list(AgentCall.epollPwait2, NOTHING, events, capacity, size, epfd, capacity, time);
    }

    @Override
    public int kqueue() {
        return call(AgentCall.kqueue);
    }

    @Override
    public int keventChange(int kq, long changes, int count, int receipts) {
        int size = layout.keventSize;
        byte[] sent = bytes(changes, count * size);
        return list(AgentCall.keventChange, sent, changes, receipts, size, kq, count, receipts);
    }

    @Override
    public int keventWait(int kq, long events, int capacity, long nanos) {
        int size = layout.keventSize;
        return list(AgentCall.keventWait, NOTHING, events, capacity, size, kq, capacity, nanos);
    }

    @Override
    public int poll(long fds, int count, int millis) {
        int size = count * layout.pollfdSize;
        return call(AgentCall.poll, bytes(fds, size), fds, size, count, millis);
    }

    @Override
    public int ppoll(long fds, int count, long nanos) {
        int size = count * layout.pollfdSize;
        return call(AgentCall.ppoll, bytes(fds, size), fds, size, count, nanos);
    }

    @Override
    public int select(int nfds, long reads, long writes, long excepts, long micros) {
        long[] sets = {reads, writes, excepts};
        int each = (nfds + 63) / 64 * 8;
        byte[] sent = new byte[3 * each];
        int which = 0;
        for (int i = 0; i < 3; i++) {
            if (sets[i] != 0) {
                which |= 1 << i;
                MEMORY.getByteArray(sets[i], sent, i * each, each);
            }
        }
        AgentLink.Answer answer = link.call(AgentCall.select, sent, 3 * each, nfds, which, micros);
        if (answer.result() >= 0 && answer.bytes().length != 3 * each) {
            throw link.fail("it lies: select came with sets of another size", null);
        }
        for (int i = 0; i < 3 && answer.result() >= 0; i++) {
            if (sets[i] != 0) {
                MEMORY.putByteArray(sets[i], answer.bytes(), i * each, each);
            }
        }
        return (int) answer.result();
    }
}
