/* Whether push_returns is done after a system call: what decides that is asked here, by dev.pollux.sys.jni.Returns. */
#define _GNU_SOURCE
#include "pollux.h"

#include <errno.h>

#include "returns.h"

#ifdef POLLUX_FILLS_RETURN_BUFFER
#include <cpuid.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#include "linux_calls.h"

enum { CALLS = 8, PAIRS = 32, LONGEST_NANOS = 300000 };

int pollux_fillsReturnBuffer;

/* Two levels, as there are between a system call and Java. */
static __attribute__((noinline)) long call_kernel(void) {
    long rc = call6(SYS_getppid, 0, 0, 0, 0, 0, 0);
    fill_return_buffer();
    return rc;
}

static __attribute__((noinline)) long call_kernel_below(void) {
    long rc = call_kernel();
    __asm__ volatile("" : "+r"(rc)); /* no jump instead of call and return */
    return rc;
}

static int64_t now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static int64_t time_calls(int filling) {
    pollux_fillsReturnBuffer = filling;
    int64_t start = now();
    for (int i = 0; i < CALLS; i++) call_kernel_below();
    return now() - start;
}

/* A shadow stack would notice calls without returns; without one rdsspq does nothing. */
static int has_shadow_stack(void) {
    uint64_t pointer = 0;
    __asm__ volatile("rdsspq %0" : "+r"(pointer));
    return pointer != 0;
}

/* AMD's family of processors, 0 of other makers; -EPERM: the return stack buffer is not to be filled. */
jint pollux_returnsFamily(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    if (has_shadow_stack()) return -EPERM;
    unsigned int highest, eax, ebx, ecx, edx;
    if (!__get_cpuid(0, &highest, &ebx, &ecx, &edx)) return 0;
    if (ebx != signature_AMD_ebx || edx != signature_AMD_edx || ecx != signature_AMD_ecx) return 0;
    if (!__get_cpuid(1, &eax, &ebx, &ecx, &edx)) return 0;
    int family = eax >> 8 & 0xf;
    return family < 0xf ? family : family + (int)(eax >> 20 & 0xff);
}

/*
 * The shortest of many stretches of a few calls, in nanoseconds, without it and (upper half) with it.
 * Stretches are so short that some of them meet nothing else on a busy machine, and taken by turns,
 * so that both see the same clock rate. What counts against LONGEST_NANOS is what they take
 * undisturbed: slow system calls end it sooner, a busy machine does not.
 */
jlong pollux_returnsTimes(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    int before = pollux_fillsReturnBuffer;
    int64_t plain = INT32_MAX, filled = INT32_MAX;
    for (int i = 0; i < PAIRS && (i == 0 || i * (plain + filled) < LONGEST_NANOS); i++) {
        int64_t time = time_calls(0);
        if (time < plain) plain = time;
        time = time_calls(1);
        if (time < filled) filled = time;
    }
    pollux_fillsReturnBuffer = before;
    return filled << 32 | plain;
}

void pollux_fillReturns(JNIEnv *env, jobject self, jboolean fill) {
    (void)env, (void)self;
    pollux_fillsReturnBuffer = fill;
}

#else

jint pollux_returnsFamily(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    return -ENOSYS;
}

jlong pollux_returnsTimes(JNIEnv *env, jobject self) {
    (void)env, (void)self;
    return 0;
}

void pollux_fillReturns(JNIEnv *env, jobject self, jboolean fill) {
    (void)env, (void)self, (void)fill;
}

#endif
