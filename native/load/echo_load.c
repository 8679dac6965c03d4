/*
 * Load for an echo server on the loopback: each connection sends one message, waits until all of it
 * has come back, compares, and sends the next. One thread on epoll, so that it takes less of a
 * processor for a message than any server.
 *
 *     echo_load PORT CONNECTIONS MESSAGE_BYTES SECONDS
 *
 * Says "connected" when all connections stand, and at the end prints MESSAGES and SECONDS. A
 * connection that is lost, or a reply that differs, ends it with status 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 256, LONGEST = 65536, TICK_MILLIS = 100 };

struct connection {
    int fd;
    size_t received; /* of the message under way */
};

static char message[LONGEST];
static char reply[LONGEST];
static size_t size;

static void die(const char *what) {
    fprintf(stderr, "echo_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void fail(const char *what) {
    fprintf(stderr, "echo_load: %s\n", what);
    exit(1);
}

static inline int must(int rc, const char *what) {
    if (rc < 0) die(what);
    return rc;
}

static double now(void) {
    struct timespec time;
    must(clock_gettime(CLOCK_MONOTONIC, &time), "clock_gettime");
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static long number(const char *text, long least, long most, const char *what) {
    char *end;
    errno = 0;
    long value = strtol(text, &end, 10);
    if (errno != 0 || *text == '\0' || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "echo_load: %s: %s is not between %ld and %ld\n", what, text, least, most);
        exit(2);
    }
    return value;
}

static int connect_to(uint16_t port) {
    int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");
    struct sockaddr_in server = {.sin_family = AF_INET,
                                 .sin_port = htons(port),
                                 .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    must(connect(fd, (struct sockaddr *)&server, sizeof server), "connect");
    int on = 1;
    must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
    /* Reset at the end: thousands of closed connections would hold their ports for a minute. */
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    must(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), "SO_LINGER");
    return fd;
}

/* One message is under way at a time, so a send buffer has room for it. */
static void send_message(const struct connection *connection) {
    ssize_t sent = send(connection->fd, message, size, MSG_NOSIGNAL);
    must((int)sent, "send");
    if ((size_t)sent != size) fail("a message was sent in part");
}

/* How many messages have come back whole: 0 or 1. */
static int receive(struct connection *connection) {
    ssize_t n = recv(connection->fd, reply, size - connection->received, MSG_DONTWAIT);
    if (n < 0 && errno == EAGAIN) return 0;
    must((int)n, "recv");
    if (n == 0) fail("the server closed a connection");
    if (memcmp(reply, message + connection->received, (size_t)n) != 0) fail("a reply differs");
    connection->received += (size_t)n;
    if (connection->received < size) return 0;
    connection->received = 0;
    return 1;
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "usage: echo_load PORT CONNECTIONS MESSAGE_BYTES SECONDS\n");
        return 2;
    }
    uint16_t port = (uint16_t)number(argv[1], 1, 65535, "PORT");
    size_t count = (size_t)number(argv[2], 1, 65535, "CONNECTIONS");
    size = (size_t)number(argv[3], 1, LONGEST, "MESSAGE_BYTES");
    double seconds = (double)number(argv[4], 1, 3600, "SECONDS");

    for (size_t i = 0; i < size; i++) message[i] = (char)('a' + i % 26);
    struct connection *connections = calloc(count, sizeof *connections);
    if (connections == NULL) die("calloc");
    int epfd = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    for (size_t i = 0; i < count; i++) {
        connections[i].fd = connect_to(port);
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};
        must(epoll_ctl(epfd, EPOLL_CTL_ADD, connections[i].fd, &event), "epoll_ctl");
    }
    puts("connected");
    fflush(stdout);

    long messages = 0;
    double begin = now();
    for (size_t i = 0; i < count; i++) send_message(&connections[i]);
    while (now() - begin < seconds) {
        struct epoll_event ready[BATCH];
        int n = must(epoll_wait(epfd, ready, BATCH, TICK_MILLIS), "epoll_wait");
        for (int i = 0; i < n; i++) {
            struct connection *connection = ready[i].data.ptr;
            if (!receive(connection)) continue;
            messages++;
            send_message(connection);
        }
    }
    printf("%ld %.3f\n", messages, now() - begin);
    return 0;
}
