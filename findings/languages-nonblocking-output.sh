#!/bin/sh
# A program that writes 1 MB to a pipe that does not block, because another that has it open set O_NONBLOCK, loses most of it
# when the reader is slow. One expects an error message; Lua, Tcl, Java and "python -u" say nothing and end with status 0.
# Python without -u reports a BlockingIOError; but PYTHONUNBUFFERED=1, which is the same as -u, is set in most container
# images. dash has a message, goes on with the next line, and ends with status 0. Perl's message comes at its end. Ruby waits
# for room and delivers all. The output of a job that shares its pipe with one that sets the flag, as ssh and many event loops
# do, is cut short with a good status. Give the job a pipe of its own, or remove the flag first (os.set_blocking(1, True)).
#
# Why: a write that has no room fails with EAGAIN, which these take for an error that somebody else will look at: print of Lua and
# puts of Tcl ignore it, Java's PrintStream keeps it for checkError(). Under -u Python's text layer writes to the raw file,
# whose write returns None for "no room" and a count for a part, and it looks at neither.
#
# Seen: python3.11 3.11.2-6+deb12u9, perl 5.36.0-7+deb12u4, lua5.4 5.4.4-3+deb12u1, tcl8.6 8.6.13+dfsg-2, dash 0.5.12-2 and
# ruby3.1 3.1.7+really3.1.2-0+deb12u1 of Debian 12, OpenJDK 17.0.15 and 25.0.3, Linux 6.18; the reader starts when the
# program has ended, or has waited for a second. The output was:
#   python: cut short, a message, status 120
#   python, PYTHONUNBUFFERED=1: cut short, no message, status 0
#   perl: cut short, a message, status 1
#   lua: cut short, no message, status 0
#   tcl: cut short, no message, status 0
#   java: cut short, no message, status 0
#   dash: cut short, a message, status 0
#   ruby: all arrives, no message, status 0
#
# Needs Linux on x86-64, python3, a JDK, and apt-get of Debian 12, which fetches the others (12 MB); JAVA names the JDK's java.
# Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"
uname -sr
if ! (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download python3.11-minimal=3.11.2-6+deb12u9 \
    libpython3.11-minimal=3.11.2-6+deb12u9 libpython3.11-stdlib=3.11.2-6+deb12u9 perl-base=5.36.0-7+deb12u4 \
    lua5.4=5.4.4-3+deb12u1 tcl8.6=8.6.13+dfsg-2 libtcl8.6=8.6.13+dfsg-2 dash=0.5.12-2 \
    ruby3.1=3.1.7+really3.1.2-0+deb12u1 libruby3.1=3.1.7+really3.1.2-0+deb12u1 \
    && for package in ./*.deb; do dpkg -x "$package" .; done) >&2; then
    echo "the programs cannot be fetched here" >&2
    exit 2
fi

cat >"$directory/Lines.java" <<'JAVA'
class Lines {
    public static void main(String[] args) {
        for (int i = 0; i < 20_000; i++) {
            System.out.println("x".repeat(49));
        }
    }
}
JAVA
echo 'for {set i 0} {$i < 20000} {incr i} {puts [string repeat x 49]}' >"$directory/lines.tcl"

cat >"$directory/start.py" <<'PYTHON'
import os, subprocess, sys
directory, java = sys.argv[1:]
environment = dict(os.environ, LD_LIBRARY_PATH=directory + "/usr/lib/x86_64-linux-gnu")
environment.pop("PYTHONUNBUFFERED", None)

def show(name, program, *arguments, wait=60, **more):
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with open(directory + "/errors", "w+b") as errors:
        process = subprocess.Popen([os.path.join(directory, program), *arguments], stdout=writer, stderr=errors,
                                   env=dict(environment, **more))
        os.close(writer)
        try:
            process.wait(wait)
        except subprocess.TimeoutExpired:
            pass
        with open(reader, "rb") as output:
            count = len(output.read())
        process.wait(60)
        errors.seek(0)
        said = errors.read()
    print("%s: %s, %s, status %d" % (name, "all arrives" if count == 1000000 else "cut short",
                                     "a message" if said else "no message", process.returncode), flush=True)

python = ("usr/bin/python3.11", "-S", "-c", "for i in range(20000): print('x' * 49)")
show("python", *python, PYTHONHOME=directory + "/usr")
show("python, PYTHONUNBUFFERED=1", *python, PYTHONHOME=directory + "/usr", PYTHONUNBUFFERED="1")
show("perl", "usr/bin/perl", "-e", "for (1..20000) { print 'x' x 49, qq(\n) }")
show("lua", "usr/bin/lua5.4", "-e", "for i = 1, 20000 do print(string.rep('x', 49)) end")
show("tcl", "usr/bin/tclsh8.6", directory + "/lines.tcl")
show("java", java, directory + "/Lines.java")
show("dash", "bin/dash", "-c", "i=0; while [ $i -lt 20000 ]; do echo %s; i=$((i + 1)); done" % ("x" * 49))
show("ruby", "usr/bin/ruby3.1", "--disable-gems", "-e", "20000.times { puts 'x' * 49 }", wait=1)
PYTHON

java=$(command -v "${JAVA:-java}")
python3 "$directory/start.py" "$directory" "$java" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
python: cut short, a message, status 120
python, PYTHONUNBUFFERED=1: cut short, no message, status 0
perl: cut short, a message, status 1
lua: cut short, no message, status 0
tcl: cut short, no message, status 0
java: cut short, no message, status 0
dash: cut short, a message, status 0
ruby: all arrives, no message, status 0
EXPECTED
