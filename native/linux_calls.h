/*
 * How the calls that come often are made. Where the processor is known the `syscall` instruction is issued in place,
 * elsewhere libc is called; both return -errno. libc's wrappers add the bookkeeping of a cancellation
 * point, and a `ret` that nobody can prepare: see returns.h. libc.c has them through libc everywhere,
 * for whoever replaces its functions.
 */
#ifndef POLLUX_LINUX_CALLS_H
#define POLLUX_LINUX_CALLS_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct __kernel_timespec: 64 bits each on every architecture, whatever time_t is in libc. */
struct kernel_timespec {
    int64_t seconds;
    int64_t nanoseconds;
};

#ifndef SYS_epoll_pwait2
#define SYS_epoll_pwait2 441 /* the same on every architecture; Linux 5.11 */
#endif

#ifndef SYS_io_uring_setup
#define SYS_io_uring_setup 425 /* Linux 5.1 */
#define SYS_io_uring_enter 426
#endif

#if defined(POLLUX_LIBC_CALLS)
#include "linux_calls_libc.h"
#elif defined(__x86_64__) && !defined(__ILP32__)
#include "linux_calls_x86_64.h"
#elif defined(__aarch64__) && !defined(__ILP32__)
#include "linux_calls_aarch64.h"
#else
#include "linux_calls_libc.h"
#endif

#endif
