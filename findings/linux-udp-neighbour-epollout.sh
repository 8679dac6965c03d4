#!/bin/sh
# A UDP socket that sends to one host of the local network that is switched off is not writable for three seconds, for
# anybody: 46 datagrams of 1000 bytes are enough. epoll and poll say nothing to EPOLLOUT, and with a smaller SO_SNDBUF a send
# to any other host, or to the socket's own machine, says EAGAIN. A server of many clients that waits for EPOLLOUT stands
# still for all of them, each time.
#
# Why: while the kernel asks for the host's hardware address, it keeps what is sent there (up to unres_qlen_bytes, usually
# 208 KiB, for each such host), and that counts against the socket until it is sent or, after three questions a second
# apart, thrown away. A UDP socket is writable while less than half of SO_SNDBUF is taken (sock_writeable).
#
# Seen: Linux 6.18, x86-64; SO_SNDBUF is the usual 208 KiB, and then 32 KiB, which counts as 64. The output was:
#   1000 bytes to a host that answers, 200 times: epoll EPOLLOUT
#   1000 bytes to one that is not there, 60 times: epoll nothing, poll(2) nothing; a send to the own machine succeeds
#   it is writable again: True, after more than 2 s: True
#   the same with SO_SNDBUF of 32 KiB: epoll nothing, poll(2) nothing; a send to the own machine says EAGAIN
#
# Needs Linux, python3, ip, and a network namespace of its own (root). Exit status: 0 it is so; 1 it is not so any longer; 2 it
# cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n true && command -v ip > /dev/null || exit 2
unshare -n python3 - <<'PYTHON'
import errno, select, socket, subprocess, sys, time

for words in ("link set lo up", "link add finding0 type veth peer name finding1", "address add 192.0.2.1/24 dev finding0",
              "link set finding0 up", "link set finding1 up",
              "neighbour add 192.0.2.2 lladdr 02:00:00:00:00:02 dev finding0 nud permanent"):
    subprocess.run(["ip", *words.split()], check=True)
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
HERE = receiver.getsockname()

def sender():
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.setblocking(False)
    return udp

def said(call):
    try:
        call()
        return "succeeds"
    except OSError as e:
        return "says " + errno.errorcode[e.errno]

def send(udp, host, times):
    for _ in range(times):
        said(lambda: udp.sendto(bytes(1000), (host, 9)))

def reported(udp):
    epoll, poll = select.epoll(), select.poll()
    epoll.register(udp, select.EPOLLOUT)
    poll.register(udp, select.POLLOUT)
    return epoll, f"epoll {'EPOLLOUT' if epoll.poll(0) else 'nothing'}, poll(2) {'POLLOUT' if poll.poll(0) else 'nothing'}"

udp = sender()
send(udp, "192.0.2.2", 200)
got = ["1000 bytes to a host that answers, 200 times: " + reported(udp)[1].split(",")[0]]
start = time.monotonic()
send(udp, "192.0.2.3", 60)
epoll, stands = reported(udp)
own = said(lambda: udp.sendto(b"x", HERE))
got.append(f"1000 bytes to one that is not there, 60 times: {stands}; a send to the own machine {own}")
again = bool(epoll.poll(30))
got.append(f"it is writable again: {again}, after more than 2 s: {time.monotonic() - start > 2}")
udp = sender()
udp.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 32768)
send(udp, "192.0.2.4", 60)
own = said(lambda: udp.sendto(b"x", HERE))
got.append(f"the same with SO_SNDBUF of 32 KiB: {reported(udp)[1]}; a send to the own machine {own}")
print("\n".join(got))
sys.exit(0 if got == [
    "1000 bytes to a host that answers, 200 times: epoll EPOLLOUT",
    "1000 bytes to one that is not there, 60 times: epoll nothing, poll(2) nothing; a send to the own machine succeeds",
    "it is writable again: True, after more than 2 s: True",
    "the same with SO_SNDBUF of 32 KiB: epoll nothing, poll(2) nothing; a send to the own machine says EAGAIN",
] else 1)
PYTHON
