#!/bin/sh
# The pidfd of one's own child says that it has ended, and there is nothing to wait for: waitid(P_PIDFD) and waitpid with
# WNOHANG find no child that has ended, for as long as another process that traces it (strace, a debugger) has not fetched the
# end. A level-triggered loop has no rest until then; an edge comes for the end that cannot be fetched, and another when it can.
#
# Why: a pidfd is readable when the last thread is a zombie (pidfd_poll), which it is for the tracer first. The parent's wait
# passes over what a tracer in another process holds (wait_consider_task); the tracer's wait hands it on, and notifies
# the parent and the pidfd (do_notify_parent).
#
# Seen: Linux 6.18, x86-64. The output was:
#   traced, killed: epoll EPOLLIN, waitid(P_PIDFD) nothing, waitpid nothing
#   the tracer has fetched the end: waitpid gives it: True; an edge for that: True
#   not traced, killed: epoll EPOLLIN, waitid(P_PIDFD) gives it: True
#
# Needs Linux, python3 and ptrace of one's own child's child. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be
# shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, os, select, signal, subprocess, sys
SEIZE = 0x4206
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long] * 4

def child():
    process = subprocess.Popen(["sleep", "300"])
    fd = os.pidfd_open(process.pid)
    level, edge = select.epoll(), select.epoll()
    level.register(fd, select.EPOLLIN)
    edge.register(fd, select.EPOLLIN | select.EPOLLET)
    return process.pid, fd, level, edge

pid, fd, level, edge = child()
ready, go = os.pipe(), os.pipe()
tracer = os.fork()
if tracer == 0:
    os.write(ready[1], b"y" if libc.ptrace(SEIZE, pid, 0, 0) == 0 else b"n")
    os.read(go[0], 1)
    os.waitpid(pid, 0)
    os._exit(0)
if os.read(ready[0], 1) == b"n":
    os.kill(pid, signal.SIGKILL)
    os.write(go[1], b"x")
    print("ptrace is not allowed here", file=sys.stderr)
    sys.exit(2)
os.kill(pid, signal.SIGKILL)
reported, edged = level.poll(10), edge.poll(10)
by_pidfd = os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG)
by_pid = os.waitpid(pid, os.WNOHANG)[0]
os.write(go[1], b"x")
os.waitpid(tracer, 0)
again = edge.poll(10)
fetched = os.waitpid(pid, os.WNOHANG)[0] == pid

pid, fd, control, _ = child()
os.kill(pid, signal.SIGKILL)
plain = control.poll(10)
given = os.waitid(os.P_PIDFD, fd, os.WEXITED | os.WNOHANG) is not None
say = lambda events: "EPOLLIN" if events else "nothing"
print("traced, killed: epoll %s, waitid(P_PIDFD) %s, waitpid %s"
      % (say(reported), "gives it" if by_pidfd else "nothing", "gives it" if by_pid else "nothing"))
print("the tracer has fetched the end: waitpid gives it: %s; an edge for that: %s" % (fetched, bool(again)))
print("not traced, killed: epoll %s, waitid(P_PIDFD) gives it: %s" % (say(plain), given))
sys.exit(0 if reported and edged and not by_pidfd and not by_pid and fetched and again and plain and given else 1)
PYTHON
