#!/bin/sh
# With TCP_FASTOPEN_CONNECT, which is to save a round trip, the second connect to a server does nothing: it returns 0 at once,
# a registration for EPOLLOUT is reported and SO_ERROR is 0, as of a socket that is connected, yet no packet has been sent.
# Who then waits for the server to speak first (SMTP, SSH, MySQL) waits for ever: EPOLLIN never comes, and the server has
# never heard of it. If the server has ended meanwhile, it is just the same. The first connect to that server did connect.
#
# Why: the first connection brings a cookie. With it, connect leaves the SYN to the first write, to carry the bytes
# (tcp_fastopen_defer_connect), and tcp_poll says EPOLLOUT, to have the program write. A read or a wait sends nothing.
#
# Seen: Linux 6.18, x86-64; the server greets whom it accepts. The output was:
#   first: connect EINPROGRESS, epoll EPOLLOUT, SO_ERROR 0, the listener readable: True, greeting within 1 s: EPOLLIN
#   second: connect 0, epoll EPOLLOUT, SO_ERROR 0, the listener readable: False, greeting within 1 s: nothing
#   second, not connected by getpeername: True; after a write the listener is readable: True
#   second, the server has ended: connect 0, epoll EPOLLOUT, SO_ERROR 0, an error within 1 s: nothing
#
# Needs Linux 4.11 or newer, python3, ip, and a network namespace of its own (root), in which it turns Fast Open on for servers.
# Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n true && command -v ip > /dev/null || exit 2
unshare -n python3 - <<'PYTHON'
import errno, select, socket, subprocess, sys
TCP_FASTOPEN, TCP_FASTOPEN_CONNECT = 23, 30
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
with open("/proc/sys/net/ipv4/tcp_fastopen", "w") as setting:
    setting.write("3")  # for clients, as it is from the start, and for servers

listener = socket.create_server(("127.0.0.1", 0))
listener.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 8)
ADDRESS = listener.getsockname()

def reported(a_socket, interest, timeout):
    with select.epoll() as epoll:
        epoll.register(a_socket, interest)
        events = epoll.poll(timeout)
    names = {select.EPOLLIN: "EPOLLIN", select.EPOLLOUT: "EPOLLOUT", select.EPOLLERR: "EPOLLERR"}
    return " ".join(name for bit, name in names.items() if events and events[0][1] & bit) or "nothing"

def connecting():
    client = socket.socket()
    client.setblocking(False)
    client.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    result = client.connect_ex(ADDRESS)
    out = reported(client, select.EPOLLOUT, 10)
    error = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    return client, f"connect {errno.errorcode.get(result, result)}, epoll {out}, SO_ERROR {error}"

def line():
    client, connected = connecting()
    arrived = reported(listener, select.EPOLLIN, 1) == "EPOLLIN"
    if arrived:
        accepted = listener.accept()[0]
        accepted.send(b"220 ready\r\n")
    return client, f"{connected}, the listener readable: {arrived}, greeting within 1 s: {reported(client, select.EPOLLIN, 1)}"

got = ["first: " + line()[1]]
client, second = line()
got.append("second: " + second)
try:
    client.getpeername()
    not_connected = False
except OSError as e:
    not_connected = e.errno == errno.ENOTCONN
client.send(b"EHLO\r\n")
arrived = reported(listener, select.EPOLLIN, 10) == "EPOLLIN"
got.append(f"second, not connected by getpeername: {not_connected}; after a write the listener is readable: {arrived}")
listener.close()
client, third = connecting()
got.append(f"second, the server has ended: {third}, an error within 1 s: {reported(client, select.EPOLLIN, 1)}")
print("\n".join(got))
sys.exit(0 if got == [
    "first: connect EINPROGRESS, epoll EPOLLOUT, SO_ERROR 0, the listener readable: True, greeting within 1 s: EPOLLIN",
    "second: connect 0, epoll EPOLLOUT, SO_ERROR 0, the listener readable: False, greeting within 1 s: nothing",
    "second, not connected by getpeername: True; after a write the listener is readable: True",
    "second, the server has ended: connect 0, epoll EPOLLOUT, SO_ERROR 0, an error within 1 s: nothing",
] else 1)
PYTHON
