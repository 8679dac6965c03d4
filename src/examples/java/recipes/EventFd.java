/*
 * An eventfd that somebody else writes: here the kernel's asynchronous file reads.
 *
 * Run   make example NAME=EventFd
 * or    java --enable-native-access=ALL-UNNAMED \
 *           -cp "target/test-classes:target/classes:$(cat target/classpath.txt)" recipes.EventFd
 *
 * You will see that 64 reads of a file, which were handed to the kernel at once, are reported
 * through one eventfd, by how many reports, and that each has brought its part of the file. While
 * none is under way nobody is woken.
 *
 * Libraries that do something in a thread of theirs often say that it is done by adding to an
 * eventfd that they were given: libaio (as here), io_uring, drivers of devices, virtual machines.
 * No callback has to come into the JVM, and no thread has to wait in the library. Reading takes the
 * sum of what was added, and sets it to 0: ask the library for that many results.
 */
package recipes;

import dev.pollux.DefaultSelector;
import dev.pollux.Fd;
import dev.pollux.FdKey;
import dev.pollux.FdSelector;
import dev.pollux.Interest;
import dev.pollux.ReadyHandler;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import jnr.ffi.Pointer;

/** Reads a file in 64 pieces. */
final class EventFd {
    private static final int PIECES = 64;
    private static final int PIECE = 4096;
    private static final String PROCESSOR = System.getProperty("os.arch");
    private static final boolean X86 = PROCESSOR.equals("amd64");
    private static final int IO_SETUP = X86 ? 206 : 0; // numbers of system calls
    private static final int IO_DESTROY = X86 ? 207 : 1;
    private static final int IO_GETEVENTS = X86 ? 208 : 4;
    private static final int IO_SUBMIT = X86 ? 209 : 2;
    private static final int IOCB_FLAG_RESFD = 1;
    private static final int IOCB = 64; // struct iocb, <linux/aio_abi.h>
    private static final int IO_EVENT = 32; // struct io_event

    private final int eventfd =
            LibC.check("eventfd", LibC.C.eventfd(0, LibC.NONBLOCK | LibC.CLOEXEC));
    private final Pointer content = LibC.memory(PIECES * PIECE);
    private final Pointer requests = LibC.memory(PIECES * IOCB);
    private final Pointer results = LibC.memory(PIECES * IO_EVENT);
    private final ByteBuffer sum = ByteBuffer.allocateDirect(8).order(ByteOrder.nativeOrder());
    private long context; // aio_context_t
    private int done;
    private int right;
    private int reports;

    EventFd() throws IOException {}

    public static void main(String[] args) throws Exception {
        Recipe.start(() -> new EventFd().run());
    }

    private void run() throws Exception {
        if (!X86 && !Set.of("aarch64", "riscv64", "loongarch64").contains(PROCESSOR)) {
            throw new LibC.Unavailable("the system calls have other numbers on " + PROCESSOR);
        }
        Path path = Files.createTempFile("pollux", ".bin");
        try (FdSelector selector = DefaultSelector.open()) {
            byte[] bytes = new byte[PIECES * PIECE];
            for (int i = 0; i < bytes.length; i++) {
                bytes[i] = (byte) (i / PIECE);
            }
            Files.write(path, bytes);
            Pointer made = LibC.memory(8);
            LibC.check("io_setup", LibC.C.syscall(IO_SETUP, PIECES, made.address(), 0, 0, 0));
            context = made.getLong(0);
            ReadyHandler handler = (key, ready) -> onSum(key);
            FdKey key = selector.register(eventfd, Interest.READ, Recipe.edge(selector), handler);
            Recipe.idle(selector);
            int file = LibC.open(path.toString(), LibC.O_RDONLY);
            submit(file);
            while (done < PIECES) {
                selector.poll(Recipe.DISPATCH);
            }
            System.out.printf("%d reads done, %d right%n", done, right);
            System.out.printf("reports: %d%n", reports);
            LibC.C.syscall(IO_DESTROY, context, 0, 0, 0, 0);
            Fd.close(file);
            selector.unregisterAndClose(key);
        } finally {
            Files.delete(path);
        }
    }

    /** All of them with one call: each adds 1 to the eventfd when it is done. */
    private void submit(int file) throws IOException {
        Pointer list = LibC.memory(PIECES * 8);
        for (int i = 0; i < PIECES; i++) {
            long at = (long) i * IOCB; // an opcode of 0 is a read
            requests.putLong(at, i); // aio_data: comes back with the result
            requests.putInt(at + 20, file); // aio_fildes
            requests.putLong(at + 24, content.address() + (long) i * PIECE); // aio_buf
            requests.putLong(at + 32, PIECE); // aio_nbytes
            requests.putLong(at + 40, (long) i * PIECE); // aio_offset
            requests.putInt(at + 56, IOCB_FLAG_RESFD); // aio_flags
            requests.putInt(at + 60, eventfd); // aio_resfd
            list.putLong(i * 8L, requests.address() + at);
        }
        long rc = LibC.C.syscall(IO_SUBMIT, context, PIECES, list.address(), 0, 0);
        if (LibC.check("io_submit", rc) < PIECES) {
            throw new IOException("only " + rc + " reads were taken");
        }
    }

    private void onSum(FdKey key) throws IOException {
        reports++;
        while (Fd.read(key.fd(), sum.clear()) > 0) {
            long count = sum.getLong(0);
            long rc = LibC.C.syscall(IO_GETEVENTS, context, count, count, results.address(), 0);
            int taken = LibC.check("io_getevents", rc);
            for (int i = 0; i < taken; i++) {
                long piece = results.getLong((long) i * IO_EVENT); // data
                long read = results.getLong((long) i * IO_EVENT + 16); // res
                right += read == PIECE && content.getByte(piece * PIECE) == (byte) piece ? 1 : 0;
            }
            done += taken;
        }
    }
}
