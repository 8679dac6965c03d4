#!/bin/sh
# A pidfd says nothing when the thread that it was opened for, the first of its process, has ended and others run on; not
# even one that was opened with PIDFD_THREAD, which stands for that thread alone. Both report when the last thread has gone.
# (A thread that is not the first is reported when it ends.)
#
# Why: a leader cannot be reaped before its group is empty, and since Linux 6.15 the kernel puts PIDFD_THREAD off as well,
# because another thread that calls execve takes the leader's identity over, and the thread would seem to live again.
#
# Seen: Linux 6.18, x86-64. The output was:
#   the first thread is a zombie: True
#   pidfd: nothing, with PIDFD_THREAD: nothing
#   after the last thread has ended: pidfd: EPOLLIN, with PIDFD_THREAD: EPOLLIN
#
# Needs Linux 6.15 or newer and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, os, platform, select, subprocess, sys
exit_of_thread = {"x86_64": 60, "aarch64": 93, "riscv64": 93}.get(platform.machine())
if exit_of_thread is None:
    sys.exit(2)
child = subprocess.Popen([sys.executable, "-c", """
import ctypes, sys, threading
end = lambda: ctypes.CDLL(None).syscall(int(sys.argv[1]), 0)
threading.Thread(target=lambda: (sys.stdin.readline(), end())).start()
end()
""", str(exit_of_thread)], stdin=subprocess.PIPE)
PIDFD_OPEN, PIDFD_THREAD = 434, os.O_EXCL
libc = ctypes.CDLL(None, use_errno=True)
fds = [libc.syscall(PIDFD_OPEN, child.pid, flags) for flags in (0, PIDFD_THREAD)]
if min(fds) < 0:
    child.kill()
    print("pidfd_open:", os.strerror(ctypes.get_errno()), file=sys.stderr)
    sys.exit(2)
epolls = [select.epoll(), select.epoll()]
for epoll, fd in zip(epolls, fds):
    epoll.register(fd, select.EPOLLIN)
while open("/proc/%d/stat" % child.pid).read().split(") ")[1][0] != "Z":
    pass
print("the first thread is a zombie: True")
say = lambda seen: "pidfd: %s, with PIDFD_THREAD: %s" % tuple("EPOLLIN" if s else "nothing" for s in seen)
early = [epoll.poll(0.3) for epoll in epolls]
print(say(early))
child.stdin.write(b"\n")
child.stdin.flush()
late = [epoll.poll(10) for epoll in epolls]
print("after the last thread has ended:", say(late))
child.wait()
sys.exit(0 if not any(early) and all(late) else 1)
PYTHON
