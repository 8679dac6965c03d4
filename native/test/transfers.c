/*
 * The native methods that move bytes by another way than read and write, and those that begin and
 * end a connection, called as plain C; see calls.c.
 */
#define _GNU_SOURCE
#include "pollux.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "check.h"

static jlong address(const void *memory) { return (jlong)(uintptr_t)memory; }

static void *direct_address(JNIEnv *env, jobject buffer) {
    (void)env;
    return buffer;
}

static void check_flags(int fd) {
    EQUAL(fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    EQUAL(fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
}

static void close_both(const int *fds) {
    EQUAL(close(fds[0]), 0);
    EQUAL(close(fds[1]), 0);
}

/* Also where a pointer has 32 bits: the list always has two longs for each. */
static void vectors(void) {
    int fds[2];
    char in[10] = "..........";
    EQUAL(pollux_pipe(ENV, address(fds)), 0);
    int64_t out[6] = {address("ab"), 2, address("-"), 0, address("cdef"), 3};
    EQUAL(pollux_writev(ENV, fds[1], address(out), 3), 5);
    int64_t into[6] = {address(in), 1, address(in + 2), 3, address(in + 6), 4};
    EQUAL(pollux_readv(ENV, fds[0], address(into), 3), 5);
    EQUAL(memcmp(in, "a.bcd.e...", 10), 0);
    int64_t again[2] = {address(in), 1};
    EQUAL(pollux_readv(ENV, fds[0], address(again), 1), -EAGAIN);
    int64_t closed[2][2] = {{address(in), 1}, {address(in), 1}}; /* not 0 of them: qemu-user asks no kernel then */
    EQUAL(pollux_readv(ENV, -1, address(closed[0]), 1), -EBADF);
    EQUAL(pollux_writev(ENV, -1, address(closed[1]), 1), -EBADF);
    close_both(fds);
}

static int file_with(const char *text) {
    char name[] = "/tmp/pollux-transfers-XXXXXX";
    int file = mkstemp(name);
    EQUAL(write(file, text, strlen(text)), strlen(text));
    EQUAL(unlink(name), 0);
    return file;
}

static void files(JNIEnv *env) {
    char in[10] = "..........";
    int fds[2];
    int file = file_with("0123456789");
    EQUAL(pollux_pread(env, NULL, file, (jobject)in, 2, 3, 4), 3);
    EQUAL(memcmp(in, "..456.....", 10), 0);
    EQUAL(pollux_pread(env, NULL, file, (jobject)in, 0, 3, 10), 0);
    EQUAL(pollux_socketpair(ENV, address(fds)), 0);
#ifdef __linux__
    EQUAL(pollux_sendfile(ENV, fds[0], file, 7, 100), 3);
    EQUAL(pollux_sendfile(ENV, fds[0], file, 10, 100), 0);
    EQUAL(read(fds[1], in, 10), 3);
    EQUAL(memcmp(in, "789", 3), 0);
    EQUAL(pollux_sendfile(ENV, -1, file, 0, 1), -EBADF);
#else
    EQUAL(pollux_sendfile(ENV, fds[0], file, 7, 100), -ENOSYS);
#endif
    EQUAL(lseek(file, 0, SEEK_CUR), 10); /* where the write has left it */
    close_both(fds);
    EQUAL(close(file), 0);
    EQUAL(pollux_open(ENV, address("/no/such/file"), 0), -ENOENT);
    int null = pollux_open(ENV, address("/dev/null"), 1);
    check_flags(null);
    EQUAL(fcntl(null, F_GETFL) & O_ACCMODE, O_WRONLY);
    EQUAL(close(null), 0);
}

static void splices(void) {
    int from[2], pipe[2], to[2];
    char in[10];
    EQUAL(pollux_socketpair(ENV, address(from)), 0);
    EQUAL(pollux_socketpair(ENV, address(to)), 0);
    EQUAL(pollux_pipe(ENV, address(pipe)), 0);
#ifdef __linux__
    EQUAL(pollux_pipeCapacity(ENV, pipe[1], 100000), 131072);
    EQUAL(pollux_splice(ENV, from[0], pipe[1], 100), -EAGAIN);
    EQUAL(write(from[1], "hello", 5), 5);
    EQUAL(pollux_splice(ENV, from[0], pipe[1], 100), 5);
    EQUAL(pollux_splice(ENV, pipe[0], to[0], 3), 3);
    EQUAL(pollux_splice(ENV, pipe[0], to[0], 3), 2);
    EQUAL(pollux_splice(ENV, pipe[0], to[0], 3), -EAGAIN);
    EQUAL(read(to[1], in, 10), 5);
    EQUAL(memcmp(in, "hello", 5), 0);
    EQUAL(pollux_splice(ENV, from[0], to[0], 3), -EINVAL);
    EQUAL(pollux_pipeCapacity(ENV, from[0], 4096), -EBADF);
#else
    (void)in;
    EQUAL(pollux_splice(ENV, from[0], pipe[1], 100), -ENOSYS);
    EQUAL(pollux_pipeCapacity(ENV, pipe[1], 4096), -ENOSYS);
#endif
    close_both(from);
    close_both(pipe);
    close_both(to);
}

static void messages(JNIEnv *env) {
    int fds[2];
    char bytes[] = "0123456789";
    EQUAL(pollux_socketpair(ENV, address(fds)), 0);
    EQUAL(pollux_recv(env, NULL, fds[0], (jobject)bytes, 0, 10, 0), -EAGAIN);
    EQUAL(pollux_send(env, NULL, fds[1], (jobject)bytes, 2, 3, 0), 3);
    EQUAL(pollux_recv(env, NULL, fds[0], (jobject)bytes, 6, 4, MSG_PEEK), 3);
    EQUAL(pollux_recv(env, NULL, fds[0], (jobject)bytes, 0, 10, 0), 3);
    EQUAL(strcmp(bytes, "2343452349"), 0);
    EQUAL(pollux_shutdown(ENV, fds[1], SHUT_WR), 0);
    EQUAL(pollux_recv(env, NULL, fds[0], (jobject)bytes, 0, 10, 0), 0);
    EQUAL(pollux_shutdown(ENV, -1, SHUT_WR), -EBADF);
    EQUAL(pollux_recv(env, NULL, -1, (jobject)bytes, 0, 10, 0), -EBADF);
    EQUAL(pollux_send(env, NULL, -1, (jobject)bytes, 0, 10, 0), -EBADF);
    close_both(fds);
}

static void connections(void) {
    struct sockaddr_in any = {.sin_family = AF_INET};
    socklen_t length = sizeof(any);
    any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    EQUAL(bind(listener, (struct sockaddr *)&any, length), 0);
    EQUAL(pollux_isListening(ENV, listener), 0);
    EQUAL(listen(listener, 1), 0);
    EQUAL(pollux_isListening(ENV, listener), 1);
    EQUAL(pollux_isListening(ENV, -1), -EBADF);
    EQUAL(fcntl(listener, F_SETFL, O_NONBLOCK), 0);
    EQUAL(getsockname(listener, (struct sockaddr *)&any, &length), 0);
    EQUAL(pollux_accept(ENV, listener), -EAGAIN);
    EQUAL(pollux_accept(ENV, -1), -EBADF);
    int client = socket(AF_INET, SOCK_STREAM, 0);
    EQUAL(pollux_connect(ENV, client, address(&any.sin_addr), 4, ntohs(any.sin_port), 0), 0);
    EQUAL(pollux_socketError(ENV, client), 0);
    EQUAL(pollux_connect(ENV, client, address(&any.sin_addr), 4, ntohs(any.sin_port), 0), -EISCONN);
    int served = pollux_accept(ENV, listener);
    check_flags(served);
    EQUAL(close(served), 0);
    EQUAL(close(client), 0);
    EQUAL(close(listener), 0);
    EQUAL(pollux_socketError(ENV, -1), -EBADF);
    EQUAL(pollux_connectUnix(ENV, -1, address(""), 0), -EBADF);
    EQUAL(pollux_connectUnix(ENV, -1, address(""), 108), -EINVAL);
    int unix_socket = socket(AF_UNIX, SOCK_STREAM, 0);
    EQUAL(pollux_connectUnix(ENV, unix_socket, address("/no/such/socket"), 15), -ENOENT);
    EQUAL(close(unix_socket), 0);
}

int main(void) {
    struct JNINativeInterface_ functions;
    memset(&functions, 0, sizeof(functions));
    functions.GetDirectBufferAddress = direct_address;
    JNIEnv table = &functions;
    vectors();
    files(&table);
    splices();
    messages(&table);
    connections();
    return 0;
}
