/*
 * What multishot polls of an io_uring give over epoll: for each kind of work the time of all
 * together, and of each ring the ratio to epoll's. By turns, in stretches of a few microseconds
 * each, so that all meet the same other processes.
 *
 *     multishot [ROUNDS]
 *
 * The rings: COOP completes what is due whenever the thread leaves the kernel, DEFER when it is
 * asked to and then in the one thread that may use it. BATCH is epoll whose changes go through a
 * ring, all in one call. A second thread exists, as in floor.c.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "common.h"

enum { MANY = 64, ENTRIES = 128, COMPLETIONS = 1024, MOST_ROUNDS = 100000, OTHER = 1 << 20 };

enum kind { NONE, EPOLL, BATCH, COOP, DEFER, KINDS };

static const char *const names[KINDS] = {"none", "epoll", "batch", "coop", "defer"};

struct ring {
    int fd;
    struct io_uring_sqe *submissions;
    struct io_uring_cqe *completions;
    unsigned *flags, *sq_tail, *cq_head, *cq_tail;
    unsigned pending;
};

static struct contender {
    enum kind kind;
    int epfd;
    struct ring ring;
    int pipes[MANY][2];
} contenders[KINDS];

static struct epoll_event ready[MANY];
static const uint32_t interest = EPOLLIN | EPOLLRDHUP;

static inline void expect(int rc, int expected, const char *what) {
    if (rc == expected)
        return;
    fprintf(stderr, "multishot: %s: %d instead of %d\n", what, rc, expected);
    exit(1);
}

/* ---- a ring */

static void *map(int fd, size_t size, off_t at) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, at);
    if (memory == MAP_FAILED)
        die("mmap");
    return memory;
}

static void open_ring(struct ring *ring, unsigned flags) {
    struct io_uring_params params = {.flags = flags | IORING_SETUP_CQSIZE,
                                     .cq_entries = COMPLETIONS};
    ring->fd = must((int)syscall(SYS_io_uring_setup, ENTRIES, &params), "io_uring_setup");
    size_t size = params.cq_off.cqes + COMPLETIONS * sizeof(struct io_uring_cqe);
    char *memory = map(ring->fd, size + ENTRIES * sizeof(unsigned), 0);
    ring->submissions = map(ring->fd, ENTRIES * sizeof(struct io_uring_sqe), IORING_OFF_SQES);
    ring->completions = (struct io_uring_cqe *)(memory + params.cq_off.cqes);
    ring->flags = (unsigned *)(memory + params.sq_off.flags);
    ring->sq_tail = (unsigned *)(memory + params.sq_off.tail);
    ring->cq_head = (unsigned *)(memory + params.cq_off.head);
    ring->cq_tail = (unsigned *)(memory + params.cq_off.tail);
    unsigned *order = (unsigned *)(memory + params.sq_off.array);
    for (unsigned i = 0; i < ENTRIES; i++)
        order[i] = i;
}

static inline struct io_uring_sqe *submission(struct ring *ring, uint8_t opcode, int fd,
                                              uint64_t data) {
    struct io_uring_sqe *next = &ring->submissions[(*ring->sq_tail + ring->pending++) % ENTRIES];
    memset(next, 0, sizeof(*next));
    next->opcode = opcode;
    next->fd = fd;
    next->user_data = data;
    return next;
}

static inline void enter(struct ring *ring) {
    __atomic_store_n(ring->sq_tail, *ring->sq_tail + ring->pending, __ATOMIC_RELEASE);
    long rc =
        syscall(SYS_io_uring_enter, ring->fd, ring->pending, 0, IORING_ENTER_GETEVENTS, NULL, 0);
    expect((int)rc, (int)ring->pending, "io_uring_enter");
    ring->pending = 0;
}

/* How many events there were: completions of polls, not of other submissions. */
static inline int take(struct ring *ring) {
    unsigned head = *ring->cq_head, tail = __atomic_load_n(ring->cq_tail, __ATOMIC_ACQUIRE);
    int count = 0;
    for (; head != tail; head++) {
        const struct io_uring_cqe *completion = &ring->completions[head % COMPLETIONS];
        if (completion->user_data < OTHER)
            count++;
        else
            expect(completion->res, 0, "an update or a change");
    }
    __atomic_store_n(ring->cq_head, head, __ATOMIC_RELEASE);
    return count;
}

static inline void poll_add(struct ring *ring, int fd, uint64_t data, unsigned how) {
    struct io_uring_sqe *next = submission(ring, IORING_OP_POLL_ADD, fd, data);
    next->poll32_events = interest;
    next->len = how;
}

/* ---- what is measured */

static inline void write_one(const struct contender *c, int i) {
    expect((int)write(c->pipes[i][1], "x", 1), 1, "write");
}

static inline void read_one(const struct contender *c, int i) {
    char byte;
    expect((int)read(c->pipes[i][0], &byte, 1), 1, "read");
}

static inline int is_ring(const struct contender *c) { return c->kind == COOP || c->kind == DEFER; }

/* A poll that does not wait. */
static inline int look(struct contender *c) {
    if (!is_ring(c))
        return epoll_wait(c->epfd, ready, MANY, 0);
    if (__atomic_load_n(c->ring.flags, __ATOMIC_ACQUIRE) &
        (IORING_SQ_TASKRUN | IORING_SQ_CQ_OVERFLOW))
        enter(&c->ring);
    return take(&c->ring);
}

static inline void find(struct contender *c, int count) {
    if (c->kind == NONE)
        return;
    int found = 0;
    while (found < count)
        found += look(c); /* DEFER completes some 20 at a time */
    expect(found, count, names[c->kind]);
}

static void nothing(struct contender *c) {
    if (c->kind != NONE)
        expect(look(c), 0, names[c->kind]);
}

static void edges(struct contender *c, int count) {
    for (int i = 0; i < count; i++)
        write_one(c, i);
    find(c, count);
    for (int i = 0; i < count; i++)
        read_one(c, i);
}

static void one_edge(struct contender *c) { edges(c, 1); }

static void many_edges(struct contender *c) { edges(c, MANY); }

/* Those that are ready, changed or re-armed, and the look that reports them. */
static inline void rearm(struct contender *c, int count, uint32_t trigger) {
    if (c->kind == NONE)
        return;
    struct epoll_event events[MANY];
    for (int i = 0; i < count; i++) {
        events[i] = (struct epoll_event){.events = interest | trigger, .data.u64 = (uint64_t)i};
        int fd = c->pipes[i][0];
        if (c->kind == EPOLL) {
            must(epoll_ctl(c->epfd, EPOLL_CTL_MOD, fd, &events[i]), "epoll_ctl");
        } else if (c->kind == BATCH) {
            struct io_uring_sqe *next = submission(&c->ring, IORING_OP_EPOLL_CTL, c->epfd, OTHER);
            next->off = (uint64_t)fd;
            next->addr = (uintptr_t)&events[i];
            next->len = EPOLL_CTL_MOD;
        } else if (trigger == EPOLLONESHOT) {
            poll_add(&c->ring, fd, (uint64_t)i, 0);
        } else {
            struct io_uring_sqe *next = submission(&c->ring, IORING_OP_POLL_REMOVE, -1, OTHER);
            next->addr = (uint64_t)i;
            next->poll32_events = interest;
            next->len = IORING_POLL_UPDATE_EVENTS | IORING_POLL_ADD_MULTI;
        }
    }
    int found = 0;
    if (c->kind != EPOLL)
        enter(&c->ring);
    if (c->kind == BATCH)
        take(&c->ring);
    while (found < count)
        found += look(c);
    expect(found, count, names[c->kind]);
}

static void one_modified(struct contender *c) { rearm(c, 1, EPOLLET); }

static void many_modified(struct contender *c) { rearm(c, MANY, EPOLLET); }

static void one_oneshot(struct contender *c) { rearm(c, 1, EPOLLONESHOT); }

static void many_oneshot(struct contender *c) { rearm(c, MANY, EPOLLONESHOT); }

/* ---- on what, and how */

static void open_all(uint32_t trigger) {
    static const unsigned flags[KINDS] = {
        [COOP] = IORING_SETUP_COOP_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
        [DEFER] =
            IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_TASKRUN_FLAG,
    };
    for (int kind = NONE; kind < KINDS; kind++) {
        struct contender *c = &contenders[kind];
        c->kind = (enum kind)kind;
        if (kind == EPOLL || kind == BATCH)
            c->epfd = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
        if (kind >= BATCH)
            open_ring(&c->ring, flags[kind]);
        for (int i = 0; i < MANY; i++) {
            must(pipe2(c->pipes[i], O_CLOEXEC | O_NONBLOCK), "pipe2");
            struct epoll_event event = {.events = interest | trigger, .data.u64 = (uint64_t)i};
            int fd = c->pipes[i][0];
            if (kind == EPOLL || kind == BATCH)
                must(epoll_ctl(c->epfd, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
            if (is_ring(c) && trigger == EPOLLET)
                poll_add(&c->ring, fd, (uint64_t)i, IORING_POLL_ADD_MULTI);
        }
        if (is_ring(c))
            enter(&c->ring);
    }
}

/* What stays ready; reported once, so that what follows is a change of something reported. */
static void make_ready(int oneshot) {
    for (int kind = NONE; kind < KINDS; kind++) {
        struct contender *c = &contenders[kind];
        for (int i = 0; i < MANY; i++)
            write_one(c, i);
        if (!oneshot || !is_ring(c))
            find(c, MANY);
    }
}

static void measure(const char *what, void (*work)(struct contender *), int times, int rounds) {
    static double took[KINDS][MOST_ROUNDS];
    for (int round = -rounds / 10; round < rounds; round++) {
        for (int kind = NONE; kind < KINDS; kind++) {
            struct contender *c = &contenders[kind];
            double start = now();
            for (int i = 0; i < times; i++)
                work(c);
            if (round >= 0)
                took[kind][round] = (now() - start) / times;
        }
    }
    printf("%-28s", what);
    for (int kind = NONE; kind < KINDS; kind++)
        qsort(took[kind], (size_t)rounds, sizeof(double), ascending);
    for (int kind = EPOLL; kind < KINDS; kind++) {
        double own = took[kind][rounds / 2] - took[NONE][rounds / 2];
        double of_epoll = took[EPOLL][rounds / 2] - took[NONE][rounds / 2];
        printf("  %s %7.0f (%.2f)", names[kind], own, own / of_epoll);
    }
    printf("\n");
    fflush(stdout);
}

int main(int argc, char **argv) {
    int rounds = argc > 1 ? atoi(argv[1]) : 2000;
    if (rounds < 10 || rounds > MOST_ROUNDS) {
        fprintf(stderr, "multishot: from 10 to %d rounds\n", MOST_ROUNDS);
        return 2;
    }
    start_idle_thread();
    printf("nanoseconds beyond the same reads and writes without any, and in brackets the ratio to "
           "epoll\n");
    open_all(EPOLLET);
    measure("a look that finds nothing", nothing, 64, rounds);
    measure("1 fresh edge", one_edge, 16, rounds);
    measure("64 fresh edges", many_edges, 1, rounds);
    make_ready(0);
    measure("1 modified, EDGE", one_modified, 16, rounds);
    measure("64 modified, EDGE", many_modified, 1, rounds);
    open_all(EPOLLONESHOT);
    make_ready(1);
    measure("1 re-armed, ONESHOT", one_oneshot, 16, rounds);
    measure("64 re-armed, ONESHOT", many_oneshot, 1, rounds);
    return 0;
}
