/* What the load and the servers it is meant for share: errors that end the program, numbers of the command line. */
#ifndef POLLUX_LOAD_COMMON_H
#define POLLUX_LOAD_COMMON_H

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

static inline void die(const char *what) {
    fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(1);
}

static inline void fail(const char *what) {
    fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(1);
}

static inline int must(int rc, const char *what) {
    if (rc < 0) die(what);
    return rc;
}

/* As many descriptors as this process may have, as a JVM takes them. */
static inline void raise_descriptor_limit(void) {
    struct rlimit limit;
    must(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
    limit.rlim_cur = limit.rlim_max;
    must(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
}

#endif
