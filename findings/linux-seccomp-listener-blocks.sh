#!/bin/sh
# The listener of seccomp's user notifications takes no notice of O_NONBLOCK: who receives until there is no more, as one does
# with EPOLLET, sleeps in the ioctl that finds none, and the event loop with it. It has to be one receive to a report; under
# EPOLLET that loses nothing, since the receive is an edge itself. The listener is reported as writable while an answer is
# due, and at no other time, so who waits for EPOLLOUT level-triggered has no rest until all are answered.
#
# Why: SECCOMP_IOCTL_NOTIF_RECV waits without a look at the flags of the file (recv_wait_event); seccomp_notify_poll says
# EPOLLOUT for a notification that was received and not answered, and the receive wakes with it.
#
# Seen: Linux 6.18, x86-64; two processes ask. The output was, level- and edge-triggered:
#   both have asked: EPOLLIN, EPOLLIN
#   the first is received: EPOLLIN EPOLLOUT, EPOLLIN EPOLLOUT
#   the second is received: EPOLLOUT, EPOLLOUT
#   a third receive with O_NONBLOCK sleeps: True, until another process asks: True
#   all are answered and have gone: EPOLLHUP, EPOLLHUP; a receive says ENOENT
#
# Needs Linux 5.0 or newer on x86-64 or arm64, python3 and the right to filter one's own child. Exit status: 0 it is so; 1 it is
# not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, errno, os, platform, select, socket, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
GETPPID = {"x86_64": 110, "aarch64": 173}.get(platform.machine())
SECCOMP = {"x86_64": 317, "aarch64": 277}.get(platform.machine())
RECV, SEND = 0xC0502100, 0xC0182101
NAMES = {select.EPOLLIN: "EPOLLIN", select.EPOLLOUT: "EPOLLOUT", select.EPOLLHUP: "EPOLLHUP"}
if GETPPID is None:
    sys.exit(2)

def filtered():
    """getppid is to ask, everything else is allowed; gives the listener."""
    statements = ((0x20, 0, 0, 0), (0x15, 0, 1, GETPPID), (0x06, 0, 0, 0x7FC00000), (0x06, 0, 0, 0x7FFF0000))
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *statement) for statement in statements))
    libc.prctl(38, 1, 0, 0, 0)  # PR_SET_NO_NEW_PRIVS
    return libc.syscall(SECCOMP, 1, 8, struct.pack("HxxxxxxQ", len(statements), ctypes.addressof(code)))

def asks():
    child = os.fork()
    if child == 0:
        libc.syscall(GETPPID)
        os._exit(0)
    return child

def target(channel, go):
    listener = filtered()
    if listener < 0:
        channel.send(b"-")
        return
    socket.send_fds(channel, [b"+"], [listener])
    os.close(listener)
    children = [asks(), asks()]
    os.read(go, 1)
    children.append(asks())
    for child in children:
        os.waitpid(child, 0)

mine, theirs = socket.socketpair()
go, ask_again = os.pipe()
process = os.fork()
if process == 0:
    mine.close()
    os.close(ask_again)
    target(theirs, go)
    os._exit(0)
said, fds, _, _ = socket.recv_fds(mine, 1, 1)
if said != b"+":
    print("seccomp has no listener here", file=sys.stderr)
    sys.exit(2)
listener = fds[0]
os.set_blocking(listener, False)
level, edge = select.epoll(), select.epoll()
level.register(listener, select.EPOLLIN | select.EPOLLOUT)

def reported(epoll):
    events = epoll.poll(0.2)
    return " ".join(name for bit, name in NAMES.items() if events and events[0][1] & bit) or "nothing"

def both():
    return f"{reported(level)}, {reported(edge)}"

asked = []

def receive():
    notification = ctypes.create_string_buffer(80)
    if libc.ioctl(listener, ctypes.c_ulong(RECV), notification) < 0:
        return errno.errorcode[ctypes.get_errno()]
    asked.append(struct.unpack_from("Q", notification)[0])
    return "one"

def sleeping(pid):
    with open(f"/proc/{pid}/syscall") as call:
        return call.read().split()[0] == str(GETPPID)

def until(condition):
    end = time.monotonic() + 30
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()

def children():
    with open(f"/proc/{process}/task/{process}/children") as file:
        return file.read().split()

until(lambda: len(children()) == 2 and all(map(sleeping, children())))
edge.register(listener, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
got = ["both have asked: " + both()]
receive()
got.append("the first is received: " + both())
receive()
got.append("the second is received: " + both())
third = threading.Thread(target=receive)
third.start()
third.join(0.5)
sleeps = third.is_alive()
os.write(ask_again, b"x")
third.join(30)
got.append(f"a third receive with O_NONBLOCK sleeps: {sleeps}, until another process asks: {not third.is_alive()}")
for identity in asked:
    libc.ioctl(listener, ctypes.c_ulong(SEND), struct.pack("QqiI", identity, 0, 0, 1))  # go on
os.waitpid(process, 0)
got.append(f"all are answered and have gone: {both()}; a receive says {receive()}")
print("\n".join(got))
sys.exit(0 if got == [
    "both have asked: EPOLLIN, EPOLLIN",
    "the first is received: EPOLLIN EPOLLOUT, EPOLLIN EPOLLOUT",
    "the second is received: EPOLLOUT, EPOLLOUT",
    "a third receive with O_NONBLOCK sleeps: True, until another process asks: True",
    "all are answered and have gone: EPOLLHUP, EPOLLHUP; a receive says ENOENT",
] else 1)
PYTHON
