#!/bin/sh
# SO_RCVLOWAT counts for a read from a Unix stream socket, and not for poll, select and epoll: EPOLLIN comes with the first
# byte, and a recv that may block then sleeps, though the socket was reported. The same on TCP is reported when the mark is
# reached. (socket(7) says of all sockets that poll, select and epoll respect it since Linux 2.6.28.)
#
# Why: tcp_poll compares what is there with the mark (tcp_epollin_ready), unix_poll asks only whether the queue is empty;
# unix_stream_read_generic takes the mark as what it has to gather before it returns.
#
# Seen: Linux 6.18, x86-64. The output was:
#   TCP, mark of 10: 1 byte nothing, 10 bytes EPOLLIN
#   Unix, mark of 10: 1 byte EPOLLIN
#   a recv that may block sleeps after that report: True, until 10 bytes are there: True
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
uname -sr
python3 - <<'PYTHON'
import select, socket, sys, threading
MARK = 10

def marked(receiver):
    receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, MARK)
    epoll = select.epoll()
    epoll.register(receiver, select.EPOLLIN)
    return epoll

with socket.create_server(("127.0.0.1", 0)) as server:
    sender = socket.create_connection(server.getsockname())
    receiver, _ = server.accept()
epoll = marked(receiver)
sender.send(b"x")
tcp_one = epoll.poll(0.3)
sender.send(b"x" * (MARK - 1))
tcp_ten = epoll.poll(10)

sender, receiver = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
epoll = marked(receiver)
sender.send(b"x")
unix_one = epoll.poll(10)
got = []
thread = threading.Thread(target=lambda: got.append(receiver.recv(100)))
thread.start()
while open("/proc/self/task/%d/stat" % thread.native_id).read().split(") ")[1][0] != "S":
    pass
thread.join(0.3)
asleep = thread.is_alive()
sender.send(b"x" * (MARK - 1))
thread.join()
whole = got == [b"x" * MARK]
say = lambda events: "EPOLLIN" if events else "nothing"
print("TCP, mark of 10: 1 byte %s, 10 bytes %s" % (say(tcp_one), say(tcp_ten)))
print("Unix, mark of 10: 1 byte", say(unix_one))
print("a recv that may block sleeps after that report: %s, until 10 bytes are there: %s" % (asleep, whole))
sys.exit(0 if not tcp_one and tcp_ten and unix_one and asleep and whole else 1)
PYTHON
