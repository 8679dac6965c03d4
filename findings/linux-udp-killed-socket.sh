#!/bin/sh
# To kill a UDP socket from outside (ss -K, SOCK_DESTROY of sock_diag, as Android does when a network goes away) leaves an open
# socket that is no longer what it was. It is reported with EPOLLERR and ECONNABORTED once; whoever takes that, as one does on
# UDP, where errors pass, has then: no peer, so that a datagram of any stranger is received, if the port was bound to a number;
# no port, so that it is quiet for ever, if the system has chosen it; and EDESTADDRREQ from send. A TCP socket is dead at the
# same kill (EPOLLHUP), for good.
#
# Why: udp_abort sets the error and disconnects (__udp_disconnect), which is what connect with AF_UNSPEC does; the socket is
# not shut down, and poll has nothing to say about it once the error was taken.
#
# What to do: at ECONNABORTED close the UDP socket.
#
# Seen: Linux 6.18, x86-64. The output was:
#   bound to a number: EPOLLERR, recv ECONNABORTED, nothing, a stranger's datagram is received, send EDESTADDRREQ
#   bound by the system: EPOLLERR, recv ECONNABORTED, nothing, its port is 0, send EDESTADDRREQ
#   TCP: EPOLLERR EPOLLHUP, recv ECONNABORTED, EPOLLHUP
#
# Needs Linux with CONFIG_INET_DIAG_DESTROY, ss, ip, python3, and a network namespace of its own (root). Exit status: 0 it is
# so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n true && command -v ip > /dev/null && command -v ss > /dev/null || exit 2
unshare -n python3 - <<'PYTHON'
import errno, select, socket, subprocess, sys
subprocess.run(("ip", "link", "set", "lo", "up"), check=True)

def reported(victim):
    epoll = select.epoll()
    epoll.register(victim, select.EPOLLIN)
    events = epoll.poll(0.2)
    return " ".join(name for name in ("EPOLLERR", "EPOLLHUP") if events and events[0][1] & getattr(select, name)) or "nothing"

def outcome(call, *arguments):
    try:
        call(*arguments)
        return "succeeds"
    except OSError as e:
        return errno.errorcode[e.errno]

def killed(victim, kind):
    port = victim.getsockname()[1]
    subprocess.run(("ss", kind, "-K", "sport", "=", str(port)), stdout=subprocess.DEVNULL, check=True)
    victim.setblocking(False)
    said = [reported(victim), "recv " + outcome(victim.recv, 10), reported(victim)]
    if said[0] == "nothing":
        print("ss -K has no effect", file=sys.stderr)
        sys.exit(2)
    return said

datagram = lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
peer, stranger, bound, chosen = (datagram() for _ in range(4))
peer.bind(("127.0.0.1", 0))
bound.bind(("127.0.0.1", 4567))  # nobody else is in this network namespace
bound.connect(peer.getsockname())
chosen.connect(peer.getsockname())
said = killed(bound, "-u")
stranger.sendto(b"hello", ("127.0.0.1", 4567))
select.select([bound], [], [], 0.5)
said.append("a stranger's datagram is " + ("received" if outcome(bound.recv, 10) == "succeeds" else "not received"))
got = ["bound to a number: " + ", ".join(said + ["send " + outcome(bound.send, b"x")])]
said = killed(chosen, "-u") + [f"its port is {chosen.getsockname()[1]}"]
got.append("bound by the system: " + ", ".join(said + ["send " + outcome(chosen.send, b"x")]))
listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
got.append("TCP: " + ", ".join(killed(client, "-t")))
print("\n".join(got))
sys.exit(0 if got == [
    "bound to a number: EPOLLERR, recv ECONNABORTED, nothing, a stranger's datagram is received, send EDESTADDRREQ",
    "bound by the system: EPOLLERR, recv ECONNABORTED, nothing, its port is 0, send EDESTADDRREQ",
    "TCP: EPOLLERR EPOLLHUP, recv ECONNABORTED, EPOLLHUP",
] else 1)
PYTHON
