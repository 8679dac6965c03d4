/*
 * io_uring, man 7 io_uring: what of <linux/io_uring.h> is used here. Older headers have none of it, musl's compiler
 * finds none; the layouts and the numbers of the calls are the same on all processors that there is a library for.
 */
#ifndef POLLUX_URING_H
#define POLLUX_URING_H

#include "pollux.h"

#include <stddef.h>

struct changes;
struct change;

struct submission { /* struct io_uring_sqe */
    uint8_t opcode;
    uint8_t flags;
    uint16_t priority;
    int32_t fd;
    uint64_t offset;
    uint64_t address;
    uint32_t length;
    uint32_t events;
    uint64_t data;
    uint64_t unused[3];
};

struct completion { /* struct io_uring_cqe */
    uint64_t data;
    int32_t result;
    uint32_t flags;
};

/* What one ring consists of. Java reads those of 32 bits, see dev.pollux.sys.Ring; offsets are into the memory. */
struct ring {
    int32_t fd;
    int32_t broken; /* the kernel refused a call: not to be used again */
    uint32_t bytes; /* of the memory */
    uint32_t flags_at;
    uint32_t head_at; /* of the completions, as the next three */
    uint32_t tail_at;
    uint32_t completions_at;
    uint32_t completions_mask;
    uint32_t features;
    uint32_t entries;
    char *memory;
    struct submission *submissions;
    uint32_t *sq_head;
    uint32_t *sq_tail;
    uint32_t *cq_head;
    uint32_t *cq_tail;
    struct completion *completions;
};

_Static_assert(sizeof(struct submission) == 64, "the kernel's");
_Static_assert(sizeof(struct completion) == 16, "the kernel's");
_Static_assert(offsetof(struct ring, entries) == 36, "dev.pollux.sys.Ring relies on it");
_Static_assert(sizeof(struct ring) <= 128, "dev.pollux.sys.Ring has so much room");

/* Makes all these changes, through the ring as far as it goes. Sets the result of each; returns how many were refused. */
int pollux_change_through(struct ring *ring, int epfd, int op, struct change *list, int count);

#endif
