package dev.pollux.driver;

import dev.pollux.sys.Errno;
import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * The type of file behind a descriptor, for the kernel interfaces that accept every type: poll,
 * select and kqueue report regular files, directories and /dev/null as always ready. epoll refuses
 * them, and so does this, by the file's type; where that does not decide (devices, anonymous
 * inodes, /proc) by asking epoll, if there is one, and by the device's number otherwise.
 *
 * <p>epoll is asked to remove what was never added: adding would be a look, with which an event
 * that is reported once is gone. What was opened with {@code O_PATH} has a type, but cannot be
 * waited for. Used under a lock of the driver's.
 */
final class FileKind {
    private static final List<String> UNPOLLABLE = List.of("/dev/null", "/dev/zero", "/dev/full");

    private final Syscalls sys;
    private final Errno errno;
    private final Layout layout;
    private final NativeMemory.Block status; // four longs: device, inode, mode, device number

    FileKind(Syscalls sys, NativeMemory memory) {
        this.sys = sys;
        errno = sys.errno();
        layout = sys.layout();
        status = memory.allocate(32);
    }

    /** Looks at a descriptor, for the methods below: 0 or a negated error number. */
    int look(int fd) {
        return sys.fileStatus(fd, status.address());
    }

    long device() {
        return status.bytes().getLong(0);
    }

    long inode() {
        return status.bytes().getLong(8);
    }

    /** Whether this is a pipe, or a kqueue, which says that it is one. */
    boolean isPipe() {
        return ((int) status.bytes().getLong(16) & layout.S_IFMT) == layout.S_IFIFO;
    }

    /** A pipe, and which one is not to be known: there is neither device nor inode. */
    boolean isNamelessPipe() {
        return isPipe() && device() == 0 && inode() == 0;
    }

    /** 0; or {@code -EPERM} or {@code -EBADF}, as epoll answers. */
    int check(int fd) {
        int type = (int) status.bytes().getLong(16) & layout.S_IFMT;
        if (type == layout.S_IFIFO || type == layout.S_IFSOCK) {
            return sys.isOpen(fd); // not with O_PATH
        }
        int epfd = sys.epollCreate();
        if (epfd == -errno.ENOSYS) {
            return isUnpollable(type) ? -errno.EPERM : 0;
        }
        if (epfd < 0) {
            return epfd;
        }
        int rc = sys.epollCtl(epfd, layout.EPOLL_CTL_DEL, fd, 0, 0);
        sys.close(epfd);
        return rc == -errno.ENOENT ? 0 : rc; // it is not there, so it could be
    }

    private boolean isUnpollable(int type) {
        if (type != layout.S_IFCHR) {
            return type == layout.S_IFREG || type == layout.S_IFDIR || type == layout.S_IFBLK;
        }
        for (String path : UNPOLLABLE) {
            if (status.bytes().getLong(24) == deviceNumber(path)) {
                return true;
            }
        }
        return false;
    }

    /** -1, which is none, where there is no such device. */
    private static long deviceNumber(String path) {
        try {
            return ((Number) Files.getAttribute(Path.of(path), "unix:rdev")).longValue();
        } catch (IOException | UnsupportedOperationException | IllegalArgumentException e) {
            return -1;
        }
    }
}
