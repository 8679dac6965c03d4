#!/bin/sh
# poll and epoll do not report that a CPU's trace_pipe (per_cpu/cpu0/trace_pipe of tracefs) can be read until half of its
# buffer is full, with the usual 1.4 MB some 700 kB of events; a read with O_NONBLOCK gives each event at once. With the
# trace_pipe of all CPUs poll and epoll report the first event. It is not the size of a read that decides, but buffer_percent:
# set to 0, the CPU's file is reported as well.
#
# Why: buffer_percent (50 from the start) is described as a mark for readers that block on trace_pipe_raw. The poll method
# hands it down for every file of one CPU (ring_buffer_poll_wait), and the pipe of all CPUs has no such mark. tracing_read_pipe
# waits with a mark of 0.
#
# Seen: Linux 6.18, x86-64. The output was:
#   all CPUs, one event: epoll EPOLLIN, a read gives it: True
#   one CPU, one event: epoll nothing, poll(2) nothing, a read gives it: True
#   one CPU, 100 kB of events: epoll nothing, poll(2) nothing
#   one CPU, more than half of the buffer: epoll EPOLLIN, poll(2) POLLIN
#   one CPU, buffer_percent 0, one event: epoll EPOLLIN, poll(2) POLLIN, a read gives it: True
#
# Needs Linux with tracefs, python3, and the right to mount it in a mount namespace of its own (root); it traces only what it
# writes itself, in an instance of its own that it removes. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be
# shown here.
set -eu
uname -sr
directory=$(mktemp -d)
trap 'rmdir "$directory"' EXIT
if ! unshare -m sh -c 'mount -t tracefs none "$1" && test -d "$1/instances"' sh "$directory" 2>/dev/null; then
    echo "tracefs cannot be mounted here" >&2
    exit 2
fi
unshare -m sh -c 'mount -t tracefs none "$1" && exec python3 - "$1"' sh "$directory" <<'PYTHON'
import os, select, sys, tempfile
cpu = min(os.sched_getaffinity(0))
os.sched_setaffinity(0, {cpu})
say = lambda events, name: name if events else "nothing"

class Instance:
    """A trace buffer of its own, and one file that reads it."""

    def __init__(self, name, percent=None):
        self.path = tempfile.mkdtemp(prefix="finding", dir=os.path.join(sys.argv[1], "instances"))
        if percent is not None:
            with open(os.path.join(self.path, "buffer_percent"), "w") as file:
                file.write(str(percent))
        self.marker = os.open(os.path.join(self.path, "trace_marker"), os.O_WRONLY)
        self.fd = os.open(os.path.join(self.path, name), os.O_RDONLY | os.O_NONBLOCK)
        self.epoll, self.poll = select.epoll(), select.poll()
        self.epoll.register(self.fd, select.EPOLLIN)
        self.poll.register(self.fd, select.POLLIN)

    def write(self, count=1):
        for _ in range(count):
            os.write(self.marker, b"x" * 500)

    def half(self):
        with open(os.path.join(self.path, "buffer_size_kb")) as file:
            return int(file.read().split("expanded: ")[-1].split()[0].strip(")")) * 1024 // 2

    def epolled(self):
        return say(self.epoll.poll(0.3), "EPOLLIN")

    def reported(self):
        return "epoll %s, poll(2) %s" % (self.epolled(), say(self.poll.poll(0), "POLLIN"))

    def gives(self):
        try:
            return b"x" * 500 in os.read(self.fd, 4096)
        except BlockingIOError:
            return False

    def remove(self):
        self.epoll.close()
        os.close(self.fd)
        os.close(self.marker)
        os.rmdir(self.path)

got, one = [], os.path.join("per_cpu", "cpu%d" % cpu, "trace_pipe")
whole = Instance("trace_pipe")
try:
    whole.write()
    got.append("all CPUs, one event: epoll %s, a read gives it: %s" % (whole.epolled(), whole.gives()))
finally:
    whole.remove()
part = Instance(one)
try:
    part.write()
    got.append("one CPU, one event: %s, a read gives it: %s" % (part.reported(), part.gives()))
    part.write(200)
    got.append("one CPU, 100 kB of events: " + part.reported())
    part.write(part.half() // 500)
    got.append("one CPU, more than half of the buffer: " + part.reported())
finally:
    part.remove()
eager = Instance(one, 0)
try:
    eager.write()
    got.append("one CPU, buffer_percent 0, one event: %s, a read gives it: %s" % (eager.reported(), eager.gives()))
finally:
    eager.remove()
print("\n".join(got))
sys.exit(0 if got == [
    "all CPUs, one event: epoll EPOLLIN, a read gives it: True",
    "one CPU, one event: epoll nothing, poll(2) nothing, a read gives it: True",
    "one CPU, 100 kB of events: epoll nothing, poll(2) nothing",
    "one CPU, more than half of the buffer: epoll EPOLLIN, poll(2) POLLIN",
    "one CPU, buffer_percent 0, one event: epoll EPOLLIN, poll(2) POLLIN, a read gives it: True",
] else 1)
PYTHON
