#!/bin/sh
# epoll never reports that an io_uring's submission queue has room again, though the descriptor's poll method has an answer
# for it: who registers EPOLLOUT while the queue is full waits for ever, edge- or level-triggered. poll(2) that begins later
# says POLLOUT, and so does a registration that is made later.
#
# Why: io_uring_poll looks at the submission queue, but only completions wake those who wait, with EPOLLIN as the key: a
# registration for EPOLLOUT alone is not woken even by those.
#
# Seen: Linux 6.18, x86-64. The output was:
#   queue full: epoll nothing
#   queue submitted: epoll nothing, poll(2) POLLOUT, epoll registered now EPOLLOUT
#
# Needs Linux, python3 and io_uring. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, mmap, os, select, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
SETUP, ENTER, ENTRIES = 425, 426, 2
parameters = ctypes.create_string_buffer(120)
fd = libc.syscall(SETUP, ENTRIES, parameters)
if fd < 0:
    print("io_uring_setup:", os.strerror(ctypes.get_errno()), file=sys.stderr)
    sys.exit(2)
submission = struct.unpack_from("8I", parameters, 40)
tail, array = submission[1], submission[6]
ring = mmap.mmap(fd, array + 4 * ENTRIES)
struct.pack_into("2I", ring, array, 0, 1)  # two entries of zeros, which do nothing
struct.pack_into("I", ring, tail, ENTRIES)
epoll = select.epoll()
epoll.register(fd, select.EPOLLOUT)
full = epoll.poll(0.2)
submitted = libc.syscall(ENTER, fd, ENTRIES, 0, 0, None, 0)
early = epoll.poll(0.2)
poll = select.poll()
poll.register(fd, select.POLLOUT)
polled = poll.poll(0)
later = select.epoll()
later.register(fd, select.EPOLLOUT)
late = later.poll(0)
say = lambda events, name: name if events else "nothing"
print("queue full: epoll", say(full, "EPOLLOUT"))
print("queue submitted: epoll %s, poll(2) %s, epoll registered now %s"
      % (say(early, "EPOLLOUT"), say(polled, "POLLOUT"), say(late, "EPOLLOUT")))
sys.exit(0 if submitted == ENTRIES and not full and not early and polled and late else 1)
PYTHON
