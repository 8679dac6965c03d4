#!/bin/sh
# After a netlink socket has said ENOBUFS, messages are lost on without a second ENOBUFS, though there is room again: until
# the queue has been read empty, each new message is thrown away, and nobody hears of it. So a monitor that does what one
# does (at ENOBUFS read the whole state anew, by a dump on a second socket, then go on with the messages) misses the changes
# that come while old messages are still unread, and holds a wrong state until the next overrun. A loop that reads a few
# messages to each report stays deaf as long as it does not catch up entirely.
#
# Why: netlink_overrun marks the socket (NETLINK_S_CONGESTED); while the mark is there netlink_broadcast_deliver drops
# everything and sets no error again. netlink_rcv_wake clears it in the receive that leaves the queue empty, not before.
#
# What to do: after ENOBUFS receive until EAGAIN first, and only then ask for the whole state.
#
# Seen: Linux 6.18, x86-64; an MTU is changed 30 times, with a receive buffer for some. The output was:
#   the error: ENOBUFS, then 4 messages, the oldest
#   two changes, with half of the queue free: lost, and the rest is read to its end without an error
#   the next change: arrives
#
# Needs Linux, python3, ip, and a network namespace of its own (root). Exit status: 0 it is so; 1 it is not so any longer; 2
# it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n true && command -v ip > /dev/null || exit 2
unshare -n python3 - <<'PYTHON'
import errno, fcntl, os, socket, struct, subprocess, sys
fd = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(fd, 0x400454CA, struct.pack("16sH22x", b"finding0", 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
monitor = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
monitor.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
monitor.setblocking(False)
monitor.bind((0, 1))  # RTMGRP_LINK

def change(mtu):
    subprocess.run(("ip", "link", "set", "finding0", "mtu", str(mtu)), check=True)

def received():
    try:
        message = monitor.recv(65536)
    except OSError as e:
        return errno.errorcode[e.errno]
    offset = 32
    while True:
        length, kind = struct.unpack_from("HH", message, offset)
        if kind == 4:  # IFLA_MTU
            return struct.unpack_from("I", message, offset + 4)[0]
        offset += length + 3 & ~3

for mtu in range(1300, 1330):
    change(mtu)
first = [received() for _ in range(5)]
change(1400)
change(1401)
rest = []
while not rest or rest[-1] != "EAGAIN":
    rest.append(received())
change(1402)
later = received()
errors = [said for said in rest[:-1] if isinstance(said, str)]
lost = 1400 not in rest and 1401 not in rest
got = [
    f"the error: {first[0]}, then 4 messages, " + ("the oldest" if first[1:] == [1300, 1301, 1302, 1303] else str(first[1:])),
    "two changes, with half of the queue free: %s, and the rest is read to its end %s"
    % ("lost" if lost else "not lost", "with " + " ".join(errors) if errors else "without an error"),
    "the next change: " + ("arrives" if later == 1402 else "is lost"),
]
print("\n".join(got))
if len(rest) < 3:
    print("the queue was as good as empty:", rest, file=sys.stderr)
    sys.exit(2)
sys.exit(0 if got == [
    "the error: ENOBUFS, then 4 messages, the oldest",
    "two changes, with half of the queue free: lost, and the rest is read to its end without an error",
    "the next change: arrives",
] else 1)
PYTHON
