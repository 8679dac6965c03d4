#!/bin/sh
# One record that a BPF program submits or discards with BPF_RB_NO_WAKEUP silences the ring buffer for its consumer: of all
# records that follow with the default flags, none wakes epoll, level- or edge-triggered, nor a poll(2) that is under way,
# until the consumer looks unasked. A discard without a wake-up, since there is nothing to read, is enough; so is a batch whose
# last record alone is to wake. A poll(2) that begins, or a new registration, says EPOLLIN.
#
# Why: with the default flags a record wakes only if the consumer has read all that is before it (bpf_ringbuf_commit). It has
# not, and was not woken for it. A discarded record counts like any other until the consumer has passed over it.
#
# Seen: Linux 6.18, x86-64. The output was:
#   submitted, then three submitted: epoll EPOLLIN, edge-triggered EPOLLIN, poll(2) POLLIN at once
#   submitted with NO_WAKEUP, then three submitted: epoll nothing, edge-triggered nothing, poll(2) POLLIN at its time-out
#   discarded with NO_WAKEUP, then three submitted: epoll nothing, edge-triggered nothing, poll(2) POLLIN at its time-out
#   after that: epoll, registered now EPOLLIN; one submitted with FORCE_WAKEUP: epoll EPOLLIN, edge-triggered EPOLLIN
#
# Needs Linux 5.8 or newer on x86-64, arm64 or riscv64, python3 and CAP_BPF (root); the programs run only when the script runs
# them itself (BPF_PROG_TEST_RUN). Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, os, platform, select, struct, sys, threading, time
libc = ctypes.CDLL(None, use_errno=True)
BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}
NO_WAKEUP, FORCE_WAKEUP = 1, 2
RESERVE, SUBMIT, DISCARD = 131, 132, 133  # the helpers
if platform.machine() not in BPF:
    sys.exit(2)

def bpf(command, attributes):
    result = libc.syscall(BPF[platform.machine()], command, ctypes.create_string_buffer(attributes, 128), 128)
    if result < 0:
        print("bpf:", os.strerror(ctypes.get_errno()), file=sys.stderr)
        sys.exit(2)
    return result

def instruction(code, destination=0, source=0, jump=0, value=0):
    return struct.pack("<BBhi", code, source << 4 | destination, jump, value)

def program(ring, end, flags):
    """Reserves a record of 8 bytes, stores 7 in it, and ends it."""
    code = [
        instruction(0x18, 1, 1, 0, ring), instruction(0),            # r1 = ring
        instruction(0xB7, 2, 0, 0, 8), instruction(0xB7, 3),         # r2 = 8, r3 = 0
        instruction(0x85, 0, 0, 0, RESERVE),
        instruction(0x15, 0, 0, 4, 0),                               # none left: out
        instruction(0x7A, 0, 0, 0, 7),                               # *r0 = 7
        instruction(0xBF, 1, 0), instruction(0xB7, 2, 0, 0, flags),  # r1 = r0, r2 = flags
        instruction(0x85, 0, 0, 0, end),
        instruction(0xB7, 0), instruction(0x95),                     # return 0
    ]
    text, license = ctypes.create_string_buffer(b"".join(code)), ctypes.create_string_buffer(b"GPL")
    # BPF_PROG_LOAD of a socket filter
    return bpf(5, struct.pack("IIQQ", 1, len(code), ctypes.addressof(text), ctypes.addressof(license)))

def run(loaded):
    packet = ctypes.create_string_buffer(64)
    bpf(10, struct.pack("IIIIQQII", loaded, 0, 64, 0, ctypes.addressof(packet), 0, 1, 0))

class Ring:
    def __init__(self):
        page = os.sysconf("SC_PAGE_SIZE")
        self.fd = bpf(0, struct.pack("IIII", 27, 0, 0, page))  # BPF_MAP_CREATE of a ring buffer
        self.epoll, self.edges, self.polled = self.registered(0), self.registered(select.EPOLLET), None
        poll = select.poll()
        poll.register(self.fd, select.POLLIN)

        def wait():
            start = time.monotonic()
            events = poll.poll(2000)
            late = time.monotonic() - start >= 2
            self.polled = ("POLLIN" if events else "nothing") + (" at its time-out" if late else " at once")

        self.waiting = threading.Thread(target=wait)
        self.waiting.start()
        time.sleep(0.3)  # until it sleeps

    def registered(self, edge):
        epoll = select.epoll()
        epoll.register(self.fd, select.EPOLLIN | edge)
        return epoll

    def end(self, how, flags):
        run(program(self.fd, how, flags))

    def reported(self):
        return ", ".join(f"{name} {'EPOLLIN' if epoll.poll(0.3) else 'nothing'}"
                         for name, epoll in (("epoll", self.epoll), ("edge-triggered", self.edges)))

def line(name, how, flags):
    ring = Ring()
    ring.end(how, flags)
    for _ in range(3):
        ring.end(SUBMIT, 0)
    reported = ring.reported()
    ring.waiting.join()
    return ring, f"{name}, then three submitted: {reported}, poll(2) {ring.polled}"

got = [line("submitted", SUBMIT, 0)[1], line("submitted with NO_WAKEUP", SUBMIT, NO_WAKEUP)[1]]
ring, last = line("discarded with NO_WAKEUP", DISCARD, NO_WAKEUP)
got.append(last)
new = "EPOLLIN" if ring.registered(0).poll(0) else "nothing"
ring.end(SUBMIT, FORCE_WAKEUP)
got.append(f"after that: epoll, registered now {new}; one submitted with FORCE_WAKEUP: {ring.reported()}")
print("\n".join(got))
silent = "then three submitted: epoll nothing, edge-triggered nothing, poll(2) POLLIN at its time-out"
sys.exit(0 if got == [
    "submitted, then three submitted: epoll EPOLLIN, edge-triggered EPOLLIN, poll(2) POLLIN at once",
    "submitted with NO_WAKEUP, " + silent,
    "discarded with NO_WAKEUP, " + silent,
    "after that: epoll, registered now EPOLLIN; one submitted with FORCE_WAKEUP: epoll EPOLLIN, edge-triggered EPOLLIN",
] else 1)
PYTHON
