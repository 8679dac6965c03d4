#!/bin/sh
# A shutdown(2) that fails takes effect. On a TCP socket that is not connected yet SHUT_WR says ENOTCONN; the connect that
# follows succeeds, a registration for EPOLLOUT says that it can be written to, and every send says EPIPE, for good. On a UDP
# socket SHUT_RDWR says ENOTCONN, and poll and epoll report EPOLLIN and EPOLLHUP without end, while recv says EAGAIN; what
# arrives is still received.
#
# Why: inet_shutdown sets the error for a socket in the state of CLOSE, and goes on to mark the directions as shut down
# (sk_shutdown) and to wake those who poll. A connect does not clear the mark.
#
# Seen: Linux 6.18, x86-64. The output was:
#   TCP, SHUT_WR before connect: ENOTCONN; connected: True, epoll EPOLLOUT, send EPIPE, the peer's bytes arrive: True
#   UDP, SHUT_RDWR: ENOTCONN; epoll EPOLLIN EPOLLHUP, recv EAGAIN, epoll EPOLLIN EPOLLHUP, a datagram arrives: True
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, signal, socket, sys
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
NAMES = {select.EPOLLIN: "EPOLLIN", select.EPOLLOUT: "EPOLLOUT", select.EPOLLERR: "EPOLLERR", select.EPOLLHUP: "EPOLLHUP"}

def outcome(call, *arguments):
    try:
        call(*arguments)
        return "succeeds"
    except OSError as e:
        return errno.errorcode[e.errno]

def reported(epoll):
    events = epoll.poll(0)
    return " ".join(name for bit, name in NAMES.items() if events and events[0][1] & bit) or "nothing"

with socket.create_server(("127.0.0.1", 0)) as server:
    tcp = socket.socket()
    refused = outcome(tcp.shutdown, socket.SHUT_WR)
    tcp.connect(server.getsockname())
    peer, _ = server.accept()
epoll = select.epoll()
epoll.register(tcp, select.EPOLLIN | select.EPOLLOUT)
connected = tcp.getpeername() == peer.getsockname()
writable, send = reported(epoll), outcome(tcp.send, b"x")
peer.send(b"hello")
got = [
    "TCP, SHUT_WR before connect: %s; connected: %s, epoll %s, send %s, the peer's bytes arrive: %s"
    % (refused, connected, writable, send, tcp.recv(100) == b"hello")
]

udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
epoll = select.epoll()
epoll.register(udp, select.EPOLLIN)
refused = outcome(udp.shutdown, socket.SHUT_RDWR)
first, nothing, second = reported(epoll), outcome(udp.recv, 100, socket.MSG_DONTWAIT), reported(epoll)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", udp.getsockname())
got.append(
    "UDP, SHUT_RDWR: %s; epoll %s, recv %s, epoll %s, a datagram arrives: %s"
    % (refused, first, nothing, second, udp.recv(100) == b"hello")
)
print("\n".join(got))
sys.exit(0 if got == [
    "TCP, SHUT_WR before connect: ENOTCONN; connected: True, epoll EPOLLOUT, send EPIPE, the peer's bytes arrive: True",
    "UDP, SHUT_RDWR: ENOTCONN; epoll EPOLLIN EPOLLHUP, recv EAGAIN, epoll EPOLLIN EPOLLHUP, a datagram arrives: True",
] else 1)
PYTHON
