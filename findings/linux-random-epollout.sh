#!/bin/sh
# /dev/random is never writable for poll, select and epoll once the system's random numbers are ready, though every write to
# it succeeds at once. Who feeds it entropy when it asks for some, that is, at EPOLLOUT, waits for ever,
# and a loop that has bytes to write and waits for room first never writes them. /dev/urandom, which gives the same numbers,
# cannot be registered with epoll at all (EPERM), and is always readable and writable for poll and select.
#
# Why: since Linux 5.18 random_poll answers EPOLLIN when the generator is seeded and EPOLLOUT when it is not, one or the
# other; it is seeded once, within seconds after boot, and stays so. /dev/urandom has no poll method: epoll refuses it, and
# poll and select take it for a regular file.
#
# What to do: write without waiting.
#
# Seen: Linux 6.18, x86-64. The output was:
#   /dev/random: epoll EPOLLIN, select reads, a write gives 4
#   /dev/urandom: epoll EPERM, select reads and writes, a write gives 4
#
# Needs Linux 5.18 or newer and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
[ -w /dev/random ] && [ -w /dev/urandom ] || exit 2
python3 - <<'PYTHON'
import errno, os, select, sys
os.getrandom(1)  # until they are ready

def asked(path):
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    epoll = select.epoll()
    try:
        epoll.register(fd, select.EPOLLIN | select.EPOLLOUT)
        events = epoll.poll(0.2)[0][1]
        said = " ".join(name for name in ("EPOLLIN", "EPOLLOUT", "EPOLLERR") if events & getattr(select, name))
    except OSError as e:
        said = errno.errorcode[e.errno]
    readable, writable, _ = select.select([fd], [fd], [], 0)
    both = " and ".join(["reads"] * len(readable) + ["writes"] * len(writable))
    return f"{path}: epoll {said}, select {both}, a write gives {os.write(fd, b'seed')}"

got = [asked("/dev/random"), asked("/dev/urandom")]
print("\n".join(got))
sys.exit(0 if got == [
    "/dev/random: epoll EPOLLIN, select reads, a write gives 4",
    "/dev/urandom: epoll EPERM, select reads and writes, a write gives 4",
] else 1)
PYTHON
