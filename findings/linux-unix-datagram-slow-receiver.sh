#!/bin/sh
# One receiver of Unix datagrams that does not read stops its sender towards all others: sendto says EAGAIN (or blocks) for
# every address, whose queues are empty, and EPOLLOUT is not reported, until the slow one reads. A hub that has one socket for
# all its clients, as for notifications or logs, stands still with the slowest. Room comes back for a send with the first
# datagram that is read; EPOLLOUT only when three quarters of the buffer are free. UDP over loopback has nothing of the kind.
#
# Why: a datagram is charged to the sender's buffer (SO_SNDBUF, sk_wmem_alloc) until it is received, and lies in the
# receiver's queue so long; the queue's limit (net.unix.max_dgram_qlen) counts datagrams, and is met later if they are large.
#
# What to do: a socket for each receiver.
#
# Seen: Linux 6.18, x86-64; datagrams of 20000 bytes to the slow receiver until EAGAIN, SO_SNDBUF 65536. The output was:
#   Unix: to the slow receiver EAGAIN, to another EAGAIN, epoll nothing
#   Unix, the slow one has read one: epoll nothing, to another sent
#   Unix, it has read all: epoll EPOLLOUT, to another sent
#   UDP, 100 datagrams to the slow receiver: epoll EPOLLOUT, to another sent
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, socket, sys

def sent(sender, receiver, length):
    try:
        sender.sendto(bytes(length), receiver.getsockname())
        return "sent"
    except OSError as e:
        return errno.errorcode[e.errno]

def reported(sender):
    epoll = select.epoll()
    epoll.register(sender, select.EPOLLOUT)
    return "epoll " + ("EPOLLOUT" if epoll.poll(0.2) else "nothing")

def sockets(family, address):
    sender, slow, other = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(3))
    slow.bind(address)
    other.bind(address)
    sender.setblocking(False)
    sender.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)  # the kernel doubles it
    return sender, slow, other

sender, slow, other = sockets(socket.AF_UNIX, "")
count = 0
while sent(sender, slow, 20000) == "sent":
    count += 1
got = [f"Unix: to the slow receiver {sent(sender, slow, 20000)}, to another {sent(sender, other, 1)}, {reported(sender)}"]
slow.recv(20000)
got.append(f"Unix, the slow one has read one: {reported(sender)}, to another {sent(sender, other, 1)}")
for _ in range(count - 1):
    slow.recv(20000)
got.append(f"Unix, it has read all: {reported(sender)}, to another {sent(sender, other, 1)}")
sender, slow, other = sockets(socket.AF_INET, ("127.0.0.1", 0))
for _ in range(100):
    select.select([], [sender], [], 10)
    sent(sender, slow, 20000)
got.append(f"UDP, 100 datagrams to the slow receiver: {reported(sender)}, to another {sent(sender, other, 1)}")
print("\n".join(got))
sys.exit(0 if got == [
    "Unix: to the slow receiver EAGAIN, to another EAGAIN, epoll nothing",
    "Unix, the slow one has read one: epoll nothing, to another sent",
    "Unix, it has read all: epoll EPOLLOUT, to another sent",
    "UDP, 100 datagrams to the slow receiver: epoll EPOLLOUT, to another sent",
] else 1)
PYTHON
