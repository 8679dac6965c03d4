#!/bin/sh
# A periodic timerfd that is not read wakes an edge-triggered epoll once, and then never again, however many periods pass.
# One would expect an edge for each expiration, as an eventfd gives for each write: the number of expirations does grow.
#
# Why: the kernel's timer is not started again when it expires. The read computes how many periods have passed and starts
# it for the next one (fs/timerfd.c), so nothing happens in between that could wake anybody.
#
# Seen: Linux 6.18, x86-64. The output was:
#   edges in 200 ms of a 1 ms timer, unread: 1
#   expirations that the read then gives, more than 100: True
#   edges in 200 ms after each of which it is read, more than 100: True
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, os, select, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)
fd = libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK)
libc.timerfd_settime(fd, 0, struct.pack("qqqq", 0, 1_000_000, 0, 1), None)
epoll = select.epoll()
epoll.register(fd, select.EPOLLIN | select.EPOLLET)

def edges(read):
    end, seen = time.monotonic() + 0.2, 0
    while (left := end - time.monotonic()) > 0:
        if epoll.poll(left):
            seen += 1
            if read:
                os.read(fd, 8)
    return seen

unread = edges(False)
expired, = struct.unpack("q", os.read(fd, 8))
read = edges(True)
print("edges in 200 ms of a 1 ms timer, unread:", unread)
print("expirations that the read then gives, more than 100:", expired > 100)
print("edges in 200 ms after each of which it is read, more than 100:", read > 100)
sys.exit(0 if unread == 1 and expired > 100 and read > 100 else 1)
PYTHON
