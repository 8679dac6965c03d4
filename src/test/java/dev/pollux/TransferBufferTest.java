package dev.pollux;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.pollux.support.Child;
import dev.pollux.support.Fds;
import dev.pollux.support.Host;
import dev.pollux.support.Poller;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/** What {@link Fd} needs outside the heap for heap buffers: as much for many threads as for few. */
class TransferBufferTest {
    private static final int PLATFORM_THREADS = 500;
    private static final int VIRTUAL_THREADS = 8_220;

    /** Less than {@link TransferBuffer#SIZE} for each of these threads. */
    private static final int DIRECT_MEMORY = 8 * 1024 * 1024;

    private static Child.Result run(String kind) throws IOException {
        return Child.here()
                .withAllElse()
                .withProperties()
                .option("-XX:MaxDirectMemorySize=" + DIRECT_MEMORY)
                .run(Many.class, kind)
                .ok();
    }

    @Test
    void many_platform_threads_share_a_few_buffers() throws IOException {
        run("platform");
    }

    @Test
    void many_virtual_threads_share_a_few_buffers() throws IOException {
        assumeTrue(Runtime.version().feature() >= 21, "no virtual threads before JDK 21");
        run("virtual");
    }

    /** Threads that have read and written, and stay. */
    static final class Many {
        private Many() {}

        public static void main(String[] arguments) throws Exception {
            boolean virtual = arguments[0].equals("virtual");
            int count = virtual ? VIRTUAL_THREADS : PLATFORM_THREADS;
            var failure = new AtomicReference<Throwable>();
            var ready = new CountDownLatch(count);
            var end = new CountDownLatch(1);
            int[] pair = Fd.socketpair();
            Runnable transfer =
                    () -> {
                        try {
                            transfer(pair);
                        } catch (Throwable e) {
                            failure.set(e);
                        }
                        ready.countDown();
                        try {
                            end.await();
                        } catch (InterruptedException e) {
                            failure.set(e);
                        }
                    };
            for (int i = 0; i < count; i++) {
                if (virtual) {
                    Host.startVirtual(transfer);
                } else {
                    new Thread(null, transfer, "transfer", 256 * 1024).start();
                }
            }
            assertTrue(ready.await(60, TimeUnit.SECONDS), ready.toString());
            end.countDown();
            if (failure.get() != null) {
                throw new AssertionError(failure.get());
            }
            control();
        }

        private static void transfer(int[] pair) throws IOException {
            ByteBuffer one = ByteBuffer.allocate(1);
            assertEquals(1, Fd.write(pair[0], one));
            assertEquals(1, Fd.read(pair[1], one.clear()));
        }

        /** With one for each thread there is not enough. */
        private static void control() {
            var one = new ArrayList<ByteBuffer>();
            assertThrows(
                    OutOfMemoryError.class,
                    () -> {
                        for (int i = 0; i < PLATFORM_THREADS; i++) {
                            one.add(ByteBuffer.allocateDirect(TransferBuffer.SIZE));
                        }
                    });
        }
    }

    @Test
    void more_blocked_threads_than_the_pool_has_buffers_keep_nobody_from_reading()
            throws Exception {
        try (var fds = new Fds()) {
            var blocked = new ArrayList<Poller>();
            var pairs = new ArrayList<int[]>();
            for (int i = 0; i < TransferBuffer.POOLED + 4; i++) {
                int[] pair = fds.socketpair();
                Fd.setNonBlocking(pair[0], false);
                Poller reader =
                        Poller.run(
                                () -> {
                                    var buffer = ByteBuffer.allocate(5);
                                    Fd.read(pair[0], buffer);
                                    return buffer.get(0);
                                });
                reader.awaitBlocked();
                blocked.add(reader);
                pairs.add(pair);
            }
            for (int i = 0; i < blocked.size(); i++) {
                var bytes = ByteBuffer.allocate(1).put(0, (byte) i);
                assertEquals(1, Fd.write(pairs.get(i)[1], bytes));
                assertEquals((byte) i, blocked.get(i).result());
            }
        }
    }
}
