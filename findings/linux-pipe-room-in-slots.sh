#!/bin/sh
# Whether a pipe is writable has little to do with how many bytes it holds. One of 64 KiB that holds 15 pages and one byte is
# not, though a write of 4095 bytes is taken in full. The same pipe, full, after 4095 of the bytes of its first page were read is
# not either, and then there is no room indeed, not for one byte. Filled by vmsplice or splice with single bytes it is full at
# 16. A pipe of one page (F_SETPIPE_SZ, or what a user gets who has many pipes) is writable
# only while it is empty: a writer that waits for EPOLLOUT sends one piece for each time that the reader has emptied it.
#
# Why: a pipe is a ring of slots, a page each, which is full when each slot has something (pipe_full in pipe_poll). A write
# first fills up the last slot's page, which poll does not count; a slot is free when its last byte was read; a page that comes
# from splice is never filled up. FIONREAD counts bytes and F_GETPIPE_SZ pages, neither says if there is room.
#
# What to do: write first and wait after EAGAIN; read in large pieces.
#
# Seen: Linux 6.18, x86-64. The output was:
#   15 pages and a byte: epoll nothing, a write of 4095 gives 4095
#   all full, 4095 of the first page read: epoll nothing, a write of 1 EAGAIN; one more read: epoll EPOLLOUT
#   single bytes by vmsplice: full with 16 bytes, epoll nothing
#   a pipe of one page, one byte in it: epoll nothing, a write of 4095 gives 4095
#
# Needs Linux with pages of 4 KiB and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
[ "$(getconf PAGESIZE)" = 4096 ] || exit 2
python3 - <<'PYTHON'
import ctypes, errno, fcntl, os, select, sys
libc = ctypes.CDLL(None, use_errno=True)
F_SETPIPE_SZ, SPLICE_F_NONBLOCK, PAGE = 1031, 2, 4096

def reported(fd):
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLOUT)
    return "epoll " + ("EPOLLOUT" if epoll.poll(0.2) else "nothing")

def write(fd, length):
    try:
        return f"a write of {length} gives {os.write(fd, bytes(length))}"
    except OSError as e:
        return f"a write of {length} {errno.errorcode[e.errno]}"

def pipe(size):
    end, writer = os.pipe2(os.O_NONBLOCK)
    if fcntl.fcntl(writer, F_SETPIPE_SZ, size) != size:
        sys.exit(2)
    return end, writer

end, writer = pipe(16 * PAGE)
for _ in range(15):
    os.write(writer, bytes(PAGE))
os.write(writer, b"x")
got = [f"15 pages and a byte: {reported(writer)}, {write(writer, PAGE - 1)}"]
os.read(end, PAGE - 1)
said = f"all full, 4095 of the first page read: {reported(writer)}, {write(writer, 1)}"
os.read(end, 1)
got.append(f"{said}; one more read: {reported(writer)}")

end, writer = pipe(16 * PAGE)
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
byte = ctypes.create_string_buffer(b"x")
vector = Vector(ctypes.addressof(byte), 1)
count = 0
while libc.vmsplice(writer, ctypes.byref(vector), ctypes.c_ulong(1), SPLICE_F_NONBLOCK) == 1:
    count += 1
got.append(f"single bytes by vmsplice: full with {count} bytes, {reported(writer)}")

end, writer = pipe(PAGE)
os.write(writer, b"x")
got.append(f"a pipe of one page, one byte in it: {reported(writer)}, {write(writer, PAGE - 1)}")
print("\n".join(got))
sys.exit(0 if got == [
    "15 pages and a byte: epoll nothing, a write of 4095 gives 4095",
    "all full, 4095 of the first page read: epoll nothing, a write of 1 EAGAIN; one more read: epoll EPOLLOUT",
    "single bytes by vmsplice: full with 16 bytes, epoll nothing",
    "a pipe of one page, one byte in it: epoll nothing, a write of 4095 gives 4095",
] else 1)
PYTHON
