/* Bytes that go from one descriptor to another and stay in the kernel. Linux alone has it: see unsupported.c. */
#ifdef __linux__
#define _GNU_SOURCE
#include "pollux.h"

#include <errno.h>
#include <fcntl.h>

jint pollux_splice(JNIEnv *env, jobject self, jint from, jint to, jint count) {
    (void)env, (void)self;
    ssize_t rc = splice(from, NULL, to, NULL, (size_t)count, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    return rc < 0 ? -errno : (jint)rc;
}

jint pollux_pipeCapacity(JNIEnv *env, jobject self, jint fd, jint bytes) {
    (void)env, (void)self;
    int rc = fcntl(fd, F_SETPIPE_SZ, bytes);
    return rc < 0 ? -errno : rc;
}

#else
typedef int there_is_no_splice; /* ISO C wants a declaration */
#endif
