#!/bin/sh
# When the peer of an MPTCP connection has closed its socket, what is written to it is taken, acknowledged and thrown away,
# without an error, for seconds on end (a minute, if nothing else ends it): no reset comes, no EPIPE, no EPOLLERR or EPOLLHUP,
# and EPOLLOUT is reported on. On TCP the first write after the close brings the reset, and the second says EPIPE. A server
# that streams to a client that has gone, or that takes the success of writes for a sign of life, does not notice; that the
# peer has closed looks like its shutdown of writing (EPOLLRDHUP), as on TCP.
#
# Why: TCP resets a connection at data for a socket that nobody holds any longer (tcp_rcv_state_process). Under MPTCP the data
# arrive on a subflow, which is in order, and the outer socket, closed and in FIN-WAIT-2, takes them in (__mptcp_move_skb).
# Only what is unread at the moment of the close resets.
#
# What to do: an answer of the peer's application; or treat EPOLLRDHUP as the end where the protocol has no half-close.
#
# Seen: Linux 6.18, x86-64; 20 writes of 1000 bytes, 0.1 s apart. The output was:
#   TCP: EPIPE at write 2, epoll EPOLLIN EPOLLOUT EPOLLHUP EPOLLRDHUP
#   MPTCP: 20 writes taken, unacknowledged 0, epoll EPOLLIN EPOLLOUT EPOLLRDHUP
#
# Needs Linux with MPTCP (net.mptcp.enabled) and python3; takes 2 s. Exit status: 0 it is so; 1 it is not so any longer; 2 it
# cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, fcntl, select, signal, socket, struct, sys, time
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
IPPROTO_MPTCP, SIOCOUTQ = 262, 0x5411

def shown(name, protocol):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    client.connect(listener.getsockname())
    server = listener.accept()[0]
    client.send(b"ask")
    server.recv(3, socket.MSG_WAITALL)
    server.send(b"answer")
    client.recv(6, socket.MSG_WAITALL)
    client.close()
    server.setblocking(False)
    taken = 0
    said = ""
    while taken < 20 and not said:
        try:
            taken += server.send(bytes(1000)) == 1000
            time.sleep(0.1)
        except OSError as e:
            said = f"{errno.errorcode[e.errno]} at write {taken + 1}"
    if not said:
        left, = struct.unpack("i", fcntl.ioctl(server, SIOCOUTQ, bytes(4)))
        said = f"{taken} writes taken, unacknowledged {left}"
    epoll = select.epoll()
    epoll.register(server, select.EPOLLIN | select.EPOLLOUT | select.EPOLLRDHUP)
    bits = epoll.poll(1)[0][1]
    names = ("EPOLLIN", "EPOLLOUT", "EPOLLERR", "EPOLLHUP", "EPOLLRDHUP")
    return f"{name}: {said}, epoll " + " ".join(bit for bit in names if bits & getattr(select, bit))

try:
    got = [shown("TCP", 0), shown("MPTCP", IPPROTO_MPTCP)]
except OSError as e:
    print("MPTCP:", e, file=sys.stderr)
    sys.exit(2)
print("\n".join(got))
sys.exit(0 if got == [
    "TCP: EPIPE at write 2, epoll EPOLLIN EPOLLOUT EPOLLHUP EPOLLRDHUP",
    "MPTCP: 20 writes taken, unacknowledged 0, epoll EPOLLIN EPOLLOUT EPOLLRDHUP",
] else 1)
PYTHON
