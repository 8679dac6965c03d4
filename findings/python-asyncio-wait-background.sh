#!/bin/sh
# asyncio's Process.wait() goes on waiting when the process has ended, as long as somebody holds its output: with stdout=PIPE
# and a part that stays in the background (a shell's "&", a daemon) a wait() that was there before the end waits for that part,
# while returncode is set, and a second wait() that is called now returns at once. It has been so since 3.11; up to 3.10 the
# first returned as well, and subprocess.Popen.wait does. The documentation says "wait for the child process to terminate".
#
# Why: the futures of wait() were completed by the report of the end (_process_exited), and are now when the transport has lost
# its last pipe (_call_connection_lost of base_subprocess.py).
#
# Seen: CPython 3.11.2, 3.11.7, 3.12.1 and 3.13.0, Linux 6.18. The output was (on 3.8.18, 3.9.18 and 3.10.13 all four lines of
# asyncio say True):
#   subprocess, stdout=PIPE: wait() returns True, returncode 3
#   asyncio, stdout=PIPE: wait() from before the end returns False, returncode 3
#   asyncio, stdout=PIPE: wait() from after the end returns True, returncode 3
#   asyncio, stdout=DEVNULL: wait() from before the end returns True, returncode 3
#   asyncio, stdout=PIPE, the background part has ended: wait() from before the end returns True, returncode 3
#
# Needs Linux and Python 3.8 or newer; PYTHON names it. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/wait.py" <<'PYTHON'
import asyncio, os, subprocess, sys
part, end = (os.path.join(sys.argv[1], name) for name in ("part", "end"))
command = ["sh", "-c", 'while ! test -e "$1"; do sleep 0.02; done & while ! test -e "$2"; do sleep 0.02; done; exit 3',
           "sh", part, end]

def show(title, returned, process):
    print("%s returns %s, returncode %s" % (title, returned, process.returncode))

async def start(stdout):
    process = await asyncio.create_subprocess_exec(*command, stdout=stdout)
    waiting = asyncio.ensure_future(process.wait())
    await asyncio.sleep(0)
    return process, waiting

async def ended(title, process, waiting):
    while process.returncode is None:
        await asyncio.sleep(0.01)
    await asyncio.wait([waiting], timeout=1)
    show(title, waiting.done(), process)

async def main():
    piped = await start(asyncio.subprocess.PIPE)
    null = await start(asyncio.subprocess.DEVNULL)
    plain = subprocess.Popen(command, stdout=subprocess.PIPE)
    open(end, "w").close()
    plain.wait(30)
    show("subprocess, stdout=PIPE: wait()", True, plain)
    await ended("asyncio, stdout=PIPE: wait() from before the end", *piped)
    await ended("asyncio, stdout=PIPE: wait() from after the end", piped[0], asyncio.ensure_future(piped[0].wait()))
    await ended("asyncio, stdout=DEVNULL: wait() from before the end", *null)
    open(part, "w").close()
    await asyncio.wait([piped[1]], timeout=30)
    await ended("asyncio, stdout=PIPE, the background part has ended: wait() from before the end", *piped)
    await piped[0].stdout.read()

asyncio.run(main())
PYTHON

uname -sr
"${PYTHON:-python3}" --version
returns=False
if "${PYTHON:-python3}" -c 'import sys; sys.exit(sys.version_info >= (3, 11))'; then
    returns=True
fi
"${PYTHON:-python3}" "$directory/wait.py" "$directory" | tee "$directory/out"
diff - "$directory/out" <<EXPECTED
subprocess, stdout=PIPE: wait() returns True, returncode 3
asyncio, stdout=PIPE: wait() from before the end returns $returns, returncode 3
asyncio, stdout=PIPE: wait() from after the end returns True, returncode 3
asyncio, stdout=DEVNULL: wait() from before the end returns True, returncode 3
asyncio, stdout=PIPE, the background part has ended: wait() from before the end returns True, returncode 3
EXPECTED
