#!/bin/sh
# A non-blocking read from a terminal that has nothing to give says EAGAIN or 0, by what VMIN and VTIME are, times that a
# non-blocking read does not wait for: with both at 0, which serial programs set (pyserial does), it is 0, what a read gives
# at the end. An event loop that reads until EAGAIN, as it must under EPOLLET, takes the end of the first burst for a hang-up
# and closes the line. With VTIME at 1 it is EAGAIN. termios(3) leaves it open which; poll says the same for all.
#
# Why: n_tty_read makes the wait of VMIN 0 a time-out, and looks whether that is zero before it looks at O_NONBLOCK.
#
# What to do: set VMIN to 1 on a terminal that is read without blocking.
#
# Seen: Linux 6.18, x86-64; one byte is typed, O_NONBLOCK, non-canonical mode. The output was:
#   VMIN 0, VTIME 0: epoll EPOLLIN, read 1, read 0, epoll nothing; after the hang-up: epoll EPOLLHUP, read 0
#   VMIN 0, VTIME 1: epoll EPOLLIN, read 1, read EAGAIN, epoll nothing; after the hang-up: epoll EPOLLHUP, read 0
#   VMIN 1, VTIME 0: epoll EPOLLIN, read 1, read EAGAIN, epoll nothing; after the hang-up: epoll EPOLLHUP, read 0
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, os, pty, select, sys, termios

def read(fd):
    try:
        return "read %d" % len(os.read(fd, 10))
    except OSError as e:
        return "read " + errno.errorcode[e.errno]

def reported(epoll, timeout):
    events = epoll.poll(timeout)
    return "epoll " + ("nothing" if not events else "EPOLLHUP" if events[0][1] & select.EPOLLHUP else "EPOLLIN")

def shown(minimum, time):
    master, terminal = pty.openpty()
    modes = termios.tcgetattr(terminal)
    modes[3] &= ~(termios.ICANON | termios.ECHO)
    modes[6][termios.VMIN] = minimum
    modes[6][termios.VTIME] = time
    termios.tcsetattr(terminal, termios.TCSANOW, modes)
    os.set_blocking(terminal, False)
    epoll = select.epoll()
    epoll.register(terminal, select.EPOLLIN)
    os.write(master, b"x")
    said = [reported(epoll, 10), read(terminal), read(terminal), reported(epoll, 0.2)]
    os.close(master)
    return f"VMIN {minimum}, VTIME {time}: {', '.join(said)}; after the hang-up: {reported(epoll, 10)}, {read(terminal)}"

got = [shown(0, 0), shown(0, 1), shown(1, 0)]
print("\n".join(got))
sys.exit(0 if got == [
    f"VMIN {modes}: epoll EPOLLIN, read 1, read {nothing}, epoll nothing; after the hang-up: epoll EPOLLHUP, read 0"
    for modes, nothing in (("0, VTIME 0", "0"), ("0, VTIME 1", "EAGAIN"), ("1, VTIME 0", "EAGAIN"))
] else 1)
PYTHON
