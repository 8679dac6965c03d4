/*
 * Included before floor.c, it makes the calls of epoll as the library does: in place, and the return
 * stack buffer put right after each. What a loop in C then takes is what the library could take at best.
 */
#define _GNU_SOURCE
#include "../linux_calls.h"
#include "../returns.h"

#ifdef POLLUX_FILLS_RETURN_BUFFER
int pollux_fillsReturnBuffer = 1;
#endif

static inline int made(int rc) {
    fill_return_buffer();
    if (rc >= 0) return rc;
    errno = -rc;
    return -1;
}

#define epoll_ctl(epfd, op, fd, event) made(call_epoll_ctl(epfd, op, fd, event))
#define epoll_wait(epfd, events, capacity, millis) made(call_epoll_wait(epfd, events, capacity, millis))
