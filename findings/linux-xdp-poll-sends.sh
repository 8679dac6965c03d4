#!/bin/sh
# To look whether an AF_XDP socket is ready sends packets. What lies in its transmit ring goes out at EPOLL_CTL_ADD and
# EPOLL_CTL_MOD, also with EPOLLIN or nothing as the interest, and at a poll(2) with a time-out of 0; no call of the socket is
# made. An epoll_wait that has no reason to look at it sends nothing, and one that has, because the socket was writable,
# does. So a modify by another thread sends what the owner of the ring has queued for later.
#
# Why: in copy mode the kernel has to be called for transmission, and poll is one of the calls (xsk_poll calls
# xsk_generic_xmit). epoll asks the poll method with each registration and for each entry of its ready list.
#
# Seen: Linux 6.18, x86-64; one packet is queued before each. The output was, packets that were taken from the ring:
#   nothing is called: 0
#   EPOLL_CTL_ADD, EPOLLIN: 2, with the one before
#   epoll_wait, time-out 0: 0
#   EPOLL_CTL_MOD, no interest: 2, with the one before
#   poll(2), POLLIN, time-out 0: 1
#   EPOLL_CTL_MOD, EPOLLOUT: 1
#   epoll_wait, time-out 0, after that: 1
#   EPOLL_CTL_DEL: 0
#   arrived at the other end: 7 of 8
#
# Needs Linux 5.4 or newer with AF_XDP, python3, ip, and a network namespace of its own (root). Exit status: 0 it is so; 1 it is
# not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n true && command -v ip > /dev/null || exit 2
unshare -n python3 - <<'PYTHON'
import ctypes, mmap, os, select, socket, struct, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
AF_XDP, SOL_XDP, TYPE = 44, 283, 0x88B5  # a type of frame for experiments
FRAME, FRAMES, SLOTS = 4096, 16, 16

for words in ("link add finding0 type veth peer name finding1", "link set finding0 up", "link set finding1 up"):
    subprocess.run(["ip", *words.split()], check=True)
end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(TYPE))
end.bind(("finding1", 0))
try:
    xdp = socket.socket(AF_XDP, socket.SOCK_RAW, 0)
except OSError as e:
    print("AF_XDP:", e, file=sys.stderr)
    sys.exit(2)
memory = mmap.mmap(-1, FRAME * FRAMES)
memory[0:14] = b"\xff" * 6 + b"\x02" * 6 + struct.pack("!H", TYPE)
address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
xdp.setsockopt(SOL_XDP, 4, struct.pack("QQIIII", address, FRAME * FRAMES, FRAME, 0, 0, 0))  # XDP_UMEM_REG
for ring in (5, 6, 3):  # XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_TX_RING
    xdp.setsockopt(SOL_XDP, ring, struct.pack("I", SLOTS))
producer, consumer, descriptors, _ = struct.unpack("16Q", xdp.getsockopt(SOL_XDP, 1, 128))[4:8]  # XDP_MMAP_OFFSETS
ring = mmap.mmap(xdp.fileno(), descriptors + 16 * SLOTS, offset=0x80000000)  # XDP_PGOFF_TX_RING
where = struct.pack("HHIII", AF_XDP, 1 << 1, socket.if_nametoindex("finding0"), 0, 0)  # XDP_COPY
if libc.bind(xdp.fileno(), where, len(where)):
    print("bind:", os.strerror(ctypes.get_errno()), file=sys.stderr)
    sys.exit(2)
queued = 0

def taken(call):
    global queued
    struct.pack_into("QII", ring, descriptors + queued % SLOTS * 16, 0, 60, 0)
    queued += 1
    struct.pack_into("I", ring, producer, queued)
    before, = struct.unpack_from("I", ring, consumer)
    call()
    after, = struct.unpack_from("I", ring, consumer)
    return after - before

epoll, poll = select.epoll(), select.poll()
poll.register(xdp, select.POLLIN)
got = [
    f"nothing is called: {taken(lambda: None)}",
    f"EPOLL_CTL_ADD, EPOLLIN: {taken(lambda: epoll.register(xdp, select.EPOLLIN))}, with the one before",
    f"epoll_wait, time-out 0: {taken(lambda: epoll.poll(0))}",
    f"EPOLL_CTL_MOD, no interest: {taken(lambda: epoll.modify(xdp, 0))}, with the one before",
    f"poll(2), POLLIN, time-out 0: {taken(lambda: poll.poll(0))}",
    f"EPOLL_CTL_MOD, EPOLLOUT: {taken(lambda: epoll.modify(xdp, select.EPOLLOUT))}",
    f"epoll_wait, time-out 0, after that: {taken(lambda: epoll.poll(0))}",
    f"EPOLL_CTL_DEL: {taken(lambda: epoll.unregister(xdp))}",
]
end.settimeout(1)
arrived = 0
try:
    while end.recv(100):
        arrived += 1
except TimeoutError:
    pass
got.append(f"arrived at the other end: {arrived} of {queued}")
print("\n".join(got))
sys.exit(0 if got == [
    "nothing is called: 0",
    "EPOLL_CTL_ADD, EPOLLIN: 2, with the one before",
    "epoll_wait, time-out 0: 0",
    "EPOLL_CTL_MOD, no interest: 2, with the one before",
    "poll(2), POLLIN, time-out 0: 1",
    "EPOLL_CTL_MOD, EPOLLOUT: 1",
    "epoll_wait, time-out 0, after that: 1",
    "EPOLL_CTL_DEL: 0",
    "arrived at the other end: 7 of 8",
] else 1)
PYTHON
