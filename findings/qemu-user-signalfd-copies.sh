#!/bin/sh
# Under qemu-user a signalfd gives another signal's number if it is read through a descriptor that fcntl(F_DUPFD) or SCM_RIGHTS
# has made of it, or with readv: SIGRTMIN (34) comes as 36, which is a signal as well. A plain read of the descriptor itself,
# or of a copy made with dup or dup2, is right. poll and epoll report all of them. The guest here has the same architecture as
# the host.
#
# Why: qemu takes real-time signals of the host for itself, so the guest's are others on the host, and translates what a read
# brings. Which descriptors need that, it keeps by number (fd_trans); dup and dup2 copy the entry, the other ways do not, and
# of the calls that read, read(2) looks at it.
#
# Seen: qemu-user-static 1:7.2+dfsg-7+deb12u18+b3 of Debian 12 on x86-64, guest python3. The output was:
#   without qemu: read 34, dup 34, dup2 34, F_DUPFD 34, SCM_RIGHTS 34, readv 34
#   qemu-x86_64: read 34, dup 34, dup2 34, F_DUPFD 36, SCM_RIGHTS 36, readv 36
#   qemu-x86_64, SIGUSR1: read 10, dup 10, dup2 10, F_DUPFD 10, SCM_RIGHTS 10, readv 10
#
# Needs Linux on x86-64, python3, and apt-get of Debian 12, which fetches qemu (63 MB). Exit status: 0 it is so; 1 it is not so
# any longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"
uname -sr
if test "$(uname -m)" != x86_64 ||
    ! (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download qemu-user-static=1:7.2+dfsg-7+deb12u18+b3 && dpkg -x ./*.deb .) >&2; then
    echo "qemu cannot be fetched here" >&2
    exit 2
fi
qemu="$directory/usr/bin/qemu-x86_64-static"
"$qemu" --version | head -n 1

cat >"$directory/read.py" <<'PYTHON'
import ctypes, fcntl, os, select, signal, socket, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
number = int(sys.argv[1])
signal.pthread_sigmask(signal.SIG_BLOCK, [number])

def passed(fd):
    ours, theirs = socket.socketpair()
    socket.send_fds(ours, [b"x"], [fd])
    return socket.recv_fds(theirs, 1, 1)[1][0]

def readv(fd):
    buffer = bytearray(128)
    os.readv(fd, [buffer])
    return bytes(buffer)

def got(copy, read):
    fd = libc.signalfd(-1, struct.pack("Q", 1 << number - 1).ljust(128, b"\0"), os.O_NONBLOCK)
    copied = copy(fd)
    epoll = select.epoll()
    epoll.register(copied, select.EPOLLIN)
    os.kill(os.getpid(), number)
    if not epoll.poll(10):
        return "nothing"
    return struct.unpack_from("I", read(copied))[0]

read = lambda fd: os.read(fd, 128)
print(", ".join("%s %s" % (name, got(copy, how)) for name, copy, how in (
    ("read", lambda fd: fd, read),
    ("dup", libc.dup, read),
    ("dup2", lambda fd: libc.dup2(fd, 100), read),
    ("F_DUPFD", lambda fd: fcntl.fcntl(fd, fcntl.F_DUPFD, 0), read),
    ("SCM_RIGHTS", passed, read),
    ("readv", lambda fd: fd, readv),
)))
PYTHON

python=$(python3 -c 'import os, sys; print(os.path.realpath(sys.executable))')
{
    echo "without qemu: $("$python" "$directory/read.py" 34)"
    echo "qemu-x86_64: $("$qemu" "$python" "$directory/read.py" 34)"
    echo "qemu-x86_64, SIGUSR1: $("$qemu" "$python" "$directory/read.py" 10)"
} | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
without qemu: read 34, dup 34, dup2 34, F_DUPFD 34, SCM_RIGHTS 34, readv 34
qemu-x86_64: read 34, dup 34, dup2 34, F_DUPFD 36, SCM_RIGHTS 36, readv 36
qemu-x86_64, SIGUSR1: read 10, dup 10, dup2 10, F_DUPFD 10, SCM_RIGHTS 10, readv 10
EXPECTED
