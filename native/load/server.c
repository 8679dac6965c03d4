/*
 * The servers in C that Pollux's are compared with: one thread on epoll, and recv and send, which cost a
 * socket less than read and write do.
 *
 *     server level|edge|edge-short echo|http
 *
 *     level        one read for each event
 *     edge         reads until EAGAIN
 *     edge-short   reads until it gets less than it had room for, which says that there is no more;
 *                  after a hang-up until the end, which may lie behind it
 *
 * echo sends back what it receives; http answers what ends with an empty line with "hello". Says the
 * port that it listens on, then answers each line of input with the processor time of the thread that
 * serves, in nanoseconds. Stops with its input. The thread that does so is idle otherwise, and there
 * for the comparison's sake: a JVM always has more than one, and descriptor look-ups cost more then.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common.h"

enum { BATCH = 256, BUFFER = 1024, BACKLOG = 1024 };

#define HELLO "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\nhello\n"

enum { HELLO_LENGTH = sizeof HELLO - 1, MOST_REQUESTS = BUFFER / 4 };

struct connection {
    int fd;
    int matched;   /* how much of an empty line the last bytes were */
    char *unsent;  /* NULL if there is nothing */
    size_t length; /* of it */
};

static enum { LEVEL, EDGE, EDGE_SHORT } mode;
static int is_http;
static int epfd;
static int listener;
static char buffer[BUFFER];
static char hellos[MOST_REQUESTS * HELLO_LENGTH];

/* ---- what is answered ---- */

/* "\r\n\r\n", or what the last bytes have of it. */
static inline int match(int matched, char next) {
    if (next == '\n') return matched == 1 || matched == 3 ? matched + 1 : 0;
    return next == '\r' ? matched == 2 ? 3 : 1 : 0;
}

static const char *answer(struct connection *connection, size_t received, size_t *length) {
    if (!is_http) {
        *length = received;
        return buffer;
    }
    int matched = connection->matched;
    size_t requests = 0;
    for (size_t i = 0; i < received; i++) {
        matched = match(matched, buffer[i]);
        if (matched == 4) {
            matched = 0;
            requests++;
        }
    }
    connection->matched = matched;
    *length = requests * HELLO_LENGTH;
    return hellos;
}

/* ---- connections ---- */

static void watch(int op, struct connection *connection, uint32_t events) {
    if (mode != LEVEL) events |= EPOLLET;
    struct epoll_event event = {.events = events | EPOLLRDHUP, .data.ptr = connection};
    must(epoll_ctl(epfd, op, connection->fd, &event), "epoll_ctl");
}

static void accept_all(void) {
    while (1) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            if (errno == EAGAIN) return;
            if (errno == EINTR || errno == ECONNABORTED) continue;
            die("accept4");
        }
        int on = 1;
        must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), "TCP_NODELAY");
        struct connection *connection = calloc(1, sizeof *connection);
        if (connection == NULL) die("calloc");
        connection->fd = fd;
        watch(EPOLL_CTL_ADD, connection, EPOLLIN);
    }
}

/* It has one event in a batch at most, so nobody asks for it any more. */
static void end(struct connection *connection) {
    close(connection->fd);
    free(connection->unsent);
    free(connection);
}

static void keep(struct connection *connection, const char *bytes, size_t length) {
    connection->unsent = malloc(length);
    if (connection->unsent == NULL) die("malloc");
    memcpy(connection->unsent, bytes, length);
    connection->length = length;
    watch(EPOLL_CTL_MOD, connection, EPOLLOUT);
}

/* Nothing is read before all is gone. To wait for reading again reports what has come meanwhile. */
static void send_kept(struct connection *connection) {
    ssize_t n = send(connection->fd, connection->unsent, connection->length, MSG_NOSIGNAL);
    if (n < 0 && errno == EAGAIN) return;
    if (n < 0) {
        end(connection);
        return;
    }
    connection->length -= (size_t)n;
    memmove(connection->unsent, connection->unsent + n, connection->length);
    if (connection->length > 0) return;
    free(connection->unsent);
    connection->unsent = NULL;
    watch(EPOLL_CTL_MOD, connection, EPOLLIN);
}

static inline void serve(struct connection *connection, uint32_t events) {
    while (1) {
        ssize_t n = recv(connection->fd, buffer, BUFFER, 0);
        if (n < 0 && errno == EAGAIN) return;
        if (n <= 0) {
            end(connection);
            return;
        }
        size_t length;
        const char *bytes = answer(connection, (size_t)n, &length);
        if (length > 0) {
            ssize_t sent = send(connection->fd, bytes, length, MSG_NOSIGNAL);
            if (sent < 0 && errno == EAGAIN) sent = 0;
            if (sent < 0) {
                end(connection);
                return;
            }
            if ((size_t)sent < length) {
                keep(connection, bytes + sent, length - (size_t)sent);
                return;
            }
        }
        if (mode == LEVEL) return;
        if (mode == EDGE_SHORT && n < BUFFER && (events & ~(uint32_t)EPOLLIN) == 0) return;
    }
}

static void *run(void *none) {
    while (1) {
        struct epoll_event ready[BATCH];
        int n = epoll_wait(epfd, ready, BATCH, -1);
        if (n < 0 && errno == EINTR) continue;
        must(n, "epoll_wait");
        for (int i = 0; i < n; i++) {
            struct connection *connection = ready[i].data.ptr;
            if (connection == NULL) {
                accept_all();
            } else if (connection->unsent != NULL) {
                send_kept(connection);
            } else {
                serve(connection, ready[i].events);
            }
        }
    }
    return none; /* never */
}

static int listen_somewhere(void) {
    int fd = must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), "socket");
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    must(bind(fd, (struct sockaddr *)&address, length), "bind");
    must(listen(fd, BACKLOG), "listen");
    must(getsockname(fd, (struct sockaddr *)&address, &length), "getsockname");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

static void use(void) {
    fprintf(stderr, "usage: server level|edge|edge-short echo|http\n");
    exit(2);
}

int main(int argc, char **argv) {
    if (argc != 3) use();
    if (strcmp(argv[1], "level") == 0) mode = LEVEL;
    else if (strcmp(argv[1], "edge") == 0) mode = EDGE;
    else if (strcmp(argv[1], "edge-short") == 0) mode = EDGE_SHORT;
    else use();
    is_http = strcmp(argv[2], "http") == 0;
    if (!is_http && strcmp(argv[2], "echo") != 0) use();

    raise_descriptor_limit();
    for (size_t i = 0; i < MOST_REQUESTS; i++) memcpy(hellos + i * HELLO_LENGTH, HELLO, HELLO_LENGTH);
    epfd = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    listener = listen_somewhere();
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
    must(epoll_ctl(epfd, EPOLL_CTL_ADD, listener, &event), "epoll_ctl");

    pthread_t serving;
    clockid_t clock;
    errno = pthread_create(&serving, NULL, run, NULL);
    if (errno != 0) die("pthread_create");
    errno = pthread_getcpuclockid(serving, &clock);
    if (errno != 0) die("pthread_getcpuclockid");
    char line[BUFFER];
    while (fgets(line, sizeof line, stdin) != NULL) {
        struct timespec time;
        must(clock_gettime(clock, &time), "clock_gettime");
        printf("%lld\n", (long long)time.tv_sec * 1000000000 + time.tv_nsec);
        fflush(stdout);
    }
    return 0;
}
