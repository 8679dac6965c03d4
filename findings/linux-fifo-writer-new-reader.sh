#!/bin/sh
# A writer of a FIFO whose reader has gone (EPOLLERR) can write again when another reader opens it, and epoll with EPOLLET
# never reports that, nor does a wait that is under way end: not at the open, and not later, however much is read. Who keeps
# the writer for the next reader waits for ever under EPOLLET, and spins on EPOLLERR without it. The other way round there is
# no such thing: a reader is reported for each writer that goes and each that writes.
#
# Why: the open of a first reader wakes those who wait in open for a partner, which is the list of readers (wake_up_partner
# wakes rd_wait alone, since Linux 5.6); a writer that polls waits in the list of writers (wr_wait).
#
# What to do: after EPOLLERR close and open anew, with O_NONBLOCK: ENXIO says that nobody reads yet. Or hold a reader oneself.
#
# Seen: Linux 6.18, x86-64; EPOLLET. The output was:
#   writer: the reader closes EPOLLOUT EPOLLERR, another opens nothing, a write is taken, it is read nothing
#   writer, registered now: EPOLLOUT
#   reader: the writer closes EPOLLHUP, another opens nothing, it writes EPOLLIN, it closes EPOLLIN EPOLLHUP
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import os, select, signal, sys, tempfile
signal.signal(signal.SIGPIPE, signal.SIG_IGN)
folder = tempfile.TemporaryDirectory()
path = folder.name + "/fifo"
os.mkfifo(path)
opened = lambda flags: os.open(path, flags | os.O_NONBLOCK)

def registered(fd, interest):
    epoll = select.epoll()
    epoll.register(fd, interest | select.EPOLLET)
    return epoll

def reported(epoll):
    events = epoll.poll(0.2)
    bits = events[0][1] if events else 0
    return " ".join(name for name in ("EPOLLIN", "EPOLLOUT", "EPOLLERR", "EPOLLHUP") if bits & getattr(select, name)) or "nothing"

reader = opened(os.O_RDONLY)
writer = opened(os.O_WRONLY)
epoll = registered(writer, select.EPOLLOUT)
assert reported(epoll) == "EPOLLOUT"
os.close(reader)
said = ["the reader closes " + reported(epoll)]
reader = opened(os.O_RDONLY)
said.append("another opens " + reported(epoll))
said.append("a write is taken" if os.write(writer, b"x") == 1 else "a write fails")
os.read(reader, 1)
said.append("it is read " + reported(epoll))
got = ["writer: " + ", ".join(said), "writer, registered now: " + reported(registered(writer, select.EPOLLOUT))]
epoll = registered(reader, select.EPOLLIN)
os.close(writer)
said = ["the writer closes " + reported(epoll)]
writer = opened(os.O_WRONLY)
said.append("another opens " + reported(epoll))
os.write(writer, b"x")
said.append("it writes " + reported(epoll))
os.close(writer)
said.append("it closes " + reported(epoll))
got.append("reader: " + ", ".join(said))
print("\n".join(got))
sys.exit(0 if got == [
    "writer: the reader closes EPOLLOUT EPOLLERR, another opens nothing, a write is taken, it is read nothing",
    "writer, registered now: EPOLLOUT",
    "reader: the writer closes EPOLLHUP, another opens nothing, it writes EPOLLIN, it closes EPOLLIN EPOLLHUP",
] else 1)
PYTHON
