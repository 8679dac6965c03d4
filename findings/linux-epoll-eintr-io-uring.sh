#!/bin/sh
# A thread that waits in epoll_wait for its io_uring to have a completion gets EINTR in place of the report when the completion
# comes, without a signal and without a handler. If the ring is not registered at all, the wait for something else ends
# with EINTR just the same. poll(2) on the ring reports POLLIN. IORING_SETUP_COOP_TASKRUN, which is to spare the task
# interruptions, changes nothing; only a ring of another thread is reported as one expects.
#
# Why: the kernel finishes the request in the thread that submitted it, and fetches that thread with TIF_NOTIFY_SIGNAL
# (task_work_add). epoll_wait takes that for a signal and returns a plain EINTR before the completion is there; poll(2)
# is started again afterwards, and then sees it. COOP_TASKRUN saves the interrupt to the processor, not the mark.
#
# Seen: Linux 6.18, x86-64. The output was:
#   ring registered: epoll_wait EINTR, then 1
#   ring not registered: epoll_wait EINTR, then 0
#   ring registered, COOP_TASKRUN: epoll_wait EINTR, then 1
#   ring registered, the request of another thread: epoll_wait 1, then 1
#   poll(2) on the ring: 1
#
# Needs Linux, python3 and io_uring. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, errno, mmap, os, re, select, struct, sys, threading
libc = ctypes.CDLL(None, use_errno=True)
SETUP, ENTER, POLL_ADD, COOP_TASKRUN = 425, 426, 6, 1 << 8

def ring(flags, watched):
    """A ring with a request that completes when the pipe can be read."""
    parameters = ctypes.create_string_buffer(120)
    struct.pack_into("I", parameters, 8, flags)
    fd = libc.syscall(SETUP, 1, parameters)
    if fd < 0:
        print("io_uring_setup:", os.strerror(ctypes.get_errno()), file=sys.stderr)
        sys.exit(2)
    submission = struct.unpack_from("8I", parameters, 40)
    queue = mmap.mmap(fd, submission[6] + 4)
    struct.pack_into("BBHiQQII", mmap.mmap(fd, 64, offset=0x10000000), 0, POLL_ADD, 0, 0, watched, 0, 0, 0, select.POLLIN)
    struct.pack_into("I", queue, submission[1], 1)
    libc.syscall(ENTER, fd, 1, 0, 0, None, 0)
    return fd

def call(function, *arguments):
    result = function(*arguments)
    return errno.errorcode[ctypes.get_errno()] if result < 0 else result

def later(writer):
    """Writes when this thread waits."""
    place = "/proc/self/task/%d/wchan" % threading.get_native_id()
    def write():
        while not re.search("ep_poll|epoll_wait|poll_schedule", open(place).read()):
            pass
        os.write(writer, b"x")
    threading.Thread(target=write).start()

def epolled(flags=0, registered=True, elsewhere=False):
    reader, writer = os.pipe()
    epoll, events = select.epoll(), ctypes.create_string_buffer(120)
    if elsewhere:
        fds, done = [], threading.Event()
        threading.Thread(target=lambda: (fds.append(ring(flags, reader)), done.wait()), daemon=True).start()
        while not fds:
            pass
        fd = fds[0]
    else:
        fd = ring(flags, reader)
    if registered:
        epoll.register(fd, select.EPOLLIN)
    later(writer)
    first = call(libc.epoll_wait, epoll.fileno(), events, 10, 10000)
    return "epoll_wait %s, then %s" % (first, call(libc.epoll_wait, epoll.fileno(), events, 10, 0))

def polled():
    reader, writer = os.pipe()
    fd = ring(0, reader)
    later(writer)
    return call(libc.poll, struct.pack("ihh", fd, select.POLLIN, 0), 1, 10000)

got = [
    "ring registered: " + epolled(),
    "ring not registered: " + epolled(registered=False),
    "ring registered, COOP_TASKRUN: " + epolled(COOP_TASKRUN),
    "ring registered, the request of another thread: " + epolled(elsewhere=True),
    "poll(2) on the ring: %s" % polled(),
]
print("\n".join(got))
sys.exit(0 if got == [
    "ring registered: epoll_wait EINTR, then 1",
    "ring not registered: epoll_wait EINTR, then 0",
    "ring registered, COOP_TASKRUN: epoll_wait EINTR, then 1",
    "ring registered, the request of another thread: epoll_wait 1, then 1",
    "poll(2) on the ring: 1",
] else 1)
PYTHON
