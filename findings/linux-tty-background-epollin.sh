#!/bin/sh
# A terminal is reported as readable to a process in the background, which may not read it: each read says EIO, and poll and
# epoll report on, as long as the line that was typed for the foreground lies there. EIO is what a read from a terminal says
# that is gone, and event loops take it so; nothing is hung up here. (With SIGTTIN at its default the read stops the process
# instead: a program that was started with "&" and has registered its standard input stops when somebody types.)
#
# Why: n_tty_poll looks at what is there; only n_tty_read asks who reads (job_control). SIGTTIN ignored or blocked, or no parent
# in the session (an orphaned group, as daemons have), makes it EIO.
#
# What to do: at EIO without EPOLLHUP, unregister and look again later (tcgetpgrp tells whose turn it is).
#
# Seen: Linux 6.18, x86-64; SIGTTIN is ignored. The output was:
#   background: EPOLLIN, read EIO, EPOLLIN, read EIO
#   foreground: EPOLLIN, read 6
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, fcntl, os, pty, select, signal, sys, termios
master, terminal = pty.openpty()
os.set_blocking(terminal, False)
end, say = os.pipe()

def looked():
    poll = select.epoll()
    poll.register(terminal, select.EPOLLIN)
    events = poll.poll(10)
    said = " ".join(name for name in ("EPOLLIN", "EPOLLERR", "EPOLLHUP") if events and events[0][1] & getattr(select, name))
    try:
        return "%s, read %d" % (said, len(os.read(terminal, 100)))
    except OSError as e:
        return said + ", read " + errno.errorcode[e.errno]

leader = os.fork()
if leader == 0:
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)  # this process is the foreground
    background = os.fork()
    if background == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTIN, signal.SIG_IGN)
        os.write(say, f"background: {looked()}, {looked()}\n".encode())
        os._exit(0)
    os.waitpid(background, 0)
    os.write(say, f"foreground: {looked()}\n".encode())
    os._exit(0)
os.write(master, b"hello\n")
os.waitpid(leader, 0)
os.close(say)
got = os.read(end, 1000).decode().splitlines()
print("\n".join(got))
sys.exit(0 if got == ["background: EPOLLIN, read EIO, EPOLLIN, read EIO", "foreground: EPOLLIN, read 6"] else 1)
PYTHON
