#!/bin/sh
# A packet socket hears that its interface went down, and not that it was removed. Both ways of removal read alike: what an
# interface says that is up is EPOLLERR once, with ENETDOWN, as for one that comes up again; one that was down says nothing.
# From then on the socket is quiet, writable, and bound to nothing: a capture that waits for its interface to come up again
# waits for ever, also when one of the same name appears. Only a send says so (ENXIO), or the address (no name any longer).
#
# Why: packet_notifier sets ENETDOWN when it takes the running hook away; the removal, of an interface that is already down
# by then, only sets the index to -1, and wakes nobody.
#
# What to do: at ENETDOWN ask getsockname again later, or listen to RTM_DELLINK on a netlink socket.
#
# Seen: Linux 6.18, x86-64. The output was:
#   down: epoll EPOLLERR, recv ENETDOWN, epoll nothing
#   up again: a packet arrives
#   removed while down: epoll nothing, recv EAGAIN, the name '', send ENXIO
#   removed while up: epoll EPOLLERR, recv ENETDOWN, epoll nothing, the name '', send ENXIO
#
# Needs Linux, python3, ip, /dev/net/tun, and a network namespace of its own (root). Exit status: 0 it is so; 1 it is not so
# any longer; 2 it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n true && command -v ip > /dev/null && [ -c /dev/net/tun ] || exit 2
unshare -n python3 - <<'PYTHON'
import errno, fcntl, os, select, socket, struct, subprocess, sys

def ip(*words):
    subprocess.run(("ip", "link", *words), check=True)

def made(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1002))  # TUNSETIFF: IFF_TAP, IFF_NO_PI
    ip("set", name, "up")
    capture = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK, 0)
    capture.bind((name, 0x88B5))  # a protocol for experiments, so that nothing else arrives
    epoll = select.epoll()
    epoll.register(capture, select.EPOLLIN | select.EPOLLPRI | select.EPOLLRDHUP)
    return fd, capture, epoll

def reported(epoll):
    events = epoll.poll(0.2)
    return "epoll " + (" ".join(name for name in ("EPOLLIN", "EPOLLERR", "EPOLLHUP") if events[0][1] & getattr(select, name))
                       if events else "nothing")

def outcome(call, *arguments):
    try:
        call(*arguments)
        return "succeeds"
    except OSError as e:
        return errno.errorcode[e.errno]

def gone(capture):
    return f"the name {capture.getsockname()[0]!r}, send {outcome(capture.send, bytes(20))}"

fd, capture, epoll = made("finding0")
ip("set", "finding0", "down")
got = ["down: " + ", ".join((reported(epoll), "recv " + outcome(capture.recv, 100), reported(epoll)))]
ip("set", "finding0", "up")
os.write(fd, bytes(12) + b"\x88\xb5" + bytes(46))  # a packet from the network
got.append("up again: a packet " + ("arrives" if "EPOLLIN" in reported(epoll) else "does not arrive"))
fd2, capture, epoll = made("finding1")
ip("set", "finding1", "down")
assert outcome(capture.recv, 100) == "ENETDOWN"
ip("delete", "finding1")
got.append("removed while down: " + ", ".join((reported(epoll), "recv " + outcome(capture.recv, 100), gone(capture))))
fd3, capture, epoll = made("finding2")
ip("delete", "finding2")
said = (reported(epoll), "recv " + outcome(capture.recv, 100), reported(epoll), gone(capture))
got.append("removed while up: " + ", ".join(said))
print("\n".join(got))
sys.exit(0 if got == [
    "down: epoll EPOLLERR, recv ENETDOWN, epoll nothing",
    "up again: a packet arrives",
    "removed while down: epoll nothing, recv EAGAIN, the name '', send ENXIO",
    "removed while up: epoll EPOLLERR, recv ENETDOWN, epoll nothing, the name '', send ENXIO",
] else 1)
PYTHON
