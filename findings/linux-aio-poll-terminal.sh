#!/bin/sh
# io_submit with IOCB_CMD_POLL, the poll of Linux AIO that some event loops are built on, says EINVAL for a terminal, the master
# of a pseudo-terminal, and a FIFO that is open in both directions, unless the descriptor is ready at that moment: then the
# very same request succeeds. A regular file, which epoll refuses, is taken, and ready. So a program passes its tests, where
# bytes have come, and fails where it must wait. No manual page names the command.
#
# Why: aio_poll can wait in one queue only; a poll method that names a second (a terminal's and a pipe's, for reading and for
# writing) sets EINVAL (aio_poll_queue_proc), which is dropped again if there is something to report already.
#
# What to do: put those into an epoll instance, and ask for the readiness of that.
#
# Seen: Linux 6.18, x86-64. The output was:
#   pipe: quiet waits, ready POLLIN
#   FIFO, open for both: quiet EINVAL, ready POLLIN
#   terminal: quiet EINVAL, ready POLLIN
#   master: quiet EINVAL, ready POLLIN
#   epoll with the terminal in it: quiet waits, ready POLLIN
#   Unix socket: quiet waits, ready POLLIN
#   regular file: ready POLLIN
#
# Needs Linux with AIO, x86-64 or aarch64, and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be
# shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, errno, os, platform, pty, select, socket, struct, sys, tempfile, tty
numbers = {"x86_64": (206, 209, 208), "aarch64": (0, 2, 4)}.get(platform.machine())
if numbers is None:
    sys.exit(2)
SETUP, SUBMIT, GETEVENTS = numbers
IOCB_CMD_POLL = 5
libc = ctypes.CDLL(None, use_errno=True)
context = ctypes.c_ulong(0)
if libc.syscall(SETUP, 64, ctypes.byref(context)) < 0:
    print("io_setup:", os.strerror(ctypes.get_errno()), file=sys.stderr)
    sys.exit(2)
kept = []

def asked(fd):
    fields = struct.pack("=QIIHhIQQqQII", len(kept), 0, 0, IOCB_CMD_POLL, 0, fd, select.POLLIN, 0, 0, 0, 0, 0)
    request = ctypes.create_string_buffer(fields, 64)
    kept.append(request)
    if libc.syscall(SUBMIT, context, ctypes.c_long(1), (ctypes.c_void_p * 1)(ctypes.addressof(request))) < 0:
        return errno.errorcode[ctypes.get_errno()]
    events = ctypes.create_string_buffer(32 * 4)
    limit = (ctypes.c_long * 2)(0, 200_000_000)
    while libc.syscall(GETEVENTS, context, ctypes.c_long(1), ctypes.c_long(1), events, limit) > 0:
        key, _, result, _ = struct.unpack_from("=QQqq", events)
        if key == len(kept) - 1:
            return "POLLIN" if result & select.POLLIN else str(result)
    return "waits"

got = []

def shown(name, fd, make_ready):
    quiet = asked(fd)
    make_ready()
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    assert poll.poll(10000), name
    got.append(f"{name}: quiet {quiet}, ready {asked(fd)}")

end, writer = os.pipe()
shown("pipe", end, lambda: os.write(writer, b"x"))
with tempfile.TemporaryDirectory() as folder:
    os.mkfifo(folder + "/fifo")
    fifo = os.open(folder + "/fifo", os.O_RDWR | os.O_NONBLOCK)
shown("FIFO, open for both", fifo, lambda: os.write(fifo, b"x"))
master, terminal = pty.openpty()
tty.setraw(terminal)
epoll = select.epoll()
epoll.register(terminal, select.EPOLLIN)
quiet = asked(epoll.fileno())
shown("terminal", terminal, lambda: os.write(master, b"x"))
shown("master", master, lambda: os.write(terminal, b"x"))
got.append(f"epoll with the terminal in it: quiet {quiet}, ready {asked(epoll.fileno())}")
near, far = socket.socketpair()
shown("Unix socket", far.fileno(), lambda: near.send(b"x"))
with tempfile.TemporaryFile() as file:
    got.append("regular file: ready " + asked(file.fileno()))
print("\n".join(got))
sys.exit(0 if got == [
    "pipe: quiet waits, ready POLLIN",
    "FIFO, open for both: quiet EINVAL, ready POLLIN",
    "terminal: quiet EINVAL, ready POLLIN",
    "master: quiet EINVAL, ready POLLIN",
    "epoll with the terminal in it: quiet waits, ready POLLIN",
    "Unix socket: quiet waits, ready POLLIN",
    "regular file: ready POLLIN",
] else 1)
PYTHON
