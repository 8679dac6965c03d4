#!/bin/sh
# Two descriptors that are there to be written to are never reported as writable: /dev/kmsg, where a write is a line of the
# kernel's log, and a fanotify group, where a write is the answer that somebody who opens a file is waiting for. Both take
# every write at once. An event loop that queues what it has to write and waits for EPOLLOUT first, as its class for
# descriptors does, never writes it: the log lines are missing, and with fanotify the other process hangs in open.
#
# Why: devkmsg_poll and fanotify_poll know EPOLLIN and errors alone; a driver must name EPOLLOUT itself. (/dev/kmsg that is
# open for writing only says EPOLLIN too, where a read says EBADF.)
#
# What to do: write first, and wait only after EAGAIN.
#
# Seen: Linux 6.18, x86-64. The output was:
#   /dev/kmsg, for writing only: epoll EPOLLIN, select reads, a read EBADF, an empty write 0
#   fanotify, a permission is asked for: epoll EPOLLIN, select reads, the answer is written: 8, the open succeeds
#
# Needs Linux with fanotify permissions, python3, and root. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be
# shown here.
set -eu
uname -sr
[ "$(id -u)" = 0 ] && [ -c /dev/kmsg ] || exit 2
python3 - <<'PYTHON'
import ctypes, errno, os, select, struct, sys, tempfile
libc = ctypes.CDLL(None, use_errno=True)

def reported(fd):
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLIN | select.EPOLLOUT)
    events = epoll.poll(0.5)
    said = [name for name in ("EPOLLIN", "EPOLLOUT", "EPOLLERR") if events and events[0][1] & getattr(select, name)]
    readable, writable, _ = select.select([fd], [fd], [], 0)
    both = " and ".join(["reads"] * len(readable) + ["writes"] * len(writable))
    return "epoll %s, select %s" % (" ".join(said) or "nothing", both)

kmsg = os.open("/dev/kmsg", os.O_WRONLY | os.O_NONBLOCK)
said = reported(kmsg)
try:
    read = str(len(os.read(kmsg, 10)))
except OSError as e:
    read = errno.errorcode[e.errno]
got = [f"/dev/kmsg, for writing only: {said}, a read {read}, an empty write {os.write(kmsg, b'')}"]

group = libc.fanotify_init(0x4 | 0x2 | 0x1, os.O_RDONLY)  # FAN_CLASS_CONTENT, FAN_NONBLOCK, FAN_CLOEXEC
with tempfile.NamedTemporaryFile() as file:
    if group < 0 or libc.fanotify_mark(group, 1, ctypes.c_uint64(0x10000), -100, file.name.encode()) < 0:  # FAN_OPEN_PERM
        print("fanotify:", os.strerror(ctypes.get_errno()), file=sys.stderr)
        sys.exit(2)
    child = os.fork()
    if child == 0:
        os.close(os.open(file.name, os.O_RDONLY))
        os._exit(0)
    waiting = select.poll()
    waiting.register(group, select.POLLIN)
    assert waiting.poll(10000)
    said = reported(group)
    fd = struct.unpack_from("=IBBHQii", os.read(group, 4096))[5]
    written = os.write(group, struct.pack("iI", fd, 1))  # FAN_ALLOW
    status = os.waitpid(child, 0)[1]
    os.close(fd)
    got.append(f"fanotify, a permission is asked for: {said}, the answer is written: {written}, the open "
               + ("succeeds" if status == 0 else "fails"))
print("\n".join(got))
sys.exit(0 if got == [
    "/dev/kmsg, for writing only: epoll EPOLLIN, select reads, a read EBADF, an empty write 0",
    "fanotify, a permission is asked for: epoll EPOLLIN, select reads, the answer is written: 8, the open succeeds",
] else 1)
PYTHON
