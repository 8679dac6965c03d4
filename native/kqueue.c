/* kqueue, where the system has one; on Linux, libkqueue makes one of epoll. */
#define _GNU_SOURCE
#include "pollux.h"

#ifdef POLLUX_KQUEUE

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <sys/types.h>

#include <sys/event.h>

/* Not inherited by fork, but by exec without one. */
jint pollux_kqueue(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    int fd = kqueue();
    if (fd < 0) return -errno;
    if (fcntl(fd, F_SETFD, FD_CLOEXEC) == 0) return fd;
    int error = errno;
    close(fd);
    return -error;
}

/* The answers may take the place of the changes: each change is read before its answer is written. */
jint pollux_keventChange(JNIEnv *env, jobject self, jint kq, jlong changes, jint count, jint receipts) {
    (void)env, (void)self;
    struct timespec now = {0, 0};
    int rc = kevent(kq, pointer(changes), count, pointer(changes), receipts, &now);
    return rc < 0 ? -errno : rc;
}

/* nanos: -1 waits for ever */
jint pollux_keventWait(JNIEnv *env, jobject self, jint kq, jlong events, jint capacity, jlong nanos) {
    (void)env, (void)self;
    struct timespec timeout = {(time_t)(nanos / 1000000000), (long)(nanos % 1000000000)};
    int rc = kevent(kq, NULL, 0, pointer(events), capacity, nanos < 0 ? NULL : &timeout);
    return rc < 0 ? -errno : rc;
}

#else
typedef int no_kqueue_here; /* unsupported.c has them instead; ISO C wants a declaration */
#endif
