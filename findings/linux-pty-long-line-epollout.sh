#!/bin/sh
# The master of a pseudo-terminal in canonical mode never runs out of room for one line: while no newline comes, EPOLLOUT is
# reported for 200 kB and more, each write succeeds, the other side is not reported as readable, and all but the first 4095
# bytes are thrown away without a word. When the newline comes, that much is read. Of the same bytes as lines, or in raw
# mode, EPOLLOUT ends after some 15 kB, and all of them are read. So a selector that writes only what EPOLLOUT allows, to a
# shell or another program behind a terminal, loses the rest of a long line (a paste, base64).
#
# Why: a line may still be edited, so that the line discipline lets any number of bytes through as long as no line is complete,
# and drops what does not fit its 4 KiB (n_tty_receive_room, overflow). With a complete line unread it holds them back.
#
# Seen: Linux 6.18, x86-64; up to 200 kB are written, only on EPOLLOUT, without echo. The output was:
#   canonical, no newline: EPOLLOUT to the end: True; other side epoll nothing; after a newline it reads 4096 bytes
#   canonical, lines of 100 bytes: EPOLLOUT to the end: False; other side epoll EPOLLIN; nothing lost: True
#   raw, no newline: EPOLLOUT to the end: False; other side epoll EPOLLIN; nothing lost: True
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import os, pty, select, sys, termios
MUCH = 200_000

def terminal(canonical):
    master, other = pty.openpty()
    attributes = termios.tcgetattr(other)
    attributes[3] &= ~termios.ECHO
    if not canonical:
        attributes[3] &= ~termios.ICANON
    termios.tcsetattr(other, termios.TCSANOW, attributes)
    for fd in (master, other):
        os.set_blocking(fd, False)
    return master, other

def trial(name, canonical, piece):
    master, other = terminal(canonical)
    written = 0
    with select.epoll() as writable, select.epoll() as readable:
        writable.register(master, select.EPOLLOUT)
        readable.register(other, select.EPOLLIN)
        while written < MUCH and writable.poll(3):
            try:
                written += os.write(master, piece)
            except BlockingIOError:
                pass  # the report was of a moment ago
        said = f"{name}: EPOLLOUT to the end: {written >= MUCH and bool(writable.poll(3))}"
        said += f"; other side epoll {'EPOLLIN' if readable.poll(1) else 'nothing'}; "
        newline = canonical and b"\n" not in piece
        if newline:
            os.write(master, b"\n")
        read = 0
        while readable.poll(3):
            read += len(os.read(other, 1 << 16))
    os.close(master)
    os.close(other)
    return said + (f"after a newline it reads {read} bytes" if newline else f"nothing lost: {read == written}")

got = [
    trial("canonical, no newline", True, b"x" * 1000),
    trial("canonical, lines of 100 bytes", True, (b"x" * 99 + b"\n") * 10),
    trial("raw, no newline", False, b"x" * 1000),
]
print("\n".join(got))
held = "EPOLLOUT to the end: False; other side epoll EPOLLIN; nothing lost: True"
sys.exit(0 if got == [
    "canonical, no newline: EPOLLOUT to the end: True; other side epoll nothing; after a newline it reads 4096 bytes",
    "canonical, lines of 100 bytes: " + held,
    "raw, no newline: " + held,
] else 1)
PYTHON
