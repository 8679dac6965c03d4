/* What the test programs check by: the first thing that is not so ends them. */
#ifndef POLLUX_TEST_CHECK_H
#define POLLUX_TEST_CHECK_H

#include <stdio.h>
#include <stdlib.h>

#define ENV NULL, NULL /* none of the functions that are tested looks at its JNI arguments */

static inline void check(int ok, const char *what, const char *file, int line) {
    if (ok) return;
    fprintf(stderr, "%s:%d: not so: %s\n", file, line, what);
    exit(1);
}
#define CHECK(condition) check(condition, #condition, __FILE__, __LINE__)

static inline void check_equal(long actual, long expected, const char *what, const char *file, int line) {
    if (actual == expected) return;
    fprintf(stderr, "%s:%d: %s is %ld, not %ld\n", file, line, what, actual, expected);
    exit(1);
}
#define EQUAL(actual, expected) check_equal((long)(actual), (long)(expected), #actual, __FILE__, __LINE__)

#endif
