#!/bin/sh
# An edge-triggered epoll misses changes that inotify and fanotify merge with an event that is still unread, and the two
# merge differently: files A, B, A change with nothing read in between. inotify compares with the last event alone and
# reports all three; fanotify compares with all that are unread and does not report the third. A, A is one edge for both.
#
# Why: what is merged is not added to the queue, and only an addition wakes (fsnotify_insert_event). inotify looks at the
# tail of the queue, fanotify into a hash of the events in it (fanotify_merge).
#
# Seen: Linux 6.18, x86-64. The output was:
#   inotify  A, B, A: edge, edge, edge
#   inotify  A, A: edge, nothing
#   fanotify A, B, A: edge, edge, nothing
#   fanotify A, A: edge, nothing
#
# Needs Linux, python3 and, for fanotify, CAP_SYS_ADMIN. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be
# shown here.
set -eu
uname -sr
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
python3 - "$directory" <<'PYTHON'
import ctypes, os, select, sys
libc = ctypes.CDLL(None, use_errno=True)
files = {name: os.path.join(sys.argv[1], name) for name in "AB"}
for path in files.values():
    open(path, "w").close()

def inotify():
    fd = libc.inotify_init1(os.O_NONBLOCK)
    for path in files.values():
        libc.inotify_add_watch(fd, path.encode(), 2)  # IN_MODIFY
    return fd

def fanotify():
    fd = libc.fanotify_init(2, os.O_RDONLY)  # FAN_NONBLOCK
    if fd < 0:
        print("fanotify_init:", os.strerror(ctypes.get_errno()), file=sys.stderr)
        sys.exit(2)
    for path in files.values():
        libc.fanotify_mark(fd, 1, ctypes.c_uint64(2), -100, path.encode())  # FAN_MARK_ADD, FAN_MODIFY
    return fd

def edges(group, names):
    epoll = select.epoll()
    fd = group()
    epoll.register(fd, select.EPOLLIN | select.EPOLLET)
    seen = []
    for name in names:
        with open(files[name], "ab", buffering=0) as file:
            file.write(b"x")
        seen.append("edge" if epoll.poll(0) else "nothing")
    os.close(fd)
    return ", ".join(seen)

got = [
    "inotify  A, B, A: " + edges(inotify, "ABA"),
    "inotify  A, A: " + edges(inotify, "AA"),
    "fanotify A, B, A: " + edges(fanotify, "ABA"),
    "fanotify A, A: " + edges(fanotify, "AA"),
]
print("\n".join(got))
sys.exit(0 if got == [
    "inotify  A, B, A: edge, edge, edge",
    "inotify  A, A: edge, nothing",
    "fanotify A, B, A: edge, edge, nothing",
    "fanotify A, A: edge, nothing",
] else 1)
PYTHON
