#!/bin/sh
# What IPV6_RECVPATHMTU asks for is never reported by poll, select and epoll: the kernel has a message with the path's MTU for
# the socket, the next receive gives it (no bytes, and a control message IPV6_PATHMTU), and a loop that receives only when
# there is something to receive gets it with the next datagram's report, or never. In that case it comes in the datagram's
# place, and reads like an empty one. RFC 3542 (11.3) has it that the application "receives" it like a datagram.
#
# Why: the message is no packet in the queue but a slot of the socket (rxpmtu, ipv6_local_rxpmtu). udpv6_recvmsg looks into it
# before the queue; the poll method looks at the queue and the errors alone, and nobody is woken.
#
# What to do: after EMSGSIZE receive once without waiting for a report; with recvmsg, and a look at the control messages.
#
# Seen: Linux 6.18, x86-64; a datagram of 3000 bytes, IPV6_DONTFRAG, an interface with an MTU of 2000. The output was:
#   send EMSGSIZE, epoll nothing, recvmsg 0 bytes with IPV6_PATHMTU 2000, then EAGAIN
#   the same, and a datagram comes: epoll EPOLLIN, recv 0 bytes, epoll EPOLLIN, recv 5 bytes
#
# Needs Linux with IPv6, python3, ip, and a network namespace of its own (root). Exit status: 0 it is so; 1 it is not so any
# longer; 2 it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n true && command -v ip > /dev/null && [ -e /proc/net/if_inet6 ] || exit 2
unshare -n python3 - <<'PYTHON'
import errno, select, socket, struct, subprocess, sys
IPV6_RECVPATHMTU, IPV6_PATHMTU, IPV6_DONTFRAG = 60, 61, 62
subprocess.run(("ip", "link", "set", "lo", "mtu", "2000", "up"), check=True)
try:
    receiver = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
    receiver.bind(("::1", 0))
except OSError as e:
    print("IPv6:", e, file=sys.stderr)
    sys.exit(2)
receiver.setblocking(False)
receiver.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVPATHMTU, 1)
receiver.setsockopt(socket.IPPROTO_IPV6, IPV6_DONTFRAG, 1)
epoll = select.epoll()
epoll.register(receiver, select.EPOLLIN | select.EPOLLPRI)

def reported():
    events = epoll.poll(0.2)
    return "epoll " + (" ".join(name for name in ("EPOLLIN", "EPOLLPRI", "EPOLLERR") if events[0][1] & getattr(select, name))
                       if events else "nothing")

def outcome(call, *arguments):
    try:
        return call(*arguments)
    except OSError as e:
        return errno.errorcode[e.errno]

target = ("::1", 9)
said = ["send " + str(outcome(receiver.sendto, bytes(3000), target)), reported()]
message = outcome(receiver.recvmsg, 100, 100)
if isinstance(message, str):
    said.append("recvmsg " + message)
else:
    mtus = [struct.unpack_from("I", data, 28)[0] for level, kind, data in message[1] if kind == IPV6_PATHMTU]
    said.append("recvmsg %d bytes with IPV6_PATHMTU %s" % (len(message[0]), mtus[0] if mtus else "missing"))
    said.append("then " + str(outcome(receiver.recv, 100)))
got = [", ".join(said)]
outcome(receiver.sendto, bytes(3000), target)
socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).sendto(b"hello", receiver.getsockname())
said = []
for _ in range(2):
    said += [reported(), "recv %d bytes" % len(receiver.recv(100))]
got.append("the same, and a datagram comes: " + ", ".join(said))
print("\n".join(got))
sys.exit(0 if got == [
    "send EMSGSIZE, epoll nothing, recvmsg 0 bytes with IPV6_PATHMTU 2000, then EAGAIN",
    "the same, and a datagram comes: epoll EPOLLIN, recv 0 bytes, epoll EPOLLIN, recv 5 bytes",
] else 1)
PYTHON
