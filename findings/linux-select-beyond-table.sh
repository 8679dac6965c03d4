#!/bin/sh
# select(2) says EBADF for a closed descriptor only while its number is below the size of the process's descriptor table
# (FDSize in /proc/self/status). Beyond that it takes no notice, and leaves the bit as the caller set it: it sleeps to its
# time-out and returns 0, or 1 for another descriptor, and FD_ISSET says of the closed one that it is ready. So the same
# call fails or not according to how many descriptors the process had open at its peak; and since fork gives the child a
# table of just the size needed, it can fail in the parent and pass in the child. poll(2) says POLLNVAL in each case.
#
# Why: core_sys_select cuts the number of descriptors down to the size of the table, and copies only that many bits back.
# The manual page (BUGS) puts the limit at the highest descriptor that is open, and does not speak of the bits.
#
# Seen: Linux 6.18, x86-64; 2000 is closed, a pipe is readable. The output was:
#   small table: select of 2000 gives 0, its bit is set: True; poll(2) POLLNVAL
#   small table: select of the pipe and 2000 gives 1, bits set: the pipe True, 2000 True
#   a descriptor 3000 was open for a moment: select of 2000 says EBADF; poll(2) POLLNVAL
#   the same in a child: select of 2000 gives 0, its bit is set: True; poll(2) POLLNVAL
#
# Needs Linux and python3. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, errno, os, resource, select, sys
libc = ctypes.CDLL(None, use_errno=True)
BITS = 8 * ctypes.sizeof(ctypes.c_ulong)
CLOSED, HIGH = 2000, 3000
if resource.getrlimit(resource.RLIMIT_NOFILE)[1] <= HIGH:
    print("the limit of descriptors is too low", file=sys.stderr)
    sys.exit(2)
resource.setrlimit(resource.RLIMIT_NOFILE, (HIGH + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
readable, writer = os.pipe()
os.write(writer, b"x")

def table():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("FDSize"))

def selected(fds):
    bits = (ctypes.c_ulong * (HIGH // BITS + 1))()  # larger than an fd_set, as the kernel allows
    for fd in fds:
        bits[fd // BITS] |= 1 << fd % BITS
    result = libc.select(max(fds) + 1, bits, None, None, (ctypes.c_long * 2)(0, 0))
    if result < 0:
        return errno.errorcode[ctypes.get_errno()], None
    return result, [bool(bits[fd // BITS] >> fd % BITS & 1) for fd in fds]

def closed():
    result, bits = selected([CLOSED])
    poll = select.poll()
    poll.register(CLOSED, select.POLLIN)
    nval = "POLLNVAL" if poll.poll(0) == [(CLOSED, select.POLLNVAL)] else "something else"
    said = f"gives {result}, its bit is set: {bits[0]}" if bits else f"says {result}"
    return f"select of 2000 {said}; poll(2) {nval}"

if table() > CLOSED:
    print("the table is large already", file=sys.stderr)
    sys.exit(2)
got = ["small table: " + closed()]
result, bits = selected([readable, CLOSED])
got.append(f"small table: select of the pipe and 2000 gives {result}, bits set: the pipe {bits[0]}, 2000 {bits[1]}")
os.dup2(writer, HIGH)
os.close(HIGH)
got.append("a descriptor 3000 was open for a moment: " + closed())
answer, theirs = os.pipe()
child = os.fork()
if child == 0:
    os.write(theirs, closed().encode())
    os._exit(0)
os.waitpid(child, 0)
got.append("the same in a child: " + os.read(answer, 1000).decode())
print("\n".join(got))
sys.exit(0 if got == [
    "small table: select of 2000 gives 0, its bit is set: True; poll(2) POLLNVAL",
    "small table: select of the pipe and 2000 gives 1, bits set: the pipe True, 2000 True",
    "a descriptor 3000 was open for a moment: select of 2000 says EBADF; poll(2) POLLNVAL",
    "the same in a child: select of 2000 gives 0, its bit is set: True; poll(2) POLLNVAL",
] else 1)
PYTHON
