/*
 * The floor: what the same work costs a C program that calls libc. A second thread exists, as one
 * always does in a JVM: a process without one has cheaper locks and descriptor look-ups.
 *
 *     floor WORKLOAD[:N] ...     measures each once, with N idle descriptors (10 if not said)
 *     floor                      the same for each line `WORKLOAD N MILLISECONDS` of standard input
 *
 * One line of answer for each: `WORKLOAD N NANOSECONDS`, for one operation, the median of many
 * stretches of a fifth of a millisecond: so short that few of them meet another process.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common.h"

enum { CAPACITY = 256, MODIFIED = 64, STRETCHES = 4096 };

static int epfd;
static int idle; /* how many descriptors are registered and never ready */
static int *opened; /* those, and the other ends */
static int opened_count;
static int reader, writer; /* one byte is on the way between them */
static int spare[2];       /* a pipe that is empty and not registered */
static int spares[MODIFIED][2];
static int flip; /* which of two interests comes next */
static struct epoll_event ready[CAPACITY];

static struct connection {
    int fd;
    long served;
} *connections; /* what the kernel hands back: the handler's own */

static inline void expect(int rc, int expected, const char *what) {
    if (rc == expected) return;
    fprintf(stderr, "floor: %s answered %d instead of %d\n", what, rc, expected);
    exit(1);
}

/*
 * ---- what is measured: loops, since each function between the wait and its loop would cost a
 * return that the processor cannot predict ----
 */

#define LOOP(times) for (long left_to_do = (times); left_to_do > 0; left_to_do--)

static inline void serve(int count) {
    for (int i = 0; i < count; i++) {
        struct connection *connection = ready[i].data.ptr;
        connection->served++;
    }
}

static inline void wait_and_serve(int millis) {
    int n = epoll_wait(epfd, ready, CAPACITY, millis);
    expect(n, 1, "epoll_wait");
    serve(n);
}

static void epoll_one(long times) {
    LOOP(times) wait_and_serve(0);
}

static void epoll_block_one(long times) {
    LOOP(times) wait_and_serve(1000);
}

static void epoll_empty(long times) {
    LOOP(times) expect(epoll_wait(epfd, ready, CAPACITY, 0), 0, "epoll_wait");
}

static inline void modify(int slot, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = &connections[slot]};
    must(epoll_ctl(epfd, EPOLL_CTL_MOD, connections[slot].fd, &event), "epoll_ctl");
}

static inline uint32_t next_interest(void) {
    flip = !flip;
    return EPOLLIN | EPOLLRDHUP | (flip ? EPOLLOUT : 0);
}

/* The one that is ready: the reading end of a pipe, which is never writable. */
static void epoll_modify(long times) {
    LOOP(times) {
        modify(idle, next_interest());
        wait_and_serve(0);
    }
}

static void epoll_modify_64(long times) {
    LOOP(times) {
        uint32_t events = next_interest();
        for (int i = 0; i < MODIFIED; i++) modify(idle - i, events);
        wait_and_serve(0);
    }
}

/* Nothing is different in the end, but who calls at once has called twice. */
static void epoll_there_and_back(long times) {
    LOOP(times) {
        modify(idle, EPOLLIN | EPOLLRDHUP | EPOLLOUT);
        modify(idle, EPOLLIN | EPOLLRDHUP);
        wait_and_serve(0);
    }
}

static void epoll_register(long times) {
    LOOP(times) {
        struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = &connections[idle]};
        must(epoll_ctl(epfd, EPOLL_CTL_ADD, spare[0], &event), "epoll_ctl");
        must(epoll_ctl(epfd, EPOLL_CTL_DEL, spare[0], &event), "epoll_ctl");
    }
}

/* 64 pipes that are empty. */
static void epoll_register_64(long times) {
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP};
    LOOP(times) {
        for (int i = 0; i < MODIFIED; i++) {
            event.data.ptr = &spares[i];
            must(epoll_ctl(epfd, EPOLL_CTL_ADD, spares[i][0], &event), "epoll_ctl");
        }
        expect(epoll_wait(epfd, ready, CAPACITY, 0), 0, "epoll_wait");
        for (int i = 0; i < MODIFIED; i++) {
            must(epoll_ctl(epfd, EPOLL_CTL_DEL, spares[i][0], &event), "epoll_ctl");
        }
    }
}

/* A byte through a pipe. */
static void write_read(long times) {
    char byte = 'x';
    LOOP(times) {
        expect((int)write(writer, &byte, 1), 1, "write");
        expect((int)read(reader, &byte, 1), 1, "read");
    }
}

/* Each thread waits on an epoll of its own, with an edge-triggered eventfd that nobody reads. */
static int here[2], there[2]; /* epoll, eventfd */
static int ending;
static pthread_t echo;

static inline void wake(int eventfd) {
    uint64_t one = 1;
    expect((int)write(eventfd, &one, 8), 8, "write");
}

static void *answer(void *unused) {
    struct epoll_event event;
    while (epoll_wait(there[0], &event, 1, -1) == 1 && !__atomic_load_n(&ending, __ATOMIC_ACQUIRE)) {
        wake(here[1]);
    }
    return unused;
}

static void epoll_wakeup(long times) {
    struct epoll_event event;
    LOOP(times) {
        wake(there[1]);
        expect(epoll_wait(here[0], &event, 1, -1), 1, "epoll_wait");
    }
}

/* ---- what it is measured on ---- */

static void open_eventfd(int *pair) {
    pair[0] = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    pair[1] = must(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd");
    struct epoll_event event = {.events = EPOLLIN | EPOLLET};
    must(epoll_ctl(pair[0], EPOLL_CTL_ADD, pair[1], &event), "epoll_ctl");
}

static void add(int slot, int fd) {
    connections[slot] = (struct connection){fd, 0};
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP, .data.ptr = &connections[slot]};
    must(epoll_ctl(epfd, EPOLL_CTL_ADD, fd, &event), "epoll_ctl");
}

static int *opened_pair(void) {
    int *pair = opened + opened_count;
    opened_count += 2;
    return pair;
}

static void open_sockets(int *pair) {
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), "socketpair");
}

/* Sockets serve two at a time, but are writable until they are full; the reading end of a pipe never is. */
static void open_unwritable(int is_socket, int *pair) {
    if (!is_socket) {
        must(pipe2(pair, O_CLOEXEC | O_NONBLOCK), "pipe2");
        return;
    }
    char bytes[4096] = {0};
    open_sockets(pair);
    while (write(pair[0], bytes, sizeof(bytes)) > 0) continue;
}

static void open_all(int n, int with_ready, int sockets) {
    raise_descriptor_limit();
    idle = n;
    flip = 0;
    opened = calloc((size_t)n * 2 + 2, sizeof(int));
    opened_count = 0;
    connections = calloc((size_t)n + 1, sizeof(struct connection));
    if (!opened || !connections) die("calloc");
    epfd = must(epoll_create1(EPOLL_CLOEXEC), "epoll_create1");
    int slot = 0;
    while (n - slot > MODIFIED) {
        int *pair = opened_pair();
        open_sockets(pair);
        add(slot++, pair[0]);
        if (n - slot > MODIFIED) add(slot++, pair[1]);
    }
    while (slot < n) {
        int *pair = opened_pair();
        open_unwritable(sockets, pair);
        add(slot++, pair[0]);
    }
    int fds[2];
    open_unwritable(sockets, fds);
    must(pipe2(spare, O_CLOEXEC | O_NONBLOCK), "pipe2");
    for (int i = 0; i < MODIFIED; i++) must(pipe2(spares[i], O_CLOEXEC | O_NONBLOCK), "pipe2");
    reader = fds[0], writer = fds[1];
    if (with_ready) expect((int)write(writer, "x", 1), 1, "write");
    add(n, reader);
    open_eventfd(here);
    open_eventfd(there);
    ending = 0;
    errno = pthread_create(&echo, NULL, answer, NULL);
    if (errno != 0) die("pthread_create");
}

static void close_all(void) {
    __atomic_store_n(&ending, 1, __ATOMIC_RELEASE);
    wake(there[1]);
    pthread_join(echo, NULL);
    for (int i = 0; i < opened_count; i++) close(opened[i]);
    for (int i = 0; i < MODIFIED; i++) close(spares[i][0]), close(spares[i][1]);
    int others[] = {reader, writer, spare[0], spare[1], here[0], here[1], there[0], there[1], epfd};
    for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) close(others[i]);
    free(opened), free(connections);
}

/* ---- measuring ---- */

static const struct workload {
    const char *name;
    void (*loop)(long times);
    int with_ready;
    int sockets; /* what changes is a socket, not a pipe */
} workloads[] = {
    {"epoll-one", epoll_one, 1, 0},
    {"epoll-empty", epoll_empty, 0, 0},
    {"epoll-modify", epoll_modify, 1, 0},
    {"epoll-modify-64", epoll_modify_64, 1, 0},
    {"epoll-register", epoll_register, 0, 0},
    {"epoll-register-64", epoll_register_64, 0, 0},
    {"epoll-wakeup", epoll_wakeup, 0, 0},
    {"epoll-block-one", epoll_block_one, 1, 0},
    {"write-read", write_read, 0, 0},
    {"socket-modify", epoll_modify, 1, 1},
    {"socket-modify-64", epoll_modify_64, 1, 1},
    {"socket-there-and-back", epoll_there_and_back, 1, 1},
};

static double stretch(void (*loop)(long times), long times) {
    double start = now();
    loop(times);
    return (now() - start) / (double)times;
}

static double measure(void (*loop)(long times), int millis) {
    static double times[STRETCHES];
    double guess = stretch(loop, 20);
    long ops = guess > 2e5 ? 1 : (long)(2e5 / stretch(loop, (long)(1e5 / guess) + 1)) + 1;
    double end = now() + millis * 1e6;
    int count = 0;
    do {
        times[count++] = stretch(loop, ops);
    } while (count < STRETCHES && now() < end);
    qsort(times, (size_t)count, sizeof(double), ascending);
    return times[count / 2];
}

/* What was opened for the line before stays open when the next one asks for the same. */
static void run(const char *name, int n, int millis) {
    static const struct workload *last;
    static int last_n;
    for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++) {
        const struct workload *workload = &workloads[i];
        if (strcmp(workload->name, name) != 0) continue;
        if (last != workload || last_n != n) {
            if (last != NULL) close_all();
            open_all(n, workload->with_ready, workload->sockets);
            last = workload;
            last_n = n;
            measure(workload->loop, millis); /* warm caches */
        }
        printf("%s %d %.1f\n", name, n, measure(workload->loop, millis));
        fflush(stdout);
        return;
    }
    fprintf(stderr, "floor: no workload %s; there are:", name);
    for (size_t i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++) {
        fprintf(stderr, " %s", workloads[i].name);
    }
    fprintf(stderr, "\n");
    exit(2);
}

int main(int argc, char **argv) {
    char name[64];
    int n, millis;
    for (int i = 1; i < argc; i++) {
        n = 10;
        if (sscanf(argv[i], "%63[^:]:%d", name, &n) < 1) die(argv[i]);
        run(name, n, 200);
    }
    while (argc == 1 && scanf("%63s %d %d", name, &n, &millis) == 3) run(name, n, millis);
    return 0;
}
