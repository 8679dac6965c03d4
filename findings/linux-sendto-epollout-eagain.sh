#!/bin/sh
# A Unix datagram socket that sends with sendto and is not connected is always reported as writable, also when the receiver's
# queue is full and each sendto says EAGAIN: a logger or a notifier in an event loop spins as long as the receiver is slow.
# Connected to the same receiver it is reported when there is room. A netlink socket that sends to another process is always
# writable in both cases. (A pair made by socketpair has no limit of net.unix.max_dgram_qlen at all: its own buffer counts.)
#
# Why: EPOLLOUT stands for the socket's own send buffer. Only for a connected socket unix_dgram_poll looks at the peer's queue
# and waits for it (unix_dgram_peer_wake_me); of a sendto it cannot know. datagram_poll, which netlink uses, knows no peer.
#
# What to do: connect, also for one datagram; with several receivers a socket for each.
#
# Seen: Linux 6.18, x86-64; sent until EAGAIN. The output was:
#   Unix datagram, sendto: epoll EPOLLOUT, again EAGAIN
#   Unix datagram, connected: epoll nothing, again EAGAIN; one is received: epoll EPOLLOUT
#   netlink, sendto: epoll EPOLLOUT, again EAGAIN
#   netlink, connected: epoll EPOLLOUT, again EAGAIN
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, socket, sys

def outcome(call, *arguments):
    try:
        call(*arguments)
        return "is sent"
    except OSError as e:
        return errno.errorcode[e.errno]

def reported(fd):
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLOUT)
    return "epoll " + ("EPOLLOUT" if epoll.poll(0.2) else "nothing")

def shown(name, connected, family, kind, protocol, address):
    receiver, sender = (socket.socket(family, kind, protocol) for _ in range(2))
    receiver.bind(address)
    sender.setblocking(False)
    target = receiver.getsockname()
    if connected:
        sender.connect(target)
    send = (lambda: sender.send(bytes(1000))) if connected else (lambda: sender.sendto(bytes(1000), target))
    while outcome(send) == "is sent":
        pass
    said = f"{name}, {'connected' if connected else 'sendto'}: {reported(sender)}, again {outcome(send)}"
    if "nothing" in said:
        receiver.recv(2000)
        said += f"; one is received: {reported(sender)}"
    return said

UNIX = socket.AF_UNIX, socket.SOCK_DGRAM, 0, ""  # an address of the system's choice
NETLINK = socket.AF_NETLINK, socket.SOCK_RAW, 2, (0, 0)  # NETLINK_USERSOCK
got = [shown(name, connected, *how) for name, how in (("Unix datagram", UNIX), ("netlink", NETLINK)) for connected in (False, True)]
print("\n".join(got))
sys.exit(0 if got == [
    "Unix datagram, sendto: epoll EPOLLOUT, again EAGAIN",
    "Unix datagram, connected: epoll nothing, again EAGAIN; one is received: epoll EPOLLOUT",
    "netlink, sendto: epoll EPOLLOUT, again EAGAIN",
    "netlink, connected: epoll EPOLLOUT, again EAGAIN",
] else 1)
PYTHON
