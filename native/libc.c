/*
 * The calls that come often once more, through libc, for processes in which another library takes
 * the place of libc's functions: network stacks in user space, tracers, shims for tests. What
 * linux_calls.h issues in place would pass them by. JNI_OnLoad registers the others; these replace
 * them when they are asked for, or when such a library is found.
 */
#ifdef __linux__
#define _GNU_SOURCE
#undef POLLUX_LIBC_CALLS /* make sanitize may have defined it for all files */
#define POLLUX_LIBC_CALLS
#include "pollux.h"

#include <link.h>
#include <string.h>

#include "calls.h"
#include "changes.h"
#include "create_epoll.h"

static jint libc_read(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length) {
    (void)self;
    return call_read(fd, pollux_bytes(env, directBuffer) + at, (size_t)length);
}

static jint libc_write(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length) {
    (void)self;
    return call_write(fd, pollux_bytes(env, directBuffer) + at, (size_t)length);
}

static jint libc_recv(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length, jint flags) {
    (void)self;
    return call_recv(fd, pollux_bytes(env, directBuffer) + at, (size_t)length, flags);
}

static jint libc_send(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length, jint flags) {
    (void)self;
    return call_send(fd, pollux_bytes(env, directBuffer) + at, (size_t)length, flags);
}

static jint libc_close(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    return call_close(fd);
}

static jint libc_eventfd(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    return call_eventfd();
}

static jint libc_epollCreate(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    return create_epoll();
}

static jint libc_epollCtl(JNIEnv *env, jobject self, jint epfd, jint op, jint fd, jint events, jlong data) {
    (void)env, (void)self;
    struct epoll_event event = {.events = (uint32_t)events, .data.u64 = (uint64_t)data};
    return call_epoll_ctl(epfd, op, fd, &event);
}

static jint libc_epollWait0(JNIEnv *env, jobject self, jint epfd, jlong events, jint capacity, jint millis,
                            jlong changes) {
    (void)env, (void)self;
    if (changes != 0 && apply(epfd, pointer(changes)) > 0) millis = 0;
    return call_epoll_wait(epfd, pointer(events), capacity, millis);
}

/* libc has had epoll_pwait2 only since 2021: who takes the place of its functions need not know of it. */
static jint libc_epollPwait20(JNIEnv *env, jobject self, jint epfd, jlong events, jint capacity, jlong nanos,
                              jlong changes) {
    (void)env, (void)self, (void)events, (void)capacity, (void)nanos;
    if (changes != 0) apply(epfd, pointer(changes));
    return -ENOSYS;
}

static const JNINativeMethod through_libc[] = {
    {(char *)"read", (char *)"(ILjava/nio/ByteBuffer;II)I", (void *)libc_read},
    {(char *)"write", (char *)"(ILjava/nio/ByteBuffer;II)I", (void *)libc_write},
    {(char *)"recv", (char *)"(ILjava/nio/ByteBuffer;III)I", (void *)libc_recv},
    {(char *)"send", (char *)"(ILjava/nio/ByteBuffer;III)I", (void *)libc_send},
    {(char *)"close", (char *)"(I)I", (void *)libc_close},
    {(char *)"eventfd", (char *)"()I", (void *)libc_eventfd},
    {(char *)"epollCreate", (char *)"()I", (void *)libc_epollCreate},
    {(char *)"epollCtl", (char *)"(IIIIJ)I", (void *)libc_epollCtl},
    {(char *)"epollWait0", (char *)"(IJIIJ)I", (void *)libc_epollWait0},
    {(char *)"epollPwait20", (char *)"(IJIJJ)I", (void *)libc_epollPwait20},
};

/* An address, and the loaded file that it lies in, by where that begins. */
struct place {
    uintptr_t address;
    uintptr_t file;
};

static int contains(struct dl_phdr_info *file, size_t size, void *place) {
    (void)size;
    struct place *looked_for = place;
    for (int i = 0; i < file->dlpi_phnum; i++) {
        const ElfW(Phdr) *segment = &file->dlpi_phdr[i];
        uintptr_t begin = file->dlpi_addr + segment->p_vaddr;
        if (segment->p_type == PT_LOAD && looked_for->address - begin < segment->p_memsz) {
            looked_for->file = (uintptr_t)file->dlpi_phdr;
            return 1;
        }
    }
    return 0;
}

static uintptr_t file_of(uintptr_t function) {
    struct place place = {function, 0};
    dl_iterate_phdr(contains, &place);
    return place.file;
}

/* Nobody takes the place of strerror. read and write tell nothing: old glibc has them in libpthread, too. */
static int is_interposed(void) {
    uintptr_t libc = file_of((uintptr_t)strerror);
    return file_of((uintptr_t)epoll_create1) != libc || file_of((uintptr_t)epoll_ctl) != libc ||
           file_of((uintptr_t)epoll_wait) != libc;
}

/* wish: 1 for these calls, 0 for none of them, -1 for them if there is such a library. Whether they serve. */
jboolean pollux_useLibc(JNIEnv *env, jobject self, jint wish) {
    if (wish == 0 || (wish < 0 && !is_interposed())) return JNI_FALSE;
    jclass declaring = (*env)->GetObjectClass(env, self);
    return (*env)->RegisterNatives(env, declaring, through_libc, COUNT(through_libc)) == JNI_OK;
}

#else
typedef int all_calls_are_libcs; /* ISO C wants a declaration */
#endif
