#!/bin/sh
# A multishot poll (IORING_POLL_ADD_MULTI) of anything that another io_uring makes ready is a single shot: its first
# completion comes without IORING_CQE_F_MORE, and nothing after it. So it is for a ring, for an eventfd that is registered
# with a ring, and for an epoll that watches one; the same eventfd, written by hand, goes on.
#
# Why: io_uring wakes those who poll for its completions with the mark EPOLL_URING_WAKE, so that rings that watch each other
# do not go round for ever; io_poll_wake turns a multishot request that sees the mark into a single shot. epoll and eventfd
# hand the mark on. That the two rings have nothing to do with each other, it cannot know.
#
# Seen: Linux 6.18, x86-64. The output was, for three events each:
#   eventfd, written by hand: more, more, more
#   eventfd, registered with a ring: last, nothing, nothing
#   eventfd, registered with a ring, written by hand: more, more, more
#   ring: last, nothing, nothing
#   epoll that watches a pipe: more, more, more
#   epoll that watches a ring: last, nothing, nothing
#
# Needs Linux, python3 and io_uring. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, mmap, os, select, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
SETUP, ENTER, REGISTER, REGISTER_EVENTFD = 425, 426, 427, 4
NOP, POLL_ADD, ADD_MULTI, F_MORE = 0, 6, 1, 2

class Ring:
    def __init__(self):
        parameters = ctypes.create_string_buffer(120)
        self.fd = libc.syscall(SETUP, 1, parameters)
        if self.fd < 0:
            print("io_uring_setup:", os.strerror(ctypes.get_errno()), file=sys.stderr)
            sys.exit(2)
        self.entries, = struct.unpack_from("I", parameters, 4)
        self.submission = struct.unpack_from("8I", parameters, 40)
        self.completion = struct.unpack_from("8I", parameters, 80)
        size = max(self.submission[6] + 4, self.completion[5] + 16 * self.entries)
        self.queues = mmap.mmap(self.fd, size)
        self.request = mmap.mmap(self.fd, 64, offset=0x10000000)
        self.submitted = 0

    def submit(self, operation, fd=-1, length=0, events=0):
        struct.pack_into("BBHiQQII", self.request, 0, operation, 0, 0, fd, 0, 0, length, events)
        self.submitted += 1
        struct.pack_into("I", self.queues, self.submission[1], self.submitted)
        libc.syscall(ENTER, self.fd, 1, 0, 0, None, 0)

    def completions(self):
        libc.syscall(ENTER, self.fd, 0, 0, 0, None, 0)
        head, = struct.unpack_from("I", self.queues, self.completion[0])
        tail, = struct.unpack_from("I", self.queues, self.completion[1])
        struct.pack_into("I", self.queues, self.completion[0], tail)
        places = [self.completion[5] + 16 * (i % self.entries) for i in range(head, tail)]
        return ["more" if struct.unpack_from("I", self.queues, at + 12)[0] & F_MORE else "last" for at in places]

def watch(fd, happen):
    """What a multishot poll of the descriptor says each of three times."""
    ring, seen = Ring(), []
    ring.submit(POLL_ADD, fd, ADD_MULTI, select.POLLIN)
    for _ in range(3):
        happen()
        seen.append(" ".join(ring.completions()) or "nothing")
    return ", ".join(seen)

def event(with_ring):
    fd, ring = os.eventfd(0, os.EFD_NONBLOCK), Ring()
    if with_ring:
        libc.syscall(REGISTER, ring.fd, REGISTER_EVENTFD, struct.pack("i", fd), 1)
    return fd, ring

def complete(ring):
    ring.submit(NOP)
    ring.completions()

def happened(epoll, happen):
    happen()
    epoll.poll(0)

def within(fd):
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLIN | select.EPOLLET)
    return epoll

plain, _ = event(False)
registered, theirs = event(True)
by_hand, unused = event(True)
watched = Ring()
reader, writer = os.pipe()
of_pipe, inner = within(reader), Ring()
of_ring = within(inner.fd)
got = [
    "eventfd, written by hand: " + watch(plain, lambda: os.eventfd_write(plain, 1)),
    "eventfd, registered with a ring: " + watch(registered, lambda: complete(theirs)),
    "eventfd, registered with a ring, written by hand: " + watch(by_hand, lambda: os.eventfd_write(by_hand, 1)),
    "ring: " + watch(watched.fd, lambda: complete(watched)),
    "epoll that watches a pipe: " + watch(of_pipe.fileno(), lambda: happened(of_pipe, lambda: os.write(writer, b"x"))),
    "epoll that watches a ring: " + watch(of_ring.fileno(), lambda: happened(of_ring, lambda: complete(inner))),
]
print("\n".join(got))
sys.exit(0 if got == [
    "eventfd, written by hand: more, more, more",
    "eventfd, registered with a ring: last, nothing, nothing",
    "eventfd, registered with a ring, written by hand: more, more, more",
    "ring: last, nothing, nothing",
    "epoll that watches a pipe: more, more, more",
    "epoll that watches a ring: last, nothing, nothing",
] else 1)
PYTHON
