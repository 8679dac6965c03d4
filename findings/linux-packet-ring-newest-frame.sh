#!/bin/sh
# Whether a packet socket with a receive ring (PACKET_RX_RING) is reported as readable, its newest frame alone decides: who
# hands that one back to the kernel first, say because a worker is done with it sooner, is reported nothing any longer, also
# under LEVEL and by poll(2), while older frames lie in the ring unread. The next packet brings the report back. The other way
# round it stays, until the newest is handed back.
#
# Why: packet_poll looks at the frame before the one that the kernel fills next (packet_previous_rx_frame), and at no other.
#
# Seen: Linux 6.18, x86-64. The output was:
#   four packets: epoll EPOLLIN, poll(2) POLLIN, unread frames 4
#   newest handed back: epoll nothing, poll(2) nothing, unread frames 3
#   a packet more: epoll EPOLLIN, poll(2) POLLIN, unread frames 4
#   all but the newest handed back: epoll EPOLLIN, poll(2) POLLIN, unread frames 1
#   all handed back: epoll nothing, poll(2) nothing, unread frames 0
#
# Needs Linux, python3, ip, and a network namespace of its own (root), in which it sends itself five datagrams. Exit status: 0 it
# is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
if ! unshare -n ip link set lo up 2>/dev/null; then
    echo "no network namespace of one's own here" >&2
    exit 2
fi
unshare -n sh -c 'ip link set lo up && exec python3 -' <<'PYTHON'
import mmap, select, socket, struct, sys
SOL_PACKET, RX_RING, VERSION, IGNORE_OUTGOING, V2, USER = 263, 5, 10, 23, 1, 1
FRAME, FRAMES = 2048, 16
ring = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
ring.setsockopt(SOL_PACKET, VERSION, V2)
ring.setsockopt(SOL_PACKET, IGNORE_OUTGOING, 1)
ring.setsockopt(SOL_PACKET, RX_RING, struct.pack("4I", 4096, FRAME * FRAMES // 4096, FRAME, FRAMES))
frames = mmap.mmap(ring.fileno(), FRAME * FRAMES)
ring.bind(("lo", 0x0800))
sender, sink = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
sink.bind(("127.0.0.1", 0))
epoll, poll = select.epoll(), select.poll()
epoll.register(ring, select.EPOLLIN)
poll.register(ring, select.POLLIN)

def unread():
    return [i for i in range(FRAMES) if struct.unpack_from("I", frames, FRAME * i)[0] & USER]

def send(count):
    for _ in range(count):
        sender.sendto(b"x", sink.getsockname())
        sink.recv(10)  # it has come, and before it into the ring

def hand_back(some):
    for frame in some:
        struct.pack_into("I", frames, FRAME * frame, 0)

def state(what):
    say = lambda events, name: name if events else "nothing"
    return "%s: epoll %s, poll(2) %s, unread frames %d" % (
        what, say(epoll.poll(0.2), "EPOLLIN"), say(poll.poll(0), "POLLIN"), len(unread()))

send(4)
got = [state("four packets")]
hand_back(unread()[-1:])
got.append(state("newest handed back"))
send(1)
got.append(state("a packet more"))
hand_back(unread()[:-1])
got.append(state("all but the newest handed back"))
hand_back(unread())
got.append(state("all handed back"))
print("\n".join(got))
sys.exit(0 if got == [
    "four packets: epoll EPOLLIN, poll(2) POLLIN, unread frames 4",
    "newest handed back: epoll nothing, poll(2) nothing, unread frames 3",
    "a packet more: epoll EPOLLIN, poll(2) POLLIN, unread frames 4",
    "all but the newest handed back: epoll EPOLLIN, poll(2) POLLIN, unread frames 1",
    "all handed back: epoll nothing, poll(2) nothing, unread frames 0",
] else 1)
PYTHON
