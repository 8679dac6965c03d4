#!/bin/sh
# poll, select and epoll do not report a terminal in non-canonical mode as readable until as many bytes are there as VMIN says,
# also when the descriptor has O_NONBLOCK, where a read returns at once with what there is. With VTIME above 0 the first
# byte is reported. A change of VTIME from 0 reports bytes that lay there, and a change back takes the report away.
#
# Why: n_tty_poll asks input_available_p for VMIN bytes if VTIME is 0, and for one otherwise; n_tty_read with O_NONBLOCK returns
# what it has. The manual page termios(3) describes what MIN does to a read that blocks.
#
# Seen: Linux 6.18, x86-64; three bytes come, VMIN is 10. The output was:
#   VTIME 0: epoll nothing, poll(2) nothing, a read gives b'abc'
#   VTIME 1: epoll EPOLLIN, poll(2) POLLIN, a read gives b'abc'
#   VTIME 0, set to 1 with the bytes there: epoll EPOLLIN, back to 0: epoll nothing
#   VTIME 0, seven bytes more: epoll EPOLLIN, a read gives b'abcdefghij'
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import fcntl, os, pty, select, struct, sys, termios, tty
master, terminal = pty.openpty()
tty.setraw(terminal)
os.set_blocking(terminal, False)
epoll, poll = select.epoll(), select.poll()
epoll.register(terminal, select.EPOLLIN)
poll.register(terminal, select.POLLIN)
say = lambda events, name: name if events else "nothing"

def set_time(tenths):
    modes = termios.tcgetattr(terminal)
    modes[6][termios.VMIN], modes[6][termios.VTIME] = 10, tenths
    termios.tcsetattr(terminal, termios.TCSANOW, modes)

def epolled(seconds=0.3):
    return "epoll " + say(epoll.poll(seconds), "EPOLLIN")

def state():
    return "%s, poll(2) %s, a read gives %s" % (epolled(), say(poll.poll(0), "POLLIN"), os.read(terminal, 100))

def come(data):
    """Writes to the terminal, and waits until the bytes are there."""
    os.write(master, data)
    count = bytes(4)
    while struct.unpack("i", count)[0] < len(data):
        count = fcntl.ioctl(terminal, termios.FIONREAD, count)

set_time(0)
come(b"abc")
got = ["VTIME 0: " + state()]
set_time(1)
come(b"abc")
got.append("VTIME 1: " + state())
set_time(0)
come(b"abc")
set_time(1)
there = epolled()
set_time(0)
got.append("VTIME 0, set to 1 with the bytes there: %s, back to 0: %s" % (there, epolled()))
os.write(master, b"defghij")
got.append("VTIME 0, seven bytes more: %s, a read gives %s" % (epolled(10), os.read(terminal, 100)))
print("\n".join(got))
sys.exit(0 if got == [
    "VTIME 0: epoll nothing, poll(2) nothing, a read gives b'abc'",
    "VTIME 1: epoll EPOLLIN, poll(2) POLLIN, a read gives b'abc'",
    "VTIME 0, set to 1 with the bytes there: epoll EPOLLIN, back to 0: epoll nothing",
    "VTIME 0, seven bytes more: epoll EPOLLIN, a read gives b'abcdefghij'",
] else 1)
PYTHON
