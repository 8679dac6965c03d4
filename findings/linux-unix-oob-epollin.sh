#!/bin/sh
# An urgent byte on a Unix stream socket (MSG_OOB, since Linux 5.15) is reported otherwise than on TCP: with EPOLLIN beside
# EPOLLPRI, though no byte of the stream has come; and when it has been received with MSG_OOB, EPOLLIN stays, level-triggered,
# until a plain recv has said EAGAIN. That recv is needed: what is reported for ever otherwise is a byte that was taken
# already. On TCP it is EPOLLPRI alone, and the recv with MSG_OOB ends it.
#
# Why: the byte is a buffer of its own in the receive queue. unix_poll reports EPOLLIN if the queue is not empty; a recv with
# MSG_OOB (unix_stream_recv_urg) copies the byte and leaves the empty buffer there, for the next recv to pass over (manage_oob).
#
# Seen: Linux 6.18, x86-64. The output was:
#   TCP: urgent byte EPOLLPRI; received b'u'; after that nothing; recv EAGAIN; after that nothing
#   Unix: urgent byte EPOLLIN EPOLLPRI; received b'u'; after that EPOLLIN; recv EAGAIN; after that nothing
#
# Needs Linux 5.15 or newer with AF_UNIX_OOB, and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be
# shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import select, socket, sys

def tcp():
    with socket.create_server(("127.0.0.1", 0)) as server:
        sender = socket.create_connection(server.getsockname())
        return sender, server.accept()[0]

def reported(epoll, seconds=0.2):
    events = sum(event for _, event in epoll.poll(seconds))
    names = (("EPOLLIN", select.EPOLLIN), ("EPOLLPRI", select.EPOLLPRI))
    return " ".join(name for name, bit in names if events & bit) or "nothing"

def plain(receiver):
    try:
        return receiver.recv(10, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return "EAGAIN"

def shown(name, sender, receiver):
    epoll = select.epoll()
    epoll.register(receiver, select.EPOLLIN | select.EPOLLPRI)
    sender.send(b"u", socket.MSG_OOB)
    first = reported(epoll, 10)
    urgent = receiver.recv(10, socket.MSG_OOB)
    second, nothing, third = reported(epoll), plain(receiver), reported(epoll)
    return "%s: urgent byte %s; received %s; after that %s; recv %s; after that %s" % (
        name, first, urgent, second, nothing, third)

try:
    got = [shown("TCP", *tcp()), shown("Unix", *socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM))]
except OSError as e:
    print(e, file=sys.stderr)
    sys.exit(2)
print("\n".join(got))
sys.exit(0 if got == [
    "TCP: urgent byte EPOLLPRI; received b'u'; after that nothing; recv EAGAIN; after that nothing",
    "Unix: urgent byte EPOLLIN EPOLLPRI; received b'u'; after that EPOLLIN; recv EAGAIN; after that nothing",
] else 1)
PYTHON
