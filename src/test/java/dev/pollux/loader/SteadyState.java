package dev.pollux.loader;

import dev.pollux.Await;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.FdSocket;
import dev.pollux.Interest;
import dev.pollux.PolluxException;
import dev.pollux.Trigger;
import dev.pollux.nio.PolluxSelectorProvider;
import dev.pollux.support.Child;
import dev.pollux.support.EveryBackend.Pair;
import dev.pollux.support.Fds;
import dev.pollux.support.Libc;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.logging.Logger;

/**
 * The main class of a {@link Child} that logs what it loads: opens a selector of one pair, and the
 * drop-in's, and then does with them what a server does, errors too.
 */
final class SteadyState {
    static final String OPEN = "---- open";
    static final String CLOSED = "---- closed";

    private static final Interest[] INTERESTS = {
        Interest.PRIORITY, Interest.READ, Interest.WRITE, Interest.READ.plus(Interest.WRITE)
    };

    private static final Logger LOG = Logger.getLogger(FdSelector.class.getName());

    private SteadyState() {}

    public static void main(String[] arguments) throws Exception {
        // In strict mode it says, rightly, what is closed under its registration below.
        LOG.setUseParentHandlers(false);
        Pair pair =
                Pair.all().stream().filter(p -> p.toString().equals(arguments[0])).findAny().get();
        try (var fds = new Fds();
                FdSelector selector = pair.open();
                Selector dropIn = new PolluxSelectorProvider().openSelector();
                Await await = Await.open()) {
            System.out.println(OPEN);
            use(selector, fds);
            use(dropIn);
            use(await, fds);
            useOtherCalls(fds);
        }
        System.out.println(CLOSED);
    }

    private static void use(FdSelector selector, Fds fds) throws IOException {
        int[] sockets = fds.socketpair();
        int[] pipe = fds.pipe();
        int device = fds.keep(Libc.open("/dev/ptmx")); // no socket, no pipe
        ByteBuffer one = ByteBuffer.allocateDirect(1);
        Fd.write(sockets[1], one);
        Fd.read(sockets[0], one.clear());
        for (int fd : List.of(sockets[0], device)) {
            FdKey key = selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            for (Interest interest : INTERESTS) {
                for (Trigger trigger : Trigger.values()) {
                    if (selector.supports(interest, trigger)) {
                        selector.modify(key, interest, trigger);
                        selector.poll(0, TimeUnit.SECONDS, (ready, what) -> what.isError());
                    }
                }
            }
            selector.unregister(key);
            refused(() -> selector.unregister(key));
            refused(() -> selector.modify(key, Interest.READ));
        }
        refused(() -> selector.register(9_999, Interest.READ, Trigger.LEVEL, null));

        // A handler that throws, a wakeup, an interrupt.
        FdKey writer = selector.register(pipe[1], Interest.WRITE, Trigger.LEVEL, null);
        refused(
                () ->
                        selector.poll(
                                (ready, what) -> {
                                    throw new IOException("a handler's");
                                }));
        selector.wakeup();
        selector.poll((ready, what) -> {});
        Thread.currentThread().interrupt();
        selector.poll((ready, what) -> {});
        Thread.interrupted();
        selector.modify(writer, Interest.READ);
        selector.poll(1, TimeUnit.MILLISECONDS, (ready, what) -> {});
        selector.unregister(writer);

        // What is closed under its registration, also while it is open under a second number.
        int closed = Fd.pipe()[1];
        selector.register(closed, Interest.WRITE, Trigger.LEVEL, null);
        Fd.close(closed);
        selector.poll(1, TimeUnit.MILLISECONDS, (ready, what) -> {});
        int first = Libc.dup(pipe[1]);
        FdKey orphan = selector.register(first, Interest.WRITE, Trigger.LEVEL, null);
        Fd.close(first);
        selector.unregister(orphan);
        selector.poll(1, TimeUnit.MILLISECONDS, (ready, what) -> {});
        selector.poll(1, TimeUnit.MILLISECONDS, (ready, what) -> {});
        selector.unregisterAndClose(
                selector.register(Fd.pipe()[0], Interest.READ, Trigger.LEVEL, null));
        selector.keys();
    }

    private static void use(Await await, Fds fds) throws Exception {
        int[] pipe = fds.pipe();
        Fd.write(pipe[1], ByteBuffer.allocate(1));
        await.await(pipe[0], Interest.READ);
        Fd.read(pipe[0], ByteBuffer.allocate(1));
        await.when(pipe[0], Interest.READ).cancel(true);
        try {
            await.await(pipe[0], Interest.READ, 1, TimeUnit.MILLISECONDS);
        } catch (TimeoutException e) {
            System.out.println("refused: " + e);
        }
        refused(() -> awaitUnchecked(await, 9_999));
        await.closeDescriptor(Fd.pipe()[0]);
    }

    private static void awaitUnchecked(Await await, int fd) throws IOException {
        try {
            await.await(fd, Interest.READ);
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
    }

    private static void useOtherCalls(Fds fds) throws IOException {
        int[] pair = fds.socketpair();
        ByteBuffer one = ByteBuffer.allocate(1);
        Fd.writev(pair[0], one);
        Fd.readv(pair[1], one.clear());
        FdSocket.send(pair[0], one.clear(), 0);
        FdSocket.receive(pair[1], one.clear(), FdSocket.PEEK);
        int listener = fds.keep(Libc.Socket.TCP_V4.listen());
        FdSocket.accept(listener);
        refused(() -> FdSocket.finishConnect(9_999));
        FdSocket.shutdownOutput(pair[0]);
    }

    private static void use(Selector selector) throws IOException {
        Pipe pipe = Pipe.open();
        pipe.source().configureBlocking(false);
        pipe.sink().write(ByteBuffer.allocate(1));
        SelectionKey key = pipe.source().register(selector, SelectionKey.OP_READ);
        selector.select(ready -> ready.interestOps(0));
        selector.selectNow();
        key.interestOps(SelectionKey.OP_READ);
        selector.select();
        selector.selectedKeys().clear();
        selector.wakeup();
        selector.select();
        key.cancel();
        selector.selectNow();
        pipe.source().close();
        pipe.sink().close();
    }

    private interface Refused {
        void run() throws IOException;
    }

    private static void refused(Refused call) {
        try {
            call.run();
        } catch (PolluxException e) {
            System.out.println("refused: " + e.getMessage());
            return;
        } catch (IOException e) {
            System.out.println("thrown: " + e.getMessage());
            return;
        }
        throw new AssertionError("it was not refused");
    }
}
