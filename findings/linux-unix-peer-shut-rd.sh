#!/bin/sh
# Who waits for room on a Unix stream socket is not woken when the peer shuts down reading, though a write would now fail at
# once: poll and epoll, edge- or level-triggered, say nothing, for as long as the peer keeps the socket and does not read. A
# send that blocks is woken and says EPIPE.
#
# Why: unix_shutdown marks the other end as shut down for sending and wakes its sleepers. unix_poll, asked again, answers
# EPOLLOUT only for room (unix_writable), and EPOLLHUP only when both directions are shut down; that sending alone is, it
# does not look at, as tcp_poll does. A send looks at the mark before it waits (sock_alloc_send_pskb).
#
# Seen: Linux 6.18, x86-64. The output was:
#   the peer shuts down reading: epoll nothing, edge-triggered nothing, poll(2) nothing
#   a send says EPIPE: True
#   a send that had blocked says EPIPE: True
#   the peer reads it empty: epoll EPOLLOUT
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import select, signal, socket, sys, threading
signal.signal(signal.SIGPIPE, signal.SIG_IGN)

def full():
    sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        while True:
            sender.send(b"x" * 1000, socket.MSG_DONTWAIT)
    except BlockingIOError:
        return sender, receiver

def broken(sender, flags):
    try:
        sender.send(b"x", flags)
        return False
    except BrokenPipeError:
        return True

sender, receiver = full()
level, edge, poll = select.epoll(), select.epoll(), select.poll()
level.register(sender, select.EPOLLOUT)
edge.register(sender, select.EPOLLOUT | select.EPOLLET)
poll.register(sender, select.POLLOUT)
edge.poll(0)
receiver.shutdown(socket.SHUT_RD)
seen = [level.poll(0.5), edge.poll(0), poll.poll(500)]
at_once = broken(sender, socket.MSG_DONTWAIT)
while receiver.recv(1 << 20, socket.MSG_DONTWAIT):
    pass
room = level.poll(10)

sender, receiver = full()
blocked = []
thread = threading.Thread(target=lambda: blocked.append(broken(sender, 0)))
thread.start()
while open("/proc/self/task/%d/stat" % thread.native_id).read().split(") ")[1][0] != "S":
    pass
receiver.shutdown(socket.SHUT_RD)
thread.join(10)
say = lambda events: "EPOLLOUT" if events else "nothing"
print("the peer shuts down reading: epoll %s, edge-triggered %s, poll(2) %s" % tuple(map(say, seen)))
print("a send says EPIPE:", at_once)
print("a send that had blocked says EPIPE:", blocked == [True])
print("the peer reads it empty: epoll", say(room))
sys.exit(0 if not any(seen) and at_once and blocked == [True] and room else 1)
PYTHON
