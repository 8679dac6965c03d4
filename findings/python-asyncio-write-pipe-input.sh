#!/bin/sh
# asyncio's loop.connect_write_pipe takes whatever can be read from its descriptor for the end of the reader: on a socket,
# which it accepts, the first byte that the peer sends closes the transport, and what is written from then on is lost
# ("Connection lost"). So a program that talks over its standard input and output by connect_read_pipe and connect_write_pipe
# works on pipes and breaks when it is started by inetd, socat or systemd, whose two descriptors are one socket. A FIFO that
# was opened for reading and writing, as one does so that it never has no reader, is closed by the first byte that is written
# to it.
#
# Why: the transport watches the descriptor for reading, to learn that the reader has gone (EPOLLERR of a pipe comes as
# readable), and does not read when it is told so (_UnixWritePipeTransport._read_ready).
#
# Seen: CPython 3.8.18, 3.11.2, 3.11.7, 3.12.1 and 3.13.0, Linux 6.18. The output was, on all:
#   pipe: closing False, the reader gets b'onetwo'
#   socket, the peer is silent: closing False, the reader gets b'onetwo'
#   socket, the peer sends a byte: closing True, the reader gets b'one'
#   FIFO, opened for writing: closing False, the reader gets b'onetwo'
#   FIFO, opened for reading and writing: closing True, the reader gets b'one'
#
# Needs Linux and Python 3.8 or newer; PYTHON names it. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/write.py" <<'PYTHON'
import asyncio, os, socket, sys

async def show(title, file, reader, peer=lambda: None):
    transport, _ = await asyncio.get_running_loop().connect_write_pipe(asyncio.BaseProtocol, file)
    transport.write(b"one")
    peer()
    for _ in range(100 if not transport.is_closing() else 0):
        await asyncio.sleep(0.01)
        if transport.is_closing():
            break
    closing = transport.is_closing()
    transport.write(b"two")
    print("%s: closing %s, the reader gets %s" % (title, closing, os.read(reader, 100)))

async def main():
    read, write = os.pipe()
    await show("pipe", open(write, "wb", 0), read)
    ours, theirs = socket.socketpair()
    await show("socket, the peer is silent", ours, theirs.fileno())
    ours, theirs = socket.socketpair()
    await show("socket, the peer sends a byte", ours, theirs.fileno(), lambda: theirs.send(b"x"))
    for title, mode in ("writing", "wb"), ("reading and writing", "r+b"):
        fifo = os.path.join(sys.argv[1], mode)
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        await show("FIFO, opened for " + title, open(fifo, mode, 0), reader)

asyncio.run(main())
PYTHON

uname -sr
"${PYTHON:-python3}" --version
"${PYTHON:-python3}" "$directory/write.py" "$directory" 2>"$directory/err" | tee "$directory/out" || { cat "$directory/err"; exit 1; }
diff - "$directory/out" <<'EXPECTED'
pipe: closing False, the reader gets b'onetwo'
socket, the peer is silent: closing False, the reader gets b'onetwo'
socket, the peer sends a byte: closing True, the reader gets b'one'
FIFO, opened for writing: closing False, the reader gets b'onetwo'
FIFO, opened for reading and writing: closing True, the reader gets b'one'
EXPECTED
