#!/bin/sh
# A TCP connection that was reset reads like one that the peer has closed in order, once anybody has asked SO_ERROR, as event
# loops do on EPOLLERR: the bytes that are there, and then 0, the end. EPOLLERR is gone from what epoll and poll report, and
# ECONNRESET is never said again; nobody notices what is missing. If the peer had shut down writing before it reset, no recv
# gives an error even if nobody has asked: it says 0 as often as it is called, EPOLLERR is reported for as long, and what
# SO_ERROR or a send gives is EPIPE.
#
# Why: the error is kept once, and SO_ERROR takes it (sock_error). A connection without error that is shut down for receiving
# is at its end (tcp_recvmsg_locked), and at an end that was seen before the reset, recv does not look at the error (SOCK_DONE).
# tcp_reset sets EPIPE for a connection that has seen the peer's FIN.
#
# Seen: Linux 6.18, x86-64; the peer sends "hello" and resets. The output was:
#   nobody asks: EPOLLERR, recv b'hello' ECONNRESET b''
#   SO_ERROR is asked: EPOLLERR, ECONNRESET, then no EPOLLERR, recv b'hello' b'' b''
#   reset after shutdown, nobody asks: EPOLLERR, recv b'hello' b'' b'', still EPOLLERR, send EPIPE
#   reset after shutdown, SO_ERROR is asked: EPOLLERR, EPIPE, then no EPOLLERR, recv b'hello' b'' b''
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, socket, struct, sys

def reset(half_closed):
    listener = socket.create_server(("127.0.0.1", 0))
    peer = socket.create_connection(listener.getsockname())
    accepted = listener.accept()[0]
    accepted.setblocking(False)
    peer.send(b"hello")
    with select.epoll() as epoll:
        epoll.register(accepted, select.EPOLLRDHUP if half_closed else 0)
        if half_closed:
            peer.shutdown(socket.SHUT_WR)
            epoll.poll(30)  # it has arrived
            epoll.modify(accepted, 0)
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        epoll.poll(30)
    return accepted

def error(a_socket):
    with select.epoll() as epoll:
        epoll.register(a_socket, select.EPOLLIN)
        return "EPOLLERR" if epoll.poll(0)[0][1] & select.EPOLLERR else "no EPOLLERR"

def said(call):
    try:
        return repr(call())
    except OSError as e:
        return errno.errorcode[e.errno]

def line(half_closed, asked):
    accepted = reset(half_closed)
    name = "reset after shutdown, " if half_closed else ""
    name += "SO_ERROR is asked: " if asked else "nobody asks: "
    name += error(accepted)
    if asked:
        name += ", " + errno.errorcode[accepted.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)] + ", then " + error(accepted)
    name += ", recv " + " ".join(said(lambda: accepted.recv(100)) for _ in range(3))
    if half_closed and not asked:
        name += f", still {error(accepted)}, send {said(lambda: accepted.send(b'x'))}"
    return name

got = [line(half_closed, asked) for half_closed in (False, True) for asked in (False, True)]
print("\n".join(got))
sys.exit(0 if got == [
    "nobody asks: EPOLLERR, recv b'hello' ECONNRESET b''",
    "SO_ERROR is asked: EPOLLERR, ECONNRESET, then no EPOLLERR, recv b'hello' b'' b''",
    "reset after shutdown, nobody asks: EPOLLERR, recv b'hello' b'' b'', still EPOLLERR, send EPIPE",
    "reset after shutdown, SO_ERROR is asked: EPOLLERR, EPIPE, then no EPOLLERR, recv b'hello' b'' b''",
] else 1)
PYTHON
