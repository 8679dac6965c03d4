/*
 * io_uring: many changes of an epoll instance in one call, and a watch on one that is looked at without a call.
 * A ring is used by one thread at a time; its caller sees to that.
 */
#ifdef __linux__
#define _GNU_SOURCE
#include "uring.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "changes.h"
#include "linux_calls.h"
#include "returns.h"

/* <linux/io_uring.h> */
enum {
    IORING_FEAT_SINGLE_MMAP = 1, /* Linux 5.4 */
    IORING_ENTER_GETEVENTS = 1,
    IORING_OP_POLL_ADD = 6,
    IORING_OP_POLL_REMOVE = 7,
    IORING_OP_EPOLL_CTL = 29,
};

#define IORING_OFF_SQES 0x10000000

/* The kernel has swapped the halves of this word where the byte order is the other. */
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define WATCHED ((uint32_t)EPOLLIN << 16)
#else
#define WATCHED ((uint32_t)EPOLLIN)
#endif

struct io_uring_params {
    uint32_t sq_entries, cq_entries, flags, sq_thread_cpu, sq_thread_idle, features, wq_fd, unused[3];
    struct {
        uint32_t head, tail, ring_mask, ring_entries, flags, dropped, array, unused[3];
    } sq;
    struct {
        uint32_t head, tail, ring_mask, ring_entries, overflow, completions, flags, unused[3];
    } cq;
};

_Static_assert(sizeof(struct io_uring_params) == 120, "the kernel's");

static inline uint32_t load(const uint32_t *word) { return __atomic_load_n(word, __ATOMIC_ACQUIRE); }

static inline void store(uint32_t *word, uint32_t value) { __atomic_store_n(word, value, __ATOMIC_RELEASE); }

/* The two kinds of memory of a ring: what both sides read and write, and the submissions. */
static int map(struct ring *ring, const struct io_uring_params *params) {
    uint32_t submissions = params->sq.array + params->sq_entries * (uint32_t)sizeof(uint32_t);
    uint32_t completions = params->cq.completions + params->cq_entries * (uint32_t)sizeof(struct completion);
    ring->bytes = submissions > completions ? submissions : completions;
    int prot = PROT_READ | PROT_WRITE, how = MAP_SHARED | MAP_POPULATE;
    void *memory = mmap(NULL, ring->bytes, prot, how, ring->fd, 0);
    if (memory == MAP_FAILED) return -errno;
    size_t size = params->sq_entries * sizeof(struct submission);
    void *entries = mmap(NULL, size, prot, how, ring->fd, IORING_OFF_SQES);
    if (entries == MAP_FAILED) {
        int error = errno;
        munmap(memory, ring->bytes);
        return -error;
    }
    ring->memory = memory;
    ring->submissions = entries;
    return 0;
}

static void find_all(struct ring *ring, const struct io_uring_params *params) {
    ring->broken = 0;
    ring->flags_at = params->sq.flags;
    ring->head_at = params->cq.head;
    ring->tail_at = params->cq.tail;
    ring->completions_at = params->cq.completions;
    ring->completions_mask = params->cq_entries - 1;
    ring->features = params->features;
    ring->entries = params->sq_entries;
    ring->sq_head = (uint32_t *)(ring->memory + params->sq.head);
    ring->sq_tail = (uint32_t *)(ring->memory + params->sq.tail);
    ring->cq_head = (uint32_t *)(ring->memory + params->cq.head);
    ring->cq_tail = (uint32_t *)(ring->memory + params->cq.tail);
    ring->completions = (struct completion *)(ring->memory + params->cq.completions);
    uint32_t *order = (uint32_t *)(ring->memory + params->sq.array);
    for (uint32_t i = 0; i < params->sq_entries; i++) order[i] = i;
}

/* The kernel makes a ring's descriptor close-on-exec by itself. */
jint pollux_uringOpen0(JNIEnv *env, jobject self, jint entries, jint flags, jlong address) {
    (void)env, (void)self;
    struct ring *ring = pointer(address);
    struct io_uring_params params;
    memset(&params, 0, sizeof(params));
    params.flags = (uint32_t)flags;
    long fd = syscall(SYS_io_uring_setup, entries, &params);
    if (fd < 0) return -errno;
    ring->fd = (int)fd;
    int rc = fcntl(ring->fd, F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
    if (rc == 0 && (params.features & IORING_FEAT_SINGLE_MMAP) == 0) rc = -EINVAL; /* as an old kernel answers flags */
    if (rc == 0) rc = map(ring, &params);
    if (rc < 0) {
        close(ring->fd);
        return rc;
    }
    find_all(ring, &params);
    return 0;
}

jobject pollux_uringMemory(JNIEnv *env, jobject self, jlong address) {
    (void)self;
    struct ring *ring = pointer(address);
    return (*env)->NewDirectByteBuffer(env, ring->memory, ring->bytes);
}

jint pollux_uringClose(JNIEnv *env, jobject self, jlong address) {
    (void)env, (void)self;
    struct ring *ring = pointer(address);
    munmap(ring->submissions, ring->entries * sizeof(struct submission));
    munmap(ring->memory, ring->bytes);
    return close(ring->fd) < 0 ? -errno : 0;
}

/* man 2 prctl: 0, or 2 under a filter. */
jint pollux_seccomp(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    int rc = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
    return rc < 0 ? -errno : rc;
}

static inline struct submission *submission(struct ring *ring, uint32_t at) {
    struct submission *submission = &ring->submissions[at & (ring->entries - 1)];
    memset(submission, 0, sizeof(*submission));
    return submission;
}

/*
 * Submits what lies there up to `end`, and waits until there are so many completions. If the kernel refuses the call,
 * what it has not taken is withdrawn, and what it has taken is waited for: the memory of a ring keeps it alive, whatever
 * became of its descriptor.
 */
static void submit(struct ring *ring, uint32_t end, uint32_t completions) {
    for (;;) {
        uint32_t head = load(ring->sq_head);
        if (head == end && load(ring->cq_tail) - *ring->cq_head >= completions) return;
        int rc = call_io_uring_enter(ring->fd, end - head, completions, IORING_ENTER_GETEVENTS);
        if (rc == -EINTR) continue;
        if (rc < 0 || (head != end && load(ring->sq_head) == head)) break; /* or the number is another file's by now */
    }
    ring->broken = 1;
    uint32_t taken = load(ring->sq_head);
    store(ring->sq_tail, taken);
    uint32_t begun = completions - (end - taken);
    while (completions > 0 && load(ring->cq_tail) - *ring->cq_head < begun) sched_yield();
}

/*
 * The kernel copies each event while it takes the submission, makes the change at once if it can, and by a thread of
 * its own if another holds the epoll instance just then: so changes may overtake one another, and no descriptor may be
 * twice in a list.
 */
static void change_some(struct ring *ring, int epfd, int op, struct change *list, uint32_t count) {
    uint32_t tail = *ring->sq_tail;
    for (uint32_t i = 0; i < count; i++) {
        struct change *change = &list[i];
        struct submission *next = submission(ring, tail + i);
        next->opcode = IORING_OP_EPOLL_CTL;
        next->fd = epfd;
        next->offset = (uint64_t)change->fd;
        next->address = (uintptr_t)&change->event;
        next->length = (uint32_t)op;
        next->data = i;
    }
    store(ring->sq_tail, tail + count);
    submit(ring, tail + count, count);
    uint32_t head = *ring->cq_head, end = load(ring->cq_tail);
    for (; head != end; head++) {
        const struct completion *completion = &ring->completions[head & ring->completions_mask];
        if (completion->data < count) list[completion->data].rc = completion->result;
    }
    store(ring->cq_head, end);
}

/* As a kernel without the operation refuses, or a rule against it. */
static inline int may_be_unknown(int rc) { return rc == -EINVAL || rc == -EOPNOTSUPP || rc == -EACCES; }

/* What was refused, for whatever reason, is asked of epoll_ctl itself: the ring may refuse in words of epoll_ctl. */
int pollux_change_through(struct ring *ring, int epfd, int op, struct change *list, int count) {
    for (int i = 0; i < count; i++) list[i].rc = -ECANCELED;
    int most = (int)ring->entries;
    for (int at = 0; at < count && !ring->broken; at += most) {
        change_some(ring, epfd, op, list + at, (uint32_t)(count - at < most ? count - at : most));
    }
    int failed = 0;
    for (int i = 0; i < count; i++) {
        struct change *change = &list[i];
        int refused = change->rc;
        if (refused < 0) change->rc = call_epoll_ctl(epfd, op, change->fd, &change->event);
        if (change->rc == 0 && may_be_unknown(refused)) ring->broken = 1; /* not to be asked in vain again */
        failed += change->rc < 0;
    }
    return failed;
}

jint pollux_uringChange(JNIEnv *env, jobject self, jlong ring, jint epfd, jint op, jlong list, jint count) {
    (void)env, (void)self;
    int failed = pollux_change_through(pointer(ring), epfd, op, pointer(list), count);
    fill_return_buffer();
    return failed;
}

/*
 * Watches a descriptor for input, once, and ends an earlier watch; 0 in place of either is none. Runs what else is due
 * of this ring in this thread.
 */
jint pollux_uringWatch(JNIEnv *env, jobject self, jlong address, jint fd, jint data, jint earlier) {
    (void)env, (void)self;
    struct ring *ring = pointer(address);
    uint32_t end = *ring->sq_tail;
    if (earlier != 0) {
        struct submission *remove = submission(ring, end++);
        remove->opcode = IORING_OP_POLL_REMOVE;
        remove->address = (uint64_t)earlier;
    }
    if (data != 0) {
        struct submission *watch = submission(ring, end++);
        watch->opcode = IORING_OP_POLL_ADD;
        watch->fd = fd;
        watch->events = WATCHED;
        watch->data = (uint64_t)data;
    }
    store(ring->sq_tail, end);
    submit(ring, end, 0);
    fill_return_buffer();
    return ring->broken ? -EIO : 0;
}

#else
typedef int no_uring_here; /* unsupported.c has them instead; ISO C wants a declaration */
#endif
