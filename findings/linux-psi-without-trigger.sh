#!/bin/sh
# A file of /proc/pressure that no trigger was written to is reported with EPOLLPRI, the flag of a trigger that has fired,
# beside EPOLLERR, without end; to read it changes nothing. So a program whose trigger the kernel has refused (a window out of
# range, or for want of CAP_SYS_RESOURCE one that is no multiple of two seconds), or that registers before it writes, takes an
# idle machine for one under pressure and spins. For cgroup.events, which is EPOLLPRI as well, a read ends the report.
#
# Why: psi_trigger_poll answers DEFAULT_POLLMASK, EPOLLERR and EPOLLPRI where there is no trigger; there is no change that a
# read could take note of.
#
# What to do: register after the trigger was taken; at EPOLLERR unregister.
#
# Seen: Linux 6.18, x86-64. The output was:
#   no trigger: EPOLLPRI EPOLLERR, after a read EPOLLPRI EPOLLERR
#   a trigger that is refused (EINVAL): EPOLLPRI EPOLLERR
#   a trigger: nothing
#
# Needs Linux with pressure stall information (psi=1), python3, and root. Exit status: 0 it is so; 1 it is not so any longer;
# 2 it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && cat /proc/pressure/memory > /dev/null 2>&1 || exit 2
python3 - <<'PYTHON'
import errno, os, select, sys

def reported(fd):
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLPRI)
    events = [epoll.poll(0.1) for _ in range(3)][-1]
    return " ".join(name for name in ("EPOLLPRI", "EPOLLERR") if events and events[0][1] & getattr(select, name)) or "nothing"

fd = os.open("/proc/pressure/memory", os.O_RDWR | os.O_NONBLOCK)
got = [f"no trigger: {reported(fd)}, after a read {reported(fd) if os.read(fd, 1000) else ''}"]
try:
    os.write(fd, b"some 20000000 20000000\n")  # a window of 20 s is too long
    refused = "taken"
except OSError as e:
    refused = errno.errorcode[e.errno]
got.append(f"a trigger that is refused ({refused}): {reported(fd)}")
os.write(fd, b"full 10000000 10000000\n")  # never reached
got.append("a trigger: " + reported(fd))
print("\n".join(got))
sys.exit(0 if got == [
    "no trigger: EPOLLPRI EPOLLERR, after a read EPOLLPRI EPOLLERR",
    "a trigger that is refused (EINVAL): EPOLLPRI EPOLLERR",
    "a trigger: nothing",
] else 1)
PYTHON
