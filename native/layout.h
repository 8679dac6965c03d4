/* What the system has or has not of epoll, kqueue and POLLRDHUP: zeros where it has none. */
#ifndef POLLUX_LAYOUT_H
#define POLLUX_LAYOUT_H

#include "pollux.h"

#ifdef __linux__
#include <poll.h>
#include <sys/epoll.h>
#define EPOLL_LAYOUT                                                                               \
    sizeof(struct epoll_event), offsetof(struct epoll_event, events),                              \
        offsetof(struct epoll_event, data), EPOLL_CTL_ADD, EPOLL_CTL_DEL, EPOLL_CTL_MOD, EPOLLIN,  \
        EPOLLPRI, EPOLLOUT, EPOLLERR, EPOLLHUP, EPOLLRDHUP, (int32_t)EPOLLEXCLUSIVE,               \
        (int32_t)EPOLLONESHOT, (int32_t)EPOLLET
#define POLL_RDHUP POLLRDHUP
#else
#define EPOLL_LAYOUT 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#define POLL_RDHUP 0
#endif

#ifdef POLLUX_KQUEUE
#include "kqueue_layout.h"
#else
#define KQUEUE_LAYOUT 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
#endif

#endif
