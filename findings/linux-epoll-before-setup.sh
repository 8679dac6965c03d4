#!/bin/sh
# A registration with epoll that is made before a descriptor of /dev/fuse is mounted, or one of /dev/net/tun has its interface,
# stays deaf for ever: no request, no packet and no removal is reported to it, neither level- nor edge-triggered, while
# poll(2) reports all of them. Who registers what he has opened at once, and sets it up then (or hands it to fusermount or a
# helper with more rights, which does), sees at most one event and then a hanging mount: each process that touches it sleeps.
#
# Why: before the set-up the poll method answers EPOLLERR without naming a queue to wait in (fuse_dev_poll, tun_chr_poll: the
# queue belongs to what is not there yet). epoll asks for queues in EPOLL_CTL_ADD alone, poll and select in each call.
# EPOLL_CTL_MOD does not ask again.
#
# What to do: register after the set-up, or remove and add then.
#
# Seen: Linux 6.18, x86-64. The output was, after the set-up and the first event:
#   fuse, registered before: a request: nothing, after MOD EPOLLIN once, the next nothing; unmounted: nothing
#   fuse, registered after: a request: EPOLLIN, the next EPOLLIN; unmounted: EPOLLERR
#   tun, registered before: a packet: nothing; registered after: EPOLLIN
#   poll(2) all the time: POLLIN POLLIN POLLERR, POLLIN
#
# Needs Linux, python3, ip, /dev/fuse, /dev/net/tun, and mount and network namespaces of its own (root). Exit status: 0 it is
# so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n -m true && command -v ip > /dev/null && [ -c /dev/fuse ] && [ -c /dev/net/tun ] || exit 2
directory=$(mktemp -d)
trap 'rmdir "$directory"' EXIT
unshare -n -m python3 - "$directory" <<'PYTHON'
import ctypes, fcntl, os, select, socket, struct, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
INIT, MNT_DETACH, EIO = 26, 2, 5

def registered(fd):
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLIN)
    return epoll

def reported(epoll):
    events = epoll.poll(0.2)
    return " ".join(name for name in ("EPOLLIN", "EPOLLERR") if events and events[0][1] & getattr(select, name)) or "nothing"

def polled(fd):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    events = poll.poll(10000)
    return " ".join(name for name in ("POLLIN", "POLLERR") if events and events[0][1] & getattr(select, name)) or "nothing"

def answer(device, error, body=b""):
    operation, unique = struct.unpack_from("=IQ", os.read(device, 1 << 17), 4)
    os.write(device, struct.pack("IiQ", 16 + len(body), -error, unique) + body)
    return operation

device = os.open("/dev/fuse", os.O_RDWR | os.O_NONBLOCK)
before = registered(device)
options = "fd=%d,rootmode=40000,user_id=0,group_id=0" % device
if libc.mount(b"finding", sys.argv[1].encode(), b"fuse", 0, options.encode()):
    print("mount:", os.strerror(ctypes.get_errno()), file=sys.stderr)
    sys.exit(2)
polls = [polled(device)]
assert answer(device, 0, struct.pack("IIIIHHI", 7, 23, 0, 0, 0, 0, 4096)) == INIT
while before.poll(0):
    pass  # the error of before, and what there was when it was looked at
after = registered(device)

def request():
    child = os.fork()
    if child == 0:
        try:
            os.stat(sys.argv[1])
        finally:
            os._exit(0)
    polls.append(polled(device))
    return child

child = request()
early, late = [reported(before)], [reported(after)]
before.modify(device, select.EPOLLIN)
early.append("after MOD " + reported(before) + " once")
answer(device, EIO)
os.waitpid(child, 0)
assert reported(before) == reported(after) == "nothing"
child = request()
early.append("the next " + reported(before))
late.append("the next " + reported(after))
answer(device, EIO)
os.waitpid(child, 0)
libc.umount2(sys.argv[1].encode(), MNT_DETACH)
polls.append(polled(device))
got = [f"fuse, registered {name}: a request: {', '.join(said)}; unmounted: {reported(epoll)}"
       for name, said, epoll in (("before", early, before), ("after", late, after))]

tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
before = registered(tun)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"finding0", 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI
while before.poll(0):
    pass
after = registered(tun)
subprocess.run(("ip", "link", "set", "finding0", "up"), check=True)  # the system sends router solicitations
subprocess.run(("ip", "address", "add", "192.0.2.1/24", "dev", "finding0"), check=True)
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"hello", ("192.0.2.2", 9))
tuns = polled(tun)
got.append(f"tun, registered before: a packet: {reported(before)}; registered after: {reported(after)}")
got.append(f"poll(2) all the time: {' '.join(polls[1:])}, {tuns}")
print("\n".join(got))
sys.exit(0 if got == [
    "fuse, registered before: a request: nothing, after MOD EPOLLIN once, the next nothing; unmounted: nothing",
    "fuse, registered after: a request: EPOLLIN, the next EPOLLIN; unmounted: EPOLLERR",
    "tun, registered before: a packet: nothing; registered after: EPOLLIN",
    "poll(2) all the time: POLLIN POLLIN POLLERR, POLLIN",
] else 1)
PYTHON
