package dev.pollux;

import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Privileged;
import java.nio.charset.Charset;
import java.nio.file.FileSystems;
import java.nio.file.Path;
import java.nio.file.ProviderMismatchException;

/** The name of a file for the kernel. */
final class NativePath {
    /** In which the JDK writes names of files; a {@link Path} holds no other characters. */
    private static final Charset CHARSET =
            Charset.forName(
                    Privileged.<String, RuntimeException>call(
                            () -> System.getProperty("sun.jnu.encoding", "UTF-8")));

    private NativePath() {}

    /** Its bytes, with a final zero. */
    static NativeMemory.Block in(NativeMemory memory, Path path) {
        if (path.getFileSystem() != FileSystems.getDefault()) {
            throw new ProviderMismatchException(path + " is not of the default file system");
        }
        byte[] name = path.toString().getBytes(CHARSET);
        NativeMemory.Block block = memory.allocate(name.length + 1); // zeros
        block.bytes().put(0, name);
        return block;
    }
}
