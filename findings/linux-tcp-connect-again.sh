#!/bin/sh
# A second connect on a non-blocking TCP socket whose first was refused fails with ECONNABORTED, at once, without a packet, if
# the event loop has asked SO_ERROR between them as one does; connect(2) does not name that error. The third is a real attempt
# and succeeds. If SO_ERROR was not asked, the second gives the first one's ECONNREFUSED once more, also without a packet: who
# tries again on the same socket (Linux allows it) takes each second attempt for a server that is still away.
#
# Why: nobody has called into the socket since it failed, so that it is still in SS_CONNECTING. __inet_stream_connect finds
# the connection closed, gives back the pending error, or ECONNABORTED where there is none, and only then puts the socket
# back (disconnect) for the next call. In blocking mode the failing connect itself does that.
#
# What to do: a new socket for each attempt, as POSIX has it; or call connect once more after ECONNABORTED.
#
# Seen: Linux 6.18, x86-64; the server listens from the second connect on. The output was:
#   SO_ERROR asked: EINPROGRESS, SO_ERROR ECONNREFUSED, connect ECONNABORTED, EPOLLOUT EPOLLHUP, connect EINPROGRESS, EPOLLOUT
#   not asked: EINPROGRESS, connect ECONNREFUSED, EPOLLOUT EPOLLHUP, connect EINPROGRESS, EPOLLOUT
#   blocking: ECONNREFUSED, connect succeeds
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, socket, sys

def connect(client, address):
    error = client.connect_ex(address)
    return errno.errorcode[error] if error else "succeeds"

def reported(client, interest):
    epoll = select.epoll()
    epoll.register(client, interest)
    events = epoll.poll(10)[0][1]
    return " ".join(name for name in ("EPOLLIN", "EPOLLOUT", "EPOLLERR", "EPOLLHUP") if events & getattr(select, name))

def attempts(blocking, ask):
    server = socket.socket()
    server.bind(("127.0.0.1", 0))  # not listening
    address = server.getsockname()
    client = socket.socket()
    client.setblocking(blocking)
    said = [connect(client, address)]
    if not blocking:
        assert "EPOLLERR" in reported(client, select.EPOLLOUT)
    if ask:
        said.append("SO_ERROR " + errno.errorcode[client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)])
    server.listen()
    said.append("connect " + connect(client, address))
    if not blocking:
        said.append(reported(client, select.EPOLLOUT))
        said.append("connect " + connect(client, address))
        said.append(reported(client, select.EPOLLOUT))
        server.accept()
    return ", ".join(said)

got = ["SO_ERROR asked: " + attempts(False, True), "not asked: " + attempts(False, False), "blocking: " + attempts(True, False)]
print("\n".join(got))
sys.exit(0 if got == [
    "SO_ERROR asked: EINPROGRESS, SO_ERROR ECONNREFUSED, connect ECONNABORTED, EPOLLOUT EPOLLHUP, connect EINPROGRESS, EPOLLOUT",
    "not asked: EINPROGRESS, connect ECONNREFUSED, EPOLLOUT EPOLLHUP, connect EINPROGRESS, EPOLLOUT",
    "blocking: ECONNREFUSED, connect succeeds",
] else 1)
PYTHON
