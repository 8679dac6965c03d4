#!/bin/sh
# epoll_wait, poll and select may be late by a thousandth of their time-out, up to 100 ms, and by five times that in a process
# with a nice value above 0: a wait of 10 s may end 10 ms late, and 50 ms with nice 1. PR_SET_TIMERSLACK, by whose manual
# page the slack of these calls is 50 us and can be set, does not lower it; nanosleep and a timerfd do keep their 50 and 0 us.
# A thread with a real-time policy has no slack.
#
# Why: the calls compute their slack from the time that is left (select_estimate_accuracy) and take the value of prctl only
# where it is greater. The kernel may put the wake-up off by that much, to have several at once.
#
# Seen: Linux 6.18, x86-64; the slack is read from /proc/timer_list. The output was:
#   nanosleep 10 s: 0.05 ms
#   timerfd 10 s: 0 ms
#   epoll_wait 10 s: 10 ms
#   epoll_wait 10 s, PR_SET_TIMERSLACK of 1 ns: 10 ms
#   epoll_wait 10 s, nice 1: 50 ms
#   epoll_wait 1000 s: 100 ms
#   poll 10 s: 10 ms
#   select 10 s: 10 ms
#
# Needs Linux, python3 and the right to read /proc/timer_list (root). Exit status: 0 it is so; 1 it is not so any longer; 2 it
# cannot be shown here.
set -eu
uname -sr
if ! grep -q "expires at" /proc/timer_list 2>/dev/null; then
    echo "/proc/timer_list cannot be read here" >&2
    exit 2
fi
python3 - <<'PYTHON'
import os, re, subprocess, sys
sleeper = """
import ctypes, os, select, struct, sys
libc = ctypes.CDLL(None)
call, seconds, slack, nice = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
epoll, events, timespec = select.epoll(), ctypes.create_string_buffer(120), struct.pack("qq", seconds, 0)
timer = libc.timerfd_create(1, 0)
if slack:
    libc.prctl(29, slack)
os.nice(nice)
if call == "epoll_wait":
    libc.epoll_wait(epoll.fileno(), events, 10, seconds * 1000)
elif call == "poll":
    libc.poll(None, 0, seconds * 1000)
elif call == "select":
    libc.select(0, None, None, None, timespec)
elif call == "nanosleep":
    libc.nanosleep(timespec, None)
else:
    libc.timerfd_settime(timer, 0, struct.pack("qqqq", 0, 0, seconds, 0), None)
    os.read(timer, 8)
"""

def timers():
    """The running high-resolution timers: when each may expire at the soonest and at the latest, in ns."""
    text = open("/proc/timer_list").read()
    return {tuple(map(int, m)) for m in re.findall(r"expires at (\d+)-(\d+) nsecs", text)}, \
        int(re.search(r"now at (\d+)", text)[1])

def slack(call, seconds=10, prctl=0, nice=0):
    """The slack of the one new timer that ends when the call's time-out does, in ms."""
    before, began = timers()
    child = subprocess.Popen([sys.executable, "-c", sleeper, call, str(seconds), str(prctl), str(nice)])
    try:
        place = re.compile("ep_poll|epoll_wait|poll_schedule|nanosleep|timerfd|do_wait_intr")
        while not place.search(open("/proc/%d/wchan" % child.pid).read()):
            pass
        after, now = timers()
    finally:
        child.kill()
        child.wait()
    wanted = seconds * 10**9
    found = {round((late - soon) / 10**6, 2) for soon, late in after - before if began + wanted < soon < now + wanted}
    return found

CASES = [
    ("nanosleep 10 s", 0.05, dict(call="nanosleep")),
    ("timerfd 10 s", 0, dict(call="timerfd")),
    ("epoll_wait 10 s", 10, dict(call="epoll_wait")),
    ("epoll_wait 10 s, PR_SET_TIMERSLACK of 1 ns", 10, dict(call="epoll_wait", prctl=1)),
    ("epoll_wait 10 s, nice 1", 50, dict(call="epoll_wait", nice=1)),
    ("epoll_wait 1000 s", 100, dict(call="epoll_wait", seconds=1000)),
    ("poll 10 s", 10, dict(call="poll")),
    ("select 10 s", 10, dict(call="select")),
]
so = True
for name, expected, case in CASES:
    found = slack(**case)
    so = so and expected in found
    print("%s: %s" % (name, "%g ms" % expected if expected in found else "%s ms" % sorted(found)))
sys.exit(0 if so else 1)
PYTHON
