/* The calls of the contract, see dev.pollux.sys.Syscalls, and those that the tests need besides. */
#ifndef AGENT_CALLS_H
#define AGENT_CALLS_H

#include <arpa/inet.h>
#include <dirent.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

#include "system.h"

static int mark(int fd) {
    return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) < 0 ? -1 : 0;
}

static inline int marked(int fd) { return fd < 0 || mark(fd) < 0 ? -1 : fd; }

/* Close-on-exec and non-blocking, as the suite counts on. */
static int pair(int *fds, int is_pipe) {
    if ((is_pipe ? pipe(fds) : socketpair(AF_UNIX, SOCK_STREAM, 0, fds)) < 0)
        return -1;
    return mark(fds[0]) < 0 || mark(fds[1]) < 0 ? -1 : 0;
}

static int set_non_blocking(int fd, int on) {
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -1 : fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

static int status(int fd, int64_t *out) {
    struct stat file;
    if (fstat(fd, &file) < 0)
        return -1;
    out[0] = (int64_t)file.st_dev, out[1] = (int64_t)file.st_ino;
    out[2] = (int64_t)file.st_mode, out[3] = (int64_t)file.st_rdev;
    return 0;
}

static int socket_type(int fd) {
    int type;
    socklen_t length = sizeof(type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0)
        return errno == ENOTSOCK ? 0 : -1;
    return type;
}

static int socket_option(int fd, int option) {
    int value;
    socklen_t length = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0 ? -1 : value;
}

static int connect_internet(int fd, const void *address, size_t size, int port, int scope) {
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
    if (size == sizeof(v4.sin_addr)) {
        memcpy(&v4.sin_addr, address, size);
        return connect(fd, (struct sockaddr *)&v4, sizeof(v4));
    }
    v6.sin6_scope_id = (uint32_t)scope;
    memcpy(&v6.sin6_addr, address, size < sizeof(v6.sin6_addr) ? size : sizeof(v6.sin6_addr));
    return connect(fd, (struct sockaddr *)&v6, sizeof(v6));
}

static int connect_unix(int fd, const char *path, size_t size) {
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (size >= sizeof(to.sun_path))
        return errno = EINVAL, -1;
    memcpy(to.sun_path, path, size);
    size += offsetof(struct sockaddr_un, sun_path) + 1;
    return connect(fd, (struct sockaddr *)&to, (socklen_t)size);
}

/* Behind the sizes, as the compiler's int64_t, come the bytes or is room for them. */
static long move(int fd, char *b, int count, size_t size, int in) {
    struct iovec list[64];
    char *at = b + (size_t)count * 8;
    if (count < 0 || count > 64 || (size_t)count * 8 > size)
        return errno = EINVAL, -1;
    for (int i = 0; i < count; i++) {
        int64_t each;
        memcpy(&each, b + i * 8, 8);
        if (each < 0 || each > b + size - at)
            return errno = EINVAL, -1;
        list[i].iov_base = at, list[i].iov_len = (size_t)each;
        at += each;
    }
    return in ? readv(fd, list, count) : writev(fd, list, count);
}

static struct timespec *after(int64_t nanos, struct timespec *time) {
    time->tv_sec = (time_t)(nanos / 1000000000), time->tv_nsec = (long)(nanos % 1000000000);
    return nanos < 0 ? NULL : time;
}

/* The sets one after another; which: a bit for each that there is. */
static int select_sets(int nfds, int which, char *sets, size_t each, int64_t micros) {
    struct timeval time = {(time_t)(micros / 1000000), (suseconds_t)(micros % 1000000)};
    void *set[3];
    for (int i = 0; i < 3; i++)
        set[i] = which & 1 << i ? sets + i * each : NULL;
    return select(nfds, set[0], set[1], set[2], micros < 0 ? NULL : &time);
}

#ifdef __linux__
static int epoll_change(int epfd, int op, int fd, int64_t events, int64_t data) {
    struct epoll_event event = {.events = (uint32_t)events, .data.u64 = (uint64_t)data};
    return epoll_ctl(epfd, op, fd, &event);
}

static int epoll_wait_nanos(int epfd, void *events, int capacity, int64_t nanos) {
    int64_t time[2] = {nanos / 1000000000, nanos % 1000000000};
    return (int)syscall(441, epfd, events, capacity, nanos < 0 ? NULL : time, NULL,
                        (size_t)0); /* epoll_pwait2 */
}
#endif

static inline int close_on_exec(int fd) {
    return fd < 0 || fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -1 : fd;
}

static int text(const char *what, char *out, size_t room) {
    size_t length = what == NULL ? 0 : strlen(what) < room ? strlen(what) : room;
    memcpy(out, what, length);
    return what == NULL ? -1 : (int)length;
}

/* A bit for each number below the limit that is open. */
static int numbers(unsigned char *bits, int limit) {
    for (int fd = 0; fd < limit; fd++) {
        if (fd % 8 == 0)
            bits[fd / 8] = 0;
        if (fcntl(fd, F_GETFD) >= 0)
            bits[fd / 8] |= (unsigned char)(1 << fd % 8);
    }
    return 0;
}

static char directory[64]; /* for files of tests, once asked for */

static int temporary(char *out, size_t room) {
    const char *in = getenv("TMPDIR");
    if (directory[0] == 0) {
        snprintf(directory, sizeof(directory), "%.40s/pollux.XXXXXX", in != NULL ? in : "/tmp");
        if (mkdtemp(directory) == NULL)
            return directory[0] = 0, -1;
    }
    return text(directory, out, room);
}

static void remove_temporary(void) {
    DIR *files = directory[0] != 0 ? opendir(directory) : NULL;
    for (struct dirent *file; files != NULL && (file = readdir(files)) != NULL;)
        unlinkat(dirfd(files), file->d_name, 0);
    if (files != NULL)
        rmdir(directory);
}

static int signal_others(void); /* interrupts whatever the other threads do */

/*
 * All calls: the name, how many bytes go back if it succeeds, the call. a: its arguments; b: the
 * buffer, with a zero behind what came; n: how much came; room: how much may go back; rc: the
 * result.
 */
#define CALLS(_)                                                                                   \
    _(ping, 0, 0)                                                                                  \
    _(read, rc, read(I(0), b, room))                                                               \
    _(write, 0, write(I(0), b, n))                                                                 \
    _(readv, count * 8 + rc, move(I(0), b, count = I(1), room, 1))                                 \
    _(writev, 0, move(I(0), b, I(1), n, 0))                                                        \
    _(pread, rc, pread(I(0), b, room, (off_t)a[1]))                                                \
    _(openMarked, 0, open(b, I(0) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY))                            \
    _(acceptMarked, 0, marked(accept(I(0), NULL, NULL)))                                           \
    _(connectInternet, 0, connect_internet(I(0), p, n, I(1), I(2)))                                \
    _(connectUnix, 0, connect_unix(I(0), b, n))                                                    \
    _(socketError, 0, socket_option(I(0), SO_ERROR))                                               \
    _(isListening, 0, (rc = socket_option(I(0), SO_ACCEPTCONN)) > 0 ? 1 : rc)                      \
    _(sendfile, 0, ON_LINUX(sendfile(I(0), I(1), (offset = (off_t)a[2], &offset), (size_t)a[3])))  \
    _(splice, 0,                                                                                   \
      ON_LINUX(splice(I(0), NULL, I(1), NULL, (size_t)a[2], SPLICE_F_MOVE | SPLICE_F_NONBLOCK)))   \
    _(pipeCapacity, 0, ON_LINUX(fcntl(I(0), F_SETPIPE_SZ, I(1))))                                  \
    _(close, 0, close(I(0)))                                                                       \
    _(pipe, 8, pair(p, 1))                                                                         \
    _(socketpair, 8, pair(p, 0))                                                                   \
    _(setNonBlocking, 0, set_non_blocking(I(0), I(1)))                                             \
    _(isNonBlocking, 0, (rc = fcntl(I(0), F_GETFL)) < 0 ? -1 : (rc & O_NONBLOCK) != 0)             \
    _(unread, 4, ioctl(I(0), FIONREAD, p))                                                         \
    _(isOpen, 0, lseek(I(0), 0, SEEK_CUR) < 0 && errno == EBADF ? -1 : 0)                          \
    _(socketType, 0, socket_type(I(0)))                                                            \
    _(fileStatus, 32, status(I(0), p))                                                             \
    _(errorText, rc, text(strerror(I(0)), b, room))                                                \
    _(eventfd, 0, ON_LINUX(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)))                                \
    _(epollCreate, 0, ON_LINUX(marked(epoll_create1(EPOLL_CLOEXEC))))                              \
    _(epollReplace, 0, ON_LINUX(dup3(I(0), I(1), O_CLOEXEC)))                                      \
    _(epollCtl, 0, ON_LINUX(epoll_change(I(0), I(1), I(2), a[3], a[4])))                           \
    _(epollWait, rc *(long)EPOLL(sizeof(struct epoll_event)),                                      \
      ON_LINUX(epoll_wait(I(0), p, I(1), I(2))))                                                   \
    _(epollPwait2, rc *(long)EPOLL(sizeof(struct epoll_event)),                                    \
      ON_LINUX(epoll_wait_nanos(I(0), p, I(1), a[2])))                                             \
    _(kqueue, 0, ON_BSD(close_on_exec(kqueue())))                                                  \
    _(keventChange, rc *(long)KQUEUE(sizeof(struct kevent)),                                       \
      ON_BSD(kevent(I(0), p, I(1), p, I(2), after(0, &time))))                                     \
    _(keventWait, rc *(long)KQUEUE(sizeof(struct kevent)),                                         \
      ON_BSD(kevent(I(0), NULL, 0, p, I(1), after(a[2], &time))))                                  \
    _(poll, n, poll(p, (nfds_t)I(0), I(1)))                                                        \
    _(ppoll, n, PPOLL(p, (nfds_t)I(0), after(a[1], &time)))                                        \
    _(select, n, select_sets(I(0), I(1), b, n / 3, a[2]))                                          \
    _(dup, 0, dup(I(0)))                                                                           \
    _(dup2, 0, dup2(I(0), I(1)))                                                                   \
    _(open, 0, open(b, I(0), 0600))                                                                \
    _(fcntl, 0, fcntl(I(0), I(1), I(2)))                                                           \
    _(mkfifo, 0, mkfifo(b, (mode_t)I(0)))                                                          \
    _(shutdown, 0, shutdown(I(0), I(1)))                                                           \
    _(send, 0, send(I(0), b, n, I(1)))                                                             \
    _(recv, rc, recv(I(0), b, room, I(1)))                                                         \
    _(socket, 0, socket(I(0), I(1), I(2)))                                                         \
    _(bind, 0, bind(I(0), p, (socklen_t)n))                                                        \
    _(listen, 0, listen(I(0), I(1)))                                                               \
    _(accept, 0, accept(I(0), NULL, NULL))                                                         \
    _(connect, 0, connect(I(0), p, (socklen_t)n))                                                  \
    _(getsockname, length, (length = (socklen_t)room, getsockname(I(0), p, &length)))              \
    _(getsockopt, length, (length = (socklen_t)room, getsockopt(I(0), I(1), I(2), p, &length)))    \
    _(setsockopt, 0, setsockopt(I(0), I(1), I(2), p, (socklen_t)n))                                \
    _(posix_openpt, 0, posix_openpt(I(0)))                                                         \
    _(grantpt, 0, grantpt(I(0)))                                                                   \
    _(unlockpt, 0, unlockpt(I(0)))                                                                 \
    _(ptsname, rc, text(ptsname(I(0)), b, room))                                                   \
    _(inotify_init1, 0, ON_LINUX(inotify_init1(I(0))))                                             \
    _(timerfd_create, 0, ON_LINUX(timerfd_create(I(0), I(1))))                                     \
    _(timerfd_after, 0,                                                                            \
      ON_LINUX(                                                                                    \
          timerfd_settime(I(0), 0, &(struct itimerspec){.it_value = *after(a[1], &time)}, NULL)))  \
    _(numbers, (I(0) + 7) / 8, numbers(p, I(0)))                                                   \
    _(temporary, rc, temporary(b, room))                                                           \
    _(signalOthers, 0, signal_others())

#define I(index) ((int)a[index])

enum call {
#define NUMBER(name, back, expression) CALL_##name,
    CALLS(NUMBER) COUNT
};

static const char *const names[] = {
#define NAME(name, back, expression) #name,
    CALLS(NAME)};

/* Returns the result; back: how many bytes of the buffer belong to it. */
static int64_t make(uint32_t call, const int64_t *a, char *b, size_t n, size_t room,
                    int64_t *back) {
    void *p = b;
    int64_t rc = 0;
    socklen_t length = 0;
    int count = 0;
    off_t offset = 0;
    struct timespec time = {0, 0};
    (void)p, (void)length, (void)time, (void)offset;
    errno = 0;
    switch (call) {
#define CASE(name, bytes, expression)                                                              \
    case CALL_##name:                                                                              \
        rc = (expression);                                                                         \
        *back = rc < 0 ? 0 : (int64_t)(bytes);                                                     \
        break;
        CALLS(CASE)
    default:
        rc = -1, errno = ENOSYS;
    }
    return rc < 0 ? -(int64_t)errno : rc;
}

#endif
