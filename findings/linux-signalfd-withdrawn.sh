#!/bin/sh
# A signal that a signalfd was reported for can be gone before it is read, though nobody has taken it: SIGCONT (as fg sends it)
# removes a pending SIGTSTP, SIGTTIN or SIGTTOU, and these remove a pending SIGCONT, although all of them are blocked and
# nothing has stopped; to set the action of a pending signal to SIG_IGN, or of SIGCHLD to SIG_DFL, removes it too. A read
# says EAGAIN; without O_NONBLOCK it sleeps. A signal that was ignored all the time, on the other hand, is reported and read.
#
# Why: to send one of these signals takes the others off the queues (prepare_signal), as POSIX has it for processes that
# really stop; sigaction empties the queue of a signal that is ignored from now on (do_sigaction). One that is blocked is
# queued even if it is ignored (sig_ignored), for the action may change.
#
# Seen: Linux 6.18, x86-64; all are blocked. The output was:
#   SIGTSTP: epoll EPOLLIN; then SIGCONT: read SIGCONT, EAGAIN
#   SIGCONT: epoll EPOLLIN; then SIGTSTP: read SIGTSTP, EAGAIN
#   SIGCHLD: epoll EPOLLIN; its action set to SIG_DFL: epoll nothing, read EAGAIN
#   SIGUSR1: epoll EPOLLIN; its action set to SIG_IGN: epoll nothing, read EAGAIN
#   SIGUSR1, ignored from the start: epoll EPOLLIN, read SIGUSR1
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, errno, os, select, signal, struct, sys
from signal import SIGCHLD, SIGCONT, SIGTSTP, SIGUSR1
libc = ctypes.CDLL(None, use_errno=True)
ALL = [SIGCHLD, SIGCONT, SIGTSTP, SIGUSR1]
signal.pthread_sigmask(signal.SIG_BLOCK, ALL)
fd = libc.signalfd(-1, struct.pack("Q", sum(1 << number - 1 for number in ALL)).ljust(128, b"\0"), os.O_NONBLOCK)
epoll = select.epoll()
epoll.register(fd, select.EPOLLIN)

def reported():
    return "epoll EPOLLIN" if epoll.poll(0.1) else "epoll nothing"

def read():
    try:
        return signal.Signals(struct.unpack_from("I", os.read(fd, 128))[0]).name
    except OSError as e:
        return errno.errorcode[e.errno]

def sent(number):
    os.kill(os.getpid(), number)
    return f"{number.name}: {reported()}"

def then(first, second):
    before = sent(first)
    os.kill(os.getpid(), second)
    return f"{before}; then {second.name}: read {read()}, {read()}"

def action(number, what, name):
    before = sent(number)
    signal.signal(number, what)
    return f"{before}; its action set to {name}: {reported()}, read {read()}"

got = [
    then(SIGTSTP, SIGCONT),
    then(SIGCONT, SIGTSTP),
    action(SIGCHLD, signal.SIG_DFL, "SIG_DFL"),
    action(SIGUSR1, signal.SIG_IGN, "SIG_IGN"),
]
os.kill(os.getpid(), SIGUSR1)
got.append(f"SIGUSR1, ignored from the start: {reported()}, read {read()}")
print("\n".join(got))
sys.exit(0 if got == [
    "SIGTSTP: epoll EPOLLIN; then SIGCONT: read SIGCONT, EAGAIN",
    "SIGCONT: epoll EPOLLIN; then SIGTSTP: read SIGTSTP, EAGAIN",
    "SIGCHLD: epoll EPOLLIN; its action set to SIG_DFL: epoll nothing, read EAGAIN",
    "SIGUSR1: epoll EPOLLIN; its action set to SIG_IGN: epoll nothing, read EAGAIN",
    "SIGUSR1, ignored from the start: epoll EPOLLIN, read SIGUSR1",
] else 1)
PYTHON
