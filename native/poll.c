/* poll, and ppoll where the system has it. */
#define _GNU_SOURCE
#include "pollux.h"

#include <errno.h>
#include <poll.h>
#include <time.h>

/* millis: -1 waits for ever */
jint pollux_poll(JNIEnv *env, jobject self, jlong fds, jint count, jint millis) {
    (void)env, (void)self;
    int rc = poll(pointer(fds), (nfds_t)count, millis);
    return rc < 0 ? -errno : rc;
}

#if defined(__linux__) || defined(__FreeBSD__) || defined(__OpenBSD__) || defined(__NetBSD__)

jint pollux_ppoll(JNIEnv *env, jobject self, jlong fds, jint count, jlong nanos) {
    (void)env, (void)self;
    struct timespec timeout = {(time_t)(nanos / 1000000000), (long)(nanos % 1000000000)};
    int rc = ppoll(pointer(fds), (nfds_t)count, &timeout, NULL);
    return rc < 0 ? -errno : rc;
}

#else

jint pollux_ppoll(JNIEnv *env, jobject self, jlong fds, jint count, jlong nanos) {
    (void)env, (void)self, (void)fds, (void)count, (void)nanos;
    return -ENOSYS;
}

#endif
