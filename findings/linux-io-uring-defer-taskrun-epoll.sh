#!/bin/sh
# epoll does not report the completions of an io_uring that was made with IORING_SETUP_DEFER_TASKRUN, the mode that is
# recommended for speed: who has the ring in its epoll, level- or edge-triggered, in the ring's own thread or another, sleeps
# on when the request is done, and poll(2) sleeps to its time-out. Who looks later sees it: a poll(2) that begins, a new
# registration. An eventfd that is registered with the ring is written at once.
#
# Why: with this flag the work that makes the completion is only put on the ring's list (io_req_local_work_add), for the
# submitter to do in io_uring_enter. That counts as readable when io_uring_poll is asked (io_has_work), and wakes a thread
# in io_uring_enter and the eventfd, but not the queue of those who poll.
#
# Seen: Linux 6.18, x86-64. The output was, 0.5 s after a request for a readable pipe could be completed:
#   plain ring: epoll EPOLLIN, edge-triggered EPOLLIN
#   DEFER_TASKRUN: epoll nothing, edge-triggered nothing, in another thread nothing
#   DEFER_TASKRUN, later: poll(2) POLLIN, epoll registered now EPOLLIN, the old ones nothing
#   DEFER_TASKRUN: poll(2) that waits POLLIN, at its time-out: True
#   DEFER_TASKRUN: epoll of a registered eventfd EPOLLIN
#
# Needs Linux 6.1 or newer, python3 and io_uring. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, mmap, os, select, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
SETUP, ENTER, REGISTER, REGISTER_EVENTFD, POLL_ADD = 425, 426, 427, 4, 6
SINGLE_ISSUER, DEFER_TASKRUN = 1 << 12, 1 << 13

def ring(flags):
    """A ring with a request that completes when the pipe can be read, and the pipe's writer."""
    reader, writer = os.pipe()
    parameters = ctypes.create_string_buffer(120)
    struct.pack_into("I", parameters, 8, flags)
    fd = libc.syscall(SETUP, 1, parameters)
    if fd < 0:
        print("io_uring_setup:", os.strerror(ctypes.get_errno()), file=sys.stderr)
        sys.exit(2)
    submission = struct.unpack_from("8I", parameters, 40)
    queue = mmap.mmap(fd, submission[6] + 4)
    struct.pack_into("BBHiQQII", mmap.mmap(fd, 64, offset=0x10000000), 0, POLL_ADD, 0, 0, reader, 0, 0, 0, select.POLLIN)
    struct.pack_into("I", queue, submission[1], 1)
    libc.syscall(ENTER, fd, 1, 0, 0, None, 0)
    return fd, writer

def registered(fd, mode=0):
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLIN | mode)
    epoll.poll(0)
    return epoll

def polled(fd, milliseconds):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    return poll.poll(milliseconds)

def both(flags):
    fd, writer = ring(flags)
    level, edge = registered(fd), registered(fd, select.EPOLLET)
    os.write(writer, b"x")
    return fd, level, edge, level.poll(0.5), edge.poll(0.5)

_, _, _, plain_level, plain_edge = both(0)
fd, level, edge, deferred_level, deferred_edge = both(SINGLE_ISSUER | DEFER_TASKRUN)
elsewhere = []
thread = threading.Thread(target=lambda: elsewhere.extend(level.poll(0.5)))
thread.start()
thread.join()
late = polled(fd, 0)
new = select.epoll()
new.register(fd, select.EPOLLIN)
newly = new.poll(0)
old = level.poll(0) or edge.poll(0)

fd, writer = ring(SINGLE_ISSUER | DEFER_TASKRUN)
place = "/proc/self/task/%d/wchan" % threading.get_native_id()

def write():
    while "poll_schedule" not in open(place).read():
        pass
    os.write(writer, b"x")

threading.Thread(target=write).start()
began = time.monotonic()
waited = polled(fd, 1000)
to_the_end = time.monotonic() - began >= 1

fd, writer = ring(SINGLE_ISSUER | DEFER_TASKRUN)
event = os.eventfd(0)
libc.syscall(REGISTER, fd, REGISTER_EVENTFD, struct.pack("i", event), 1)
of_event = registered(event)
os.write(writer, b"x")
written = of_event.poll(10)

say = lambda events, name="EPOLLIN": name if events else "nothing"
print("plain ring: epoll %s, edge-triggered %s" % (say(plain_level), say(plain_edge)))
print("DEFER_TASKRUN: epoll %s, edge-triggered %s, in another thread %s"
      % (say(deferred_level), say(deferred_edge), say(elsewhere)))
print("DEFER_TASKRUN, later: poll(2) %s, epoll registered now %s, the old ones %s"
      % (say(late, "POLLIN"), say(newly), say(old)))
print("DEFER_TASKRUN: poll(2) that waits %s, at its time-out: %s" % (say(waited, "POLLIN"), to_the_end))
print("DEFER_TASKRUN: epoll of a registered eventfd", say(written))
heard = plain_level and plain_edge and late and newly and waited and to_the_end and written
sys.exit(0 if heard and not (deferred_level or deferred_edge or elsewhere or old) else 1)
PYTHON
