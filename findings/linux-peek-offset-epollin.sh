#!/bin/sh
# Who reads ahead with MSG_PEEK and SO_PEEK_OFF, which is there so that each peek goes on where the last one ended, is reported
# EPOLLIN for ever when all has been seen: the peek says EAGAIN, and the level-triggered report goes on until somebody really
# reads. So the option, made for waiting on the next part of a message, cannot be used with poll, select or a level-triggered
# epoll; a blocking peek does wait for what is new. (socket(7) has it for Unix sockets alone; UDP and, since Linux 6.9, TCP
# have it too.)
#
# Why: the offset is used in the receive calls; the poll methods ask whether the queue holds anything (tcp_stream_is_readable,
# datagram_poll, unix_poll).
#
# What to do: EPOLLET, where each arrival is reported.
#
# Seen: Linux 6.18, x86-64. The output was, for each of Unix stream, Unix datagram, UDP and TCP:
#   peek 5, epoll EPOLLIN, peek EAGAIN, epoll EPOLLIN; EPOLLET: nothing, after more came EPOLLIN, peek 3
#
# Needs Linux 6.9 or newer and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import errno, select, socket, sys
SO_PEEK_OFF = 42

def registered(fd, interest):
    epoll = select.epoll()
    epoll.register(fd, interest)
    return epoll

def shown(sender, receiver):
    receiver.setblocking(False)
    receiver.setsockopt(socket.SOL_SOCKET, SO_PEEK_OFF, 0)
    level, edge = registered(receiver, select.EPOLLIN), registered(receiver, select.EPOLLIN | select.EPOLLET)
    reported = lambda epoll, limit=0.2: "EPOLLIN" if epoll.poll(limit) else "nothing"

    def peek():
        try:
            return "peek %d" % len(receiver.recv(100, socket.MSG_PEEK))
        except OSError as e:
            return "peek " + errno.errorcode[e.errno]

    sender.send(b"hello")
    assert reported(edge, 10) == "EPOLLIN"
    said = [peek(), "epoll " + reported(level), peek(), "epoll " + reported(level)]
    quiet = reported(edge)
    sender.send(b"all")
    return f"{', '.join(said)}; EPOLLET: {quiet}, after more came {reported(edge, 10)}, {peek()}"

listener = socket.create_server(("127.0.0.1", 0))
client = socket.create_connection(listener.getsockname())
one, two = (socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2))
two.bind(("127.0.0.1", 0))
one.connect(two.getsockname())
pairs = {
    "Unix stream": socket.socketpair(),
    "Unix datagram": socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM),
    "UDP": (one, two),
    "TCP": (client, listener.accept()[0]),
}
got = {name: shown(*pair) for name, pair in pairs.items()}
for name, said in got.items():
    print(name + ": " + said)
sys.exit(0 if set(got.values()) == {
    "peek 5, epoll EPOLLIN, peek EAGAIN, epoll EPOLLIN; EPOLLET: nothing, after more came EPOLLIN, peek 3"
} else 1)
PYTHON
