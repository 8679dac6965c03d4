/* Descriptors, struct layouts, constants and error texts. */
#define _GNU_SOURCE
#include "pollux.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "calls.h"
#include "file_status.h"
#include "layout.h"
#include "pipes.h"
#include "returns.h"

/* In the order of the constants in dev.pollux.sys.Layout. */
static const int64_t layouts[] = {
    EPOLL_LAYOUT,
    KQUEUE_LAYOUT,
    sizeof(struct pollfd),
    offsetof(struct pollfd, fd),
    offsetof(struct pollfd, events),
    offsetof(struct pollfd, revents),
    POLLIN,
    POLLPRI,
    POLLOUT,
    POLLERR,
    POLLHUP,
    POLLNVAL,
    POLL_RDHUP,
    S_IFMT,
    S_IFREG,
    S_IFDIR,
    S_IFBLK,
    S_IFCHR,
    S_IFIFO,
    S_IFSOCK,
};

/* In the order of the names in dev.pollux.sys.Errno. */
static const int errors[] = {
    EPERM,      ENOENT,     EINTR,        EIO,          ENXIO,      EBADF,       EAGAIN,     ENOMEM,
    EACCES,     EFAULT,     EEXIST,       ENODEV,       ENOTDIR,    EISDIR,      EINVAL,     ENFILE,
    EMFILE,     ENOTTY,     EFBIG,        ENOSPC,       ESPIPE,     EPIPE,       ENOSYS,     ELOOP,
    ENOTSOCK,   EOPNOTSUPP, EADDRINUSE,   ECONNABORTED, ECONNRESET, ENOBUFS,     EISCONN,    ENOTCONN,
    ETIMEDOUT,  ECONNREFUSED, EHOSTUNREACH, ENETUNREACH,  EALREADY,   EINPROGRESS, EMSGSIZE,  ECANCELED,
    EAFNOSUPPORT,
};

static jfieldID buffer_address; /* java.nio.Buffer.address: a plain field read, no call into the VM */

int pollux_resolveBuffer(JNIEnv *env) {
    jclass buffer = (*env)->FindClass(env, "java/nio/Buffer");
    if (buffer == NULL) return -1;
    buffer_address = (*env)->GetFieldID(env, buffer, "address", "J");
    if (buffer_address == NULL) (*env)->ExceptionClear(env); /* another VM: GetDirectBufferAddress serves */
    return 0;
}

char *pollux_bytes(JNIEnv *env, jobject buffer) {
    if (buffer_address != NULL) return pointer((*env)->GetLongField(env, buffer, buffer_address));
    return (*env)->GetDirectBufferAddress(env, buffer);
}

jlong pollux_layout(JNIEnv *env, jobject self, jint index) {
    (void)env, (void)self;
    return index < 0 || index >= COUNT(layouts) ? -EINVAL : layouts[index];
}

jint pollux_errorNumber(JNIEnv *env, jobject self, jint index) {
    (void)env, (void)self;
    return index < 0 || index >= COUNT(errors) ? -EINVAL : errors[index];
}

/* glibc, musl and the BSDs answer a known number with a constant; only an unknown one shares a buffer. */
jint pollux_errorText(JNIEnv *env, jobject self, jint error, jlong text, jint capacity) {
    (void)env, (void)self;
    const char *message = strerror(error);
    size_t length = strlen(message);
    if (length > (size_t)capacity) length = (size_t)capacity;
    memcpy(pointer(text), message, length);
    return (jint)length;
}

/* A buffer made here has no cleaner: its memory is there until it is freed. */
jobject pollux_allocate(JNIEnv *env, jobject self, jint size) {
    (void)self;
    void *memory = calloc(1, (size_t)size);
    if (memory == NULL) return NULL;
    jobject buffer = (*env)->NewDirectByteBuffer(env, memory, size);
    if (buffer == NULL) free(memory); /* no room on the Java heap: the exception is pending */
    return buffer;
}

void pollux_free(JNIEnv *env, jobject self, jobject allocated) {
    (void)self;
    free(pollux_bytes(env, allocated));
}

jlong pollux_address(JNIEnv *env, jobject self, jobject directBuffer) {
    (void)self;
    return (jlong)(uintptr_t)(*env)->GetDirectBufferAddress(env, directBuffer);
}

jint pollux_read(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length) {
    (void)self;
    jint rc = call_read(fd, pollux_bytes(env, directBuffer) + at, (size_t)length);
    fill_return_buffer();
    return rc;
}

jint pollux_write(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length) {
    (void)self;
    jint rc = call_write(fd, pollux_bytes(env, directBuffer) + at, (size_t)length);
    fill_return_buffer();
    return rc;
}

jint pollux_close(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    int rc = call_close(fd);
    fill_return_buffer();
    return rc;
}

/* access: O_RDONLY, O_WRONLY or O_RDWR */
jint pollux_open(JNIEnv *env, jobject self, jlong path, jint access) {
    (void)env, (void)self;
    int fd = open(pointer(path), access | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    return fd < 0 ? -errno : fd;
}

jint pollux_pipe(JNIEnv *env, jobject self, jlong fds) {
    (void)env, (void)self;
    return open_pipe(pointer(fds));
}

jint pollux_socketpair(JNIEnv *env, jobject self, jlong fds) {
    (void)env, (void)self;
    return open_socketpair(pointer(fds));
}

jint pollux_setNonBlocking(JNIEnv *env, jobject self, jint fd, jboolean on) {
    (void)env, (void)self;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return -errno;
    int wanted = on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK;
    return wanted != flags && fcntl(fd, F_SETFL, wanted) < 0 ? -errno : 0;
}

jint pollux_isNonBlocking(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? -errno : (flags & O_NONBLOCK) != 0;
}

jint pollux_setCloseOnExec(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    return fcntl(fd, F_SETFD, FD_CLOEXEC) < 0 ? -errno : 0;
}

jint pollux_unread(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    int bytes = 0;
    return ioctl(fd, FIONREAD, &bytes) < 0 ? -errno : bytes;
}

/* As dev.pollux.sys.Syscalls has them. */
_Static_assert(O_RDONLY == 0 && O_WRONLY == 1 && O_RDWR == 2, "what a file is opened for");
_Static_assert(SOCK_STREAM == 1 && SOCK_DGRAM == 2 && SOCK_RAW == 3, "types of sockets");

jint pollux_socketType(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    int type;
    socklen_t length = sizeof(type);
    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &length) < 0) return errno == ENOTSOCK ? 0 : -errno;
    return type;
}

/* By a call that changes nothing and, other than F_GETFD, does not take O_PATH for open; a pipe says ESPIPE. */
jint pollux_isOpen(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    return lseek(fd, 0, SEEK_CUR) < 0 && errno == EBADF ? -errno : 0;
}

/* Writes four longs: device, inode, mode, device number of a device file. */
jint pollux_fileStatus(JNIEnv *env, jobject self, jint fd, jlong status) {
    (void)env, (void)self;
    file_status file;
    if (call_fstat(fd, &file) < 0) return -errno;
    int64_t *out = pointer(status);
    out[0] = (int64_t)file.st_dev;
    out[1] = (int64_t)file.st_ino;
    out[2] = (int64_t)file.st_mode;
    out[3] = (int64_t)file.st_rdev;
    return 0;
}
