#!/bin/sh
# MSG_OOB is ignored on an MPTCP socket, without an error, in both directions: a send with it succeeds and its byte arrives in
# the stream, among the others; a recv with it returns the stream's bytes; EPOLLPRI is never reported. A TCP connection of
# the same program keeps the byte apart.
#
# Why: mptcp_sendmsg takes the flags that it knows and drops the others; mptcp_recvmsg does not look at MSG_OOB; mptcp_poll has
# no EPOLLPRI. A Unix datagram or UDP socket would say EOPNOTSUPP.
#
# Seen: Linux 6.18, x86-64; "ab", then "u" with MSG_OOB, then "cd" is sent. The output was:
#   TCP: epoll EPOLLIN EPOLLPRI, recv with MSG_OOB b'u', the stream b'abcd'
#   MPTCP: epoll EPOLLIN, recv with MSG_OOB b'abucd', the stream nothing
#   UDP: send with MSG_OOB EOPNOTSUPP
#
# Needs Linux with MPTCP and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, socket, sys
MPTCP = 262

def shown(name, protocol):
    try:
        server = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    except OSError as e:
        print(name, e, file=sys.stderr)
        sys.exit(2)
    server.bind(("127.0.0.1", 0))
    server.listen()
    sender = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    sender.connect(server.getsockname())
    receiver, _ = server.accept()
    for data, flags in (b"ab", 0), (b"u", socket.MSG_OOB), (b"cd", 0):
        sender.send(data, flags)
    epoll = select.epoll()
    epoll.register(receiver, select.EPOLLIN | select.EPOLLPRI)
    while len(receiver.recv(100, socket.MSG_PEEK)) < (5 if protocol else 2):
        pass
    while not protocol and not epoll.poll(10)[0][1] & select.EPOLLPRI:
        pass
    events = epoll.poll(10)[0][1]
    names = " ".join(n for n, bit in (("EPOLLIN", select.EPOLLIN), ("EPOLLPRI", select.EPOLLPRI)) if events & bit)
    urgent, stream = receiver.recv(100, socket.MSG_OOB), b""
    sender.shutdown(socket.SHUT_WR)
    while data := receiver.recv(100):
        stream += data
    return "%s: epoll %s, recv with MSG_OOB %s, the stream %s" % (name, names, urgent, stream or "nothing")

got = [shown("TCP", 0), shown("MPTCP", MPTCP)]
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 0))
try:
    udp.sendto(b"u", socket.MSG_OOB, udp.getsockname())
    got.append("UDP: send with MSG_OOB succeeds")
except OSError as e:
    got.append("UDP: send with MSG_OOB " + ("EOPNOTSUPP" if e.errno == errno.EOPNOTSUPP else errno.errorcode[e.errno]))
print("\n".join(got))
sys.exit(0 if got == [
    "TCP: epoll EPOLLIN EPOLLPRI, recv with MSG_OOB b'u', the stream b'abcd'",
    "MPTCP: epoll EPOLLIN, recv with MSG_OOB b'abucd', the stream nothing",
    "UDP: send with MSG_OOB EOPNOTSUPP",
] else 1)
PYTHON
