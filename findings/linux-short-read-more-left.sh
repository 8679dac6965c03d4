#!/bin/sh
# A read that gives less than was asked for does not mean that there is no more, though epoll(7) says that one "can be sure"
# of it for pipes, terminals and stream sockets, and that under EPOLLET it is as good as EAGAIN. Four kinds stop at a border
# inside of what is there: a Unix stream socket where descriptors were passed (SCM_RIGHTS), or with SO_PASSCRED where another
# process has written; TCP before an urgent byte; a terminal at the end of each line; a pipe with O_DIRECT after each write.
# The rest lies there without another edge: an event loop that spares itself the last read waits for ever.
#
# Why: each of these reads ends where what it says beside the bytes would change (unix_stream_read_generic, tcp_recvmsg_locked,
# canon_copy_from_read_buf, PIPE_BUF_FLAG_PACKET in pipe_read), and what was there before the read wakes nobody after it.
#
# What to do: read until EAGAIN, whatever the length, where descriptors, urgent bytes or terminals may come.
#
# Seen: Linux 6.18, x86-64; two parts of 10 bytes were there, the buffer has 4096, EPOLLET. The output was:
#   Unix stream, the first part with a descriptor: read 10, epoll nothing, read 10, EAGAIN
#   Unix stream, SO_PASSCRED, two processes: read 10, epoll nothing, read 10, EAGAIN
#   TCP, an urgent byte between: read 10, epoll nothing, read 10, read 0
#   terminal, two lines: read 10, epoll nothing, read 10, EAGAIN
#   pipe, O_DIRECT: read 10, epoll nothing, read 10, EAGAIN
#   pipe: read 20, epoll nothing, EAGAIN
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import array, os, pty, select, socket, sys
PART = b"123456789\n"
got = []

def show(name, fd):
    os.set_blocking(fd, False)
    epoll = select.epoll()
    epoll.register(fd, select.EPOLLIN | select.EPOLLET)
    assert epoll.poll(10), name
    said = []
    try:
        while True:
            said.append("read %d" % len(os.read(fd, 4096)))
            if said[-1] == "read 0":
                raise EOFError
            if len(said) == 1:
                said.append("epoll " + ("an edge" if epoll.poll(0.2) else "nothing"))
    except BlockingIOError:
        said.append("EAGAIN")
    except EOFError:
        pass
    got.append(name + ": " + ", ".join(said))

near, far = socket.socketpair()
near.sendmsg([PART], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0]))])
near.send(PART)
show("Unix stream, the first part with a descriptor", far.fileno())

near, far = socket.socketpair()
far.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
near.send(PART)
child = os.fork()
if child == 0:
    near.send(PART)
    os._exit(0)
os.waitpid(child, 0)
show("Unix stream, SO_PASSCRED, two processes", far.fileno())

listener = socket.create_server(("127.0.0.1", 0))
near = socket.create_connection(listener.getsockname())
far = listener.accept()[0]
for part, flags in ((PART, 0), (b"!", socket.MSG_OOB), (PART, 0)):
    near.send(part, flags)
near.shutdown(socket.SHUT_WR)  # an end, that all may be known to have arrived
closed = select.poll()
closed.register(far, select.POLLRDHUP)
assert closed.poll(10000)  # all of it has arrived
show("TCP, an urgent byte between", far.fileno())

master, terminal = pty.openpty()
os.write(master, PART + PART)
show("terminal, two lines", terminal)
for name, flags in (("pipe, O_DIRECT", os.O_DIRECT), ("pipe", 0)):
    end, writer = os.pipe2(flags)
    os.write(writer, PART)
    os.write(writer, PART)
    show(name, end)
print("\n".join(got))
sys.exit(0 if got == [
    "Unix stream, the first part with a descriptor: read 10, epoll nothing, read 10, EAGAIN",
    "Unix stream, SO_PASSCRED, two processes: read 10, epoll nothing, read 10, EAGAIN",
    "TCP, an urgent byte between: read 10, epoll nothing, read 10, read 0",
    "terminal, two lines: read 10, epoll nothing, read 10, EAGAIN",
    "pipe, O_DIRECT: read 10, epoll nothing, read 10, EAGAIN",
    "pipe: read 20, epoll nothing, EAGAIN",
] else 1)
PYTHON
