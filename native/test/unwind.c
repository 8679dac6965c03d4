/*
 * Whether an unwinder (a debugger, a profiler) finds the caller at every instruction of the calls
 * that come often. Each is run step by step, by the processor's trap flag, and at every step libgcc's
 * unwinder is asked, which knows nothing but the DWARF information. What is special are the
 * instructions of returns_x86_64.h; where there are none this says so and ends.
 */
#define _GNU_SOURCE
#include "pollux.h"
#include "returns.h"

#include <stdio.h>

#if defined(POLLUX_FILLS_RETURN_BUFFER) && defined(__GLIBC__)
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <ucontext.h>
#include <unistd.h>
#include <unwind.h>

#include "check.h"

#define TRAP_FLAG 0x100

extern const char __executable_start, etext; /* the linker's: where this program's code is */

/* What is being stepped through. */
static struct {
    volatile int on;
    uintptr_t function; /* its first instruction */
    uintptr_t caller;   /* where it returns to; 0 before its first instruction */
    uintptr_t top;      /* the stack pointer when it has returned */
    int steps;
    int lost; /* steps at which the caller was not found */
} stepped;

struct search {
    uintptr_t at;
    int begun;
    int found;
    int frames; /* what is misled may go round in circles */
};

static _Unwind_Reason_Code look(struct _Unwind_Context *frame, void *argument) {
    struct search *search = argument;
    uintptr_t at = (uintptr_t)_Unwind_GetIP(frame);
    if (search->begun && at == stepped.caller) {
        /* What is asked of a frame is the stack pointer that it goes on with. */
        search->found = (uintptr_t)_Unwind_GetCFA(frame) == stepped.top;
        return _URC_END_OF_STACK;
    }
    if (at == search->at) search->begun = 1;
    return ++search->frames < 32 ? _URC_NO_REASON : _URC_END_OF_STACK;
}

static void on_trap(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    if (!stepped.on) {
        registers[REG_EFL] &= ~TRAP_FLAG;
        return;
    }
    registers[REG_EFL] |= TRAP_FLAG;
    uintptr_t at = (uintptr_t)registers[REG_RIP];
    if (at == stepped.function && stepped.caller == 0) {
        stepped.caller = *(uintptr_t *)registers[REG_RSP];
        stepped.top = (uintptr_t)registers[REG_RSP] + sizeof(uintptr_t);
    }
    if (stepped.caller == 0 || at < (uintptr_t)&__executable_start || at >= (uintptr_t)&etext) return;
    if (at == stepped.caller) { /* it has returned */
        stepped.on = 0;
        registers[REG_EFL] &= ~TRAP_FLAG;
        return;
    }
    struct search search = {.at = at};
    _Unwind_Backtrace(look, &search);
    stepped.steps++;
    stepped.lost += !search.found;
}

/* From the next instruction on; ends when the function has returned. */
#define STEP_THROUGH(name, call)                                                                   \
    do {                                                                                           \
        memset(&stepped, 0, sizeof(stepped));                                                      \
        stepped.function = (uintptr_t)name;                                                        \
        stepped.on = 1;                                                                            \
        raise(SIGTRAP);                                                                            \
        call;                                                                                      \
        CHECK(!stepped.on);                                                                        \
        printf("unwind: %-32s %3d steps, the caller lost at %d\n", #name, stepped.steps, stepped.lost); \
    } while (0)

/* The control: the same instructions with nothing said about them. */
void without_information(void);
__asm__(".pushsection .text\n"
        "without_information:\n\t"
        ".cfi_startproc\n\t"
        "lea -128(%rsp), %rsp\n\t"
        "call 1f\n\tint3\n1:\tcall 2f\n\tint3\n"
        "2:\tlea 128+2*8(%rsp), %rsp\n\t"
        "ret\n\t"
        ".cfi_endproc\n\t"
        ".popsection");

static void step_through_all(void) {
    int fds[2];
    CHECK(pipe(fds) == 0 && write(fds[1], "x", 1) == 1);
    int epfd = pollux_epollCreate(ENV);
    CHECK(epfd >= 0);
    int64_t gate = 1;
    union {
        int64_t aligned[16];
        struct {
            int64_t gate;
            int32_t count, failed;
        } head;
    } changes = {.head = {.gate = (int64_t)(uintptr_t)&gate}}; /* none: how they are laid out is epoll.c's */
    struct epoll_event events[4];
    jlong memory = (jlong)(uintptr_t)events;
    jlong list = (jlong)(uintptr_t)&changes;

    STEP_THROUGH(pollux_epollCtl,
                 CHECK(pollux_epollCtl(ENV, epfd, EPOLL_CTL_ADD, fds[0], EPOLLIN, 7) == 0));
    CHECK(stepped.steps > 0 && stepped.lost == 0);
    STEP_THROUGH(pollux_epollWait0, CHECK(pollux_epollWait0(ENV, epfd, memory, 4, 0, 0) == 1));
    CHECK(stepped.steps > 0 && stepped.lost == 0);
    STEP_THROUGH(pollux_epollWait0, CHECK(pollux_epollWait0(ENV, epfd, memory, 4, 0, list) == 1));
    CHECK(stepped.steps > 0 && stepped.lost == 0);
    STEP_THROUGH(pollux_epollPwait20, pollux_epollPwait20(ENV, epfd, memory, 4, 0, 0));
    CHECK(stepped.steps > 0 && stepped.lost == 0);
    CHECK(pollux_close(ENV, epfd) == 0 && close(fds[0]) == 0 && close(fds[1]) == 0);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    STEP_THROUGH(without_information, without_information());
    if (stepped.steps == 0) {
        puts("unwind: skipped: the processor, or what plays it, does not step");
        return 0;
    }
    CHECK(stepped.lost > 0);
    for (pollux_fillsReturnBuffer = 0; pollux_fillsReturnBuffer < 2; pollux_fillsReturnBuffer++) step_through_all();
    return 0;
}

#else

int main(void) {
#ifdef POLLUX_FILLS_RETURN_BUFFER
    puts("unwind: skipped: the compiler's unwinder needs glibc");
#else
    puts("unwind: skipped: no instructions for the return predictor here, see returns.h");
#endif
    return 0;
}

#endif
