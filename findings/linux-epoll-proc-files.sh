#!/bin/sh
# Whether epoll takes a regular file of /proc depends on who made it: the files of the whole system (/proc/uptime, /proc/stat,
# /proc/net/tcp, all of /proc/sys) can be registered, and are ready for ever; those of a process (/proc/self/stat, status,
# maps) are refused with EPERM, but for mounts and mountinfo. So with devices: /dev/random is taken and /dev/urandom refused,
# though both read from the same source. Every attribute of sysfs is taken, and one that was never read is reported with
# EPOLLPRI and EPOLLERR, also where nothing ever notifies of it. A program that learns from EPERM which descriptors
# are files gets it wrong here.
#
# Why: epoll refuses what has no poll method. For a file that a part of the kernel registers by name, procfs has one of its
# own (proc_reg_poll), which says "ready" where that part has none; a process's files go without (fs/proc/base.c).
#
# Seen: Linux 6.18, x86-64. The output was:
#   /proc/uptime: EPOLLIN EPOLLOUT
#   /proc/stat: EPOLLIN EPOLLOUT
#   /proc/net/tcp: EPOLLIN EPOLLOUT
#   /proc/sys/kernel/pid_max: EPOLLIN EPOLLOUT
#   /proc/self/stat: EPERM
#   /proc/self/status: EPERM
#   /proc/self/maps: EPERM
#   /proc/self/mounts: EPOLLIN
#   /sys/kernel/mm/transparent_hugepage/enabled: EPOLLIN EPOLLPRI EPOLLOUT EPOLLERR, read: EPOLLIN EPOLLOUT
#   /dev/random: EPOLLIN
#   /dev/urandom: EPERM
#
# Needs Linux with /proc and /sys, and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, os, select, stat, sys
NAMES = {select.EPOLLIN: "EPOLLIN", select.EPOLLPRI: "EPOLLPRI", select.EPOLLOUT: "EPOLLOUT", select.EPOLLERR: "EPOLLERR"}
SYSFS = "/sys/kernel/mm/transparent_hugepage/enabled"

def reported(fd):
    with select.epoll() as epoll:
        try:
            epoll.register(fd, select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)
        except OSError as e:
            return errno.errorcode[e.errno]
        first, second = epoll.poll(0), epoll.poll(0)
        if first != second:
            return "not for ever"
        return " ".join(name for bit, name in NAMES.items() if first and first[0][1] & bit) or "nothing"

def line(path):
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError as e:
        print(e, file=sys.stderr)
        sys.exit(2)
    regular = stat.S_ISREG(os.fstat(fd).st_mode)
    if regular != (not path.startswith("/dev/")):
        return path + ": another kind of file"
    said = f"{path}: {reported(fd)}"
    if path == SYSFS:
        os.read(fd, 1000)
        said += ", read: " + reported(fd)
    os.close(fd)
    return said

want = [
    "/proc/uptime: EPOLLIN EPOLLOUT",
    "/proc/stat: EPOLLIN EPOLLOUT",
    "/proc/net/tcp: EPOLLIN EPOLLOUT",
    "/proc/sys/kernel/pid_max: EPOLLIN EPOLLOUT",
    "/proc/self/stat: EPERM",
    "/proc/self/status: EPERM",
    "/proc/self/maps: EPERM",
    "/proc/self/mounts: EPOLLIN",
    SYSFS + ": EPOLLIN EPOLLPRI EPOLLOUT EPOLLERR, read: EPOLLIN EPOLLOUT",
    "/dev/random: EPOLLIN",
    "/dev/urandom: EPERM",
]
got = [line(expected.split(":")[0]) for expected in want]
print("\n".join(got))
sys.exit(0 if got == want else 1)
PYTHON
