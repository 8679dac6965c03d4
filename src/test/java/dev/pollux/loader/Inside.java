package dev.pollux.loader;

import dev.pollux.ChannelFd;
import dev.pollux.DefaultSelector;
import dev.pollux.Interest;
import dev.pollux.Trigger;
import dev.pollux.nio.PolluxSelectorProvider;
import java.nio.ByteBuffer;
import java.nio.channels.Pipe;
import java.nio.channels.SelectionKey;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * Uses what of the library looks into the JDK: the drop-in, {@link ChannelFd}, and virtual threads.
 * Knows nothing but the library and the JDK, so that any class loader will do.
 */
final class Inside {
    static final String SELECTOR = "selector: ";
    static final String SELECTED = "selected: ";
    static final String DESCRIPTOR = "descriptor: ";
    static final String ENDED = "ended: ";
    static final String MODULE = "module: ";

    private Inside() {}

    /** Nothing; {@code virtual}; or the name of a class that must be there. */
    public static void main(String[] arguments) throws Exception {
        if (arguments.length == 0) {
            useChannels();
        } else if (arguments[0].equals("virtual")) {
            pollOnAVirtualThread();
        } else {
            System.out.println(Class.forName(arguments[0]));
        }
    }

    static void useChannels() throws Exception {
        System.out.println(MODULE + DefaultSelector.class.getModule().getName());
        Pipe pipe = Pipe.open();
        pipe.source().configureBlocking(false);
        pipe.sink().write(ByteBuffer.wrap(new byte[1]));
        int selected = 0;
        try (var selector = new PolluxSelectorProvider().openSelector()) {
            System.out.println(SELECTOR + selector.getClass().getName());
            pipe.source().register(selector, SelectionKey.OP_READ);
            selected += selector.selectNow();
        }
        try (var selector = DefaultSelector.open()) {
            int fd = ChannelFd.of(pipe.source());
            System.out.println(DESCRIPTOR + (fd >= 0));
            selector.register(fd, Interest.READ, Trigger.LEVEL, null);
            int[] count = {0};
            selector.poll((key, ready) -> count[0]++);
            selected += count[0];
        }
        System.out.println(SELECTED + selected);
    }

    /** There is one carrier: a second virtual thread runs only if the first releases it. */
    private static void pollOnAVirtualThread() throws Exception {
        var polling = new CountDownLatch(1);
        var ended = new CountDownLatch(1);
        try (var selector = DefaultSelector.open()) {
            start(
                    () -> {
                        polling.countDown();
                        System.out.println(
                                ENDED + selector.poll(60, TimeUnit.SECONDS, (key, ready) -> {}));
                        ended.countDown();
                        return null;
                    });
            polling.await();
            start(
                    () -> {
                        selector.wakeup();
                        return null;
                    });
            ended.await();
        }
    }

    private static void start(java.util.concurrent.Callable<Void> task)
            throws ReflectiveOperationException {
        Runnable running =
                () -> {
                    try {
                        task.call();
                    } catch (Exception e) {
                        throw new AssertionError(e);
                    }
                };
        Thread.class.getMethod("startVirtualThread", Runnable.class).invoke(null, running);
    }
}
