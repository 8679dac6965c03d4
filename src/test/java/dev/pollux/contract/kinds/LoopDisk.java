package dev.pollux.contract.kinds;

import dev.pollux.Fd;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import jnr.ffi.Pointer;
import org.opentest4j.TestAbortedException;

/**
 * An ext4 of four megabytes, mounted in this thread's namespace. It has what few devices have: an
 * attribute in sysfs that says when it changes, and another that changes it. Without a journal it
 * would not say so.
 */
final class LoopDisk implements AutoCloseable {
    private static final int SIZE = 4 << 20;
    private static final long LOOP_CTL_GET_FREE = 0x4C82;
    private static final long LOOP_CONFIGURE = 0x4C0A;
    private static final int FLAGS_AT = 60; // lo_flags in struct loop_config
    private static final int LO_FLAGS_AUTOCLEAR = 4;

    private final Path mounted;
    private final String name;

    /** Skips the test where there is no mkfs.ext4, or no loop device. */
    LoopDisk(Path dir) throws Exception {
        Path image = dir.resolve("image");
        mounted = Files.createDirectory(dir.resolve("mounted"));
        Files.write(image, new byte[SIZE]);
        format(image);
        int number = free();
        name = "loop" + number;
        int device = Kernel.open("/dev/" + name, Kernel.O_RDWR);
        try {
            configure(device, image);
            Kernel.mount("/dev/" + name, mounted.toString(), "ext4", 0);
        } finally {
            Fd.close(device); // it is freed when it is unmounted
        }
    }

    private static void format(Path image) throws Exception {
        Process process;
        try {
            process =
                    new ProcessBuilder("mkfs.ext4", "-q", "-J", "size=1", image.toString())
                            .redirectErrorStream(true)
                            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                            .start();
        } catch (IOException e) {
            throw new TestAbortedException(e.getMessage());
        }
        if (!process.waitFor(20, TimeUnit.SECONDS) || process.exitValue() != 0) {
            process.destroyForcibly();
            throw new TestAbortedException("mkfs.ext4 failed");
        }
    }

    private static int free() throws IOException {
        int control = Kernel.open("/dev/loop-control", Kernel.O_RDWR);
        try {
            return Kernel.require(
                    "LOOP_CTL_GET_FREE", Kernel.C.ioctl(control, LOOP_CTL_GET_FREE, 0));
        } finally {
            Fd.close(control);
        }
    }

    private static void configure(int device, Path image) throws IOException {
        int file = Kernel.open(image.toString(), Kernel.O_RDWR);
        try {
            Pointer config = Kernel.memory(304);
            config.putInt(0, file);
            config.putInt(FLAGS_AT, LO_FLAGS_AUTOCLEAR);
            Kernel.ioctl(device, LOOP_CONFIGURE, config);
        } finally {
            Fd.close(file);
        }
    }

    /** Counts the errors of this file system, and notifies. */
    int openErrorsCount() throws IOException {
        return Kernel.open("/sys/fs/ext4/" + name + "/errors_count", Kernel.O_RDONLY);
    }

    /** The kernel's own means to test this. */
    void addError() throws IOException {
        Kernel.writeToFile("/sys/fs/ext4/" + name + "/trigger_fs_error", "a test of Pollux");
    }

    @Override
    public void close() throws IOException {
        Kernel.unmount(mounted.toString());
    }
}
