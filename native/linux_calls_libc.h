/* Any other processor: through libc. */
#include "libc_calls.h"

static inline int call_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static inline int call_eventfd(void) {
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

static inline int call_set_flags(int fd, int flags) { return fcntl(fd, F_SETFL, flags) < 0 ? -errno : 0; }

static inline int call_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) {
    return epoll_ctl(epfd, op, fd, event) < 0 ? -errno : 0;
}

static inline int call_epoll_wait(int epfd, struct epoll_event *events, int capacity, int millis) {
    int rc = epoll_wait(epfd, events, capacity, millis);
    return rc < 0 ? -errno : rc;
}

static inline int call_epoll_pwait2(int epfd, struct epoll_event *events, int capacity,
                                    const struct kernel_timespec *timeout) {
    long rc = syscall(SYS_epoll_pwait2, epfd, events, capacity, timeout, NULL, 0);
    return rc < 0 ? -errno : (int)rc;
}

static inline int call_io_uring_enter(int ring, unsigned submissions, unsigned completions, unsigned flags) {
    long rc = syscall(SYS_io_uring_enter, ring, submissions, completions, flags, NULL, 0);
    return rc < 0 ? -errno : (int)rc;
}
