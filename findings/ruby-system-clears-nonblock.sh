#!/bin/sh
# Each program that Ruby starts makes descriptors 0, 1 and 2 block, for everybody who has them: system("true") in a script
# takes O_NONBLOCK from the standard input of the script, and so from the event loop of the process that started the script and
# has the same open file; its next read sleeps in the middle of the loop. In Ruby itself the writing end of IO.pipe, which is
# made non-blocking, blocks in the parent after spawn(..., out: w). A fork without exec leaves the mode alone, and so does a
# program that is given other descriptors for all three.
#
# Why: between fork and exec the child clears the flag on its standard descriptors, because many programs cannot do with it
# (stdfd_clear_nonblock in process.c); O_NONBLOCK belongs to the open file, which the child shares, not to the child's
# descriptor.
#
# Seen: ruby3.1 3.1.7+really3.1.2-0+deb12u1 of Debian 12, Linux 6.18; the parent is Python. The output was:
#   the script does nothing: O_NONBLOCK of the parent's pipe True
#   system("true"): O_NONBLOCK of the parent's pipe False
#   system("true"), all three of it redirected: O_NONBLOCK of the parent's pipe True
#   fork without exec: O_NONBLOCK of the parent's pipe True
#   IO.pipe: O_NONBLOCK true; after spawn("true", out: w): false
#
# Needs Linux on x86-64, python3, and apt-get of Debian 12, which fetches ruby (6 MB). Exit status: 0 it is so; 1 it is not so
# any longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"
uname -sr
version=3.1.7+really3.1.2-0+deb12u1
if ! (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download "ruby3.1=$version" "libruby3.1=$version" libgmp10 &&
    for package in ./*.deb; do dpkg -x "$package" .; done) >&2; then
    echo "ruby cannot be fetched here" >&2
    exit 2
fi
libraries="$directory/usr/lib/x86_64-linux-gnu"
cat >"$directory/ruby" <<RUBY
#!/bin/sh
LD_LIBRARY_PATH=$libraries exec "$directory/usr/bin/ruby3.1" --disable-gems -I "$directory/usr/lib/ruby/3.1.0" \\
    -I "$libraries/ruby/3.1.0" "\$@"
RUBY
chmod 755 "$directory/ruby"
"$directory/ruby" --version || exit 2

cat >"$directory/start.py" <<'PYTHON'
import os, subprocess, sys

def show(title, script):
    read, write = os.pipe()
    os.set_blocking(read, False)
    subprocess.run([sys.argv[1], "-e", script], stdin=read, check=True)
    print("%s: O_NONBLOCK of the parent's pipe %s" % (title, not os.get_blocking(read)))

show("the script does nothing", "1")
show('system("true")', 'system("true") or exit 1')
show('system("true"), all three of it redirected', 'system("true", %i[in out err] => "/dev/null") or exit 1')
show("fork without exec", "Process.wait(fork { exit! })")
PYTHON

cat >"$directory/pipe.rb" <<'RUBY'
require 'fcntl'

def non_blocking?(io)
  io.fcntl(Fcntl::F_GETFL) & Fcntl::O_NONBLOCK != 0
end

_, w = IO.pipe
at_first = non_blocking?(w)
Process.wait(spawn('true', out: w))
puts "IO.pipe: O_NONBLOCK #{at_first}; after spawn(\"true\", out: w): #{non_blocking?(w)}"
RUBY

{
    python3 "$directory/start.py" "$directory/ruby"
    "$directory/ruby" "$directory/pipe.rb"
} | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
the script does nothing: O_NONBLOCK of the parent's pipe True
system("true"): O_NONBLOCK of the parent's pipe False
system("true"), all three of it redirected: O_NONBLOCK of the parent's pipe True
fork without exec: O_NONBLOCK of the parent's pipe True
IO.pipe: O_NONBLOCK true; after spawn("true", out: w): false
EXPECTED
