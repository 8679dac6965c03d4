#!/bin/sh
# A client of a Unix domain server whose queue of connections is full, written with five event loops of Python: asyncio, Trio
# and Tornado say that it is connected, and give a connection that does not exist: nothing is in the server's queue, and the
# first write or read fails. gevent calls connect again and again, with all of a processor, until there is room. uvloop says
# BlockingIOError, as a socket with a time-out does. None of them waits, as a socket that blocks does.
#
# Why: for a full queue Linux answers a non-blocking connect of a Unix socket with EAGAIN and goes on nothing. The three catch
# BlockingIOError, which Python makes of EAGAIN and of EINPROGRESS, wait for the socket to be writable, which one that is not
# connected is at once (EPOLLOUT and EPOLLHUP), and take SO_ERROR 0 for success. gevent waits in the same way, and tries again.
#
# Seen: asyncio of CPython 3.8.18, 3.11.2, 3.11.7, 3.12.1 and 3.13.0; python3-trio 0.22.0-0.2, python3-tornado 6.2.0-3+deb12u4,
# python3-gevent 22.10.2-3 and python3-uvloop 0.17.0+ds1-2+b2 of Debian 12 with its CPython 3.11.2, Linux 6.18. The output was:
#   asyncio: connected, has a peer False, a write or read fails True
#   trio: connected, has a peer False, a write or read fails True
#   tornado: connected, has a peer False, a write or read fails True
#   gevent: uses half a second of the processor as it waits True, then connected, has a peer True
#   uvloop: BlockingIOError
#   a socket with a time-out: BlockingIOError
#
# Needs Linux on x86-64, and python3 and apt-get of Debian 12, which fetches the loops (4 MB). Exit status: 0 it is so; 1 it is
# not so any longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"

cat >"$directory/full.py" <<'PYTHON'
import os, socket, sys, threading, time
directory, loop = sys.argv[1:]
path = os.path.join(directory, loop)
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

async def say(connection, write, *errors):
    try:
        await write()
        fails = False
    except errors:
        fails = True
    print("%s: connected, has a peer %s, a write or read fails %s" % (loop, peer(connection), fails))

async def streams():
    reader, writer = await asyncio.open_unix_connection(path)

    async def write():
        writer.write(b"x")
        await writer.drain()
        await reader.read(1)
    await say(writer.get_extra_info("socket"), write, OSError)

async def with_trio():
    stream = await trio.open_unix_socket(path)
    await say(stream.socket, lambda: stream.send_all(b"x"), trio.BrokenResourceError)

async def with_tornado():
    connection = socket.socket(socket.AF_UNIX)
    copy = connection.dup()
    stream = tornado.iostream.IOStream(connection)
    await stream.connect(path)
    await say(copy, lambda: stream.write(b"x"), tornado.iostream.StreamClosedError)

def make_room(busy):
    end = time.monotonic() + 30
    while time.process_time() - before < 0.5 and time.monotonic() < end:
        time.sleep(0.01)
    busy.append(time.process_time() - before >= 0.5)
    server.accept()

try:
    if loop == "asyncio":
        import asyncio
        asyncio.run(streams())
    elif loop == "trio":
        import trio
        trio.run(with_trio)
    elif loop == "tornado":
        import logging, tornado.ioloop, tornado.iostream
        logging.disable(logging.CRITICAL)
        tornado.ioloop.IOLoop.current().run_sync(with_tornado)
    elif loop == "gevent":
        import gevent.socket
        busy = []
        before = time.process_time()
        threading.Thread(target=make_room, args=(busy,)).start()
        connection = gevent.socket.socket(socket.AF_UNIX)
        connection.connect(path)
        print("gevent: uses half a second of the processor as it waits %s, then connected, has a peer %s"
              % (busy[0], peer(connection)))
    elif loop == "uvloop":
        import asyncio, uvloop
        uvloop.install()
        asyncio.run(streams())
    else:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(30)
        connection.connect(path)
except OSError as e:
    print("%s: %s" % (loop, type(e).__name__))
PYTHON

uname -sr
if ! (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download python3-trio=0.22.0-0.2 python3-tornado=6.2.0-3+deb12u4 \
    python3-gevent=22.10.2-3 python3-uvloop=0.17.0+ds1-2+b2 libuv1 libev4 libc-ares2 python3-greenlet python3-zope.event \
    python3-zope.interface python3-attr python3-sortedcontainers python3-idna python3-outcome python3-sniffio \
    python3-async-generator && for package in ./*.deb; do dpkg -x "$package" .; done) >&2; then
    echo "the loops cannot be fetched here" >&2
    exit 2
fi
/usr/bin/python3 --version
for loop in asyncio trio tornado gevent uvloop "a socket with a time-out"; do
    PYTHONPATH="$directory/usr/lib/python3/dist-packages" LD_LIBRARY_PATH="$directory/usr/lib/x86_64-linux-gnu" \
        /usr/bin/python3 "$directory/full.py" "$directory" "$loop"
done | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
asyncio: connected, has a peer False, a write or read fails True
trio: connected, has a peer False, a write or read fails True
tornado: connected, has a peer False, a write or read fails True
gevent: uses half a second of the processor as it waits True, then connected, has a peer True
uvloop: BlockingIOError
a socket with a time-out: BlockingIOError
EXPECTED
