/*
 * Loads the library as a JVM does, but without one, and polls through its table of methods:
 *
 *     smoke target/classes/META-INF/native/linux-aarch64/libpollux.so
 *
 * It may be built against another libc than the library, and run under an emulator. So it shows for
 * platforms without a JVM at hand that the library loads, that the registration of its methods goes
 * through, and that it and another compiler agree on what lies where in the kernel's structs.
 */
#define _GNU_SOURCE
#include <jni.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define ENV NULL, NULL /* only read and write look at their JNI arguments */

static void fail(const char *what, int line) {
    fprintf(stderr, "smoke.c:%d: not so: %s\n", line, what);
    exit(1);
}
#define CHECK(condition) ((condition) ? (void)0 : fail(#condition, __LINE__))

static void check_equal(int64_t actual, int64_t expected, const char *what, int line) {
    if (actual == expected) return;
    fprintf(stderr, "smoke.c:%d: %s is %lld, not %lld\n", line, what, (long long)actual, (long long)expected);
    exit(1);
}
#define EQUAL(actual, expected) check_equal((int64_t)(actual), (int64_t)(expected), #actual, __LINE__)

static jlong address(const void *memory) { return (jlong)(uintptr_t)memory; }

/* ---- as much of a JVM as JNI_OnLoad needs; an object is its own name ---- */

static const char *const declaring = "dev/pollux/sys/jni/JniSyscalls";
static const char *const renamed = "dev.pollux.sys.jni.JniSyscalls"; /* the value of the property */
static const JNINativeMethod *methods;
static jint method_count;

static void not_expected(void) { fail("JNI_OnLoad calls only what it is known to call", __LINE__); }

static jclass JNICALL find_class(JNIEnv *env, const char *name) {
    (void)env;
    static const char *const known[] = {"java/lang/System", "java/nio/Buffer", "dev/pollux/sys/jni/JniSyscalls"};
    for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
        if (strcmp(name, known[i]) == 0) return (jclass)known[i];
    }
    EQUAL(strcmp(name, "java/lang/Class"), 0);
    return (jclass)name;
}

static jmethodID JNICALL get_static_method(JNIEnv *env, jclass class, const char *name, const char *signature) {
    (void)env;
    int property = strcmp((const char *)class, "java/lang/System") == 0;
    EQUAL(strcmp(name, property ? "getProperty" : "forName"), 0);
    EQUAL(strcmp(signature, property ? "(Ljava/lang/String;)Ljava/lang/String;"
                                     : "(Ljava/lang/String;ZLjava/lang/ClassLoader;)Ljava/lang/Class;"), 0);
    return (jmethodID)name;
}

static jobject JNICALL call_static_object(JNIEnv *env, jclass class, jmethodID method, ...) {
    (void)env, (void)class;
    /* Of Class.forName the library can do without. */
    return strcmp((const char *)method, "getProperty") == 0 ? (jobject)renamed : NULL;
}

static jfieldID JNICALL get_field(JNIEnv *env, jclass class, const char *name, const char *signature) {
    (void)env, (void)class;
    EQUAL(strcmp(name, "address"), 0);
    EQUAL(strcmp(signature, "J"), 0);
    return (jfieldID)name;
}

static jstring JNICALL new_string(JNIEnv *env, const char *text) {
    (void)env;
    return (jstring)text;
}

static jsize JNICALL string_length(JNIEnv *env, jstring string) {
    (void)env;
    return (jsize)strlen((const char *)string);
}

static void JNICALL string_region(JNIEnv *env, jstring string, jsize start, jsize length, char *text) {
    (void)env;
    memcpy(text, (const char *)string + start, (size_t)length);
}

static jboolean JNICALL exception_check(JNIEnv *env) {
    (void)env;
    return JNI_FALSE;
}

static void JNICALL exception_clear(JNIEnv *env) { (void)env; }

static jint JNICALL register_natives(JNIEnv *env, jclass class, const JNINativeMethod *table, jint count) {
    (void)env;
    EQUAL(strcmp((const char *)class, declaring), 0);
    methods = table;
    method_count = count;
    return JNI_OK;
}

/* A buffer is the memory behind it. */
static jlong JNICALL get_long_field(JNIEnv *env, jobject buffer, jfieldID field) {
    (void)env, (void)field;
    return address(buffer);
}

static struct JNINativeInterface_ functions;
static JNIEnv table = &functions;
static JNIEnv *const env = &table;

static jint JNICALL get_env(JavaVM *vm, void **result, jint version) {
    (void)vm;
    EQUAL(version, JNI_VERSION_1_8);
    *result = env;
    return JNI_OK;
}

static void load(const char *path) {
    void (*trap)(void) = not_expected;
    for (size_t at = 0; at < sizeof(functions); at += sizeof(trap)) {
        memcpy((char *)&functions + at, &trap, sizeof(trap));
    }
    functions.FindClass = find_class;
    functions.GetStaticMethodID = get_static_method;
    functions.CallStaticObjectMethod = call_static_object;
    functions.GetFieldID = get_field;
    functions.NewStringUTF = new_string;
    functions.GetStringLength = string_length;
    functions.GetStringUTFLength = string_length;
    functions.GetStringUTFRegion = string_region;
    functions.ExceptionCheck = exception_check;
    functions.ExceptionClear = exception_clear;
    functions.RegisterNatives = register_natives;
    functions.GetLongField = get_long_field;
    struct JNIInvokeInterface_ invocation = {.GetEnv = get_env};
    JavaVM vm = &invocation;

    void *library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (library == NULL) fail(dlerror(), __LINE__);
    jint(JNICALL * on_load)(JavaVM *, void *);
    *(void **)&on_load = dlsym(library, "JNI_OnLoad");
    CHECK(on_load != NULL);
    EQUAL(on_load(&vm, NULL), JNI_VERSION_1_8);
    CHECK(methods != NULL);
}

static void *method(const char *name, const char *signature) {
    for (jint i = 0; i < method_count; i++) {
        if (strcmp(methods[i].name, name) == 0 && strcmp(methods[i].signature, signature) == 0) return methods[i].fnPtr;
    }
    fprintf(stderr, "smoke.c: no method %s%s\n", name, signature);
    exit(1);
}

/* ---- the methods, as Java declares them ---- */

static jlong (*layout)(JNIEnv *, jobject, jint);
static jint (*errorNumber)(JNIEnv *, jobject, jint);
static jint (*errorText)(JNIEnv *, jobject, jint, jlong, jint);
static jint (*readFd)(JNIEnv *, jobject, jint, jobject, jint, jint);
static jint (*writeFd)(JNIEnv *, jobject, jint, jobject, jint, jint);
static jint (*closeFd)(JNIEnv *, jobject, jint);
static jint (*pipeFds)(JNIEnv *, jobject, jlong);
static jint (*socketpairFds)(JNIEnv *, jobject, jlong);
static jint (*fileStatus)(JNIEnv *, jobject, jint, jlong);
static jint (*newEventfd)(JNIEnv *, jobject);
static jint (*epollCreate)(JNIEnv *, jobject);
static jint (*epollReplace)(JNIEnv *, jobject, jint, jint);
static jint (*epollCtl)(JNIEnv *, jobject, jint, jint, jint, jint, jlong);
static jint (*epollWait)(JNIEnv *, jobject, jint, jlong, jint, jint, jlong);
static jint (*epollPwait2)(JNIEnv *, jobject, jint, jlong, jint, jlong, jlong);
static jint (*pollFds)(JNIEnv *, jobject, jlong, jint, jint);
static jint (*ppollFds)(JNIEnv *, jobject, jlong, jint, jlong);
static jint (*selectFds)(JNIEnv *, jobject, jint, jlong, jlong, jlong, jlong);

/* Through void **, as POSIX shows it for dlsym: ISO C knows no conversion. */
#define FIND(pointer, name, signature) (*(void **)&(pointer) = method(name, signature))

static void find_methods(void) {
    FIND(layout, "layout", "(I)J");
    FIND(errorNumber, "errorNumber", "(I)I");
    FIND(errorText, "errorText", "(IJI)I");
    FIND(readFd, "read", "(ILjava/nio/ByteBuffer;II)I");
    FIND(writeFd, "write", "(ILjava/nio/ByteBuffer;II)I");
    FIND(closeFd, "close", "(I)I");
    FIND(pipeFds, "pipe", "(J)I");
    FIND(socketpairFds, "socketpair", "(J)I");
    FIND(fileStatus, "fileStatus", "(IJ)I");
    FIND(newEventfd, "eventfd", "()I");
    FIND(epollCreate, "epollCreate", "()I");
    FIND(epollReplace, "epollReplace", "(II)I");
    FIND(epollCtl, "epollCtl", "(IIIIJ)I");
    FIND(epollWait, "epollWait0", "(IJIIJ)I");
    FIND(epollPwait2, "epollPwait20", "(IJIJJ)I");
    FIND(pollFds, "poll", "(JII)I");
    FIND(ppollFds, "ppoll", "(JIJ)I");
    FIND(selectFds, "select", "(IJJJJ)I");
}

/* ---- what is tried ---- */

/* Where dev.pollux.sys.Layout has them. */
enum { EPOLL_AT = 0, POLL_AT = 38, LAYOUTS = 56 };

static void check_layouts(int at, const int64_t *expected, int count) {
    for (int i = 0; i < count; i++) {
        int64_t actual = layout(ENV, at + i);
        if (actual == expected[i]) continue;
        fprintf(stderr, "smoke.c: layout(%d) is %lld, not %lld\n", at + i, (long long)actual, (long long)expected[i]);
        exit(1);
    }
}

static void layouts(void) {
    const int64_t epoll[] = {
        sizeof(struct epoll_event),
        offsetof(struct epoll_event, events),
        offsetof(struct epoll_event, data),
        EPOLL_CTL_ADD,
        EPOLL_CTL_DEL,
        EPOLL_CTL_MOD,
        EPOLLIN,
        EPOLLPRI,
        EPOLLOUT,
        EPOLLERR,
        EPOLLHUP,
        EPOLLRDHUP,
        (int32_t)EPOLLEXCLUSIVE,
        (int32_t)EPOLLONESHOT,
        (int32_t)EPOLLET,
    };
    const int64_t poll[] = {
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
        POLLRDHUP,
        S_IFMT,
        S_IFREG,
        S_IFDIR,
        S_IFBLK,
        S_IFCHR,
        S_IFIFO,
        S_IFSOCK,
    };
    check_layouts(EPOLL_AT, epoll, sizeof(epoll) / sizeof(epoll[0]));
    check_layouts(POLL_AT, poll, sizeof(poll) / sizeof(poll[0]));
    EQUAL(layout(ENV, LAYOUTS), -EINVAL);
    EQUAL(errorNumber(ENV, 0), EPERM);
    EQUAL(errorNumber(ENV, 39), ECANCELED);
    char text[100];
    jint length = errorText(ENV, EBADF, address(text), sizeof(text));
    EQUAL(length, strlen(strerror(EBADF)));
    EQUAL(memcmp(text, strerror(EBADF), (size_t)length), 0);
}

static void close_pair(const int *fds) {
    EQUAL(closeFd(ENV, fds[0]), 0);
    EQUAL(closeFd(ENV, fds[1]), 0);
}

static void descriptors(void) {
    int fds[2];
    char bytes[] = "0123456789";
    EQUAL(socketpairFds(ENV, address(fds)), 0);
    for (int i = 0; i < 2; i++) {
        CHECK(fcntl(fds[i], F_GETFD) & FD_CLOEXEC);
        CHECK(fcntl(fds[i], F_GETFL) & O_NONBLOCK);
    }
    EQUAL(readFd(env, NULL, fds[0], (jobject)bytes, 0, 10), -EAGAIN);
    EQUAL(writeFd(env, NULL, fds[1], (jobject)bytes, 2, 3), 3);
    EQUAL(readFd(env, NULL, fds[0], (jobject)bytes, 5, 4), 3);
    EQUAL(strcmp(bytes, "0123423489"), 0);

    int64_t status[4];
    struct stat expected;
    EQUAL(fileStatus(ENV, fds[0], address(status)), 0);
    EQUAL(fstat(fds[0], &expected), 0);
    EQUAL(status[0], expected.st_dev);
    EQUAL(status[1], expected.st_ino);
    EQUAL(status[2], expected.st_mode);
    close_pair(fds);
    EQUAL(fileStatus(ENV, fds[0], address(status)), -EBADF);

    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    EQUAL(fileStatus(ENV, null, address(status)), 0);
    EQUAL(fstat(null, &expected), 0);
    EQUAL(status[3], expected.st_rdev);
    EQUAL(closeFd(ENV, null), 0);
    EQUAL(closeFd(ENV, null), -EBADF);
}

/* As dev.pollux.sys.EpollChanges lays them out. */
static struct {
    int64_t lock;
    int64_t ring;
    int32_t count;
    int32_t failed;
    struct {
        int32_t fd;
        int32_t rc;
        struct epoll_event event;
    } __attribute__((aligned(8))) list[2];
} changes;

/* Both halves of the 64 bits come back, for two in one wait: in a struct of another size they would not. */
static void check_two(jint rc, const struct epoll_event *ready, uint64_t first, uint64_t second) {
    EQUAL(rc, 2);
    EQUAL(ready[0].events, EPOLLIN);
    EQUAL(ready[1].events, EPOLLIN);
    int swapped = ready[0].data.u64 == second;
    EQUAL(ready[swapped].data.u64, first);
    EQUAL(ready[!swapped].data.u64, second);
}

static void epoll(void) {
    const uint64_t first = UINT64_C(0x8123456789abcdef), second = UINT64_C(0x0fedcba987654321);
    const uint64_t one = 1;
    struct epoll_event ready[4];
    memset(ready, 0x55, sizeof(ready));
    int fds[2];
    jint epfd = epollCreate(ENV), wakeup = newEventfd(ENV);
    CHECK(epfd >= 0 && wakeup >= 0);
    EQUAL(pipeFds(ENV, address(fds)), 0);
    EQUAL(epollCtl(ENV, epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, (jlong)first), 0);
    EQUAL(epollCtl(ENV, epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, (jlong)first), -EEXIST);
    EQUAL(epollCtl(ENV, epfd, EPOLL_CTL_ADD, wakeup, EPOLLIN | (jint)EPOLLET, (jlong)second), 0);
    EQUAL(epollCtl(ENV, epfd, EPOLL_CTL_MOD, fds[1], EPOLLOUT, 0), -ENOENT);
    EQUAL(epollWait(ENV, epfd, address(ready), 4, 0, 0), 0);

    EQUAL(write(fds[1], "x", 1), 1);
    EQUAL(write(wakeup, &one, sizeof(one)), sizeof(one));
    check_two(epollWait(ENV, epfd, address(ready), 4, -1, 0), ready, first, second);
    EQUAL(ready[2].events, 0x55555555);
    EQUAL(epollWait(ENV, epfd, address(ready), 4, 0, 0), 1); /* the other was an edge */
    EQUAL(ready[0].data.u64, first);

    int32_t lock = 1;
    changes.lock = address(&lock);
    changes.count = 2;
    changes.list[0].fd = fds[0];
    changes.list[0].event.events = EPOLLIN;
    changes.list[0].event.data.u64 = ~first;
    changes.list[1].fd = wakeup;
    changes.list[1].event.events = EPOLLIN;
    changes.list[1].event.data.u64 = ~second;
    check_two(epollWait(ENV, epfd, address(ready), 4, -1, address(&changes)), ready, ~first, ~second);
    EQUAL(lock, 0);
    EQUAL(changes.failed, 0);

    jint rc = epollPwait2(ENV, epfd, address(ready), 4, INT64_C(5000000000), 0);
    if (rc != -ENOSYS) check_two(rc, ready, ~first, ~second); /* before Linux 5.11, and qemu 7.2 */
    jint fresh = epollCreate(ENV);
    EQUAL(epollReplace(ENV, fresh, epfd), 0);
    EQUAL(closeFd(ENV, fresh), 0);
    EQUAL(epollWait(ENV, epfd, address(ready), 4, 0, 0), 0);
    close_pair(fds);
    EQUAL(closeFd(ENV, wakeup), 0);
    EQUAL(closeFd(ENV, epfd), 0);
}

static void polls(void) {
    int fds[2];
    EQUAL(pipeFds(ENV, address(fds)), 0);
    struct pollfd entries[2] = {{.fd = fds[0], .events = POLLIN}, {.fd = fds[1], .events = POLLOUT}};
    EQUAL(pollFds(ENV, address(entries), 1, 1), 0);
    EQUAL(ppollFds(ENV, address(entries), 1, 1000001), 0);
    EQUAL(pollFds(ENV, address(entries), 2, -1), 1);
    EQUAL(entries[1].revents, POLLOUT);
    EQUAL(write(fds[1], "x", 1), 1);
    EQUAL(ppollFds(ENV, address(entries), 2, INT64_C(86400000000000)), 2);
    EQUAL(entries[0].revents, POLLIN);
    close_pair(fds);
    EQUAL(pollFds(ENV, address(entries), 1, -1), 1);
    EQUAL(entries[0].revents, POLLNVAL);
}

/* The words are of 64 bits, as SelectDriver has them, whatever a long is here. */
static void selects(void) {
    enum { WORDS = 2, LOW = 37, HIGH = 100 };
    int fds[2];
    uint64_t reads[WORDS] = {0}, writes[WORDS] = {0};
    EQUAL(pipeFds(ENV, address(fds)), 0);
    EQUAL(dup2(fds[1], LOW), LOW);
    EQUAL(dup2(fds[0], HIGH), HIGH);
    reads[HIGH / 64] = UINT64_C(1) << HIGH % 64;
    EQUAL(selectFds(ENV, HIGH + 1, address(reads), 0, 0, 1500), 0);
    EQUAL(reads[1], 0);
    EQUAL(write(LOW, "x", 1), 1);
    reads[HIGH / 64] = UINT64_C(1) << HIGH % 64;
    writes[LOW / 64] = UINT64_C(1) << LOW % 64;
    EQUAL(selectFds(ENV, HIGH + 1, address(reads), address(writes), 0, -1), 2);
    EQUAL(reads[0], 0);
    EQUAL(reads[1], UINT64_C(1) << HIGH % 64);
    EQUAL(writes[0], UINT64_C(1) << LOW);
    EQUAL(writes[1], 0);
    EQUAL(closeFd(ENV, HIGH), 0);
    EQUAL(closeFd(ENV, LOW), 0);
    close_pair(fds);
}

int main(int argc, char **argv) {
    if (argc != 2) {
        fprintf(stderr, "usage: smoke LIBRARY\n");
        return 2;
    }
    load(argv[1]);
    find_methods();
    layouts();
    descriptors();
    epoll();
    polls();
    selects();
    struct utsname host;
    EQUAL(uname(&host), 0);
    printf("%s, %d methods, long of %zu bytes, epoll_event of %zu\n", host.machine, (int)method_count, sizeof(long),
           sizeof(struct epoll_event));
    return 0;
}
