#!/bin/sh
# asyncio.open_unix_connection to a server whose queue of connections is full succeeds, and gives a connection that does not
# exist: nothing is in the server's queue, and the first write or read fails, with EINVAL or ENOTCONN as the version has it.
# loop.sock_connect on a Unix socket does the same. A socket with a time-out says BlockingIOError, one that blocks waits.
#
# Why: for a full queue Linux answers a non-blocking connect of a Unix socket with EAGAIN and goes on nothing. asyncio catches
# BlockingIOError, which Python makes of EAGAIN and of EINPROGRESS, waits for the socket to be writable, which one that is not
# connected is at once (EPOLLOUT and EPOLLHUP), and takes SO_ERROR 0 for success.
#
# Seen: CPython 3.8.18, 3.11.2, 3.11.7, 3.12.1 and 3.13.0, Linux 6.18. The output was, on all:
#   open_unix_connection: succeeds, has a peer False, a write or read fails True
#   loop.sock_connect: succeeds, has a peer False
#   a socket with a time-out: BlockingIOError
#   the server accepts what was there before, and no more: True
#
# Needs Linux and Python 3.8 or newer; PYTHON names it. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/full.py" <<'PYTHON'
import asyncio, os, socket, sys
path = os.path.join(sys.argv[1], "socket")
server = socket.socket(socket.AF_UNIX)
server.bind(path)
server.listen(1)
queued = []
while True:
    client = socket.socket(socket.AF_UNIX)
    client.setblocking(False)
    try:
        client.connect(path)
    except BlockingIOError:
        break
    queued.append(client)

def peer(connection):
    try:
        connection.getpeername()
        return True
    except OSError:
        return False

async def fails(reader, writer):
    try:
        writer.write(b"x")
        await writer.drain()
        await asyncio.wait_for(reader.read(1), 30)
        return False
    except OSError:
        return True

async def main():
    reader, writer = await asyncio.wait_for(asyncio.open_unix_connection(path), 30)
    has = peer(writer.get_extra_info("socket"))
    print("open_unix_connection: succeeds, has a peer %s, a write or read fails %s" % (has, await fails(reader, writer)))
    plain = socket.socket(socket.AF_UNIX)
    plain.setblocking(False)
    await asyncio.wait_for(asyncio.get_running_loop().sock_connect(plain, path), 30)
    print("loop.sock_connect: succeeds, has a peer", peer(plain))

asyncio.run(main())
timed = socket.socket(socket.AF_UNIX)
timed.settimeout(30)
try:
    timed.connect(path)
    print("a socket with a time-out: connected")
except OSError as e:
    print("a socket with a time-out:", type(e).__name__)
server.setblocking(False)
accepted = []
try:
    while True:
        accepted.append(server.accept())
except BlockingIOError:
    print("the server accepts what was there before, and no more:", len(accepted) == len(queued))
PYTHON

uname -sr
"${PYTHON:-python3}" --version
"${PYTHON:-python3}" "$directory/full.py" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
open_unix_connection: succeeds, has a peer False, a write or read fails True
loop.sock_connect: succeeds, has a peer False
a socket with a time-out: BlockingIOError
the server accepts what was there before, and no more: True
EXPECTED
