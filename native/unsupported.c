/* Where the system has no epoll, or no kqueue: every call says so. */
#include "pollux.h"

#include <errno.h>

#ifndef __linux__

jint pollux_eventfd(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    return -ENOSYS;
}

jint pollux_epollCreate(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    return -ENOSYS;
}

jint pollux_epollReplace(JNIEnv *env, jobject self, jint fresh, jint epfd) {
    (void)env, (void)self, (void)fresh, (void)epfd;
    return -ENOSYS;
}

jint pollux_epollSetParams(JNIEnv *env, jobject self, jint epfd, jlong params) {
    (void)env, (void)self, (void)epfd, (void)params;
    return -ENOSYS;
}

jint pollux_epollParams(JNIEnv *env, jobject self, jint epfd, jlong params) {
    (void)env, (void)self, (void)epfd, (void)params;
    return -ENOSYS;
}

jint pollux_epollCtl(JNIEnv *env, jobject self, jint epfd, jint op, jint fd, jint events, jlong data) {
    (void)env, (void)self, (void)epfd, (void)op, (void)fd, (void)events, (void)data;
    return -ENOSYS;
}

jint pollux_epollWait0(JNIEnv *env, jobject self, jint epfd, jlong events, jint capacity, jint millis,
                       jlong changes) {
    (void)env, (void)self, (void)epfd, (void)events, (void)capacity, (void)millis, (void)changes;
    return -ENOSYS;
}

jint pollux_epollPwait20(JNIEnv *env, jobject self, jint epfd, jlong events, jint capacity, jlong nanos,
                         jlong changes) {
    (void)env, (void)self, (void)epfd, (void)events, (void)capacity, (void)nanos, (void)changes;
    return -ENOSYS;
}

jint pollux_sendfile(JNIEnv *env, jobject self, jint to, jint file, jlong offset, jint count) {
    (void)env, (void)self, (void)to, (void)file, (void)offset, (void)count;
    return -ENOSYS;
}

jint pollux_splice(JNIEnv *env, jobject self, jint from, jint to, jint count) {
    (void)env, (void)self, (void)from, (void)to, (void)count;
    return -ENOSYS;
}

jint pollux_pipeCapacity(JNIEnv *env, jobject self, jint fd, jint bytes) {
    (void)env, (void)self, (void)fd, (void)bytes;
    return -ENOSYS;
}

jint pollux_uringOpen0(JNIEnv *env, jobject self, jint entries, jint flags, jlong ring) {
    (void)env, (void)self, (void)entries, (void)flags, (void)ring;
    return -ENOSYS;
}

jobject pollux_uringMemory(JNIEnv *env, jobject self, jlong ring) {
    (void)env, (void)self, (void)ring;
    return NULL;
}

jint pollux_uringClose(JNIEnv *env, jobject self, jlong ring) {
    (void)env, (void)self, (void)ring;
    return -ENOSYS;
}

jint pollux_uringChange(JNIEnv *env, jobject self, jlong ring, jint epfd, jint op, jlong list, jint count) {
    (void)env, (void)self, (void)ring, (void)epfd, (void)op, (void)list, (void)count;
    return -ENOSYS;
}

jint pollux_uringWatch(JNIEnv *env, jobject self, jlong ring, jint fd, jint data, jint earlier) {
    (void)env, (void)self, (void)ring, (void)fd, (void)data, (void)earlier;
    return -ENOSYS;
}

jint pollux_seccomp(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    return -ENOSYS;
}

#endif

#ifndef __linux__

jboolean pollux_useLibc(JNIEnv *env, jobject self, jint wish) {
    (void)env, (void)self, (void)wish;
    return JNI_FALSE;
}

#endif

#ifndef POLLUX_KQUEUE

jint pollux_kqueue(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    return -ENOSYS;
}

jint pollux_keventChange(JNIEnv *env, jobject self, jint kq, jlong changes, jint count, jint receipts) {
    (void)env, (void)self, (void)kq, (void)changes, (void)count, (void)receipts;
    return -ENOSYS;
}

jint pollux_keventWait(JNIEnv *env, jobject self, jint kq, jlong events, jint capacity, jlong nanos) {
    (void)env, (void)self, (void)kq, (void)events, (void)capacity, (void)nanos;
    return -ENOSYS;
}

#endif
