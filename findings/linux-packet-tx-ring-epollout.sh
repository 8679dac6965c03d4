#!/bin/sh
# A packet socket with a transmit ring (PACKET_TX_RING) is always reported as writable, also when not one frame of the ring is
# free, though the kernel's packet_mmap.rst says to wait with poll and POLLOUT for a free frame. A sender that fills its
# frames and waits so spins over a full ring, as with no poll at all.
#
# Why: packet_poll begins with the answer of a socket that has no ring (datagram_poll), and adds EPOLLOUT where the current
# frame is available, but never takes it away. The socket's send buffer, which datagram_poll looks at, is not the ring.
#
# What to do: look at the frame's tp_status; send(2) without MSG_DONTWAIT waits for what is under way.
#
# Seen: Linux 6.18, x86-64; a ring of two frames. The output was:
#   two frames free: epoll EPOLLOUT, poll(2) POLLOUT
#   no frame free: epoll EPOLLOUT, poll(2) POLLOUT
#   two frames free after send: epoll EPOLLOUT, poll(2) POLLOUT
#
# Needs Linux, python3, ip, and a network namespace of its own (root). Exit status: 0 it is so; 1 it is not so any longer; 2
# it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n true && command -v ip > /dev/null || exit 2
unshare -n python3 - <<'PYTHON'
import mmap, os, select, socket, struct, subprocess, sys
SOL_PACKET, PACKET_VERSION, PACKET_TX_RING, TPACKET_V2 = 263, 10, 13, 1
AVAILABLE, SEND_REQUEST, FRAME = 0, 1, 2048
HEADER = 32  # TPACKET2_HDRLEN without the address: where a frame's bytes begin
subprocess.run(("ip", "link", "set", "lo", "up"), check=True)
sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
sender.setsockopt(SOL_PACKET, PACKET_VERSION, TPACKET_V2)
sender.setsockopt(SOL_PACKET, PACKET_TX_RING, struct.pack("4I", 2 * FRAME, 1, FRAME, 2))
sender.bind(("lo", 0x0800))
ring = mmap.mmap(sender.fileno(), 2 * FRAME)
status = lambda frame: struct.unpack_from("I", ring, frame * FRAME)[0]

def shown(name):
    epoll = select.epoll()
    epoll.register(sender, select.EPOLLOUT)
    poll = select.poll()
    poll.register(sender, select.POLLOUT)
    said = "EPOLLOUT" if epoll.poll(0.2) else "nothing", "POLLOUT" if poll.poll(200) else "nothing"
    return "%s: epoll %s, poll(2) %s" % (name, *said)

got = [shown("two frames free")]
for frame in range(2):
    ring[frame * FRAME + HEADER:frame * FRAME + HEADER + 60] = bytes(12) + b"\x08\x00" + bytes(46)
    struct.pack_into("2I", ring, frame * FRAME, SEND_REQUEST, 60)
assert [status(0), status(1)] == [SEND_REQUEST, SEND_REQUEST]
got.append(shown("no frame free"))
sent = sender.send(b"")  # sends what is in the ring, and waits
if sent != 120 or [status(0), status(1)] != [AVAILABLE, AVAILABLE]:
    print("the ring was not sent:", sent, status(0), status(1), file=sys.stderr)
    sys.exit(2)
got.append(shown("two frames free after send"))
print("\n".join(got))
sys.exit(0 if got == [name + ": epoll EPOLLOUT, poll(2) POLLOUT"
                      for name in ("two frames free", "no frame free", "two frames free after send")] else 1)
PYTHON
