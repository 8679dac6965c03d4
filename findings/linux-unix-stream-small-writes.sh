#!/bin/sh
# A Unix stream socket is full after some hundred writes of a byte each, though its send buffer is 208 KiB: EAGAIN after 278
# bytes, where TCP takes every one of 100000 and a pipe 65536. What lies in it is one piece for each write; a read of the peer
# takes many at once, but EPOLLOUT comes when three quarters of the pieces are gone. So a protocol of small messages, written
# one by one by an event loop, stalls on a Unix socket earlier than over TCP; unix(7) says nothing of it.
#
# Why: unix_stream_sendmsg makes an skb for each write and never adds to the last one, and each is charged to SO_SNDBUF with
# its bookkeeping (truesize, 768 bytes here). TCP adds to the last one, a pipe to the last page.
#
# What to do: gather small messages (sendmsg with several buffers is one piece), or set SO_SNDBUF by messages, not by bytes.
#
# Seen: Linux 6.18, x86-64; SO_SNDBUF 212992, writes of one byte. The output was:
#   Unix stream: full after 278 bytes; 1000 to a write: full after 93000 bytes
#   the peer reads half of it at once: epoll nothing
#   the peer reads all but 60: epoll EPOLLOUT
#   TCP: 100000 bytes taken
#   pipe: full after 65536 bytes
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import os, select, socket, sys

def filled(write, length, limit):
    count = 0
    try:
        while count < limit:
            count += write(bytes(length))
    except BlockingIOError:
        pass
    return count

def reported(fd):
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLOUT)
    return "epoll " + ("EPOLLOUT" if epoll.poll(0.2) else "nothing")

def unix():
    mine, peer = socket.socketpair()
    mine.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 212992 // 2)  # the kernel doubles it
    mine.setblocking(False)
    return mine, peer

mine, peer = unix()
small = filled(mine.send, 1, 100000)
half, rest = small // 2, small - small // 2 - 60
got = [f"the peer reads half of it at once: {reported(mine)}" if len(peer.recv(half)) == half else "the peer reads less"]
peer.recv(rest)
got.append(f"the peer reads all but 60: {reported(mine)}")
other, other_peer = unix()
large = filled(other.send, 1000, 1 << 20)
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
accepted = listener.accept()[0]
client.setblocking(False)
got.append(f"TCP: {filled(client.send, 1, 100000)} bytes taken")
end, writer = os.pipe2(os.O_NONBLOCK)
got.append(f"pipe: full after {filled(lambda data: os.write(writer, data), 1, 100000)} bytes")
print(f"Unix stream: full after {small} bytes; 1000 to a write: full after {large} bytes")
print("\n".join(got))
sys.exit(0 if small < 1000 and large > 50000 and got == [
    "the peer reads half of it at once: epoll nothing",
    "the peer reads all but 60: epoll EPOLLOUT",
    "TCP: 100000 bytes taken",
    "pipe: full after 65536 bytes",
] else 1)
PYTHON
