/* What systems have and have not, and what their headers say of it. */
#ifndef AGENT_SYSTEM_H
#define AGENT_SYSTEM_H

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <time.h>

#ifdef __linux__
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#define EPOLL(value) (value)
#define ON_LINUX(call) (call)
#else
#define EPOLL(value) 0
#define ON_LINUX(call) (errno = ENOSYS, -1)
#endif

/* As in the library: a token has 64 bits and travels in a pointer of struct kevent. On Linux it is
 * libkqueue's. */
#if __has_include(<sys/event.h>) && UINTPTR_MAX == UINT64_MAX
#include <sys/event.h>
#define KQUEUE(value) (value)
#define ON_BSD(call) (call)
#else
#define KQUEUE(value) 0
#define ON_BSD(call) (errno = ENOSYS, -1)
#endif

#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
#define OOB(value) (value)
#else
#define OOB(value) 0
#endif
#ifdef EVFILT_USER
#define USER(value) (value)
#else
#define USER(value) 0
#endif
#ifdef LIBKQUEUE
#define EMULATED 1
#else
#define EMULATED 0
#endif
#ifndef POLLRDHUP
#define POLLRDHUP 0
#endif
#ifndef MSG_NOSIGNAL
#define MSG_NOSIGNAL 0
#endif
#ifdef __APPLE__
#define PPOLL(fds, count, time) ((void)(time), errno = ENOSYS, -1)
#elif defined(__NetBSD__)
#define PPOLL(fds, count, time) pollts(fds, count, time, NULL) /* ppoll since 10 */
#else
#define PPOLL(fds, count, time) ppoll(fds, count, time, NULL)
#endif

/* By the names that the suite's table has. */
static const struct {
    const char *name;
    int64_t value;
} constants[] = {
#define IS(name)                                                                                   \
    { #name, (int32_t)(name) }
#define E(name)                                                                                    \
    { #name, EPOLL((int32_t)name) }
#define K(name)                                                                                    \
    { #name, KQUEUE((int32_t)name) }
#define FIELD(name, type, field)                                                                   \
    { #name, offsetof(type, field) }
    {"epollEventSize", EPOLL(sizeof(struct epoll_event))},
    {"epollEventEvents", EPOLL(offsetof(struct epoll_event, events))},
    {"epollEventData", EPOLL(offsetof(struct epoll_event, data))},
    E(EPOLL_CTL_ADD),
    E(EPOLL_CTL_DEL),
    E(EPOLL_CTL_MOD),
    E(EPOLLIN),
    E(EPOLLPRI),
    E(EPOLLOUT),
    E(EPOLLERR),
    E(EPOLLHUP),
    E(EPOLLRDHUP),
    E(EPOLLEXCLUSIVE),
    E(EPOLLONESHOT),
    E(EPOLLET),
    {"keventSize", KQUEUE(sizeof(struct kevent))},
    {"keventIdent", KQUEUE(offsetof(struct kevent, ident))},
    {"keventFilter", KQUEUE(offsetof(struct kevent, filter))},
    {"keventFlags", KQUEUE(offsetof(struct kevent, flags))},
    {"keventFflags", KQUEUE(offsetof(struct kevent, fflags))},
    {"keventData", KQUEUE(offsetof(struct kevent, data))},
    {"keventUdata", KQUEUE(offsetof(struct kevent, udata))},
    {"keventFlagsSize", KQUEUE(sizeof(((struct kevent *)0)->filter))},
    K(EVFILT_READ),
    K(EVFILT_WRITE),
    {"EVFILT_EXCEPT", KQUEUE(OOB(EVFILT_EXCEPT))},
    {"EVFILT_USER", KQUEUE(USER(EVFILT_USER))},
    K(EV_ADD),
    K(EV_DELETE),
    K(EV_DISABLE),
    K(EV_CLEAR),
    K(EV_RECEIPT),
    K(EV_DISPATCH),
    K(EV_EOF),
    K(EV_ERROR),
    {"NOTE_OOB", KQUEUE(OOB(NOTE_OOB))},
    {"NOTE_TRIGGER", KQUEUE(USER(NOTE_TRIGGER))},
    {"kqueueIsEmulated", EMULATED},
    {"pollfdSize", sizeof(struct pollfd)},
    FIELD(pollfdFd, struct pollfd, fd),
    FIELD(pollfdEvents, struct pollfd, events),
    FIELD(pollfdRevents, struct pollfd, revents),
    IS(POLLIN),
    IS(POLLPRI),
    IS(POLLOUT),
    IS(POLLERR),
    IS(POLLHUP),
    IS(POLLNVAL),
    IS(POLLRDHUP),
    IS(S_IFMT),
    IS(S_IFREG),
    IS(S_IFDIR),
    IS(S_IFBLK),
    IS(S_IFCHR),
    IS(S_IFIFO),
    IS(S_IFSOCK),
    IS(EPERM),
    IS(ENOENT),
    IS(EINTR),
    IS(EIO),
    IS(ENXIO),
    IS(EBADF),
    IS(EAGAIN),
    IS(ENOMEM),
    IS(EACCES),
    IS(EFAULT),
    IS(EEXIST),
    IS(ENODEV),
    IS(ENOTDIR),
    IS(EISDIR),
    IS(EINVAL),
    IS(ENFILE),
    IS(EMFILE),
    IS(ENOTTY),
    IS(EFBIG),
    IS(ENOSPC),
    IS(ESPIPE),
    IS(EPIPE),
    IS(ENOSYS),
    IS(ELOOP),
    IS(ENOTSOCK),
    IS(EOPNOTSUPP),
    IS(EADDRINUSE),
    IS(ECONNABORTED),
    IS(ECONNRESET),
    IS(ENOBUFS),
    IS(EISCONN),
    IS(ENOTCONN),
    IS(ETIMEDOUT),
    IS(ECONNREFUSED),
    IS(EHOSTUNREACH),
    IS(ENETUNREACH),
    IS(EALREADY),
    IS(EINPROGRESS),
    IS(EMSGSIZE),
    IS(ECANCELED),
    IS(EAFNOSUPPORT),
    /* For the tests alone. */
    IS(O_RDONLY),
    IS(O_WRONLY),
    IS(O_RDWR),
    IS(O_CREAT),
    IS(O_NONBLOCK),
    IS(O_NOCTTY),
    IS(F_DUPFD),
    IS(F_GETFD),
    IS(F_SETFD),
    IS(F_GETFL),
    IS(AF_UNIX),
    IS(AF_INET),
    IS(AF_INET6),
    IS(SOCK_STREAM),
    IS(SOCK_DGRAM),
    IS(SOL_SOCKET),
    IS(SO_TYPE),
    IS(SO_LINGER),
    IS(MSG_OOB),
    IS(MSG_DONTWAIT),
    IS(MSG_NOSIGNAL),
};

#endif
