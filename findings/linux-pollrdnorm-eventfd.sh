#!/bin/sh
# POLLRDNORM, by poll(2) "equivalent to POLLIN", is never reported of an eventfd, a timerfd or a signalfd, though POLLIN is;
# nor is POLLWRNORM of an eventfd: poll(2) and epoll_wait with that interest sleep for ever. Of a pipe, a socket and inotify
# it is reported as POLLIN is. select(2), which has no such choice, reports all of them.
#
# Why: the kernel treats the two as bits of their own, and each poll method decides which of them it sets. eventfd_poll,
# timerfd_poll and signalfd_poll set EPOLLIN (and EPOLLOUT) alone.
#
# Seen: Linux 6.18, x86-64; each of them is readable. The output was, for POLLIN and for POLLRDNORM:
#   pipe: poll(2) yes yes, epoll yes yes, select yes
#   socket: poll(2) yes yes, epoll yes yes, select yes
#   inotify: poll(2) yes yes, epoll yes yes, select yes
#   eventfd: poll(2) yes no, epoll yes no, select yes
#   timerfd: poll(2) yes no, epoll yes no, select yes
#   signalfd: poll(2) yes no, epoll yes no, select yes
# and for POLLOUT and for POLLWRNORM:
#   socket: poll(2) yes yes, epoll yes yes, select yes
#   eventfd: poll(2) yes no, epoll yes no, select yes
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
python3 - "$directory" <<'PYTHON'
import ctypes, os, select, signal, socket, struct, sys, time
libc = ctypes.CDLL(None, use_errno=True)

def reported(fd, interest):
    poll, epoll = select.poll(), select.epoll()
    poll.register(fd, interest)
    epoll.register(fd, interest)
    with epoll:
        return [bool(poll.poll(100)), bool(epoll.poll(0.1))]

def line(name, fd, plain, normal, sets):
    yes = {True: "yes", False: "no"}
    one, other = reported(fd, plain), reported(fd, normal)
    third = bool(sum(select.select(*sets, 0), []))
    return (f"{name}: poll(2) {yes[one[0]]} {yes[other[0]]}, epoll {yes[one[1]]} {yes[other[1]]},"
            f" select {yes[third]}")

pipe, writer = os.pipe()
os.write(writer, b"x")
left, right = socket.socketpair()
right.send(b"x")
watcher = libc.inotify_init1(os.O_NONBLOCK)
libc.inotify_add_watch(watcher, sys.argv[1].encode(), 0x100)  # IN_CREATE
os.mkdir(os.path.join(sys.argv[1], "d"))
event = libc.eventfd(1, os.O_NONBLOCK)
timer = libc.timerfd_create(time.CLOCK_MONOTONIC, os.O_NONBLOCK)
libc.timerfd_settime(timer, 0, struct.pack("qqqq", 0, 0, 0, 1), None)
select.select([timer], [], [])
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
signals = libc.signalfd(-1, struct.pack("Q", 1 << signal.SIGUSR1 - 1).ljust(128, b"\0"), os.O_NONBLOCK)
os.kill(os.getpid(), signal.SIGUSR1)
select.select([signals], [], [])

kinds = {"pipe": pipe, "socket": left.fileno(), "inotify": watcher, "eventfd": event, "timerfd": timer, "signalfd": signals}
got = [line(name, fd, select.POLLIN, select.POLLRDNORM, ([fd], [], [])) for name, fd in kinds.items()]
got += [line(name, kinds[name], select.POLLOUT, select.POLLWRNORM, ([], [kinds[name]], [])) for name in ("socket", "eventfd")]
print("\n".join(got))
both, one = "poll(2) yes yes, epoll yes yes, select yes", "poll(2) yes no, epoll yes no, select yes"
sys.exit(0 if got == [
    "pipe: " + both, "socket: " + both, "inotify: " + both, "eventfd: " + one, "timerfd: " + one, "signalfd: " + one,
    "socket: " + both, "eventfd: " + one,
] else 1)
PYTHON
