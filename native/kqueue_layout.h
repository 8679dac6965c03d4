/* struct kevent and its flags. Each of the systems lacks some of them: zeros there. */
#ifndef POLLUX_KQUEUE_LAYOUT_H
#define POLLUX_KQUEUE_LAYOUT_H

#include <sys/types.h>

#include <sys/event.h>

/* Urgent data: macOS, OpenBSD and DragonFly have a filter for it. */
#if defined(EVFILT_EXCEPT) && defined(NOTE_OOB)
#define KQUEUE_EXCEPT EVFILT_EXCEPT
#define KQUEUE_OOB NOTE_OOB
#else
#define KQUEUE_EXCEPT 0
#define KQUEUE_OOB 0
#endif

#ifdef EVFILT_USER
#define KQUEUE_USER EVFILT_USER
#define KQUEUE_TRIGGER NOTE_TRIGGER
#else
#define KQUEUE_USER 0
#define KQUEUE_TRIGGER 0
#endif

#ifdef LIBKQUEUE
#define KQUEUE_EMULATED 1
#else
#define KQUEUE_EMULATED 0
#endif

#define KQUEUE_LAYOUT                                                                              \
    sizeof(struct kevent), offsetof(struct kevent, ident), offsetof(struct kevent, filter),        \
        offsetof(struct kevent, flags), offsetof(struct kevent, fflags),                           \
        offsetof(struct kevent, data), offsetof(struct kevent, udata),                             \
        sizeof(((struct kevent *)NULL)->filter), (int32_t)EVFILT_READ, (int32_t)EVFILT_WRITE,      \
        (int32_t)KQUEUE_EXCEPT, (int32_t)KQUEUE_USER, EV_ADD, EV_DELETE, EV_DISABLE, EV_CLEAR,     \
        EV_RECEIPT, EV_DISPATCH, EV_EOF, EV_ERROR, KQUEUE_OOB, KQUEUE_TRIGGER, KQUEUE_EMULATED

#endif
