/* epoll and the eventfd that wakes it. See the note in linux_calls.h on how they are called. */
#ifdef __linux__
#define _GNU_SOURCE
#include "pollux.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "changes.h"
#include "create_epoll.h"
#include "linux_calls.h"
#include "returns.h"

jint pollux_eventfd(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    int fd = call_eventfd();
    fill_return_buffer();
    return fd;
}

jint pollux_epollCreate(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    int fd = create_epoll();
    fill_return_buffer();
    return fd;
}

/* The number epfd refers to the instance fresh from now on, in one step: nobody sees it closed. */
jint pollux_epollReplace(JNIEnv *env, jobject self, jint fresh, jint epfd) {
    (void)env, (void)self;
    return dup3(fresh, epfd, O_CLOEXEC) < 0 ? -errno : 0;
}

/* Of <sys/epoll.h> since glibc 2.40, of Linux 6.9: struct epoll_params, of 8 bytes on every processor. */
#ifndef EPIOCSPARAMS
#define EPIOCSPARAMS _IOW(0x8a, 0x01, uint64_t)
#define EPIOCGPARAMS _IOR(0x8a, 0x02, uint64_t)
#endif

jint pollux_epollSetParams(JNIEnv *env, jobject self, jint epfd, jlong params) {
    (void)env, (void)self;
    return ioctl(epfd, EPIOCSPARAMS, pointer(params)) < 0 ? -errno : 0;
}

jint pollux_epollParams(JNIEnv *env, jobject self, jint epfd, jlong params) {
    (void)env, (void)self;
    return ioctl(epfd, EPIOCGPARAMS, pointer(params)) < 0 ? -errno : 0;
}

jint pollux_epollCtl(JNIEnv *env, jobject self, jint epfd, jint op, jint fd, jint events, jlong data) {
    (void)env, (void)self;
    struct epoll_event event = {.events = (uint32_t)events, .data.u64 = (uint64_t)data};
    int rc = call_epoll_ctl(epfd, op, fd, &event);
    fill_return_buffer();
    return rc;
}

/*
 * With changes and without are functions of their own: what the loop of changes needs of registers
 * would be saved and restored by every wait. They are left by a jump, not by a call and a return.
 */
static __attribute__((noinline)) jint change_and_wait(JNIEnv *env, jobject self, jint epfd, jlong events,
                                                      jint capacity, jint millis, jlong changes) {
    (void)env, (void)self;
    if (apply(epfd, pointer(changes)) > 0) millis = 0;
    int rc = call_epoll_wait(epfd, pointer(events), capacity, millis);
    fill_return_buffer();
    return rc;
}

jint pollux_epollWait0(JNIEnv *env, jobject self, jint epfd, jlong events, jint capacity, jint millis,
                       jlong changes) {
    if (changes != 0) return change_and_wait(env, self, epfd, events, capacity, millis, changes);
    int rc = call_epoll_wait(epfd, pointer(events), capacity, millis);
    fill_return_buffer();
    return rc;
}

jint pollux_epollPwait20(JNIEnv *env, jobject self, jint epfd, jlong events, jint capacity, jlong nanos,
                         jlong changes) {
    (void)env, (void)self;
    if (changes != 0 && apply(epfd, pointer(changes)) > 0) nanos = 0;
    struct kernel_timespec timeout = {nanos / 1000000000, nanos % 1000000000};
    int rc = call_epoll_pwait2(epfd, pointer(events), capacity, &timeout);
    fill_return_buffer();
    return rc;
}

#else
typedef int no_epoll_here; /* unsupported.c has them instead; ISO C wants a declaration */
#endif
