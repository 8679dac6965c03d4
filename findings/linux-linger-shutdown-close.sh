#!/bin/sh
# SO_LINGER of a TCP socket does the contrary of two things that one reads of it. shutdown(2) does not wait, though socket(7)
# says that with it "a close(2) or shutdown(2) will not return until all queued messages for the socket have been
# successfully sent or the linger timeout has been reached". close(2) does, of a descriptor with O_NONBLOCK as well: an event
# loop stands still for as long as the peer does not read, up to the whole time, and O_NONBLOCK is no help.
#
# Why: inet_release hands the linger time to the protocol's close, and never looks at O_NONBLOCK (tcp_close then waits in
# sk_stream_wait_close); inet_shutdown knows nothing of SO_LINGER. It is the last close of the open file that waits: also one
# that is implied by dup2 or close_range. An exit of the process does not wait (PF_EXITING).
#
# What to do: leave SO_LINGER off (or at 0, which resets) on sockets of an event loop; shut down writing, and wait for the
# peer's end of stream.
#
# Seen: Linux 6.18, x86-64; SO_LINGER of 2 s, O_NONBLOCK, bytes unsent, the peer does not read. The output was:
#   shutdown: at once
#   close: after the linger time
#   dup2 over it: after the linger time
#   close without SO_LINGER: at once
#
# Needs Linux and python3; takes 4 s. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import os, socket, struct, sys, time
listener = socket.create_server(("127.0.0.1", 0))
peers = []

def full(linger):
    client = socket.create_connection(listener.getsockname())
    peers.append(listener.accept()[0])
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", linger, 2))
    client.setblocking(False)
    try:
        while True:
            client.send(bytes(65536))
    except BlockingIOError:
        return client

def took(call, *arguments):
    start = time.monotonic()
    call(*arguments)
    return "after the linger time" if time.monotonic() - start > 1.9 else "at once"

one, two, three = full(True), full(True), full(False)
null = os.open("/dev/null", os.O_RDONLY)
got = [
    "shutdown: " + took(one.shutdown, socket.SHUT_WR),
    "close: " + took(one.close),
    "dup2 over it: " + took(os.dup2, null, two.fileno()),
    "close without SO_LINGER: " + took(three.close),
]
print("\n".join(got))
sys.exit(0 if got == ["shutdown: at once", "close: after the linger time", "dup2 over it: after the linger time",
                      "close without SO_LINGER: at once"] else 1)
PYTHON
