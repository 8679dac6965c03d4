/*
 * Load for an echo server on the loopback: each connection sends one message, waits until all of it
 * has come back, compares, and sends the next. One thread on epoll, edge-triggered: a message has a
 * known end, so nothing is asked twice, and it takes less of a processor for a message than a server.
 *
 *     echo_load PORT CONNECTIONS MESSAGE_BYTES
 *
 * Says "connected" when all connections stand. A line of input begins, another one ends; then, as
 * soon as nothing is under way any more, it prints what happened since the beginning:
 *
 *     MESSAGES NANOSECONDS P50 P99 P99.9
 *
 * the last three in nanoseconds from a message's sending to its return. The next line begins again. It
 * ends with its input. A connection that is lost, or a reply that differs, ends it with status 1.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

enum { BATCH = 256, LONGEST = 65536 };

struct connection {
    int fd;
    size_t received; /* of the message under way */
    int64_t sent_at;
};

static char message[LONGEST];
static char reply[LONGEST];
static size_t size;

static int64_t now(void) {
    struct timespec time;
    must(clock_gettime(CLOCK_MONOTONIC, &time), "clock_gettime");
    return (int64_t)time.tv_sec * 1000000000 + time.tv_nsec;
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

/*
 * ---- latencies: 32 buckets for each power of two, so a bucket is at most 1/32 wide; the first 64
 * numbers have one each ----
 */

enum { SUB_BITS = 5, SUB = 1 << SUB_BITS, BUCKETS = (64 - SUB_BITS) * SUB };

static uint64_t histogram[BUCKETS];

static inline int bucket_of(uint64_t nanos) {
    if (nanos < 2 * SUB) return (int)nanos;
    int shift = 63 - __builtin_clzll(nanos) - SUB_BITS;
    return shift * SUB + (int)(nanos >> shift);
}

static uint64_t middle_of(int bucket) {
    if (bucket < 2 * SUB) return (uint64_t)bucket;
    int shift = bucket / SUB - 1;
    return ((uint64_t)(bucket - shift * SUB) << shift) + (1ULL << shift) / 2;
}

static uint64_t percentile(uint64_t messages, double percent) {
    uint64_t left = (uint64_t)((double)messages * percent / 100);
    for (int i = 0; i < BUCKETS; i++) {
        if (histogram[i] > left) return middle_of(i);
        left -= histogram[i];
    }
    return 0;
}

static void report(uint64_t messages, int64_t nanos) {
    printf("%llu %lld %llu %llu %llu\n", (unsigned long long)messages, (long long)nanos,
           (unsigned long long)percentile(messages, 50), (unsigned long long)percentile(messages, 99),
           (unsigned long long)percentile(messages, 99.9));
    fflush(stdout);
    memset(histogram, 0, sizeof histogram);
}

/* ---- connections ---- */

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
static void send_message(struct connection *connection, int64_t at) {
    connection->sent_at = at;
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

/* What there is of input; 0 at its end. It is asked by lines, each is waited for before the next. */
static int is_asked(void) {
    char line[LONGEST];
    return must((int)read(STDIN_FILENO, line, sizeof line), "read") > 0;
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: echo_load PORT CONNECTIONS MESSAGE_BYTES\n");
        return 2;
    }
    uint16_t port = (uint16_t)number(argv[1], 1, 65535, "PORT");
    size_t count = (size_t)number(argv[2], 1, 65535, "CONNECTIONS");
    size = (size_t)number(argv[3], 1, LONGEST, "MESSAGE_BYTES");
    raise_descriptor_limit();

    for (size_t i = 0; i < size; i++) message[i] = (char)('a' + i % 26);
    struct connection *connections = calloc(count, sizeof *connections);
    if (connections == NULL) die("calloc");
    int epfd = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    struct epoll_event input = {.events = EPOLLIN, .data.ptr = NULL};
    must(epoll_ctl(epfd, EPOLL_CTL_ADD, STDIN_FILENO, &input), "epoll_ctl (input must be a pipe)");
    for (size_t i = 0; i < count; i++) {
        connections[i].fd = connect_to(port);
        struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = &connections[i]};
        must(epoll_ctl(epfd, EPOLL_CTL_ADD, connections[i].fd, &event), "epoll_ctl");
    }
    puts("connected");
    fflush(stdout);

    uint64_t messages = 0;
    size_t under_way = 0;
    int goes_on = 0;
    int64_t begin = 0;
    while (1) {
        struct epoll_event ready[BATCH];
        int n = epoll_wait(epfd, ready, BATCH, -1);
        if (n < 0 && errno == EINTR) continue; /* was stopped and goes on */
        must(n, "epoll_wait");
        for (int i = 0; i < n; i++) {
            struct connection *connection = ready[i].data.ptr;
            if (connection == NULL) {
                if (!is_asked()) return 0;
                goes_on = !goes_on;
                if (!goes_on) continue;
                begin = now();
                for (under_way = 0; under_way < count; under_way++) {
                    send_message(&connections[under_way], now());
                }
            } else if (receive(connection)) {
                int64_t at = now();
                histogram[bucket_of((uint64_t)(at - connection->sent_at))]++;
                messages++;
                if (goes_on) {
                    send_message(connection, at);
                } else if (--under_way == 0) {
                    report(messages, at - begin);
                    messages = 0;
                }
            }
        }
    }
}
