#!/bin/sh
# To some programs a standard input that does not block, because another program that has it open set O_NONBLOCK, has ended as
# soon as nothing is there for a moment: Python's "for line in sys.stdin" and sys.stdin.buffer.read(), Perl's <STDIN>, Tcl's
# gets and dash's read stop after the first line, without a message and with status 0, while the writer goes on. Where one
# expects Python's BlockingIOError none comes. bash and Lua and Java have a message, bash with status 0. Ruby, mksh and
# zsh read on; the latter two remove the flag, for the one who has set it as well. A loop over the lines of a shared pipe or
# terminal then leaves out the rest and looks successful. Give the program a pipe of its own, or remove the flag first.
#
# Why: read(2) fails with EAGAIN. Python's raw file returns None for that, of which the buffered reader and the loop make what
# they make of the end; Perl and Tcl return what they return at the end, and only $! or fblocked would tell.
#
# Seen: python3.11 3.11.2-6+deb12u9, perl 5.36.0-7+deb12u4, tcl8.6 8.6.13+dfsg-2, dash 0.5.12-2, bash 5.2.15-2+b13, lua5.4
# 5.4.4-3+deb12u1, ruby3.1 3.1.7+really3.1.2-0+deb12u1, mksh 59c-28+deb12u1 and zsh 5.9-4+b15 of Debian 12, OpenJDK 17.0.15
# and 25.0.3, Linux 6.18; "two" comes a second after "one" has been read. The output was:
#   python, for line: one, no message, status 0
#   python, read(): one, no message, status 0
#   perl: one, no message, status 0
#   tcl: one, no message, status 0
#   dash: one, no message, status 0
#   bash: one, a message, status 0
#   lua: one, a message, status 1
#   java: one, a message, status 1
#   ruby: one two, no message, status 0
#   mksh: one two, no message, status 0, the flag removed
#   zsh: one two, no message, status 0, the flag removed
#
# Needs Linux on x86-64, python3, a JDK, and apt-get of Debian 12, which fetches the others (20 MB); JAVA names the JDK's java.
# Exit status: 0 it is so; 1 it is not so any longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"
uname -sr
if ! (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download python3.11-minimal=3.11.2-6+deb12u9 \
    libpython3.11-minimal=3.11.2-6+deb12u9 libpython3.11-stdlib=3.11.2-6+deb12u9 perl-base=5.36.0-7+deb12u4 \
    lua5.4=5.4.4-3+deb12u1 bash=5.2.15-2+b13 mksh=59c-28+deb12u1 zsh=5.9-4+b15 zsh-common=5.9-4 \
    tcl8.6=8.6.13+dfsg-2 libtcl8.6=8.6.13+dfsg-2 dash=0.5.12-2 \
    ruby3.1=3.1.7+really3.1.2-0+deb12u1 libruby3.1=3.1.7+really3.1.2-0+deb12u1 \
    && for package in ./*.deb; do dpkg -x "$package" .; done) >&2; then
    echo "the programs cannot be fetched here" >&2
    exit 2
fi

cat >"$directory/Lines.java" <<'JAVA'
class Lines {
    public static void main(String[] args) throws java.io.IOException {
        var lines = new java.io.BufferedReader(new java.io.InputStreamReader(System.in));
        for (String line; (line = lines.readLine()) != null; ) {
            System.out.println(line);
        }
    }
}
JAVA
echo 'while {[gets stdin line] >= 0} {puts $line}' >"$directory/lines.tcl"

cat >"$directory/start.py" <<'PYTHON'
import fcntl, os, struct, subprocess, sys, termios, time
directory, java = sys.argv[1:]
environment = dict(os.environ, LD_LIBRARY_PATH=directory + "/usr/lib/x86_64-linux-gnu")

def show(name, program, *arguments, **more):
    reader, writer = os.pipe()
    os.set_blocking(reader, False)
    os.write(writer, b"one\n")
    with open(directory + "/errors", "w+b") as errors:
        process = subprocess.Popen([os.path.join(directory, program), *arguments], stdin=reader, stdout=subprocess.PIPE,
                                   stderr=errors, env=dict(environment, **more))
        while struct.unpack("i", fcntl.ioctl(reader, termios.FIONREAD, b"\0" * 4))[0]:
            time.sleep(0.02)
        try:
            process.wait(1)
        except subprocess.TimeoutExpired:
            pass
        cleared = os.get_blocking(reader)
        os.write(writer, b"two\n")
        os.close(writer)
        output = process.communicate(timeout=60)[0].decode()
        os.close(reader)
        errors.seek(0)
        said = errors.read()
    print("%s: %s, %s, status %d%s" % (name, " ".join(output.split()) or "nothing", "a message" if said else "no message",
                                       process.returncode, ", the flag removed" if cleared else ""), flush=True)

python = ("usr/bin/python3.11", "-S", "-c")
loop = "while read line; do echo $line; done"
home = directory + "/usr"
show("python, for line", *python, "import sys\nfor line in sys.stdin: print(line)", PYTHONHOME=home)
show("python, read()", *python, "import sys\nprint(sys.stdin.buffer.read().decode())", PYTHONHOME=home)
show("perl", "usr/bin/perl", "-e", "while (<STDIN>) { print }")
show("tcl", "usr/bin/tclsh8.6", directory + "/lines.tcl")
show("dash", "bin/dash", "-c", loop)
show("bash", "bin/bash", "-c", loop)
show("lua", "usr/bin/lua5.4", "-e", "for line in io.lines() do print(line) end")
show("java", java, directory + "/Lines.java")
show("ruby", "usr/bin/ruby3.1", "--disable-gems", "-e", "STDIN.each_line { |line| puts line }")
show("mksh", "bin/mksh", "-c", loop)
show("zsh", "bin/zsh", "-fc", loop)
PYTHON

java=$(command -v "${JAVA:-java}")
python3 "$directory/start.py" "$directory" "$java" | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
python, for line: one, no message, status 0
python, read(): one, no message, status 0
perl: one, no message, status 0
tcl: one, no message, status 0
dash: one, no message, status 0
bash: one, a message, status 0
lua: one, a message, status 1
java: one, a message, status 1
ruby: one two, no message, status 0
mksh: one two, no message, status 0, the flag removed
zsh: one two, no message, status 0, the flag removed
EXPECTED
