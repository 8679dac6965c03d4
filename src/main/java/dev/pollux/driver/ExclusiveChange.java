package dev.pollux.driver;

import dev.pollux.sys.Layout;
import dev.pollux.sys.NativeMemory;
import dev.pollux.sys.Syscalls;

/**
 * Changes a registration of epoll that is exclusive, or is to be: the kernel refuses to, so it is
 * removed and added. Between the two the number may be closed and opened again by others, and then
 * the file that was added is not the one that was registered: found out by device and inode, which
 * anonymous files (eventfd, timerfd, epoll) all have alike. With the driver's changes held.
 */
final class ExclusiveChange {
    private final Syscalls sys;
    private final Layout layout;
    private final FileKind file;

    ExclusiveChange(Syscalls sys, NativeMemory memory) {
        this.sys = sys;
        layout = sys.layout();
        file = new FileKind(sys, memory);
    }

    /** As {@link Driver#modify}, in the kernel's words: from the events {@code old}. */
    int make(int epfd, int fd, int old, int events, long token) {
        int rc = file.look(fd);
        if (rc < 0) {
            return rc;
        }
        long device = file.device();
        long inode = file.inode();
        rc = sys.epollCtl(epfd, layout.EPOLL_CTL_DEL, fd, 0, 0);
        if (rc < 0) {
            return rc;
        }
        rc = sys.epollCtl(epfd, layout.EPOLL_CTL_ADD, fd, events, token);
        int back = rc < 0 ? sys.epollCtl(epfd, layout.EPOLL_CTL_ADD, fd, old, token) : 0;
        int open = file.look(fd);
        if (open < 0) {
            return open; // and so it is not there
        }
        if (file.device() != device || file.inode() != inode) {
            sys.epollCtl(epfd, layout.EPOLL_CTL_DEL, fd, 0, 0);
            return -sys.errno().ENOENT;
        }
        return back < 0 ? Driver.LOST : rc; // only when somebody took the room just made free
    }
}
