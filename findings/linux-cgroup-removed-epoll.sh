#!/bin/sh
# Nobody who waits for cgroup.events is woken when the cgroup is removed. epoll_wait never reports it to a registration that
# was there; a poll(2) that is under way sleeps to its time-out and finds it then. A registration that is made afterwards, on
# the same descriptor, reports EPOLLPRI and EPOLLERR at once, and so does the next poll(2).
#
# Why: to remove the directory makes the file's node inactive, which its poll method reports (kernfs_fop_poll), but wakes
# nobody: what would wake is kernfs_notify, for changes of the content.
#
# Seen: Linux 6.18, x86-64. The output was:
#   control, a process comes and goes: EPOLLPRI
#   epoll_wait, registered before the removal, 1 s: nothing
#   poll(2) that waited during the removal: POLLPRI, at its time-out: True
#   poll(2) that begins after it: POLLPRI
#   epoll, registered after it: EPOLLPRI
#
# Needs Linux, python3, and the right to mount cgroup2 in a mount namespace of its own (root); the cgroup that it makes is
# empty but for a moment, and removed. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
directory=$(mktemp -d)
trap 'rmdir "$directory"' EXIT
if ! unshare -m sh -c 'mount -t cgroup2 none "$1"' sh "$directory" 2>/dev/null; then
    echo "cgroup2 cannot be mounted here" >&2
    exit 2
fi
unshare -m sh -c 'mount -t cgroup2 none "$1" && exec python3 - "$1"' sh "$directory" <<'PYTHON'
import os, select, subprocess, sys, tempfile, threading, time
group = tempfile.mkdtemp(prefix="finding", dir=sys.argv[1])
fd = os.open(group + "/cgroup.events", os.O_RDONLY)

def reread():
    os.lseek(fd, 0, 0)
    os.read(fd, 100)

reread()
before = select.epoll()
before.register(fd, select.EPOLLPRI)
with subprocess.Popen(["sleep", "60"]) as child:
    with open(group + "/cgroup.procs", "w") as procs:
        procs.write(str(child.pid))
    child.kill()
control = before.poll(5)
while b"populated 1" in os.pread(fd, 100, 0):
    pass
reread()
while before.poll(0.1):  # the kernel says it once more, up to 10 ms later
    reread()

def poll(milliseconds):
    poll = select.poll()
    poll.register(fd, select.POLLPRI)
    return poll.poll(milliseconds)

waiting = []
began = time.monotonic()
thread = threading.Thread(target=lambda: waiting.extend((poll(1500), time.monotonic() - began)))
thread.start()
while open("/proc/self/task/%d/stat" % thread.native_id).read().split(")")[1].split()[0] != "S":
    pass
os.rmdir(group)
epolled = before.poll(1)
thread.join()
polled = poll(0)
after = select.epoll()
after.register(fd, select.EPOLLPRI)
registered = after.poll(0)
say = lambda events, name: name if events and events[0][1] & select.EPOLLPRI else "nothing"
print("control, a process comes and goes:", say(control, "EPOLLPRI"))
print("epoll_wait, registered before the removal, 1 s:", say(epolled, "EPOLLPRI"))
late = waiting[1] >= 1.5
print("poll(2) that waited during the removal: %s, at its time-out: %s" % (say(waiting[0], "POLLPRI"), late))
print("poll(2) that begins after it:", say(polled, "POLLPRI"))
print("epoll, registered after it:", say(registered, "EPOLLPRI"))
so = control and not epolled and waiting[0] and late and polled and registered
sys.exit(0 if so else 1)
PYTHON
