/* Whether fill_return_buffer pays here. */
#define _GNU_SOURCE
#include "returns.h"

#ifdef POLLUX_FILLS_RETURN_BUFFER
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>

#include "linux_calls.h"

enum { CALLS = 50, ATTEMPTS = 4 };

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

void pollux_timeReturns(void) {
    if (has_shadow_stack()) return;
    int64_t plain = INT64_MAX, filled = INT64_MAX;
    for (int i = 0; i < ATTEMPTS; i++) {
        int64_t time = time_calls(0);
        if (time < plain) plain = time;
        time = time_calls(1);
        if (time < filled) filled = time;
    }
    pollux_fillsReturnBuffer = plain - filled > plain / 8;
}

#else

void pollux_timeReturns(void) {}

#endif
