#!/bin/sh
# Three things about the readiness of a perf event that samples into memory. What PERF_EVENT_IOC_REFRESH counts down to ends
# with a plain POLLIN, never with the POLL_HUP that perf_event_open(2) has for it (in one breath with poll, select and epoll):
# the event is switched off, and the next poll waits for ever. Samples that came before EPOLL_CTL_ADD or EPOLL_CTL_MOD are
# never reported, though epoll is level-triggered and they lie unread. And of two events that share one buffer
# (PERF_EVENT_IOC_SET_OUTPUT) the one that is looked at first has the report, also when the other has made the sample.
#
# Why: perf_poll does not look whether the buffer holds something but exchanges a mark with 0 (rb->poll), and epoll looks once
# at EPOLL_CTL_ADD and EPOLL_CTL_MOD, and again before it reports. The mark is the buffer's, which both events share. POLL_HUP
# is the si_code of the signal alone (pending_kill). EPOLLHUP is for an event whose process has ended.
#
# What to do: register before the event is enabled, and after each report and each modification compare data_head with
# data_tail.
#
# Seen: Linux 6.18, x86-64; page faults are counted, each a sample. The output was:
#   REFRESH 3, 64 faults: poll(2) POLLIN, then nothing; the count 3
#   samples before ADD: epoll nothing; after it: EPOLLIN; before MOD: nothing; unread: True
#   one buffer, a sample of the first event: the second POLLIN, the first nothing
#
# Needs Linux with perf events, x86-64 or aarch64, python3, and root. Exit status: 0 it is so; 1 it is not so any longer; 2 it
# cannot be shown here.
set -eu
uname -sr
python3 - <<'PYTHON'
import ctypes, fcntl, mmap, os, platform, select, struct, sys
number = {"x86_64": 298, "aarch64": 241}.get(platform.machine())
if number is None:
    sys.exit(2)
libc = ctypes.CDLL(None, use_errno=True)
PAGE = mmap.PAGESIZE
ENABLE, DISABLE, REFRESH, SET_OUTPUT = 0x2400, 0x2401, 0x2402, 0x2405

def page_faults(period):
    """A disabled event of this thread that samples each period-th fault, with the instruction's address, and wakes at each."""
    attributes = struct.pack("IIQQQQQI", 1, 112, 2, period, 1, 0, 1 | 1 << 5, 1)  # disabled, exclude_kernel
    fd = libc.syscall(number, ctypes.create_string_buffer(attributes, 112), 0, -1, -1, 0)
    if fd < 0:
        print("perf_event_open:", os.strerror(ctypes.get_errno()), file=sys.stderr)
        sys.exit(2)
    return fd

def touch(pages):
    memory = mmap.mmap(-1, pages * PAGE)
    for page in range(pages):
        memory[page * PAGE] = 1

def sampled(fd):
    fcntl.ioctl(fd, ENABLE, 0)
    touch(4)
    fcntl.ioctl(fd, DISABLE, 0)

def polled(fd):
    poll = select.poll()
    poll.register(fd, select.POLLIN)
    events = poll.poll(200)
    bits = events[0][1] if events else 0
    return " ".join(name for name in ("POLLIN", "POLLERR", "POLLHUP") if bits & getattr(select, name)) or "nothing"

limited = page_faults(1)
ring = mmap.mmap(limited, 9 * PAGE)
fcntl.ioctl(limited, REFRESH, 3)
touch(64)
said = f"{polled(limited)}, then {polled(limited)}"
got = [f"REFRESH 3, 64 faults: poll(2) {said}; the count {struct.unpack('Q', os.read(limited, 8))[0]}"]

event = page_faults(1)
ring = mmap.mmap(event, 9 * PAGE)
epoll = select.epoll()
looked = lambda: "EPOLLIN" if epoll.poll(0.2) else "nothing"
sampled(event)
epoll.register(event, select.EPOLLIN)
said = [f"samples before ADD: epoll {looked()}"]
sampled(event)
said.append("after it: " + looked())
sampled(event)
epoll.modify(event, select.EPOLLIN)
said.append("before MOD: " + looked())
head, tail = struct.unpack_from("2Q", ring, 1024)
got.append("; ".join(said) + f"; unread: {head > tail}")

first, second = page_faults(1), page_faults(1 << 40)
ring = mmap.mmap(first, 9 * PAGE)
fcntl.ioctl(second, SET_OUTPUT, first)
sampled(first)
got.append(f"one buffer, a sample of the first event: the second {polled(second)}, the first {polled(first)}")
print("\n".join(got))
sys.exit(0 if got == [
    "REFRESH 3, 64 faults: poll(2) POLLIN, then nothing; the count 3",
    "samples before ADD: epoll nothing; after it: EPOLLIN; before MOD: nothing; unread: True",
    "one buffer, a sample of the first event: the second POLLIN, the first nothing",
] else 1)
PYTHON
