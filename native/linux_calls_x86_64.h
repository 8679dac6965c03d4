/* man 2 syscall: number in rax, arguments in rdi rsi rdx r10 r8 r9; rcx and r11 are overwritten. */
static inline long call6(long number, long a, long b, long c, long d, long e, long f) {
    register long r10 __asm__("r10") = d;
    register long r8 __asm__("r8") = e;
    register long r9 __asm__("r9") = f;
    long rc;
    __asm__ volatile("syscall"
                     : "=a"(rc)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
                     : "rcx", "r11", "memory");
    return rc;
}

static inline long call4(long number, long a, long b, long c, long d) {
    register long r10 __asm__("r10") = d;
    long rc;
    __asm__ volatile("syscall"
                     : "=a"(rc)
                     : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return rc;
}

static inline int call_epoll_create(void) { return (int)call4(SYS_epoll_create1, EPOLL_CLOEXEC, 0, 0, 0); }

static inline int call_eventfd(void) { return (int)call4(SYS_eventfd2, 0, EFD_CLOEXEC | EFD_NONBLOCK, 0, 0); }

static inline int call_set_flags(int fd, int flags) { return (int)call4(SYS_fcntl, fd, F_SETFL, flags, 0); }

static inline int call_close(int fd) { return (int)call4(SYS_close, fd, 0, 0, 0); }

static inline int call_epoll_ctl(int epfd, int op, int fd, struct epoll_event *event) {
    return (int)call4(SYS_epoll_ctl, epfd, op, fd, (long)event);
}

static inline int call_epoll_wait(int epfd, struct epoll_event *events, int capacity, int millis) {
    return (int)call4(SYS_epoll_wait, epfd, (long)events, capacity, millis);
}

static inline int call_epoll_pwait2(int epfd, struct epoll_event *events, int capacity,
                                    const struct kernel_timespec *timeout) {
    return (int)call6(SYS_epoll_pwait2, epfd, (long)events, capacity, (long)timeout, 0, 0);
}

static inline int call_io_uring_enter(int ring, unsigned submissions, unsigned completions, unsigned flags) {
    return (int)call6(SYS_io_uring_enter, ring, submissions, completions, flags, 0, 0);
}

static inline int call_read(int fd, void *buffer, size_t length) {
    return (int)call4(SYS_read, fd, (long)buffer, (long)length, 0);
}

static inline int call_write(int fd, const void *buffer, size_t length) {
    return (int)call4(SYS_write, fd, (long)buffer, (long)length, 0);
}

static inline int call_recv(int fd, void *buffer, size_t length, int flags) {
    return (int)call6(SYS_recvfrom, fd, (long)buffer, (long)length, flags, 0, 0);
}

static inline int call_send(int fd, const void *buffer, size_t length, int flags) {
    return (int)call6(SYS_sendto, fd, (long)buffer, (long)length, flags, 0, 0);
}
