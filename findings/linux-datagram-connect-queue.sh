#!/bin/sh
# connect(2) on a datagram socket says that its address is "the only address from which datagrams are received". What is in
# the queue by then, from whomever, stays there on UDP, and is reported and received as if it came from the peer (recv does
# not say). A Unix datagram socket does the same at its first connect; to connect it to another peer throws away all that is
# unread, what the new peer has sent and epoll has reported included, and the old peer, if connected to it, gets ECONNRESET. So
# a server that makes a socket for each client (bind, connect) gets other clients' datagrams in it, and one that changes the
# peer loses some.
#
# Why: udp_queue_rcv_skb is reached by a lookup that knows the peer (compute_score), and nothing looks at the queue later.
# unix_dgram_connect empties the queue (unix_dgram_disconnected) if there was a peer before.
#
# What to do: after connect receive with recvfrom and compare the address, until EAGAIN.
#
# Seen: Linux 6.18, x86-64. The output was:
#   UDP, a stranger's datagram, then connect: epoll EPOLLIN, recv stranger
#   UDP, then connect to another: epoll EPOLLIN, recv old peer
#   Unix, a stranger's datagram, then connect: epoll EPOLLIN, recv stranger
#   Unix, then connect to another that has sent: epoll EPOLLIN before, nothing after, recv EAGAIN, the old peer's send ECONNRESET
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, socket, sys

def reported(fd):
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLIN)
    events = epoll.poll(0.2)
    return "EPOLLIN" if events and events[0][1] & select.EPOLLIN else "nothing"

def outcome(call, *arguments):
    try:
        result = call(*arguments)
        return result.decode() if isinstance(result, bytes) else "succeeds"
    except OSError as e:
        return errno.errorcode[e.errno]

def bound(family, address):
    made = socket.socket(family, socket.SOCK_DGRAM)
    made.bind(address)
    made.setblocking(False)
    return made

got = []
for name, family, address in (("UDP", socket.AF_INET, ("127.0.0.1", 0)), ("Unix", socket.AF_UNIX, "")):
    server, stranger, peer, next_peer = (bound(family, address) for _ in range(4))
    stranger.sendto(b"stranger", server.getsockname())
    select.select([server], [], [], 10)
    server.connect(peer.getsockname())
    got.append(f"{name}, a stranger's datagram, then connect: epoll {reported(server)}, recv {outcome(server.recv, 100)}")
    if name == "UDP":
        peer.connect(server.getsockname())
        peer.send(b"old peer")
        select.select([server], [], [], 10)
        server.connect(next_peer.getsockname())
        got.append(f"UDP, then connect to another: epoll {reported(server)}, recv {outcome(server.recv, 100)}")
        continue
    server = bound(family, address)
    next_peer.sendto(b"new peer", server.getsockname())
    peer.connect(server.getsockname())
    server.connect(peer.getsockname())
    before = reported(server)
    server.connect(next_peer.getsockname())
    after = reported(server)
    got.append(f"Unix, then connect to another that has sent: epoll {before} before, {after} after, "
               f"recv {outcome(server.recv, 100)}, the old peer's send {outcome(peer.send, b'x')}")
print("\n".join(got))
sys.exit(0 if got == [
    "UDP, a stranger's datagram, then connect: epoll EPOLLIN, recv stranger",
    "UDP, then connect to another: epoll EPOLLIN, recv old peer",
    "Unix, a stranger's datagram, then connect: epoll EPOLLIN, recv stranger",
    "Unix, then connect to another that has sent: epoll EPOLLIN before, nothing after, recv EAGAIN, the old peer's send ECONNRESET",
] else 1)
PYTHON
