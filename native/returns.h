/*
 * The way back from a system call. The processor predicts where a `ret` goes by a stack of its own,
 * the return stack buffer, which the kernel uses too. With the kernel's "Safe RET", its remedy for
 * AMD's spec_rstack_overflow, kernel addresses are on top of that stack afterwards, and the first
 * `ret` in user mode is predicted to go to one of them. To find out that it does not takes 140 ns
 * (Zen 4, Linux 6.18): a third of a poll that finds one descriptor ready.
 *
 * fill_return_buffer() puts harmless addresses on top, by calls that are never returned from (the
 * kernel does so itself: __FILL_RETURN_BUFFER). A return is then mispredicted for 5 ns, as are a few
 * more. Where system calls leave the stack as it was this does harm: it is done where it is known to
 * pay, or was found to when the library was loaded, see dev.pollux.sys.jni.Returns.
 */
#ifndef POLLUX_RETURNS_H
#define POLLUX_RETURNS_H

#if defined(__linux__) && defined(__x86_64__) && !defined(__ILP32__) && !defined(POLLUX_LIBC_CALLS)
#define POLLUX_FILLS_RETURN_BUFFER
#include "returns_x86_64.h"
#else
static inline void fill_return_buffer(void) {}
#endif

#endif
