#!/bin/sh
# A regular file on FUSE can be registered with epoll, where one on ext4, xfs or tmpfs is refused (EPERM): ready for ever if
# the file system does not know the request POLL. If it does, the kernel asks it, and waits for the answer: EPOLL_CTL_ADD,
# poll(2) and, once the file has an event, epoll_wait with a time-out of 0 all sleep for as long as the file system takes,
# though the descriptor has O_NONBLOCK; everything else that is ready in the same epoll instance waits with it.
#
# Why: all files of FUSE have a poll method, fuse_file_poll, which sends the request and sleeps for its answer
# (fuse_simple_request). epoll asks the method with each registration and for each entry of its ready list.
#
# Seen: Linux 6.18, x86-64; the file system below takes 0.5 s to answer POLL. The output was:
#   tmpfs: EPOLL_CTL_ADD says EPERM
#   FUSE without POLL: reported EPOLLIN EPOLLOUT
#   FUSE with POLL: EPOLL_CTL_ADD sleeps for the answer: True
#   epoll_wait, time-out 0, no event: sleeps for the answer: False
#   epoll_wait, time-out 0, an event and a ready pipe: sleeps for the answer: True
#   poll(2), time-out 0: sleeps for the answer: True
#
# Needs Linux, python3, /dev/fuse and the right to mount in a mount namespace of its own (root). Exit status: 0 it is so;
# 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
if ! unshare -m mount -t tmpfs none "$directory" 2>/dev/null || ! test -c /dev/fuse; then
    echo "a file system cannot be mounted here" >&2
    exit 2
fi
unshare -m sh -c 'mount -t tmpfs none "$1" && exec python3 - "$1"' sh "$directory" <<'PYTHON'
import ctypes, errno, os, select, stat, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
GETATTR, OPEN, RELEASE, FLUSH, INIT, POLL = 3, 14, 18, 25, 26, 40
DELAY = 0.5

class FileSystem:
    """One file, which is the root. Its requests are answered by a thread."""

    def __init__(self, name, polls):
        self.file, self.polls, self.handle = os.path.join(sys.argv[1], name), polls, 0
        open(self.file, "w").close()
        self.device = os.open("/dev/fuse", os.O_RDWR)
        options = "fd=%d,rootmode=100644,user_id=0,group_id=0" % self.device
        if libc.mount(b"finding", self.file.encode(), b"fuse", 0, options.encode()):
            print("mount:", os.strerror(ctypes.get_errno()), file=sys.stderr)
            sys.exit(2)
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                request = os.read(self.device, 1 << 17)
            except OSError:
                return  # it is unmounted
            operation, unique = struct.unpack_from("=IQ", request, 4)
            error, answer = 0, b""
            if operation == INIT:
                answer = struct.pack("IIIIHHI", 7, 23, 0, 0, 0, 0, 4096)
            elif operation == GETATTR:
                answer = struct.pack("QQ6Q10I", 0, 0, 1, *[0] * 8, stat.S_IFREG | 0o644, 1, *[0] * 5)
            elif operation == OPEN:
                answer = bytes(16)
            elif operation == POLL and self.polls:
                self.handle, = struct.unpack_from("Q", request, 48)
                time.sleep(DELAY)
                answer = bytes(8)
            elif operation not in (RELEASE, FLUSH):
                error = -errno.ENOSYS
            os.write(self.device, struct.pack("IiQ", 16 + len(answer), error, unique) + answer)

    def notify(self):
        os.write(self.device, struct.pack("IiQQ", 24, 1, 0, self.handle))

def slept(call):
    began = time.monotonic()
    call()
    return time.monotonic() - began >= DELAY

ordinary = os.open(os.path.join(sys.argv[1], "ordinary"), os.O_RDWR | os.O_CREAT)
try:
    select.epoll().register(ordinary, select.EPOLLIN)
    refused = False
except PermissionError:
    refused = True
plain = FileSystem("plain", False)
fd = os.open(plain.file, os.O_RDWR | os.O_NONBLOCK)
epoll = select.epoll()
epoll.register(fd, select.EPOLLIN | select.EPOLLOUT)
events = epoll.poll(0) and epoll.poll(0)
ready = bool(events) and events[0][1] == select.EPOLLIN | select.EPOLLOUT
os.close(fd)

slow = FileSystem("slow", True)
fd = os.open(slow.file, os.O_RDWR | os.O_NONBLOCK)
epoll = select.epoll()
added = slept(lambda: epoll.register(fd, select.EPOLLIN))
quiet = slept(lambda: epoll.poll(0))
reader, writer = os.pipe()
slow.notify()
os.write(writer, b"x")
epoll.register(reader, select.EPOLLIN)
waited = slept(lambda: epoll.poll(0))
poll = select.poll()
poll.register(fd, select.POLLIN)
polled = slept(lambda: poll.poll(0))
epoll.close()
os.close(fd)
for one in plain, slow:
    libc.umount2(one.file.encode(), 2)

print("tmpfs: EPOLL_CTL_ADD says", "EPERM" if refused else "nothing")
print("FUSE without POLL: reported", "EPOLLIN EPOLLOUT" if ready else events)
print("FUSE with POLL: EPOLL_CTL_ADD sleeps for the answer:", added)
print("epoll_wait, time-out 0, no event: sleeps for the answer:", quiet)
print("epoll_wait, time-out 0, an event and a ready pipe: sleeps for the answer:", waited)
print("poll(2), time-out 0: sleeps for the answer:", polled)
sys.exit(0 if refused and ready and added and not quiet and waited and polled else 1)
PYTHON
