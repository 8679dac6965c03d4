/*
 * The native half of the JNI binding: one function for each method of dev.pollux.sys.jni.JniSyscalls.
 *
 * Every function returns its result, or -errno. None throws, allocates (but pollux_allocate), blocks for longer than the
 * system call it is named after, or uses its JNI arguments where this is not said, so that all of
 * them can be called from a plain C program with (NULL, NULL, ...).
 */
#ifndef POLLUX_H
#define POLLUX_H

#include <jni.h>
#include <stdint.h>

/* A token has 64 bits and travels in a pointer of struct kevent: with 32 bits there is no kqueue here, but poll. */
#if __has_include(<sys/event.h>) && UINTPTR_MAX == UINT64_MAX
#define POLLUX_KQUEUE
#endif

/* A Java long that carries an address. */
static inline void *pointer(jlong address) { return (void *)(uintptr_t)address; }

/* What a table of native methods is made of; each file contributes its own. */
#define METHOD(name, signature) {(char *)#name, (char *)signature, (void *)pollux_##name}
#define COUNT(table) ((jint)(sizeof(table) / sizeof((table)[0])))

/* files.c: descriptors, layouts, constants, error texts */
jlong pollux_layout(JNIEnv *env, jobject self, jint index);
jint pollux_errorNumber(JNIEnv *env, jobject self, jint index);
jint pollux_errorText(JNIEnv *env, jobject self, jint error, jlong text, jint capacity);
jobject pollux_allocate(JNIEnv *env, jobject self, jint size);                                       /* uses env */
void pollux_free(JNIEnv *env, jobject self, jobject allocated);                                      /* uses env */
jlong pollux_address(JNIEnv *env, jobject self, jobject directBuffer);                               /* uses env */
jint pollux_read(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length);    /* uses env */
jint pollux_write(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length);   /* uses env */
jint pollux_close(JNIEnv *env, jobject self, jint fd);
jint pollux_open(JNIEnv *env, jobject self, jlong path, jint access);
jint pollux_pipe(JNIEnv *env, jobject self, jlong fds);
jint pollux_socketpair(JNIEnv *env, jobject self, jlong fds);
jint pollux_setNonBlocking(JNIEnv *env, jobject self, jint fd, jboolean on);
jint pollux_isNonBlocking(JNIEnv *env, jobject self, jint fd);
jint pollux_setCloseOnExec(JNIEnv *env, jobject self, jint fd);
jint pollux_unread(JNIEnv *env, jobject self, jint fd);
jint pollux_isOpen(JNIEnv *env, jobject self, jint fd);
jint pollux_socketType(JNIEnv *env, jobject self, jint fd);
jint pollux_fileStatus(JNIEnv *env, jobject self, jint fd, jlong status);
char *pollux_bytes(JNIEnv *env, jobject directBuffer);                                               /* uses env */
int pollux_resolveBuffer(JNIEnv *env);                                                               /* uses env */

/* transfers.c */
jint pollux_readv(JNIEnv *env, jobject self, jint fd, jlong list, jint count);
jint pollux_writev(JNIEnv *env, jobject self, jint fd, jlong list, jint count);
jint pollux_pread(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length,
                  jlong offset);                                                                     /* uses env */
jint pollux_recv(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length,
                 jint flags);                                                                        /* uses env */
jint pollux_send(JNIEnv *env, jobject self, jint fd, jobject directBuffer, jint at, jint length,
                 jint flags);                                                                        /* uses env */

/* sockets.c */
jint pollux_accept(JNIEnv *env, jobject self, jint fd);
jint pollux_connect(JNIEnv *env, jobject self, jint fd, jlong address, jint length, jint port, jint scope);
jint pollux_connectUnix(JNIEnv *env, jobject self, jint fd, jlong path, jint length);
jint pollux_socketError(JNIEnv *env, jobject self, jint fd);
jint pollux_isListening(JNIEnv *env, jobject self, jint fd);
jint pollux_shutdown(JNIEnv *env, jobject self, jint fd, jint how);

/* sendfile.c and splice.c, or unsupported.c on another system than Linux */
jint pollux_sendfile(JNIEnv *env, jobject self, jint to, jint file, jlong offset, jint count);
jint pollux_splice(JNIEnv *env, jobject self, jint from, jint to, jint count);
jint pollux_pipeCapacity(JNIEnv *env, jobject self, jint fd, jint bytes);

/* libc.c, or unsupported.c where all calls are libc's anyway */
jboolean pollux_useLibc(JNIEnv *env, jobject self, jint wish);                                       /* uses env */

/* returns.c: whether the return stack buffer is to be filled after a system call */
jint pollux_returnsFamily(JNIEnv *env, jobject self);
jlong pollux_returnsTimes(JNIEnv *env, jobject self);
void pollux_fillReturns(JNIEnv *env, jobject self, jboolean fill);

/* channels.c: what the library needs of the JDK's own channels and selectors */
jint pollux_channelDescriptor(JNIEnv *env, jobject self, jobject channel);                           /* uses env */
jobject pollux_trustedLookup(JNIEnv *env, jobject self);                                             /* uses env */
int pollux_resolveChannels(JNIEnv *env);                                                             /* uses env */

/* epoll.c, or unsupported.c where the kernel has no epoll */
jint pollux_eventfd(JNIEnv *env, jobject self);
jint pollux_epollCreate(JNIEnv *env, jobject self);
jint pollux_epollReplace(JNIEnv *env, jobject self, jint fresh, jint epfd);
jint pollux_epollSetParams(JNIEnv *env, jobject self, jint epfd, jlong params);
jint pollux_epollParams(JNIEnv *env, jobject self, jint epfd, jlong params);
jint pollux_epollCtl(JNIEnv *env, jobject self, jint epfd, jint op, jint fd, jint events, jlong data);
jint pollux_epollWait0(JNIEnv *env, jobject self, jint epfd, jlong events, jint capacity, jint millis, jlong changes);
jint pollux_epollPwait20(JNIEnv *env, jobject self, jint epfd, jlong events, jint capacity, jlong nanos,
                         jlong changes);

/* uring.c, or unsupported.c where the kernel has no io_uring */
jint pollux_uringOpen0(JNIEnv *env, jobject self, jint entries, jint flags, jlong ring);
jobject pollux_uringMemory(JNIEnv *env, jobject self, jlong ring);                                   /* uses env */
jint pollux_uringClose(JNIEnv *env, jobject self, jlong ring);
jint pollux_uringChange(JNIEnv *env, jobject self, jlong ring, jint epfd, jint op, jlong list, jint count);
jint pollux_uringWatch(JNIEnv *env, jobject self, jlong ring, jint fd, jint data, jint earlier);
jint pollux_seccomp(JNIEnv *env, jobject self);

/* kqueue.c, or unsupported.c where the system has no kqueue */
jint pollux_kqueue(JNIEnv *env, jobject self);
jint pollux_keventChange(JNIEnv *env, jobject self, jint kq, jlong changes, jint count, jint receipts);
jint pollux_keventWait(JNIEnv *env, jobject self, jint kq, jlong events, jint capacity, jlong nanos);

/* poll.c */
jint pollux_poll(JNIEnv *env, jobject self, jlong fds, jint count, jint millis);
jint pollux_ppoll(JNIEnv *env, jobject self, jlong fds, jint count, jlong nanos);

/* select.c */
jint pollux_select(JNIEnv *env, jobject self, jint nfds, jlong reads, jlong writes, jlong excepts, jlong micros);

#endif
