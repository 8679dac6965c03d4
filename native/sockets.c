/* How a connection begins and ends. */
#define _GNU_SOURCE
#include "pollux.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "pipes.h"

jint pollux_accept(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    return accept_marked(fd);
}

static jint connect_to(jint fd, const void *address, size_t size) {
    return connect(fd, address, (socklen_t)size) < 0 ? -errno : 0;
}

static jint connect_v4(jint fd, jlong address, jint port) {
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    memcpy(&to.sin_addr, pointer(address), sizeof(to.sin_addr));
    return connect_to(fd, &to, sizeof(to));
}

/* Four bytes are an address of IPv4, sixteen one of IPv6. */
jint pollux_connect(JNIEnv *env, jobject self, jint fd, jlong address, jint length, jint port, jint scope) {
    (void)env, (void)self;
    struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port), .sin6_scope_id = (uint32_t)scope};
    if (length != sizeof(to.sin6_addr)) return connect_v4(fd, address, port);
    memcpy(&to.sin6_addr, pointer(address), sizeof(to.sin6_addr));
    return connect_to(fd, &to, sizeof(to));
}

jint pollux_connectUnix(JNIEnv *env, jobject self, jint fd, jlong path, jint length) {
    (void)env, (void)self;
    struct sockaddr_un to = {.sun_family = AF_UNIX};
    if (length < 0 || (size_t)length >= sizeof(to.sun_path)) return -EINVAL;
    memcpy(to.sun_path, pointer(path), (size_t)length);
    return connect_to(fd, &to, offsetof(struct sockaddr_un, sun_path) + (size_t)length + 1);
}

static jint socket_option(jint fd, int option) {
    int value;
    socklen_t length = sizeof(value);
    return getsockopt(fd, SOL_SOCKET, option, &value, &length) < 0 ? -errno : value;
}

jint pollux_socketError(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    return socket_option(fd, SO_ERROR);
}

jint pollux_isListening(JNIEnv *env, jobject self, jint fd) {
    (void)env, (void)self;
    jint rc = socket_option(fd, SO_ACCEPTCONN);
    return rc > 0 ? 1 : rc; /* the BSDs have the bit itself */
}

/* As dev.pollux.sys.Syscalls has it. */
_Static_assert(SHUT_WR == 1, "how to shut down");

jint pollux_shutdown(JNIEnv *env, jobject self, jint fd, jint how) {
    (void)env, (void)self;
    return shutdown(fd, how) < 0 ? -errno : 0;
}
