#!/bin/sh
# Whether poll and epoll report a UDP datagram with a wrong checksum depends on its length: with 68 bytes of payload or less
# it is never reported; with 69 or more it is, and then it is not there: epoll has said EPOLLIN, recv says EAGAIN. Of a
# descriptor without O_NONBLOCK it is not reported.
#
# Why: what is 76 bytes with its header at most is summed up when it arrives (CHECKSUM_BREAK in skbuff.h), longer ones when
# they are copied to the reader. The poll method sums up the head of the queue before it answers if the descriptor blocks,
# and spares itself that with O_NONBLOCK (udp_poll).
#
# Seen: Linux 6.18, x86-64. The output was:
#   68 bytes: epoll says nothing, recv EAGAIN
#   69 bytes: epoll says EPOLLIN, recv EAGAIN
#   69 bytes, blocking descriptor: epoll says nothing
#
# Needs Linux, python3 and the right to open a raw socket (root); sends three datagrams to itself. Exit status: 0 it is so;
# 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import select, socket, struct, sys
try:
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_UDP)
except PermissionError as e:
    print("a raw socket:", e, file=sys.stderr)
    sys.exit(2)

def reported(payload, blocking):
    receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    receiver.bind(("127.0.0.1", 0))
    receiver.setblocking(blocking)
    port = receiver.getsockname()[1]
    epoll = select.epoll()
    epoll.register(receiver, select.EPOLLIN)
    raw.sendto(struct.pack("!HHHH", 9, port, 8 + payload, 0x1234) + bytes(payload), ("127.0.0.1", 0))
    events = epoll.poll(0.2)
    try:
        receiver.recv(4096, socket.MSG_DONTWAIT)
        there = True
    except BlockingIOError:
        there = False
    return bool(events), there

say = lambda reported: "EPOLLIN" if reported else "nothing"
short, long, careful = reported(68, False), reported(69, False), reported(69, True)
print("68 bytes: epoll says %s, recv %s" % (say(short[0]), "gives it" if short[1] else "EAGAIN"))
print("69 bytes: epoll says %s, recv %s" % (say(long[0]), "gives it" if long[1] else "EAGAIN"))
print("69 bytes, blocking descriptor: epoll says %s" % say(careful[0]))
sys.exit(0 if (short, long, careful) == ((False, False), (True, False), (False, False)) else 1)
PYTHON
