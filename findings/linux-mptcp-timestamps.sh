#!/bin/sh
# An MPTCP socket takes SO_TIMESTAMPING for what it sends, without an error, and never gives a time stamp: epoll does not
# report EPOLLERR, and MSG_ERRQUEUE says EAGAIN, where TCP has one for each send. Time stamps of what it receives come as on
# TCP. Who measures by them (or waits for TX_ACK to know that the peer has the bytes) waits for ever, once MPTCP is chosen
# for the program (a listener that asks for it, mptcpize).
#
# Why: the option is handed down to the subflows (mptcp_setsockopt_sol_socket_timestamping), and their time stamps go into the
# error queues of these inner sockets, which nobody can read; mptcp_poll and mptcp_recvmsg look at the outer one's.
#
# Seen: Linux 6.18, x86-64; three sends. The output was:
#   TCP: epoll EPOLLERR, time stamps of sends: True, of a receive: True
#   MPTCP: epoll nothing, time stamps of sends: False, of a receive: True
#
# Needs Linux with MPTCP (net.mptcp.enabled) and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be
# shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import select, socket, sys, time
SO_TIMESTAMPING, FLAGS = 37, 2 | 8 | 16  # TX_SOFTWARE, RX_SOFTWARE, SOFTWARE
IPPROTO_MPTCP = 262

def shown(name, protocol):
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    listener.bind(("127.0.0.1", 0))
    listener.listen()
    client = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
    client.connect(listener.getsockname())
    accepted = listener.accept()[0]
    client.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPING, FLAGS)
    for _ in range(3):
        client.send(b"x" * 100)
        accepted.recv(100, socket.MSG_WAITALL)
    epoll = select.epoll()
    epoll.register(client, select.EPOLLPRI)
    events = epoll.poll(0.5)
    said = "EPOLLERR" if events and events[0][1] & select.EPOLLERR else "nothing"
    received = False
    for _ in range(100):  # the kernel switches time stamps of what arrives on a little later
        accepted.send(b"y")
        received = any(kind == SO_TIMESTAMPING for _, kind, _ in client.recvmsg(100, 1000)[1])
        if received:
            break
        time.sleep(0.05)
    try:
        client.recvmsg(1000, 1000, socket.MSG_ERRQUEUE | socket.MSG_DONTWAIT)
        sent = True
    except BlockingIOError:
        sent = False
    return f"{name}: epoll {said}, time stamps of sends: {sent}, of a receive: {received}"

try:
    got = [shown("TCP", 0), shown("MPTCP", IPPROTO_MPTCP)]
except OSError as e:
    print("MPTCP:", e, file=sys.stderr)
    sys.exit(2)
print("\n".join(got))
sys.exit(0 if got == [
    "TCP: epoll EPOLLERR, time stamps of sends: True, of a receive: True",
    "MPTCP: epoll nothing, time stamps of sends: False, of a receive: True",
] else 1)
PYTHON
