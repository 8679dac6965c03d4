#!/bin/sh
# Who waits for EPOLLOUT of a tun descriptor, or for nothing, is not woken when the interface is removed, though that is
# EPOLLERR, which is reported whatever was asked for: epoll, edge- or level-triggered, says nothing, and a poll(2) that is
# under way sleeps to its time-out and finds POLLERR then. With EPOLLIN or EPOLLPRI it is reported at once. So a bridge whose
# interface is full or down, and which has given up EPOLLIN till then, waits for ever.
#
# Why: the removal wakes as if bytes had come (tun_detach_all calls sk_data_ready). That wake-up names EPOLLIN and EPOLLPRI,
# and epoll and poll pass over one that names nothing that was asked for, without a look at the descriptor.
#
# Seen: Linux 6.18, x86-64. The output was, after the removal:
#   epoll: EPOLLIN EPOLLERR, EPOLLPRI EPOLLERR, EPOLLOUT nothing, EPOLLOUT with EPOLLET nothing, 0 nothing
#   poll(2) that waited: POLLIN POLLERR, POLLOUT POLLERR at its time-out
#   epoll, registered after it: EPOLLIN EPOLLERR, EPOLLOUT EPOLLERR, 0 EPOLLERR
#
# Needs Linux, python3, ip, /dev/net/tun, and a network namespace of its own (root). Exit status: 0 it is so; 1 it is not so
# any longer; 2 it cannot be shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && unshare -n true && command -v ip > /dev/null && [ -c /dev/net/tun ] || exit 2
unshare -n python3 - <<'PYTHON'
import fcntl, os, select, struct, subprocess, sys, threading, time
NAMES = {select.EPOLLIN: "EPOLLIN", select.EPOLLPRI: "EPOLLPRI", select.EPOLLOUT: "EPOLLOUT", select.EPOLLERR: "EPOLLERR"}
tun = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH22x", b"finding0", 0x1001))  # TUNSETIFF: IFF_TUN, IFF_NO_PI

def ip(*words):
    subprocess.run(("ip", "link", *words), check=True)

def registered(interest):
    epoll = select.epoll()
    epoll.register(tun, interest)
    return epoll

def reported(epoll, timeout):
    events = epoll.poll(timeout)
    return " ".join(name for bit, name in NAMES.items() if events and events[0][1] & bit) or "nothing"

INTERESTS = {"EPOLLIN": select.EPOLLIN, "EPOLLPRI": select.EPOLLPRI, "EPOLLOUT": select.EPOLLOUT,
             "EPOLLOUT with EPOLLET": select.EPOLLOUT | select.EPOLLET, "0": 0}
ip("set", "finding0", "up")
ip("set", "finding0", "down")  # not writable, but for this nothing happens
before = {name: registered(interest) for name, interest in INTERESTS.items()}
for epoll in before.values():
    while epoll.poll(0) and select.select([tun], [], [], 0)[0]:
        os.read(tun, 2000)  # what the system sent as the interface came up
polls = {}

def poll(name, interest):
    waiting = select.poll()
    waiting.register(tun, interest)
    start = time.monotonic()
    events = waiting.poll(3000)
    said = "POLLERR" if events and events[0][1] & select.POLLERR else "nothing"
    polls[name] = said + (" at its time-out" if time.monotonic() - start >= 3 else "")

threads = [threading.Thread(target=poll, args=entry) for entry in (("POLLIN", select.POLLIN), ("POLLOUT", select.POLLOUT))]
for thread in threads:
    thread.start()
time.sleep(0.5)  # until they sleep
ip("delete", "finding0")
for thread in threads:
    thread.join()
got = [
    "epoll: " + ", ".join(f"{name} {reported(epoll, 0.1)}" for name, epoll in before.items()),
    f"poll(2) that waited: POLLIN {polls['POLLIN']}, POLLOUT {polls['POLLOUT']}",
    "epoll, registered after it: "
    + ", ".join(f"{name} {reported(registered(INTERESTS[name]), 0.1)}" for name in ("EPOLLIN", "EPOLLOUT", "0")),
]
print("\n".join(got))
sys.exit(0 if got == [
    "epoll: EPOLLIN EPOLLERR, EPOLLPRI EPOLLERR, EPOLLOUT nothing, EPOLLOUT with EPOLLET nothing, 0 nothing",
    "poll(2) that waited: POLLIN POLLERR, POLLOUT POLLERR at its time-out",
    "epoll, registered after it: EPOLLIN EPOLLERR, EPOLLOUT EPOLLERR, 0 EPOLLERR",
] else 1)
PYTHON
