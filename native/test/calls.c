/*
 * Every native method that does not need a JVM, called as plain C: results, error numbers, and what
 * the kernel has done. `make sanitize` runs it under AddressSanitizer and UBSan, twice: with the
 * system calls that are issued in place, and with libc's.
 */
#define _GNU_SOURCE
#include "pollux.h"
#include "returns.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static jlong address(const void *memory) { return (jlong)(uintptr_t)memory; }

static void write_byte(int fd) { EQUAL(write(fd, "x", 1), 1); }

static int64_t nanos(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void close_pair(const int *fds) {
    EQUAL(pollux_close(ENV, fds[0]), 0);
    EQUAL(pollux_close(ENV, fds[1]), 0);
}

static void check_flags(int fd) {
    CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

/* ---- files.c ---- */

static void descriptors(void) {
    int fds[2];
    char byte;
    EQUAL(pollux_pipe(ENV, address(fds)), 0);
    check_flags(fds[0]);
    check_flags(fds[1]);
    EQUAL(read(fds[0], &byte, 1), -1);
    EQUAL(errno, EAGAIN);
    write_byte(fds[1]);
    EQUAL(read(fds[0], &byte, 1), 1);

    EQUAL(pollux_unread(ENV, fds[0]), 0);
    write_byte(fds[1]);
    write_byte(fds[1]);
    EQUAL(pollux_unread(ENV, fds[0]), 2);
    EQUAL(read(fds[0], &byte, 1), 1);
    EQUAL(pollux_unread(ENV, fds[0]), 1);
    EQUAL(read(fds[0], &byte, 1), 1);
    EQUAL(pollux_unread(ENV, -1), -EBADF);

    EQUAL(pollux_isNonBlocking(ENV, fds[0]), 1);
    EQUAL(pollux_isNonBlocking(ENV, -1), -EBADF);
    EQUAL(pollux_setNonBlocking(ENV, fds[0], JNI_FALSE), 0);
    EQUAL(pollux_isNonBlocking(ENV, fds[0]), 0);
    CHECK(!(fcntl(fds[0], F_GETFL) & O_NONBLOCK));
    EQUAL(pollux_setNonBlocking(ENV, fds[0], JNI_FALSE), 0);
    EQUAL(pollux_setNonBlocking(ENV, fds[0], JNI_TRUE), 0);
    CHECK(fcntl(fds[0], F_GETFL) & O_NONBLOCK);

    EQUAL(fcntl(fds[0], F_SETFD, 0), 0);
    EQUAL(pollux_setCloseOnExec(ENV, fds[0]), 0);
    EQUAL(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
    EQUAL(pollux_setCloseOnExec(ENV, -1), -EBADF);

    EQUAL(pollux_isOpen(ENV, fds[0]), 0);
    EQUAL(pollux_socketType(ENV, fds[0]), 0);
    EQUAL(pollux_socketType(ENV, -1), -EBADF);
    close_pair(fds);
    EQUAL(pollux_isOpen(ENV, fds[0]), -EBADF);
    EQUAL(pollux_isOpen(ENV, -1), -EBADF);
#ifdef O_PATH
    int path = open("/", O_PATH);
    EQUAL(pollux_isOpen(ENV, path), -EBADF);
    EQUAL(pollux_close(ENV, path), 0);
#endif
    EQUAL(pollux_close(ENV, fds[0]), -EBADF);
    EQUAL(pollux_setNonBlocking(ENV, fds[0], JNI_TRUE), -EBADF);

    EQUAL(pollux_socketpair(ENV, address(fds)), 0);
    check_flags(fds[0]);
    check_flags(fds[1]);
    write_byte(fds[0]);
    EQUAL(read(fds[1], &byte, 1), 1);
    write_byte(fds[1]);
    EQUAL(read(fds[0], &byte, 1), 1);
    close_pair(fds);
}

/* With no descriptor left every opener says so and leaves the memory it was given alone. */
static void no_descriptor_left(void) {
    struct rlimit before, none;
    EQUAL(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    EQUAL(setrlimit(RLIMIT_NOFILE, &none), 0);
    int fds[2] = {-7, -7};
    EQUAL(pollux_pipe(ENV, address(fds)), -EMFILE);
    EQUAL(pollux_socketpair(ENV, address(fds)), -EMFILE);
    EQUAL(pollux_eventfd(ENV), -EMFILE);
    EQUAL(pollux_epollCreate(ENV), -EMFILE);
    EQUAL(setrlimit(RLIMIT_NOFILE, &before), 0);
    EQUAL(fds[0], -7);
    EQUAL(fds[1], -7);
}

static void *direct_address(JNIEnv *env, jobject buffer) {
    (void)env;
    return buffer;
}

/* These do look at env: for the memory behind a buffer, which is its own address here. */
static void reads_and_writes(void) {
    struct JNINativeInterface_ functions;
    memset(&functions, 0, sizeof(functions));
    functions.GetDirectBufferAddress = direct_address;
    JNIEnv table = &functions;
    int fds[2];
    char bytes[] = "0123456789";
    jobject buffer = (jobject)bytes;
    EQUAL(pollux_address(&table, NULL, buffer), address(bytes));
    EQUAL(pollux_pipe(ENV, address(fds)), 0);
    EQUAL(pollux_read(&table, NULL, fds[0], buffer, 0, 10), -EAGAIN);
    EQUAL(pollux_write(&table, NULL, fds[1], buffer, 2, 3), 3);
    EQUAL(pollux_read(&table, NULL, fds[0], buffer, 5, 4), 3);
    EQUAL(strcmp(bytes, "0123423489"), 0);
    EQUAL(pollux_read(&table, NULL, fds[0], buffer, 0, 0), 0);
    EQUAL(pollux_read(&table, NULL, fds[1], buffer, 0, 1), -EBADF);
    EQUAL(pollux_write(&table, NULL, fds[0], buffer, 0, 1), -EBADF);
    EQUAL(pollux_close(ENV, fds[1]), 0);
    EQUAL(pollux_read(&table, NULL, fds[0], buffer, 0, 10), 0);
    EQUAL(pollux_close(ENV, fds[0]), 0);
    EQUAL(pollux_read(&table, NULL, fds[0], buffer, 0, 10), -EBADF);
}

static void file_status(void) {
    int64_t status[4];
    int fds[2];
    struct stat expected;
    EQUAL(pollux_pipe(ENV, address(fds)), 0);
    EQUAL(pollux_fileStatus(ENV, fds[0], address(status)), 0);
    EQUAL(fstat(fds[0], &expected), 0);
    EQUAL(status[0], expected.st_dev);
    EQUAL(status[1], expected.st_ino);
    EQUAL(status[2] & S_IFMT, S_IFIFO);
    close_pair(fds);
    EQUAL(pollux_fileStatus(ENV, fds[0], address(status)), -EBADF);

    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    CHECK(null >= 0);
    EQUAL(pollux_fileStatus(ENV, null, address(status)), 0);
    EQUAL(fstat(null, &expected), 0);
    EQUAL(status[2] & S_IFMT, S_IFCHR);
    EQUAL(status[3], expected.st_rdev);
    EQUAL(pollux_close(ENV, null), 0);
}

static void tables(void) {
    EQUAL(pollux_layout(ENV, -1), -EINVAL);
    EQUAL(pollux_layout(ENV, INT32_MIN), -EINVAL);
    EQUAL(pollux_layout(ENV, INT32_MAX), -EINVAL);
    EQUAL(pollux_layout(ENV, 0), sizeof(struct epoll_event));
    EQUAL(pollux_layout(ENV, 1), offsetof(struct epoll_event, events));
    EQUAL(pollux_layout(ENV, 2), offsetof(struct epoll_event, data));
    EQUAL(pollux_layout(ENV, 14), (int32_t)EPOLLET);
    EQUAL(pollux_layout(ENV, 38), sizeof(struct pollfd));
    EQUAL(pollux_layout(ENV, 55), S_IFSOCK);
    EQUAL(pollux_layout(ENV, 56), -EINVAL);

    EQUAL(pollux_errorNumber(ENV, -1), -EINVAL);
    EQUAL(pollux_errorNumber(ENV, INT32_MIN), -EINVAL);
    EQUAL(pollux_errorNumber(ENV, INT32_MAX), -EINVAL);
    EQUAL(pollux_errorNumber(ENV, 0), EPERM);
    EQUAL(pollux_errorNumber(ENV, 39), ECANCELED);
    EQUAL(pollux_errorNumber(ENV, 40), EAFNOSUPPORT);
    EQUAL(pollux_errorNumber(ENV, 41), -EINVAL);
}

static void error_texts(void) {
    const char *expected = strerror(EBADF);
    size_t length = strlen(expected);
    char text[256];
    memset(text, '#', sizeof(text));
    EQUAL(pollux_errorText(ENV, EBADF, address(text), sizeof(text)), length);
    EQUAL(memcmp(text, expected, length), 0);
    EQUAL(text[length], '#'); /* no final zero */
    memset(text, '#', sizeof(text));
    EQUAL(pollux_errorText(ENV, EBADF, address(text), 3), 3);
    EQUAL(memcmp(text, expected, 3), 0);
    EQUAL(text[3], '#');
    EQUAL(pollux_errorText(ENV, EBADF, address(text), 0), 0);
    const jint unknown[] = {0, -1, 99999, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
        jint rc = pollux_errorText(ENV, unknown[i], address(text), sizeof(text));
        CHECK(rc > 0 && rc <= (jint)sizeof(text));
    }
}

/* ---- epoll.c ---- */

enum { CAPACITY = 8, MILLIS, NANOS };

static int epfd, eventfd;
static int last_how = NANOS; /* MILLIS where the kernel, older than 5.11, has no epoll_pwait2 */
static struct epoll_event ready[CAPACITY];

/* As dev.pollux.sys.EpollChanges lays them out. */
static struct {
    int64_t lock;
    int64_t ring;
    int32_t count;
    int32_t failed;
    struct {
        int32_t fd;
        int32_t rc;
        struct epoll_event event;
    } __attribute__((aligned(8))) list[64];
} changes;
static int32_t lock;

static jint wait_how(int how, jlong time, jlong list) {
    return how == MILLIS ? pollux_epollWait0(ENV, epfd, address(ready), CAPACITY, (jint)time, list)
                         : pollux_epollPwait20(ENV, epfd, address(ready), CAPACITY, time, list);
}

/* Longer than anybody waits for this test. */
static jlong how_long(int how) { return how == MILLIS ? -1 : INT64_C(3600000000000); }

static void build_list(int count) {
    memset(&changes, 0x55, sizeof(changes)); /* what C must write it must write itself */
    lock = 1;
    changes.lock = address(&lock);
    changes.ring = 0;
    changes.count = count;
}

static void change(int index, int fd, uint32_t events, uint64_t data) {
    changes.list[index].fd = fd;
    changes.list[index].event.events = events;
    changes.list[index].event.data.u64 = data;
}

static void epoll_registrations(void) {
    last_how = NANOS;
    epfd = pollux_epollCreate(ENV);
    CHECK(epfd >= 0);
    check_flags(epfd);
    eventfd = pollux_eventfd(ENV);
    CHECK(eventfd >= 0);
    check_flags(eventfd);
    if (wait_how(NANOS, 0, 0) == -ENOSYS) {
        printf("calls.c: this kernel has no epoll_pwait2: left out\n");
        last_how = MILLIS;
    }

    const jlong token = -0x123456789abcdef;
    uint8_t params[8] = {0}; /* struct epoll_params: usecs, budget, whether to prefer it */
    uint8_t back[8] = {0};
    params[0] = params[3] = 7; /* in either order of bytes */
    params[6] = 1;
    int set = pollux_epollSetParams(ENV, epfd, address(params));
    if (set == 0) {
        EQUAL(pollux_epollParams(ENV, epfd, address(back)), 0);
        EQUAL(memcmp(params, back, sizeof(params)), 0);
        params[7] = 1;
        EQUAL(pollux_epollSetParams(ENV, epfd, address(params)), -EINVAL);
    } else {
        printf("calls.c: this kernel has no EPIOCSPARAMS (%s): left out\n", strerror(-set));
    }
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_MOD, eventfd, EPOLLIN, token), -ENOENT);
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_DEL, eventfd, 0, 0), -ENOENT);
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, eventfd, EPOLLIN | EPOLLOUT, token), 0);
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, eventfd, EPOLLIN, token), -EEXIST);
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, epfd, EPOLLIN, token), -EINVAL);
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, -1, EPOLLIN, token), -EBADF);
    EQUAL(pollux_epollCtl(ENV, -1, EPOLL_CTL_ADD, eventfd, EPOLLIN, token), -EBADF);
    EQUAL(pollux_epollCtl(ENV, epfd, 77, eventfd, EPOLLIN, token), -EINVAL);
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, null, EPOLLIN, token), -EPERM);
    EQUAL(pollux_close(ENV, null), 0);

    for (int how = MILLIS; how <= last_how; how++) {
        memset(ready, 0, sizeof(ready));
        EQUAL(wait_how(how, 0, 0), 1);
        EQUAL(ready[0].events, EPOLLOUT);
        EQUAL(ready[0].data.u64, (uint64_t)token);
    }
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_MOD, eventfd, EPOLLIN, token), 0);
    for (int how = MILLIS; how <= last_how; how++) EQUAL(wait_how(how, 0, 0), 0);
    uint64_t one = 1;
    EQUAL(write(eventfd, &one, 8), 8);
    EQUAL(wait_how(MILLIS, how_long(MILLIS), 0), 1);
    EQUAL(wait_how(last_how, how_long(last_how), 0), 1);
    EQUAL(ready[0].events, EPOLLIN);
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_DEL, eventfd, 0, 0), 0);
    EQUAL(wait_how(MILLIS, 0, 0), 0);
}

static void epoll_waits(void) {
    int64_t start = nanos();
    EQUAL(wait_how(MILLIS, 3, 0), 0);
    CHECK(nanos() - start >= 3000000);
    EQUAL(pollux_epollWait0(ENV, -1, address(ready), CAPACITY, 0, 0), -EBADF);
    EQUAL(pollux_epollWait0(ENV, epfd, address(ready), 0, 0, 0), -EINVAL);
    EQUAL(pollux_epollWait0(ENV, eventfd, address(ready), CAPACITY, 0, 0), -EINVAL);
    if (last_how == MILLIS) return;

    start = nanos();
    EQUAL(wait_how(NANOS, 1500000, 0), 0);
    CHECK(nanos() - start >= 1500000);
    start = nanos();
    EQUAL(wait_how(NANOS, 1000000001, 0), 0); /* both halves of a timespec */
    CHECK(nanos() - start >= 1000000001);
    EQUAL(pollux_epollPwait20(ENV, -1, address(ready), CAPACITY, 0, 0), -EBADF);
    EQUAL(pollux_epollPwait20(ENV, epfd, address(ready), 0, 0, 0), -EINVAL);
    EQUAL(pollux_epollPwait20(ENV, epfd, address(ready), CAPACITY, -1, 0), -EINVAL);
}

/* More is ready than fits: the rest comes with the next waits. */
static void short_event_list(void) {
    int pipes[CAPACITY * 2][2];
    int seen[CAPACITY * 2] = {0};
    for (int i = 0; i < CAPACITY * 2; i++) {
        EQUAL(pollux_pipe(ENV, address(pipes[i])), 0);
        write_byte(pipes[i][1]);
        EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, pipes[i][0], EPOLLIN | EPOLLONESHOT, i), 0);
    }
    for (int round = 0; round < 2; round++) {
        EQUAL(wait_how(round == 0 ? MILLIS : last_how, 0, 0), CAPACITY);
        for (int i = 0; i < CAPACITY; i++) seen[ready[i].data.u64]++;
    }
    EQUAL(wait_how(MILLIS, 0, 0), 0);
    for (int i = 0; i < CAPACITY * 2; i++) {
        EQUAL(seen[i], 1);
        close_pair(pipes[i]);
    }
}

/* A list of so many changes, all of them good: made before the wait, and the lock is released. */
static void changes_that_succeed(int how, int count) {
    int pipes[64][2];
    for (int i = 0; i < count; i++) {
        EQUAL(pollux_pipe(ENV, address(pipes[i])), 0);
        write_byte(pipes[i][1]);
        EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, pipes[i][0], EPOLLONESHOT, -1), 0);
    }
    build_list(count);
    for (int i = 0; i < count; i++) change(i, pipes[i][0], EPOLLIN | EPOLLONESHOT, 1000 + (uint64_t)i);
    int expected = count < CAPACITY ? count : CAPACITY;
    EQUAL(wait_how(how, 0, address(&changes)), expected);
    EQUAL(lock, 0);
    EQUAL(changes.count, count);
    EQUAL(changes.failed, 0);
    for (int i = 0; i < count; i++) EQUAL(changes.list[i].rc, 0);
    for (int i = 0; i < expected; i++) {
        CHECK(ready[i].data.u64 >= 1000 && ready[i].data.u64 < 1000 + (uint64_t)count);
        EQUAL(ready[i].events, EPOLLIN);
    }
    for (int i = 0; i < count; i++) close_pair(pipes[i]);
}

/* Closed, never registered, good: each has its own answer, and the wait does not block. */
static void changes_that_are_refused(int how) {
    int good[2], closed[2], unknown[2];
    EQUAL(pollux_pipe(ENV, address(good)), 0);
    EQUAL(pollux_pipe(ENV, address(closed)), 0);
    EQUAL(pollux_pipe(ENV, address(unknown)), 0);
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, good[0], 0, 1), 0);
    EQUAL(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, closed[0], 0, 2), 0);
    close_pair(closed);
    build_list(3);
    change(0, closed[0], EPOLLIN, 2);
    change(1, unknown[0], EPOLLIN, 3);
    change(2, good[0], EPOLLIN, 4);
    EQUAL(wait_how(how, how_long(how), address(&changes)), 0);
    EQUAL(lock, 0);
    EQUAL(changes.failed, 2);
    EQUAL(changes.list[0].rc, -EBADF);
    EQUAL(changes.list[1].rc, -ENOENT);
    EQUAL(changes.list[2].rc, 0);
    write_byte(good[1]);
    EQUAL(wait_how(how, 0, 0), 1); /* the good one was made */
    EQUAL(ready[0].data.u64, 4);

    build_list(1); /* refused, and something is ready: both are reported */
    change(0, unknown[0], EPOLLIN, 3);
    EQUAL(wait_how(how, 0, address(&changes)), 1);
    EQUAL(lock, 0);
    EQUAL(changes.failed, 1);
    EQUAL(changes.list[0].rc, -ENOENT);

    build_list(1); /* the wait itself fails: the change was made all the same */
    change(0, good[0], 0, 5);
    jint rc = how == MILLIS ? pollux_epollWait0(ENV, epfd, address(ready), 0, 0, address(&changes))
                            : pollux_epollPwait20(ENV, epfd, address(ready), 0, 0, address(&changes));
    EQUAL(rc, -EINVAL);
    EQUAL(lock, 0);
    EQUAL(changes.failed, 0);
    EQUAL(wait_how(how, 0, 0), 0);
    close_pair(good);
    close_pair(unknown);
}

/* The number stays and means the fresh one afterwards, with what is registered there. */
static void epoll_replace(void) {
    int fds[2];
    EQUAL(pollux_pipe(ENV, address(fds)), 0);
    write_byte(fds[1]);
    int old = pollux_epollCreate(ENV);
    int fresh = pollux_epollCreate(ENV);
    EQUAL(pollux_epollCtl(ENV, old, EPOLL_CTL_ADD, fds[0], EPOLLIN, 1), 0);
    EQUAL(pollux_epollCtl(ENV, fresh, EPOLL_CTL_ADD, fds[0], EPOLLIN, 2), 0);
    EQUAL(pollux_epollReplace(ENV, fresh, old), 0);
    CHECK(fcntl(old, F_GETFD) & FD_CLOEXEC);
    EQUAL(pollux_close(ENV, fresh), 0);
    EQUAL(pollux_epollWait0(ENV, old, address(ready), CAPACITY, 0, 0), 1);
    EQUAL(ready[0].data.u64, 2);
    EQUAL(pollux_epollReplace(ENV, fresh, old), -EBADF);
    EQUAL(pollux_epollReplace(ENV, old, old), -EINVAL);
    EQUAL(pollux_close(ENV, old), 0);
    close_pair(fds);
}

static void epoll(void) {
    epoll_registrations();
    epoll_waits();
    short_event_list();
    for (int how = MILLIS; how <= last_how; how++) {
        changes_that_succeed(how, 0);
        changes_that_succeed(how, 1);
        changes_that_succeed(how, 64);
        changes_that_are_refused(how);
    }
    epoll_replace();
    EQUAL(pollux_close(ENV, eventfd), 0);
    EQUAL(pollux_close(ENV, epfd), 0);
}

/* ---- poll.c, select.c ---- */

static void polls(void) {
    int fds[2], closed[2];
    EQUAL(pollux_pipe(ENV, address(fds)), 0);
    EQUAL(pollux_pipe(ENV, address(closed)), 0);
    close_pair(closed);
    struct pollfd entries[3] = {{fds[0], POLLIN, 0}, {-1, POLLIN, 0}, {fds[1], 0, 0}};
    int64_t start = nanos();
    EQUAL(pollux_poll(ENV, address(entries), 3, 2), 0);
    CHECK(nanos() - start >= 2000000);
    start = nanos();
    EQUAL(pollux_ppoll(ENV, address(entries), 3, 1500000), 0);
    CHECK(nanos() - start >= 1500000);
    EQUAL(pollux_poll(ENV, 0, 0, 0), 0);
    EQUAL(pollux_ppoll(ENV, 0, 0, 0), 0);
    EQUAL(pollux_ppoll(ENV, address(entries), 3, -1), -EINVAL);

    write_byte(fds[1]);
    entries[1].fd = closed[0];
    EQUAL(pollux_poll(ENV, address(entries), 3, -1), 2);
    EQUAL(entries[0].revents, POLLIN);
    EQUAL(entries[1].revents, POLLNVAL);
    EQUAL(entries[2].revents, 0);
    EQUAL(pollux_close(ENV, fds[0]), 0);
    EQUAL(pollux_ppoll(ENV, address(entries + 2), 1, INT64_C(3600000000000)), 1);
    EQUAL(entries[2].revents, POLLERR);
    EQUAL(pollux_poll(ENV, 8, 1, 0), -EFAULT);
    EQUAL(pollux_ppoll(ENV, 8, 1, 0), -EFAULT);
    EQUAL(pollux_close(ENV, fds[1]), 0);
}

enum { WORDS = 32 };

static void set(uint64_t *bits, int fd) { bits[fd / 64] |= UINT64_C(1) << fd % 64; }

static int ones(const uint64_t *bits) {
    int count = 0;
    for (int i = 0; i < WORDS; i++) count += __builtin_popcountll(bits[i]);
    return count;
}

/* Of the descriptors that there can be, as far as select is asked: qemu-user ends at 1023. */
static int beyond = WORDS * 64 - 1;

/* On heap memory of exactly the size that is asked for, so that a step beyond it is found. */
static void selects(void) {
    uint64_t *reads = calloc(WORDS, 8), *writes = calloc(WORDS, 8), *excepts = calloc(WORDS, 8);
    CHECK(reads != NULL && writes != NULL && excepts != NULL);
    jlong r = address(reads), w = address(writes), e = address(excepts);
    int low[2], high[2];
    EQUAL(pollux_pipe(ENV, address(low)), 0);
    EQUAL(pollux_pipe(ENV, address(high)), 0);
    struct rlimit limit;
    EQUAL(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    EQUAL(setrlimit(RLIMIT_NOFILE, &limit), 0);
    CHECK((rlim_t)beyond < limit.rlim_cur);
    EQUAL(dup2(high[0], beyond), beyond);

    int64_t start = nanos();
    EQUAL(pollux_select(ENV, 0, r, w, e, 2000), 0);
    CHECK(nanos() - start >= 2000000);
    start = nanos();
    EQUAL(pollux_select(ENV, 0, 0, 0, 0, 1000001), 0); /* both halves of a timeval */
    CHECK(nanos() - start >= 1000001000);

    set(reads, low[0]), set(reads, beyond), set(excepts, beyond);
    EQUAL(pollux_select(ENV, beyond + 1, r, w, e, 0), 0);
    EQUAL(ones(reads) + ones(writes) + ones(excepts), 0);

    write_byte(low[1]), write_byte(high[1]);
    set(reads, low[0]), set(reads, beyond), set(writes, low[1]), set(excepts, beyond);
    EQUAL(pollux_select(ENV, beyond + 1, r, w, e, -1), 3);
    EQUAL(ones(reads), 2);
    CHECK(reads[beyond / 64] >> 63 == 1);
    EQUAL(ones(writes), 1);
    EQUAL(ones(excepts), 0);

    EQUAL(pollux_select(ENV, -1, r, w, e, 0), -EINVAL);
    EQUAL(pollux_close(ENV, beyond), 0);
    set(reads, beyond);
    EQUAL(pollux_select(ENV, beyond + 1, r, w, e, -1), -EBADF);
    close_pair(low);
    close_pair(high);
    free(reads), free(writes), free(excepts);
}

static void all(void) {
    int first = dup(0); /* the lowest free number: the same in the end, if nothing has leaked */
    CHECK(first >= 0);
    EQUAL(pollux_close(ENV, first), 0);
    descriptors();
    no_descriptor_left();
    reads_and_writes();
    file_status();
    tables();
    error_texts();
    epoll();
    polls();
    selects();
    EQUAL(dup(0), first);
    EQUAL(pollux_close(ENV, first), 0);
}

int main(int argc, char **argv) {
    if (argc > 1) beyond = atoi(argv[1]);
    CHECK(beyond % 64 == 63 && beyond < WORDS * 64); /* the last bit that there is */
    all();
    jlong times = pollux_returnsTimes(ENV);
    CHECK(pollux_returnsFamily(ENV) == -ENOSYS ? times == 0 : (int32_t)times > 0 && times >> 32 > 0);
    pollux_fillReturns(ENV, pollux_returnsFamily(ENV) >= 0); /* from here on the way back is another */
    all();
    return 0;
}
