/* What the programs here share: clock, order, and the thread that makes them like a JVM. */
#ifndef POLLUX_FLOOR_COMMON_H
#define POLLUX_FLOOR_COMMON_H

#include <pthread.h>
#include <time.h>
#include <unistd.h>

#include "../load/common.h"

/* In nanoseconds. */
static inline double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* For qsort. */
static inline int ascending(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static inline void *idle_thread(void *unused) {
    while (1) pause();
    return unused; /* never */
}

/* A JVM has more than one thread; in a process with one alone locks and descriptor look-ups are cheaper. */
static inline void start_idle_thread(void) {
    pthread_t thread;
    errno = pthread_create(&thread, NULL, idle_thread, NULL);
    if (errno != 0) die("pthread_create");
}

#endif
