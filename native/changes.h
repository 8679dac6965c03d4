/* Changes of interest that go before a wait; whoever includes this has chosen how calls are made, see linux_calls.h. */
#ifndef POLLUX_CHANGES_H
#define POLLUX_CHANGES_H

#include "pollux.h"

#include "linux_calls.h"
#include "uring.h"

/*
 * Pending changes of interest, laid out by dev.pollux.sys.EpollChanges. Java takes the lock before
 * it builds the list; it is released here after the last change and before the wait. It lies apart
 * from the list, which may move when it grows.
 */
struct change {
    int32_t fd;
    int32_t rc;
    struct epoll_event event;
} __attribute__((aligned(8)));

struct changes {
    int64_t lock; /* the address of an int32_t */
    int64_t ring; /* the address of a struct ring; 0: the changes go one by one */
    int32_t count;
    int32_t failed;
    struct change list[];
};

_Static_assert(sizeof(struct change) == 24, "EpollChanges relies on it");
_Static_assert(offsetof(struct change, event) == 8, "EpollChanges relies on it");

/* How many were refused: then the wait must not block, so that they are reported at once. */
static inline int apply(int epfd, struct changes *changes) {
    int failed = 0;
    if (changes->ring != 0) {
        failed = pollux_change_through(pointer(changes->ring), epfd, EPOLL_CTL_MOD, changes->list, changes->count);
    }
    for (int i = 0; i < changes->count && changes->ring == 0; i++) {
        struct change *change = &changes->list[i];
        change->rc = call_epoll_ctl(epfd, EPOLL_CTL_MOD, change->fd, &change->event);
        failed += change->rc < 0;
    }
    changes->failed = failed;
    __atomic_store_n((int32_t *)pointer(changes->lock), 0, __ATOMIC_RELEASE);
    return failed;
}

#endif
