#!/bin/sh
# Under EPOLLET some descriptors are reported as writable again after each send of one's own, though they were never full: a UDP
# socket, and a POSIX message queue that has room. Who sends one datagram to an edge, as a sender that paces itself does,
# goes round without end. On a Unix socket, stream or datagram, an edge comes with each read of the peer. A receive from a
# message queue that holds more is an edge for its own EPOLLIN, so that to stop before EAGAIN loses nothing there. TCP and
# pipes report as epoll(7) has it, when there was no room or no byte.
#
# Why: a datagram that leaves the socket's account wakes those who wait for room, unless there is little (sock_def_write_space);
# that is during the send on loopback, and after it on a network card. A queue's own list of waiters is woken by each send and
# receive, without a word about which (mqueue.c). TCP wakes only after it has refused or was asked while full (SOCK_NOSPACE).
#
# Seen: Linux 6.18, x86-64; three messages of one byte, the edges for EPOLLOUT, or for EPOLLIN in the last two. The output was:
#   UDP: my sends edge edge edge, the peer's reads none none none
#   Unix datagram: my sends none none none, the peer's reads edge edge edge
#   Unix stream: my sends none none none, the peer's reads edge edge edge
#   TCP: my sends none none none, the peer's reads none none none
#   pipe: my sends none none none, the peer's reads none none none
#   message queue: my sends edge edge edge, my receives edge edge edge
#   message queue, EPOLLIN: my receives, of three, edge edge none
#   pipe, EPOLLIN: my reads, of three, none none none
#
# Needs Linux with POSIX message queues, and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown
# here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, os, select, socket, sys
try:
    libc = ctypes.CDLL("librt.so.1", use_errno=True)
except OSError:
    libc = ctypes.CDLL(None, use_errno=True)

def edges(fd, interest, acts):
    with select.epoll() as epoll:
        epoll.register(fd, interest | select.EPOLLET)
        epoll.poll(0)
        seen = []
        for act in acts:
            act()
            seen.append("edge" if epoll.poll(0.1) else "none")
    return " ".join(seen)

def sockets(name, mine, peer):
    sends = edges(mine, select.EPOLLOUT, [lambda: mine.send(b"x")] * 3)
    reads = edges(mine, select.EPOLLOUT, [lambda: peer.recv(1)] * 3)
    return f"{name}: my sends {sends}, the peer's reads {reads}"

receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sender.connect(receiver.getsockname())
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
accepted = listener.accept()[0]
got = [
    sockets("UDP", sender, receiver),
    sockets("Unix datagram", *socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)),
    sockets("Unix stream", *socket.socketpair()),
    sockets("TCP", client, accepted),
]
end, writer = os.pipe()
sends = edges(writer, select.EPOLLOUT, [lambda: os.write(writer, b"x")] * 3)
got.append(f"pipe: my sends {sends}, the peer's reads " + edges(writer, select.EPOLLOUT, [lambda: os.read(end, 1)] * 3))

class Attributes(ctypes.Structure):
    _fields_ = [(name, ctypes.c_long) for name in ("flags", "maximum", "size", "current")] + [("rest", ctypes.c_long * 4)]

name = b"/finding-%d" % os.getpid()
queue = libc.mq_open(name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NONBLOCK, 0o600, ctypes.byref(Attributes(0, 8, 1, 0)))
if queue < 0:
    print("mq_open:", os.strerror(ctypes.get_errno()), file=sys.stderr)
    sys.exit(2)
libc.mq_unlink(name)
send = lambda: libc.mq_send(queue, b"x", ctypes.c_size_t(1), 0)
receive = lambda: libc.mq_receive(queue, ctypes.create_string_buffer(1), ctypes.c_size_t(1), None)
sends = edges(queue, select.EPOLLOUT, [send] * 3)
got.append(f"message queue: my sends {sends}, my receives " + edges(queue, select.EPOLLOUT, [receive] * 3))
for _ in range(3):
    send()
    os.write(writer, b"x")
got.append("message queue, EPOLLIN: my receives, of three, " + edges(queue, select.EPOLLIN, [receive] * 3))
got.append("pipe, EPOLLIN: my reads, of three, " + edges(end, select.EPOLLIN, [lambda: os.read(end, 1)] * 3))
print("\n".join(got))
sys.exit(0 if got == [
    "UDP: my sends edge edge edge, the peer's reads none none none",
    "Unix datagram: my sends none none none, the peer's reads edge edge edge",
    "Unix stream: my sends none none none, the peer's reads edge edge edge",
    "TCP: my sends none none none, the peer's reads none none none",
    "pipe: my sends none none none, the peer's reads none none none",
    "message queue: my sends edge edge edge, my receives edge edge edge",
    "message queue, EPOLLIN: my receives, of three, edge edge none",
    "pipe, EPOLLIN: my reads, of three, none none none",
] else 1)
PYTHON
