#!/bin/sh
# epoll_wait by the wrong thread loses a signalfd's readiness for the right one. A signal is pending for one thread; another
# thread calls epoll_wait, which rightly finds nothing; from then on the first finds nothing either, although the
# registration is level-triggered, the signal is pending and a read takes it. poll(2) sees it all the time.
#
# Why: whether a signalfd is readable depends on the thread that asks (signals pending for "current"). epoll asks again when
# it hands events out, and takes the entry off its ready list when the answer is no; only the next signal puts it back.
#
# Seen: Linux 6.18, x86-64. The output was:
#   own thread, nobody else looked: EPOLLIN
#   another thread: nothing
#   own thread after that: nothing
#   poll(2) by the own thread: POLLIN
#   a read by the own thread gives the signal: True
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, os, select, signal, struct, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
number = signal.SIGRTMIN + 5
signal.pthread_sigmask(signal.SIG_BLOCK, [number])
mask = struct.pack("Q", 1 << number - 1).ljust(128, b"\0")

def one():
    fd = libc.signalfd(-1, mask, os.O_NONBLOCK)
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLIN)
    signal.pthread_kill(threading.get_ident(), number)
    return fd, epoll

def in_another_thread(epoll):
    seen = []
    thread = threading.Thread(target=lambda: seen.append(epoll.poll(0)))
    thread.start()
    thread.join()
    return seen[0]

fd, epoll = one()
control = epoll.poll(0)
os.read(fd, 128)
fd, epoll = one()
other = in_another_thread(epoll)
own = epoll.poll(0)
poll = select.poll()
poll.register(fd, select.POLLIN)
polled = poll.poll(0)
taken = struct.unpack_from("I", os.read(fd, 128))[0] == number
print("own thread, nobody else looked:", "EPOLLIN" if control else "nothing")
print("another thread:", "EPOLLIN" if other else "nothing")
print("own thread after that:", "EPOLLIN" if own else "nothing")
print("poll(2) by the own thread:", "POLLIN" if polled else "nothing")
print("a read by the own thread gives the signal:", taken)
sys.exit(0 if control and not other and not own and polled and taken else 1)
PYTHON
