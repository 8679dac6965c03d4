#!/bin/sh
# A BPF map can be registered with epoll, and then it is reported with EPOLLERR without end, though nothing is wrong with it;
# poll(2) says POLLERR, and select that it can be read and written. That holds for every kind of map but the ring buffers; a
# perf event array, which one waits for events of, among them (its events come through perf descriptors). An event loop that
# is handed the wrong one of the two descriptors spins, with an error that no call gives. A BPF program's descriptor is
# refused (EPERM), as one expects of what cannot be polled.
#
# Why: all maps share one table of file operations with a poll method, so that epoll takes them; bpf_map_poll answers EPOLLERR
# where the kind of map has no answer (map_poll), and EPOLLERR is reported whatever was asked for.
#
# Seen: Linux 6.18, x86-64. The output was:
#   array: epoll EPOLLERR EPOLLERR EPOLLERR, select reads and writes
#   hash: epoll EPOLLERR EPOLLERR EPOLLERR, select reads and writes
#   perf event array: epoll EPOLLERR EPOLLERR EPOLLERR, select reads and writes
#   queue: epoll EPOLLERR EPOLLERR EPOLLERR, select reads and writes
#   ring buffer: epoll nothing nothing nothing, select nothing
#   program: epoll EPERM, select reads and writes
#
# Needs Linux with BPF, x86-64 or aarch64, python3, and root. Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot
# be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, errno, os, platform, select, struct, sys
number = {"x86_64": 321, "aarch64": 280}.get(platform.machine())
if number is None:
    sys.exit(2)
libc = ctypes.CDLL(None, use_errno=True)

def bpf(command, attributes):
    attributes = ctypes.create_string_buffer(attributes, 128)
    fd = libc.syscall(number, command, attributes, 128)
    if fd < 0:
        print("bpf:", os.strerror(ctypes.get_errno()), file=sys.stderr)
        sys.exit(2)
    return fd

def reported(name, fd):
    epoll = select.epoll()
    try:
        epoll.register(fd, 0)
        polls = (epoll.poll(0.05) for _ in range(3))
        bits = [events[0][1] if events else 0 for events in polls]
        said = " ".join({0: "nothing", select.EPOLLERR: "EPOLLERR"}.get(events, hex(events)) for events in bits)
    except OSError as e:
        said = errno.errorcode[e.errno]
    readable, writable, _ = select.select([fd], [fd], [], 0)
    both = " and ".join(["reads"] * len(readable) + ["writes"] * len(writable)) or "nothing"
    return f"{name}: epoll {said}, select {both}"

MAPS = {"array": (2, 4, 8, 4), "hash": (1, 4, 8, 4), "perf event array": (4, 4, 4, 4), "queue": (22, 0, 4, 4),
        "ring buffer": (27, 0, 0, os.sysconf("SC_PAGESIZE"))}
got = [reported(name, bpf(0, struct.pack("IIII", *shape))) for name, shape in MAPS.items()]
code = ctypes.create_string_buffer(struct.pack("BBhiBBhi", 0xB7, 0, 0, 0, 0x95, 0, 0, 0), 16)  # r0 = 0; exit
license = ctypes.create_string_buffer(b"GPL")
got.append(reported("program", bpf(5, struct.pack("IIQQ", 1, 2, ctypes.addressof(code), ctypes.addressof(license)))))
print("\n".join(got))
sys.exit(0 if got == [
    name + ": epoll EPOLLERR EPOLLERR EPOLLERR, select reads and writes" for name in ("array", "hash", "perf event array", "queue")
] + ["ring buffer: epoll nothing nothing nothing, select nothing", "program: epoll EPERM, select reads and writes"] else 1)
PYTHON
