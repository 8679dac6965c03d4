/* fstat. As a function glibc has it only since 2.33; a library linked with that one loads nowhere else. */
#ifndef POLLUX_FILE_STATUS_H
#define POLLUX_FILE_STATUS_H

#include <sys/stat.h>

#if defined(__GLIBC__) && defined(__LP64__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

#if defined(__GLIBC__) && defined(__LP64__) && defined(SYS_fstat)

/* With 64 bits glibc's struct stat is the kernel's. Newer processors have no such call, but statx. */
typedef struct stat file_status;
static inline int call_fstat(int fd, file_status *file) { return (int)syscall(SYS_fstat, fd, file); }

#elif defined(__GLIBC__) && !defined(__LP64__)

/*
 * With 32 bits the plain one fails for an inode that needs 64. _FILE_OFFSET_BITS=64 would do as well, but it makes
 * fcntl64 of fcntl, which musl does not know.
 */
typedef struct stat64 file_status;
static inline int call_fstat(int fd, file_status *file) { return fstat64(fd, file); }

#else

typedef struct stat file_status;
static inline int call_fstat(int fd, file_status *file) { return fstat(fd, file); }

#endif
#endif
