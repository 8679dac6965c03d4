#!/bin/sh
# To freeze a cgroup and thaw it, as a pause of a container does, ends every epoll_wait in it with EINTR, though no process
# has been sent a signal and none has a handler; epoll_wait with a time-out gives up what is left of it. poll(2), select(2)
# and nanosleep in the same cgroup go on and return when their time is over.
#
# Why: the freezer brings a task to the place where signals are handled by making it look as if it had one (cgroup_freeze_task
# calls signal_wake_up). The other calls return one of the kernel's restart codes, which start them again when no handler
# ran; epoll_wait returns a plain EINTR (ep_poll). signal(7) knows this of SIGSTOP and SIGCONT alone.
#
# Seen: Linux 6.18, x86-64; each call has a time-out of 1.5 s. The output was:
#   epoll_wait: EINTR, before its time-out: True
#   epoll_pwait2: EINTR, before its time-out: True
#   poll: 0, before its time-out: False
#   select: 0, before its time-out: False
#   nanosleep: 0, before its time-out: False
#
# Needs Linux, python3, and the right to mount cgroup2 in a mount namespace of its own (root); the cgroup that it makes holds
# the script's own children, and is removed. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
directory=$(mktemp -d)
trap 'rmdir "$directory"' EXIT
if ! unshare -m sh -c 'mount -t cgroup2 none "$1"' sh "$directory" 2>/dev/null; then
    echo "cgroup2 cannot be mounted here" >&2
    exit 2
fi
unshare -m sh -c 'mount -t cgroup2 none "$1" && exec python3 - "$1"' sh "$directory" <<'PYTHON'
import os, re, subprocess, sys, tempfile
sleeper = """
import ctypes, errno, os, select, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
epoll, events, pipe = select.epoll(), ctypes.create_string_buffer(120), os.pipe()
seconds, half = 1, 500_000_000
timespec = struct.pack("qq", seconds, half)
calls = {
    "epoll_wait": lambda: libc.epoll_wait(epoll.fileno(), events, 10, 1500),
    "epoll_pwait2": lambda: libc.syscall(441, epoll.fileno(), events, 10, timespec, None, 8),
    "poll": lambda: libc.poll(struct.pack("ihh", pipe[0], select.POLLIN, 0), 1, 1500),
    "select": lambda: libc.select(0, None, None, None, struct.pack("qq", seconds, half // 1000)),
    "nanosleep": lambda: libc.nanosleep(timespec, None),
}
print(flush=True)
sys.stdin.readline()
began = time.monotonic()
result = calls[sys.argv[1]]()
if result < 0:
    result = errno.errorcode[ctypes.get_errno()]
print("%s: %s, before its time-out: %s" % (sys.argv[1], result, time.monotonic() - began < 1.5))
"""
group = tempfile.mkdtemp(prefix="finding", dir=sys.argv[1])

def write(file, text):
    with open(os.path.join(group, file), "w") as file:
        file.write(text)

def wait_for(state):
    while state not in open(os.path.join(group, "cgroup.events")).read():
        pass

def paused(call):
    child = subprocess.Popen([sys.executable, "-c", sleeper, call], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    child.stdout.readline()
    write("cgroup.procs", str(child.pid))
    child.stdin.write("\n")
    child.stdin.flush()
    while not re.search("ep_poll|epoll_wait|poll_schedule|nanosleep", open("/proc/%d/wchan" % child.pid).read()):
        pass
    write("cgroup.freeze", "1")
    wait_for("frozen 1")
    write("cgroup.freeze", "0")
    return child.communicate()[0].strip()

try:
    got = [paused(call) for call in ("epoll_wait", "epoll_pwait2", "poll", "select", "nanosleep")]
finally:
    write("cgroup.freeze", "0")
    os.rmdir(group)
print("\n".join(got))
sys.exit(0 if got == [
    "epoll_wait: EINTR, before its time-out: True",
    "epoll_pwait2: EINTR, before its time-out: True",
    "poll: 0, before its time-out: False",
    "select: 0, before its time-out: False",
    "nanosleep: 0, before its time-out: False",
] else 1)
PYTHON
