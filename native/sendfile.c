/* A file that goes out without having come in. Other systems have another function of this name: see unsupported.c. */
#ifdef __linux__
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "pollux.h"

#include <errno.h>
#include <sys/sendfile.h>

jint pollux_sendfile(JNIEnv *env, jobject self, jint to, jint file, jlong offset, jint count) {
    (void)env, (void)self;
    off_t at = (off_t)offset;
    ssize_t rc = sendfile(to, file, &at, (size_t)count);
    return rc < 0 ? -errno : (jint)rc;
}

#else
typedef int there_is_another_sendfile; /* ISO C wants a declaration */
#endif
