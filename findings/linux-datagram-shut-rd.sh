#!/bin/sh
# After shutdown(SHUT_RD) a connected UDP socket and a Unix datagram socket are reported as at their end (EPOLLIN, EPOLLRDHUP),
# and no receive of a non-blocking descriptor ever finds that end: recv says EAGAIN, each time, and epoll reports on. A
# blocking recv gives 0, as shutdown(2) is used to end a receiver. So the trick that wakes a blocked thread makes an event
# loop spin. On UDP what arrives is received as before. A Unix seqpacket socket gives 0 in both modes. A Unix listener has the
# same: accept says EAGAIN where a blocking one says EINVAL; a TCP listener says EINVAL in both.
#
# Why: poll looks at the mark (RCV_SHUTDOWN); the receive looks at it only when it is about to sleep
# (__skb_wait_for_more_packets), which O_NONBLOCK never does. For seqpacket unix_dgram_recvmsg has an exception of its own.
#
# What to do: take EPOLLRDHUP itself for the end, and unregister.
#
# Seen: Linux 6.18, x86-64. The output was:
#   UDP: epoll EPOLLIN EPOLLRDHUP, recv EAGAIN, epoll EPOLLIN EPOLLRDHUP, blocking recv 0, a datagram that is sent: arrives
#   Unix datagram: epoll EPOLLIN EPOLLRDHUP, recv EAGAIN, epoll EPOLLIN EPOLLRDHUP, blocking recv 0, a datagram that is sent: EPIPE
#   Unix seqpacket: epoll EPOLLIN EPOLLRDHUP, recv 0, epoll EPOLLIN EPOLLRDHUP, blocking recv 0, a datagram that is sent: EPIPE
#   Unix listener: epoll EPOLLIN EPOLLRDHUP, accept EAGAIN, epoll EPOLLIN EPOLLRDHUP, blocking accept EINVAL
#   TCP listener: epoll EPOLLHUP, accept EINVAL, epoll EPOLLHUP, blocking accept EINVAL
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, signal, socket, sys
signal.signal(signal.SIGPIPE, signal.SIG_IGN)

def reported(receiver):
    epoll = select.epoll()
    epoll.register(receiver, select.EPOLLIN | select.EPOLLRDHUP)
    events = epoll.poll(0.2)
    bits = events[0][1] if events else 0
    return "epoll " + " ".join(name for name in ("EPOLLIN", "EPOLLRDHUP", "EPOLLHUP") if bits & getattr(select, name))

def outcome(call, *arguments):
    try:
        return str(len(call(*arguments)))
    except OSError as e:
        return errno.errorcode[e.errno]

def shown(name, sender, receiver):
    receiver.shutdown(socket.SHUT_RD)
    said = [reported(receiver), "recv " + outcome(receiver.recv, 10, socket.MSG_DONTWAIT), reported(receiver)]
    receiver.settimeout(None)
    said.append("blocking recv " + outcome(receiver.recv, 10))
    try:
        sender.send(b"x")
        arrived = "arrives" if receiver.recv(10) == b"x" else "is lost"
    except OSError as e:
        arrived = errno.errorcode[e.errno]
    return name + ": " + ", ".join(said) + ", a datagram that is sent: " + arrived

one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
one.bind(("127.0.0.1", 0))
two.bind(("127.0.0.1", 0))
one.connect(two.getsockname())
two.connect(one.getsockname())
got = [
    shown("UDP", one, two),
    shown("Unix datagram", *socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)),
    shown("Unix seqpacket", *socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)),
]
for name, family, address in (("Unix", socket.AF_UNIX, ""), ("TCP", socket.AF_INET, ("127.0.0.1", 0))):
    listener = socket.socket(family)
    listener.bind(address)
    listener.listen()
    listener.shutdown(socket.SHUT_RD)
    said = [reported(listener)]
    listener.setblocking(False)
    said += ["accept " + outcome(listener.accept), reported(listener)]
    listener.setblocking(True)
    got.append(f"{name} listener: " + ", ".join(said + ["blocking accept " + outcome(listener.accept)]))
print("\n".join(got))
end = "epoll EPOLLIN EPOLLRDHUP"
sys.exit(0 if got == [
    f"UDP: {end}, recv EAGAIN, {end}, blocking recv 0, a datagram that is sent: arrives",
    f"Unix datagram: {end}, recv EAGAIN, {end}, blocking recv 0, a datagram that is sent: EPIPE",
    f"Unix seqpacket: {end}, recv 0, {end}, blocking recv 0, a datagram that is sent: EPIPE",
    f"Unix listener: {end}, accept EAGAIN, {end}, blocking accept EINVAL",
    "TCP listener: epoll EPOLLHUP, accept EINVAL, epoll EPOLLHUP, blocking accept EINVAL",
] else 1)
PYTHON
