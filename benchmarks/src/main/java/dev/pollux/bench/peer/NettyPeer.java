package dev.pollux.bench.peer;

import io.netty.channel.IoEvent;
import io.netty.channel.IoRegistration;
import io.netty.channel.ManualIoEventLoop;
import io.netty.channel.epoll.EpollIoEvent;
import io.netty.channel.epoll.EpollIoHandle;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollIoOps;
import io.netty.channel.unix.FileDescriptor;
import java.util.concurrent.TimeUnit;

/**
 * Netty's epoll event loop, driven by the thread that opened it, with handles that are no channels:
 * the same loop and the same dispatch without Netty's pipeline.
 */
final class NettyPeer implements PeerSelector {
    private static final EpollIoOps READ = EpollIoOps.EPOLLIN.with(EpollIoOps.EPOLLRDHUP);
    private static final EpollIoOps READ_WRITE = READ.with(EpollIoOps.EPOLLOUT);
    private static final Runnable NOTHING = () -> {};

    private static final class Handle implements EpollIoHandle {
        private final FileDescriptor fd;
        private long served;

        Handle(int fd) {
            this.fd = new FileDescriptor(fd);
        }

        @Override
        public FileDescriptor fd() {
            return fd;
        }

        @Override
        public void handle(IoRegistration registration, IoEvent event) {
            if (((EpollIoEvent) event).ops().contains(EpollIoOps.EPOLLIN)) {
                served++;
            }
        }

        @Override
        public void close() {
            // The descriptor is that of the ends.
        }
    }

    private final ManualIoEventLoop loop =
            new ManualIoEventLoop(Thread.currentThread(), EpollIoHandler.newFactory());
    private final Handle[] handles;
    private final IoRegistration[] registrations;

    NettyPeer(FdEnds ends) {
        handles = new Handle[ends.count()];
        for (int i = 0; i < handles.length; i++) {
            handles[i] = new Handle(ends.fd(i));
        }
        registrations = new IoRegistration[handles.length];
    }

    @Override
    public void register(int i) {
        registrations[i] = loop.register(handles[i]).getNow();
        registrations[i].submit(READ);
    }

    @Override
    public void unregister(int i) {
        registrations[i].cancel();
        registrations[i] = null;
    }

    @Override
    public void modify(int i, boolean write) {
        registrations[i].submit(write ? READ_WRITE : READ);
    }

    @Override
    public void poll() {
        loop.runNow();
    }

    @Override
    public void await() {
        loop.run(0);
    }

    /** By a task: the loop's own wakeup is without effect on a loop that does not wait yet. */
    @Override
    public void wakeup() {
        loop.execute(NOTHING);
    }

    @Override
    public long served(int i) {
        return handles[i].served;
    }

    @Override
    public void close() {
        loop.shutdownGracefully(0, 0, TimeUnit.SECONDS);
        while (!loop.isTerminated()) {
            loop.runNow();
        }
    }
}
