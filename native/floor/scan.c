/*
 * poll(2) and select(2) as the backend, beside the same loop in C, on the same open files: the kernel
 * looks at each of them, and how long that takes depends on where they lie in memory, by a quarter.
 *
 *     scan poll|select IDLE TURNS COMMAND...
 *
 * opens so many that are never ready, and one that always is; starts the command, which inherits
 * them; writes it a line with their numbers, to which it answers with a line when it has registered
 * them. Then by turns: measures its own loop, and has the command measure by writing an empty line,
 * which answers with nanoseconds for one poll. Prints both, one line for each turn.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common.h"

enum { PIPES = 64, STRETCHES = 61, POLLS = 10 };

static int count; /* of descriptors; the last is ready */
static struct pollfd *pollfds;
static long *wanted, *found; /* bit sets for select */
static int highest;
static long served;

static void poll_one(void) {
    int left = poll(pollfds, (nfds_t)count, 0);
    if (left != 1) die("poll");
    for (int i = 0; left > 0; i++) {
        if (pollfds[i].revents == 0) continue;
        served++;
        left--;
    }
}

static void select_one(void) {
    memcpy(found, wanted, ((size_t)highest / 64 + 1) * sizeof(long));
    struct timeval none = {0, 0};
    int left = select(highest + 1, (fd_set *)found, NULL, NULL, &none);
    if (left != 1) die("select");
    for (int word = 0; left > 0; word++) {
        for (unsigned long bits = (unsigned long)found[word]; bits != 0; bits &= bits - 1) {
            served += word * 64 + __builtin_ctzl(bits) == highest;
            left--;
        }
    }
}

/* The median of stretches, for one poll. */
static double measure(void (*look)(void)) {
    double times[STRETCHES];
    for (int i = 0; i < STRETCHES; i++) {
        double start = now();
        for (int k = 0; k < POLLS; k++) look();
        times[i] = (now() - start) / POLLS;
    }
    qsort(times, STRETCHES, sizeof(double), ascending);
    return times[STRETCHES / 2];
}

static void add(int fd) {
    pollfds[count++] = (struct pollfd){.fd = fd, .events = POLLIN | POLLRDHUP};
    wanted[fd / 64] |= 1L << fd % 64;
    if (fd > highest) highest = fd;
}

/* Sockets serve two at a time. None is close-on-exec. */
static void open_all(int idle) {
    size_t words = ((size_t)idle * 2 + 64) / 64 + 8;
    pollfds = calloc((size_t)idle + 1, sizeof(struct pollfd));
    wanted = calloc(words, sizeof(long));
    found = calloc(words, sizeof(long));
    if (pollfds == NULL || wanted == NULL || found == NULL) die("calloc");
    int pair[2];
    while (count < idle - PIPES) {
        must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), "socketpair");
        add(pair[0]);
        if (count < idle - PIPES) add(pair[1]);
    }
    while (count <= idle) {
        must(pipe2(pair, O_NONBLOCK), "pipe2");
        add(pair[0]);
    }
    if (write(pair[1], "x", 1) != 1) die("write");
}

static FILE *to, *from; /* the command */

static void start(char **command) {
    int in[2], out[2];
    must(pipe2(in, O_CLOEXEC), "pipe2");
    must(pipe2(out, O_CLOEXEC), "pipe2");
    if (must(fork(), "fork") == 0) {
        dup2(in[0], STDIN_FILENO);
        dup2(out[1], STDOUT_FILENO);
        execvp(command[0], command);
        die(command[0]);
    }
    close(in[0]);
    close(out[1]);
    to = fdopen(in[1], "w");
    from = fdopen(out[0], "r");
    if (to == NULL || from == NULL) die("fdopen");
}

static double ask(void) {
    char line[64];
    fputc('\n', to);
    fflush(to);
    if (fgets(line, sizeof line, from) == NULL) fail("the command has ended");
    return strtod(line, NULL);
}

int main(int argc, char **argv) {
    if (argc < 5) fail("usage: scan poll|select IDLE TURNS COMMAND...");
    void (*look)(void) = strcmp(argv[1], "poll") == 0 ? poll_one : select_one;
    raise_descriptor_limit();
    open_all(atoi(argv[2]));
    start(argv + 4);
    for (int i = 0; i < count; i++) fprintf(to, "%d ", pollfds[i].fd);
    ask(); /* it is ready */
    start_idle_thread(); /* not before fork */
    measure(look);
    for (int turns = atoi(argv[3]); turns > 0; turns--) {
        double mine = measure(look);
        printf("%.1f %.1f\n", mine, ask());
    }
    fclose(to); /* ends the command */
    wait(NULL);
    return served == 0;
}
