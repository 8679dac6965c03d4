/* Bytes by another way than read and write: several buffers at once, at a place of a file, with flags. */
#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include "pollux.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "calls.h"
#include "returns.h"

/* Java writes two longs for each; where a pointer has 32 bits they are moved together, in place. */
static const struct iovec *vectors(jlong list, jint count) {
    char *memory = pointer(list);
    for (jint i = 0; i < count; i++) {
        int64_t pair[2];
        memcpy(pair, memory + (size_t)i * sizeof(pair), sizeof(pair));
        struct iovec vector = {pointer(pair[0]), (size_t)pair[1]};
        memcpy(memory + (size_t)i * sizeof(vector), &vector, sizeof(vector));
    }
    return (const struct iovec *)(void *)memory;
}

jint pollux_readv(JNIEnv *env, jobject self, jint fd, jlong list, jint count) {
    (void)env, (void)self;
    ssize_t rc = readv(fd, vectors(list, count), count);
    return rc < 0 ? -errno : (jint)rc;
}

jint pollux_writev(JNIEnv *env, jobject self, jint fd, jlong list, jint count) {
    (void)env, (void)self;
    ssize_t rc = writev(fd, vectors(list, count), count);
    return rc < 0 ? -errno : (jint)rc;
}

jint pollux_pread(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length, jlong offset) {
    (void)self;
    ssize_t rc = pread(fd, pollux_bytes(env, directBuffer) + at, (size_t)length, (off_t)offset);
    return rc < 0 ? -errno : (jint)rc;
}

jint pollux_recv(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length, jint flags) {
    (void)self;
    jint rc = call_recv(fd, pollux_bytes(env, directBuffer) + at, (size_t)length, flags);
    fill_return_buffer();
    return rc;
}

jint pollux_send(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length, jint flags) {
    (void)self;
    jint rc = call_send(fd, pollux_bytes(env, directBuffer) + at, (size_t)length, flags);
    fill_return_buffer();
    return rc;
}
