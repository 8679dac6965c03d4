package dev.pollux.bench.peer;

import static java.lang.invoke.MethodType.methodType;

import io.netty.channel.epoll.EpollEventArray;
import io.netty.channel.epoll.Native;
import io.netty.channel.unix.FileDescriptor;
import java.io.IOException;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;

/**
 * What Netty's event loop stands on, {@code io.netty.channel.epoll.Native}: the bare cost of its
 * wait. What of it is not public is reached by constant method handles, which the JIT compiler
 * inlines like calls.
 */
final class NettyBarePeer implements PeerSelector {
    private static final int MAX_EVENTS = 4096; // as the event loop begins with
    private static final int READ = Native.EPOLLIN | Native.EPOLLRDHUP;

    private static final MethodHandle OPEN_EVENTS;
    private static final MethodHandle WAIT; // (epoll, events, whether not to wait)
    private static final MethodHandle EVENTS;
    private static final MethodHandle FD;
    private static final MethodHandle FREE;

    static {
        try {
            Class<?> array = EpollEventArray.class;
            var lookup = MethodHandles.privateLookupIn(array, MethodHandles.lookup());
            OPEN_EVENTS = lookup.findConstructor(array, methodType(void.class, int.class));
            WAIT =
                    lookup.findStatic(
                            Native.class,
                            "epollWait",
                            methodType(int.class, FileDescriptor.class, array, boolean.class));
            EVENTS = lookup.findVirtual(array, "events", methodType(int.class, int.class));
            FD = lookup.findVirtual(array, "fd", methodType(int.class, int.class));
            FREE = lookup.findVirtual(array, "free", methodType(void.class));
        } catch (ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final FileDescriptor epoll = Native.newEpollCreate();
    private final FileDescriptor wakeup = Native.newEventFd();
    private final EpollEventArray events;
    private final int[] fds;
    private final Connection[] connections;
    private final Connection[] byFd;

    NettyBarePeer(FdEnds ends) throws IOException {
        Native.epollCtlAdd(epoll.intValue(), wakeup.intValue(), Native.EPOLLIN | Native.EPOLLET);
        events = openEvents();
        connections = Connection.of(ends.count());
        fds = new int[ends.count()];
        int highest = wakeup.intValue();
        for (int i = 0; i < fds.length; i++) {
            fds[i] = ends.fd(i);
            highest = Math.max(highest, fds[i]);
        }
        byFd = new Connection[highest + 1];
    }

    @Override
    public void register(int i) throws IOException {
        byFd[fds[i]] = connections[i];
        Native.epollCtlAdd(epoll.intValue(), fds[i], READ);
    }

    @Override
    public void unregister(int i) throws IOException {
        Native.epollCtlDel(epoll.intValue(), fds[i]);
        byFd[fds[i]] = null;
    }

    @Override
    public void modify(int i, boolean write) throws IOException {
        Native.epollCtlMod(epoll.intValue(), fds[i], write ? READ | Native.EPOLLOUT : READ);
    }

    @Override
    public void poll() throws IOException {
        waitAndServe(true);
    }

    @Override
    public void await() throws IOException {
        waitAndServe(false);
    }

    private void waitAndServe(boolean atOnce) throws IOException {
        try {
            int ready = (int) WAIT.invokeExact(epoll, events, atOnce);
            for (int i = 0; i < ready; i++) {
                Connection connection = byFd[(int) FD.invokeExact(events, i)];
                if (connection != null
                        && ((int) EVENTS.invokeExact(events, i) & Native.EPOLLIN) != 0) {
                    connection.served++;
                }
            }
        } catch (Throwable e) {
            throw refused(e);
        }
    }

    @Override
    public void wakeup() {
        Native.eventFdWrite(wakeup.intValue(), 1);
    }

    @Override
    public long served(int i) {
        return connections[i].served;
    }

    @Override
    public void close() throws IOException {
        epoll.close();
        wakeup.close();
        try {
            FREE.invokeExact(events);
        } catch (Throwable e) {
            throw refused(e);
        }
    }

    private static EpollEventArray openEvents() throws IOException {
        try {
            return (EpollEventArray) OPEN_EVENTS.invokeExact(MAX_EVENTS);
        } catch (Throwable e) {
            throw refused(e);
        }
    }

    private static IOException refused(Throwable e) {
        return e instanceof IOException ? (IOException) e : new IOException(e);
    }
}
