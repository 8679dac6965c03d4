/* man 2 syscall: number in x8, arguments in x0 to x5, result in x0. There is no epoll_wait. */
static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a;
    register long x1 __asm__("x1") = b;
    register long x2 __asm__("x2") = c;
    register long x3 __asm__("x3") = d;
    register long x4 __asm__("x4") = e;
    register long x5 __asm__("x5") = f;
    __asm__ volatile("svc #0"
                     : "+r"(x0)
                     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
                     : "memory", "cc");
    return x0;
}

static inline int call_epoll_create(void) {
    return (int)call6(SYS_epoll_create1, EPOLL_CLOEXEC, 0, 0, 0, 0, 0);
}

static inline int call_eventfd(void) {
    return (int)call6(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK, 0, 0, 0, 0);
}

static inline int call_set_flags(int fd, int flags) {
    return (int)call6(SYS_fcntl, fd, F_SETFL, flags, 0, 0, 0);
}

static inline int call_close(int fd) { return (int)call6(SYS_close, fd, 0, 0, 0, 0, 0); }

static inline int call_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) {
    return (int)call6(SYS_epoll_ctl, epfd, op, fd, (long)event, 0, 0);
}

static inline int call_epoll_wait(int epfd, struct epoll_event *events, int capacity, int millis) {
    return (int)call6(SYS_epoll_pwait, epfd, (long)events, capacity, millis, 0, 0);
}

static inline int call_epoll_pwait2(int epfd, struct epoll_event *events, int capacity,
                                    const struct kernel_timespec *timeout) {
    return (int)call6(SYS_epoll_pwait2, epfd, (long)events, capacity, (long)timeout, 0, 0);
}

static inline int call_io_uring_enter(int ring, unsigned submissions, unsigned completions, unsigned flags) {
    return (int)call6(SYS_io_uring_enter, ring, submissions, completions, flags, 0, 0);
}

static inline int call_read(int fd, void *buffer, size_t length) {
    return (int)call6(SYS_read, fd, (long)buffer, (long)length, 0, 0, 0);
}

static inline int call_write(int fd, const void *buffer, size_t length) {
    return (int)call6(SYS_write, fd, (long)buffer, (long)length, 0, 0, 0);
}

static inline int call_recv(int fd, void *buffer, size_t length, int flags) {
    return (int)call6(SYS_recvfrom, fd, (long)buffer, (long)length, flags, 0, 0);
}

static inline int call_send(int fd, const void *buffer, size_t length, int flags) {
    return (int)call6(SYS_sendto, fd, (long)buffer, (long)length, flags, 0, 0);
}
