/* read, write, recv, send and close through libc; they return -errno. */
#ifndef POLLUX_LIBC_CALLS_H
#define POLLUX_LIBC_CALLS_H

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

static inline int call_read(int fd, void *buffer, size_t length) {
    ssize_t rc = read(fd, buffer, length);
    return rc < 0 ? -errno : (int)rc;
}

static inline int call_write(int fd, const void *buffer, size_t length) {
    ssize_t rc = write(fd, buffer, length);
    return rc < 0 ? -errno : (int)rc;
}

static inline int call_recv(int fd, void *buffer, size_t length, int flags) {
    ssize_t rc = recv(fd, buffer, length, flags);
    return rc < 0 ? -errno : (int)rc;
}

static inline int call_send(int fd, const void *buffer, size_t length, int flags) {
    ssize_t rc = send(fd, buffer, length, flags);
    return rc < 0 ? -errno : (int)rc;
}

static inline int call_close(int fd) { return close(fd) < 0 ? -errno : 0; }

#endif
