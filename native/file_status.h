/* fstat. As a function glibc has it only since 2.33; a library linked with that one loads nowhere else. */
#ifndef POLLUX_FILE_STATUS_H
#define POLLUX_FILE_STATUS_H

#include <sys/stat.h>

#if defined(__GLIBC__) && defined(__LP64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

/* With 64 bits glibc's struct stat is the kernel's. Newer processors have no such call, but statx. */
#if defined(__GLIBC__) && defined(__LP64__) && defined(SYS_fstat)
static inline int call_fstat(int fd, struct stat *file) { return (int)syscall(SYS_fstat, fd, file); }
#else
static inline int call_fstat(int fd, struct stat *file) { return fstat(fd, file); }
#endif

#endif
