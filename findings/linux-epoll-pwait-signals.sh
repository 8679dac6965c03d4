#!/bin/sh
# A signal that is blocked except in epoll_pwait, ppoll or pselect, as these calls are meant to be used, is never delivered
# while each call finds something ready: the mask that lets it in is put back before it is looked at. A server that is busy
# does not hear of SIGTERM. epoll_pwait with a time-out of 0, of a loop that polls without sleeping, does not let it in
# either when nothing is ready; ppoll and pselect with a time-out of 0 do.
#
# Why: what is ready is returned without a look at pending signals, and the old mask is restored at once unless the call
# ends with EINTR (restore_saved_sigmask_unless). ep_poll returns 0 for a time-out of 0 before it asks for signals.
#
# Seen: Linux 6.18, x86-64; the signal is pending, each call is made three times. The output was:
#   nothing ready, 100 ms: epoll_pwait EINTR 0 0 handled, ppoll EINTR 0 0 handled, pselect EINTR 0 0 handled
#   nothing ready, 0 ms: epoll_pwait 0 0 0 not handled, ppoll EINTR 0 0 handled, pselect EINTR 0 0 handled
#   a pipe ready, 100 ms: epoll_pwait 1 1 1 not handled, ppoll 1 1 1 not handled, pselect 1 1 1 not handled
#   a pipe ready, 0 ms: epoll_pwait 1 1 1 not handled, ppoll 1 1 1 not handled, pselect 1 1 1 not handled
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, errno, os, select, signal, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
handled = ctypes.c_int(0)
# libc's own, so that it is the kernel that runs it and not python later
handler = ctypes.CFUNCTYPE(None, ctypes.c_int)(lambda number: setattr(handled, "value", 1))
libc.signal(signal.SIGUSR1, handler)
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
nothing_blocked = bytes(128)
readable, writer = os.pipe()
epoll = select.epoll()
epoll.register(readable, select.EPOLLIN)

def epoll_pwait(millis):
    return libc.epoll_pwait(epoll.fileno(), ctypes.create_string_buffer(12), 1, millis, nothing_blocked)

def ppoll(millis):
    entry = ctypes.create_string_buffer(struct.pack("ihh", readable, select.POLLIN, 0))
    return libc.ppoll(entry, ctypes.c_ulong(1), struct.pack("ll", 0, millis * 1_000_000), nothing_blocked)

def pselect(millis):
    bits = (ctypes.c_ulong * 16)(1 << readable)
    return libc.pselect(readable + 1, bits, None, None, struct.pack("ll", 0, millis * 1_000_000), nothing_blocked)

def three(call, millis):
    handled.value = 0
    os.kill(os.getpid(), signal.SIGUSR1)
    results = []
    for _ in range(3):
        result = call(millis)
        results.append(str(result) if result >= 0 else errno.errorcode[ctypes.get_errno()])
    said = "handled" if handled.value else "not handled"
    signal.sigtimedwait([signal.SIGUSR1], 0)
    return f"{call.__name__} {' '.join(results)} {said}"

def line(name, millis):
    return f"{name}, {millis} ms: " + ", ".join(three(call, millis) for call in (epoll_pwait, ppoll, pselect))

got = [line("nothing ready", 100), line("nothing ready", 0)]
os.write(writer, b"x")
got += [line("a pipe ready", 100), line("a pipe ready", 0)]
print("\n".join(got))
ready = "epoll_pwait 1 1 1 not handled, ppoll 1 1 1 not handled, pselect 1 1 1 not handled"
sys.exit(0 if got == [
    "nothing ready, 100 ms: epoll_pwait EINTR 0 0 handled, ppoll EINTR 0 0 handled, pselect EINTR 0 0 handled",
    "nothing ready, 0 ms: epoll_pwait 0 0 0 not handled, ppoll EINTR 0 0 handled, pselect EINTR 0 0 handled",
    "a pipe ready, 100 ms: " + ready,
    "a pipe ready, 0 ms: " + ready,
] else 1)
PYTHON
