#!/bin/sh
# A listener with TCP_DEFER_ACCEPT is reported, and accept returns connections, without a byte to read, in two cases, though
# tcp(7) says of it: "awakened only when data arrives on the socket". A client that sends nothing is reported when the time
# is over, not dropped; one that shuts down writing (or closes) at once is reported at once. A server that relies on the
# option and reads in blocking mode after accept, as it is meant to spare the wait, hangs with each silent client.
#
# Why: the option throws away the ACK that ends the handshake as long as it has no data. When its time is over the server
# repeats the SYN-ACK, the client its ACK, and that one counts (tcp_check_req). A FIN takes a sequence
# number, so that its segment is not the bare ACK that is thrown away.
#
# What to do: keep accepted sockets non-blocking, and have a time-out of one's own.
#
# Seen: Linux 6.18, x86-64; TCP_DEFER_ACCEPT of 1 s. The output was:
#   a client that sends: reported at once, read 1
#   a client that shuts down writing: reported at once, read 0
#   a silent client: connected, reported after a time, read EAGAIN
#
# Needs Linux and python3; takes a second. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, socket, sys, time

def shown(act):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_DEFER_ACCEPT, 1)
    listener.listen()
    listener.setblocking(False)
    epoll = select.epoll()
    epoll.register(listener, select.EPOLLIN)
    start = time.monotonic()
    client = socket.create_connection(listener.getsockname())
    act(client)
    if not epoll.poll(60):
        return "not reported"
    said = "reported at once" if time.monotonic() - start < 0.9 else "reported after a time"
    accepted = listener.accept()[0]
    try:
        return f"{said}, read {len(accepted.recv(10, socket.MSG_DONTWAIT))}"
    except OSError as e:
        return f"{said}, read {errno.errorcode[e.errno]}"

got = [
    "a client that sends: " + shown(lambda client: client.send(b"x")),
    "a client that shuts down writing: " + shown(lambda client: client.shutdown(socket.SHUT_WR)),
    "a silent client: connected, " + shown(lambda client: None),
]
print("\n".join(got))
sys.exit(0 if got == [
    "a client that sends: reported at once, read 1",
    "a client that shuts down writing: reported at once, read 0",
    "a silent client: connected, reported after a time, read EAGAIN",
] else 1)
PYTHON
