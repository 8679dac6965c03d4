/* uring.c: changes through a ring have the results of epoll_ctl, also when the ring breaks. Ends at once without a ring. */
#ifdef __linux__
#define _GNU_SOURCE
#include "uring.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "changes.h"
#include "check.h"

enum { ENTRIES = 32, MANY = 100 }; /* more than the ring has entries: several calls */

static int epfd;
static int pipes[MANY][2];
static struct change list[MANY];
static int ending;

static void fill(uint32_t events) {
    memset(list, 0x55, sizeof(list));
    for (int i = 0; i < MANY; i++) {
        list[i].fd = pipes[i][0];
        list[i].event.events = events;
        list[i].event.data.u64 = (uint64_t)i;
    }
}

static int change_all(struct ring *ring, int op) {
    return pollux_uringChange(ENV, (jlong)(uintptr_t)ring, epfd, op, (jlong)(uintptr_t)list, MANY);
}

static void expect_all(int rc) {
    for (int i = 0; i < MANY; i++) CHECK(list[i].rc == rc);
}

static void all_go_through(struct ring *ring) {
    fill(EPOLLIN);
    CHECK(change_all(ring, EPOLL_CTL_ADD) == 0);
    expect_all(0);
    CHECK(change_all(ring, EPOLL_CTL_ADD) == MANY);
    expect_all(-EEXIST);
    struct epoll_event ready[MANY];
    CHECK(write(pipes[MANY - 1][1], "x", 1) == 1);
    CHECK(epoll_wait(epfd, ready, MANY, 0) == 1 && ready[0].data.u64 == MANY - 1);
}

static void refusals_are_those_of_epoll_ctl(struct ring *ring) {
    int file = open("/dev/null", O_RDONLY | O_CLOEXEC);
    int fresh[2];
    CHECK(pipe2(fresh, O_CLOEXEC) == 0);
    fill(EPOLLIN);
    list[3].fd = -1;
    list[40].fd = fresh[0];
    list[50].fd = epfd;
    list[60].fd = file;
    CHECK(change_all(ring, EPOLL_CTL_MOD) == 4);
    struct change expected[] = {list[3], list[40], list[50], list[60]};
    for (int i = 0; i < 4; i++) {
        int rc = epoll_ctl(epfd, EPOLL_CTL_MOD, expected[i].fd, &expected[i].event) < 0 ? -errno : 0;
        CHECK(rc == expected[i].rc && rc < 0);
    }
    CHECK(list[2].rc == 0 && list[41].rc == 0);
    close(file), close(fresh[0]), close(fresh[1]);
}

/* A list of the wait's goes through the ring that it names, and releases the lock. */
static void a_wait_makes_them(struct ring *ring) {
    struct changes *changes = calloc(1, sizeof(*changes) + sizeof(list));
    struct epoll_event ready[MANY];
    int32_t lock = 1;
    CHECK(changes != NULL);
    fill(EPOLLIN);
    memcpy(changes->list, list, sizeof(list));
    changes->lock = (int64_t)(uintptr_t)&lock;
    changes->ring = (int64_t)(uintptr_t)ring;
    changes->count = MANY;
    changes->list[7].fd = -1;
    CHECK(pollux_epollWait0(ENV, epfd, (jlong)(uintptr_t)ready, MANY, -1, (jlong)(uintptr_t)changes) == 1);
    CHECK(lock == 0 && changes->failed == 1 && changes->list[7].rc == -EBADF && changes->list[8].rc == 0);
    free(changes);
}

/* While another thread holds the epoll instance the kernel makes a change later, by a thread of its own. */
static void *wait_again_and_again(void *unused) {
    struct epoll_event ready[MANY];
    while (!__atomic_load_n(&ending, __ATOMIC_ACQUIRE)) CHECK(epoll_wait(epfd, ready, MANY, 0) >= 0);
    return unused;
}

static void all_go_through_beside_a_wait(struct ring *ring) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, wait_again_and_again, NULL) == 0);
    for (int i = 0; i < 300; i++) {
        fill(i % 2 == 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
        CHECK(change_all(ring, EPOLL_CTL_MOD) == 0);
        expect_all(0);
    }
    __atomic_store_n(&ending, 1, __ATOMIC_RELEASE);
    CHECK(pthread_join(thread, NULL) == 0);
}

/* Its number is closed, or another file's: what the ring does not take is made one by one, and the next time all is. */
static void broken(struct ring *ring, int instead) {
    if (instead < 0) {
        close(ring->fd);
    } else {
        CHECK(dup3(instead, ring->fd, O_CLOEXEC) == ring->fd);
    }
    fill(EPOLLIN);
    list[50].fd = -1;
    CHECK(change_all(ring, EPOLL_CTL_MOD) == 1);
    CHECK(ring->broken && list[50].rc == -EBADF && list[0].rc == 0 && list[MANY - 1].rc == 0);
    CHECK(change_all(ring, EPOLL_CTL_ADD) == MANY);
    CHECK(list[50].rc == -EBADF && list[0].rc == -EEXIST);
    CHECK(change_all(ring, EPOLL_CTL_MOD) == 1);
}

static int lowest_free(void) {
    int fd = dup(0);
    close(fd);
    return fd;
}

static int open_ring(struct ring *ring) {
    memset(ring, 0x55, sizeof(*ring));
    return pollux_uringOpen0(ENV, ENTRIES, 0, (jlong)(uintptr_t)ring);
}

/*
 * What a ring is not allowed to do is refused by completions, as by a kernel that does not know the operation. All
 * changes are made all the same, and the ring is not used again.
 */
static void a_ring_without_the_operation(void) {
    enum { R_DISABLED = 1 << 6, REGISTER = 427, RESTRICTIONS = 11, ENABLE = 12, OP = 1 }; /* Linux 5.10 */
    struct {
        uint16_t kind;
        uint8_t operation, unused[13];
    } only_nop = {.kind = OP, .operation = 0};
    struct ring ring;
    if (pollux_uringOpen0(ENV, ENTRIES, R_DISABLED, (jlong)(uintptr_t)&ring) < 0) return;
    CHECK(syscall(REGISTER, ring.fd, RESTRICTIONS, &only_nop, 1) == 0);
    CHECK(syscall(REGISTER, ring.fd, ENABLE, NULL, 0) == 0);
    fill(EPOLLIN);
    list[50].fd = -1;
    CHECK(change_all(&ring, EPOLL_CTL_MOD) == 1);
    CHECK(ring.broken && list[50].rc == -EBADF && list[0].rc == 0 && list[MANY - 1].rc == 0);
    CHECK(change_all(&ring, EPOLL_CTL_ADD) == MANY);
    CHECK(list[50].rc == -EBADF && list[0].rc == -EEXIST);
    pollux_uringClose(ENV, (jlong)(uintptr_t)&ring);
}

/* A child that was forked has the ring's descriptor and memory too. It lives on while the ring is used, and ends. */
static void a_child_is_not_noticed(struct ring *ring) {
    int ends[2];
    char byte;
    CHECK(pipe2(ends, O_CLOEXEC) == 0);
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        close(ends[1]);
        _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
    }
    close(ends[0]);
    for (int i = 0; i < 3; i++) {
        fill(i % 2 == 0 ? EPOLLIN | EPOLLOUT : EPOLLIN);
        CHECK(change_all(ring, EPOLL_CTL_MOD) == 0);
        expect_all(0);
        if (i != 1) continue;
        int status;
        close(ends[1]);
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    CHECK(!ring->broken);
}

/* Kernels before 5.12 count a ring's memory as locked. It opens all the same, or says why not and leaves nothing. */
static void little_locked_memory(void) {
    struct rlimit limit, none;
    struct ring ring;
    int free_before = lowest_free();
    CHECK(getrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    none = limit;
    none.rlim_cur = 0;
    CHECK(setrlimit(RLIMIT_MEMLOCK, &none) == 0);
    int rc = open_ring(&ring);
    CHECK(setrlimit(RLIMIT_MEMLOCK, &limit) == 0);
    CHECK(rc == 0 || rc == -ENOMEM);
    if (rc == 0) pollux_uringClose(ENV, (jlong)(uintptr_t)&ring);
    CHECK(lowest_free() == free_before);
}

/* Takes the one completion that there is. */
static void expect_completion(struct ring *ring, uint64_t data, int result) {
    CHECK(*ring->cq_tail - *ring->cq_head == 1);
    struct completion *completion = &ring->completions[*ring->cq_head & ring->completions_mask];
    CHECK(completion->data == data && completion->result == result);
    ++*ring->cq_head;
}

static int watch(struct ring *ring, int number, int earlier) {
    return pollux_uringWatch(ENV, (jlong)(uintptr_t)ring, epfd, number, earlier);
}

/* A watch of an epoll instance comes once, at once where something is ready, and ends an earlier one. */
static void watches(void) {
    enum { COOP_TASKRUN = 1 << 8, TASKRUN_FLAG = 1 << 9 }; /* Linux 5.19 */
    struct ring ring;
    char byte;
    if (pollux_uringOpen0(ENV, 8, COOP_TASKRUN | TASKRUN_FLAG, (jlong)(uintptr_t)&ring) < 0) return;
    while (read(pipes[MANY - 1][0], &byte, 1) == 1) continue;
    CHECK(watch(&ring, 1, 0) == 0 && *ring.cq_tail == *ring.cq_head);
    CHECK(write(pipes[0][1], "x", 1) == 1);
    expect_completion(&ring, 1, EPOLLIN);
    CHECK(watch(&ring, 2, 0) == 0);
    expect_completion(&ring, 2, EPOLLIN);
    CHECK(read(pipes[0][0], &byte, 1) == 1);
    CHECK(watch(&ring, 3, 0) == 0 && *ring.cq_tail == *ring.cq_head);
    CHECK(watch(&ring, 4, 3) == 0);
    CHECK(*ring.cq_tail - *ring.cq_head == 2); /* of 3, and of its removal */
    *ring.cq_head += 2;
    CHECK(watch(&ring, 0, 4) == 0);
    *ring.cq_head = *ring.cq_tail;
    CHECK(write(pipes[0][1], "x", 1) == 1 && *ring.cq_tail == *ring.cq_head);
    close(ring.fd);
    CHECK(watch(&ring, 5, 0) == -EIO && watch(&ring, 6, 5) == -EIO);
    pollux_uringClose(ENV, (jlong)(uintptr_t)&ring);
}

int main(void) {
    struct ring ring, other;
    int free_before = lowest_free();
    CHECK(pollux_uringOpen0(ENV, 0, 0, (jlong)(uintptr_t)&ring) < 0); /* no entries */
    CHECK(pollux_uringOpen0(ENV, ENTRIES, -1, (jlong)(uintptr_t)&ring) < 0); /* unknown flags */
    CHECK(lowest_free() == free_before);
    int rc = open_ring(&ring);
    if (rc < 0) {
        printf("uring: left out, this kernel or its rules have no io_uring: %s\n", strerror(-rc));
        return 0;
    }
    CHECK(fcntl(ring.fd, F_GETFD) & FD_CLOEXEC);
    CHECK(fcntl(ring.fd, F_GETFL) & O_NONBLOCK);
    epfd = epoll_create1(EPOLL_CLOEXEC);
    for (int i = 0; i < MANY; i++) CHECK(pipe2(pipes[i], O_CLOEXEC | O_NONBLOCK) == 0);
    all_go_through(&ring);
    refusals_are_those_of_epoll_ctl(&ring);
    a_wait_makes_them(&ring);
    all_go_through_beside_a_wait(&ring);
    CHECK(!ring.broken);
    fill(EPOLLIN);
    CHECK(change_all(&ring, EPOLL_CTL_MOD) == 0);
    watches();
    a_child_is_not_noticed(&ring);
    a_ring_without_the_operation();
    little_locked_memory();

    CHECK(open_ring(&other) == 0);
    broken(&ring, other.fd); /* which takes nothing of what lies in this one's memory */
    pollux_uringClose(ENV, (jlong)(uintptr_t)&ring);
    CHECK(open_ring(&ring) == 0);
    broken(&ring, 0);
    pollux_uringClose(ENV, (jlong)(uintptr_t)&ring);
    broken(&other, -1);
    pollux_uringClose(ENV, (jlong)(uintptr_t)&other);
    for (int i = 0; i < MANY; i++) close(pipes[i][0]), close(pipes[i][1]);
    close(epfd);
    CHECK(lowest_free() == free_before);
    return 0;
}

#else
int main(void) { return 0; }
#endif
