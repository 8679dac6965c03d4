/*
 * The suite's hands on another machine: makes each system call that a test JVM asks for, in a
 * process of its own for each connection, and knows nothing of tests; docs/remote-suite.md. It
 * needs libc, and these three files:
 *
 *     make                                # in this directory, any make
 *     ./agent [-p PORT] [-a ADDRESS]      # 7117 on 127.0.0.1
 *     ./agent -                           # one conversation, on stdin and stdout or a serial line
 *
 * It greets with text: its version, the system, then one "name value" a line of what the compiler
 * knows and of the calls, and an empty line. From then on both sides send frames, numbers in
 * network order, each after its size (4 bytes):
 *
 *     request: sequence 4, call 4, room 4, five arguments of 8, then bytes
 *     answer:  sequence 4, result or negated errno 8, then bytes, no more than there was room for
 *
 * A call works on one buffer: what came with it, and what goes back. What waits does so in one of
 * THREADS threads; the others go on, and one of them always reads. When the connection ends, the
 * process does, and with it all that it had open.
 */
#define _GNU_SOURCE
#define _DARWIN_C_SOURCE
#define _DARWIN_UNLIMITED_SELECT /* macOS: beyond descriptor 1024 */
#define _NETBSD_SOURCE
#include "calls.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <termios.h>

#define VERSION 1
#define PORT 7117
#define THREADS 24
#define LARGEST (1 << 20) /* bytes of a frame */
#define HEADER 52         /* of a request */
#define NO_THREAD INT64_MIN

static int input, output; /* of the conversation */
static pthread_mutex_t reading = PTHREAD_MUTEX_INITIALIZER, writing = PTHREAD_MUTEX_INITIALIZER;
static pthread_mutex_t counting = PTHREAD_MUTEX_INITIALIZER;
static pthread_t threads[THREADS];
static int at_work[THREADS], working; /* guarded by counting */

/* Says why on stderr, and ends the process: nothing that it had open stays. */
static void leave(const char *why) {
    if (why != NULL)
        fprintf(stderr, "agent: %s\n", why);
    remove_temporary();
    _exit(why != NULL);
}

static void get(void *bytes, size_t size) {
    for (char *at = bytes; size > 0;) {
        ssize_t got = read(input, at, size);
        if (got == 0)
            leave(NULL);
        if (got < 0 && errno != EINTR)
            leave("the connection has failed");
        if (got > 0)
            at += got, size -= (size_t)got;
    }
}

static void put(const void *bytes, size_t size) {
    for (const char *at = bytes; size > 0;) {
        ssize_t took = write(output, at, size);
        if (took < 0 && errno != EINTR)
            leave(NULL);
        if (took > 0)
            at += took, size -= (size_t)took;
    }
}

static int64_t number(const unsigned char *at, int size) {
    uint64_t value = 0;
    for (int i = 0; i < size; i++)
        value = value << 8 | at[i];
    return (int64_t)value;
}

static void place(unsigned char *at, int64_t value, int size) {
    for (int i = size; i-- > 0; value = (int64_t)((uint64_t)value >> 8))
        at[i] = (unsigned char)value;
}

/* Interrupts whatever the other threads do. */
static int signal_others(void) {
    pthread_mutex_lock(&counting);
    for (int i = 0; i < THREADS; i++) {
        if (at_work[i] && !pthread_equal(threads[i], pthread_self()))
            pthread_kill(threads[i], SIGURG);
    }
    pthread_mutex_unlock(&counting);
    return 0;
}

static int begin(int me) {
    pthread_mutex_lock(&counting);
    int taken = working + 1 < THREADS; /* one is left, to hear the end of the connection */
    at_work[me] = taken, working += taken;
    pthread_mutex_unlock(&counting);
    return taken;
}

static void end(int me) {
    pthread_mutex_lock(&counting);
    at_work[me] = 0, working--;
    pthread_mutex_unlock(&counting);
}

/* One thread: reads a request, lets the next one read, makes the call, answers. */
static void *serve(void *index) {
    int me = (int)(intptr_t)index;
    for (;;) {
        unsigned char header[HEADER];
        pthread_mutex_lock(&reading);
        get(header, 4);
        int64_t size = number(header, 4);
        if (size < HEADER || size > LARGEST)
            leave("what came is no request: is this the suite?");
        get(header, HEADER);
        size_t n = (size_t)size - HEADER;
        size_t room = (size_t)number(header + 8, 4);
        if (room > LARGEST)
            leave("a request for too many bytes: is this the suite?");
        unsigned char *all =
            calloc(1, 16 + (n > room ? n : room) + 1); /* 16: the answer's header */
        if (all == NULL)
            leave("no memory");
        get(all + 16, n);
        pthread_mutex_unlock(&reading);

        int64_t a[5], back = 0, rc = NO_THREAD;
        for (int i = 0; i < 5; i++)
            a[i] = number(header + 12 + 8 * i, 8);
        if (begin(me)) {
            rc = make((uint32_t)number(header + 4, 4), a, (char *)all + 16, n, room, &back);
            end(me);
        }
        if (back > (int64_t)room)
            back = (int64_t)room;
        place(all, 12 + back, 4);
        memcpy(all + 4, header, 4);
        place(all + 8, rc, 8);
        pthread_mutex_lock(&writing);
        put(all, (size_t)(16 + back));
        pthread_mutex_unlock(&writing);
        free(all);
    }
    return NULL;
}

static void greet(void) {
    struct utsname system;
    char line[512];
    int one = 1;
    uname(&system);
    put(line,
        (size_t)snprintf(line, sizeof(line), "pollux-agent %d\nsystem %s\nrelease %s\nmachine %s\n",
                         VERSION, system.sysname, system.release, system.machine));
    put(line, (size_t)snprintf(line, sizeof(line), "littleEndian %d\nlongSize %d\nthreads %d\n",
                               *(char *)&one, (int)sizeof(long), THREADS));
    for (size_t i = 0; i < sizeof(constants) / sizeof(constants[0]); i++) {
        put(line, (size_t)snprintf(line, sizeof(line), "%s %lld\n", constants[i].name,
                                   (long long)constants[i].value));
    }
    for (int i = 0; i < COUNT; i++)
        put(line, (size_t)snprintf(line, sizeof(line), "call:%s %d\n", names[i], i));
    put("\n", 1);
}

static void interrupted(int signal) { (void)signal; }

static void converse(int in, int out) {
    struct sigaction waits_end = {.sa_handler = interrupted}; /* no SA_RESTART */
    struct rlimit files;
    input = in, output = out;
    sigaction(SIGURG, &waits_end, NULL);
    signal(SIGPIPE, SIG_IGN);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max < 65536 ? files.rlim_max : 65536;
        if (setrlimit(RLIMIT_NOFILE, &files) < 0)
            files.rlim_cur = 10240, setrlimit(RLIMIT_NOFILE, &files); /* macOS */
    }
    greet();
    pthread_mutex_lock(&counting);
    threads[0] = pthread_self();
    for (int i = 1; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, serve, (void *)(intptr_t)i) != 0)
            leave("no more threads");
    }
    pthread_mutex_unlock(&counting);
    serve(NULL);
}

static int listen_on(const char *address, int port) {
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    int one = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
    if (inet_pton(AF_INET, address, &at.sin_addr) != 1)
        leave("-a wants an IPv4 address");
    if (listener < 0 || setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
        bind(listener, (struct sockaddr *)&at, sizeof(at)) < 0 || listen(listener, 16) < 0) {
        leave(strerror(errno));
    }
    socklen_t length = sizeof(at);
    getsockname(listener, (struct sockaddr *)&at, &length);
    fprintf(stderr,
            "agent: whoever reaches %s port %d owns this machine's descriptors, as user %d\n",
            address, ntohs(at.sin_port), (int)getuid());
    return listener;
}

int main(int count, char **arguments) {
    const char *address = "127.0.0.1";
    int port = PORT, option;
    if (count == 2 && strcmp(arguments[1], "-") == 0) {
        struct termios raw;
        if (tcgetattr(0, &raw) == 0)
            cfmakeraw(&raw), tcsetattr(0, TCSANOW, &raw);
        fprintf(stderr,
                "agent: whoever is at the other end owns this machine's descriptors, as user %d\n",
                (int)getuid());
        converse(0, 1);
    }
    while ((option = getopt(count, arguments, "a:p:")) != -1) {
        if (option == '?')
            leave("usage: agent [-p PORT] [-a ADDRESS] | agent -");
        if (option == 'a')
            address = optarg;
        if (option == 'p')
            port = atoi(optarg);
    }
    int listener = listen_on(address, port), one = 1;
    signal(SIGCHLD, SIG_IGN); /* nobody waits for them */
    for (;;) {
        int connection = accept(listener, NULL, NULL);
        if (connection < 0 && errno != EINTR && errno != ECONNABORTED)
            leave(strerror(errno));
        if (connection >= 0 && fork() == 0) {
            close(listener);
            setsockopt(connection, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof(one));
            setsockopt(connection, IPPROTO_TCP, 1 /* TCP_NODELAY, everywhere */, &one, sizeof(one));
            converse(connection, connection);
        }
        if (connection >= 0)
            close(connection);
    }
}
