/* An epoll instance, or -errno. */
#ifndef POLLUX_CREATE_EPOLL_H
#define POLLUX_CREATE_EPOLL_H

#include "linux_calls.h"

/* O_NONBLOCK means nothing to epoll itself; every descriptor the library makes has it all the same. */
static inline int create_epoll(void) {
    int fd = call_epoll_create();
    if (fd < 0) return fd;
    int rc = call_set_flags(fd, O_NONBLOCK);
    if (rc == 0) return fd;
    call_close(fd);
    return rc;
}

#endif
