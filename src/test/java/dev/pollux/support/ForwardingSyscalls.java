package dev.pollux.support;

import dev.pollux.sys.EpollChanges;
import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.Syscalls;
import java.nio.ByteBuffer;
import java.nio.channels.Channel;

/** A binding that hands every call on to another one, for those that do some otherwise. */
public abstract class ForwardingSyscalls implements Syscalls {
    /** Where they go. */
    public final Syscalls real;

    public ForwardingSyscalls(Syscalls real) {
        this.real = real;
    }

    @Override
    public String binding() {
        return real.binding();
    }

    @Override
    public boolean throughLibc() {
        return real.throughLibc();
    }

    @Override
    public String returns() {
        return real.returns();
    }

    @Override
    public Layout layout() {
        return real.layout();
    }

    @Override
    public Errno errno() {
        return real.errno();
    }

    @Override
    public long layout(int index) {
        return real.layout(index);
    }

    @Override
    public int errorNumber(int index) {
        return real.errorNumber(index);
    }

    @Override
    public int errorText(int error, long text, int capacity) {
        return real.errorText(error, text, capacity);
    }

    @Override
    public ByteBuffer allocate(int bytes) {
        return real.allocate(bytes);
    }

    @Override
    public void free(ByteBuffer allocated) {
        real.free(allocated);
    }

    @Override
    public long address(ByteBuffer direct) {
        return real.address(direct);
    }

    @Override
    public int read(int fd, ByteBuffer direct, int at, int length) {
        return real.read(fd, direct, at, length);
    }

    @Override
    public int write(int fd, ByteBuffer direct, int at, int length) {
        return real.write(fd, direct, at, length);
    }

    @Override
    public int close(int fd) {
        return real.close(fd);
    }

    @Override
    public int pipe(long fds) {
        return real.pipe(fds);
    }

    @Override
    public int socketpair(long fds) {
        return real.socketpair(fds);
    }

    @Override
    public int setNonBlocking(int fd, boolean on) {
        return real.setNonBlocking(fd, on);
    }

    @Override
    public int isNonBlocking(int fd) {
        return real.isNonBlocking(fd);
    }

    @Override
    public int setCloseOnExec(int fd) {
        return real.setCloseOnExec(fd);
    }

    @Override
    public int unread(int fd) {
        return real.unread(fd);
    }

    @Override
    public int isOpen(int fd) {
        return real.isOpen(fd);
    }

    @Override
    public int socketType(int fd) {
        return real.socketType(fd);
    }

    @Override
    public int fileStatus(int fd, long status) {
        return real.fileStatus(fd, status);
    }

    @Override
    public int open(long path, int access) {
        return real.open(path, access);
    }

    @Override
    public int readv(int fd, long list, int count) {
        return real.readv(fd, list, count);
    }

    @Override
    public int writev(int fd, long list, int count) {
        return real.writev(fd, list, count);
    }

    @Override
    public int pread(int fd, ByteBuffer direct, int at, int length, long offset) {
        return real.pread(fd, direct, at, length, offset);
    }

    @Override
    public int recv(int fd, ByteBuffer direct, int at, int length, int flags) {
        return real.recv(fd, direct, at, length, flags);
    }

    @Override
    public int send(int fd, ByteBuffer direct, int at, int length, int flags) {
        return real.send(fd, direct, at, length, flags);
    }

    @Override
    public int accept(int fd) {
        return real.accept(fd);
    }

    @Override
    public int connect(int fd, long address, int length, int port, int scope) {
        return real.connect(fd, address, length, port, scope);
    }

    @Override
    public int connectUnix(int fd, long path, int length) {
        return real.connectUnix(fd, path, length);
    }

    @Override
    public int isListening(int fd) {
        return real.isListening(fd);
    }

    @Override
    public int socketError(int fd) {
        return real.socketError(fd);
    }

    @Override
    public int shutdown(int fd, int how) {
        return real.shutdown(fd, how);
    }

    @Override
    public int sendfile(int to, int file, long offset, int count) {
        return real.sendfile(to, file, offset, count);
    }

    @Override
    public int splice(int from, int to, int count) {
        return real.splice(from, to, count);
    }

    @Override
    public int pipeCapacity(int fd, int bytes) {
        return real.pipeCapacity(fd, bytes);
    }

    @Override
    public int channelDescriptor(Channel channel) {
        return real.channelDescriptor(channel);
    }

    @Override
    public int eventfd() {
        return real.eventfd();
    }

    @Override
    public int epollCreate() {
        return real.epollCreate();
    }

    @Override
    public int epollReplace(int fresh, int epfd) {
        return real.epollReplace(fresh, epfd);
    }

    @Override
    public int epollSetParams(int epfd, long params) {
        return real.epollSetParams(epfd, params);
    }

    @Override
    public int epollParams(int epfd, long params) {
        return real.epollParams(epfd, params);
    }

    @Override
    public int epollCtl(int epfd, int op, int fd, int events, long data) {
        return real.epollCtl(epfd, op, fd, events, data);
    }

    @Override
    public int epollWait(int epfd, long events, int capacity, int millis, EpollChanges changes) {
        return real.epollWait(epfd, events, capacity, millis, changes);
    }

    @Override
    public int epollPwait2(int epfd, long events, int capacity, long nanos, EpollChanges changes) {
        return real.epollPwait2(epfd, events, capacity, nanos, changes);
    }

    @Override
    public int uringOpen(int entries, int flags, long ring) {
        return real.uringOpen(entries, flags, ring);
    }

    @Override
    public ByteBuffer uringMemory(long ring) {
        return real.uringMemory(ring);
    }

    @Override
    public int uringClose(long ring) {
        return real.uringClose(ring);
    }

    @Override
    public int uringChange(long ring, int epfd, int op, long list, int count) {
        return real.uringChange(ring, epfd, op, list, count);
    }

    @Override
    public int uringWatch(long ring, int fd, int number, int earlier) {
        return real.uringWatch(ring, fd, number, earlier);
    }

    @Override
    public int seccomp() {
        return real.seccomp();
    }

    @Override
    public int kqueue() {
        return real.kqueue();
    }

    @Override
    public int keventChange(int kq, long changes, int count, int receipts) {
        return real.keventChange(kq, changes, count, receipts);
    }

    @Override
    public int keventWait(int kq, long events, int capacity, long nanos) {
        return real.keventWait(kq, events, capacity, nanos);
    }

    @Override
    public int poll(long fds, int count, int millis) {
        return real.poll(fds, count, millis);
    }

    @Override
    public int ppoll(long fds, int count, long nanos) {
        return real.ppoll(fds, count, nanos);
    }

    @Override
    public int select(int nfds, long reads, long writes, long excepts, long micros) {
        return real.select(nfds, reads, writes, excepts, micros);
    }
}
