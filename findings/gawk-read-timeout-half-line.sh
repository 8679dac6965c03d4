#!/bin/sh
# With a time-out (PROCINFO[command, "READ_TIMEOUT"]) gawk's getline returns a number above 0, as for a line, when the time is
# over in the middle of one: the count of the bytes that it has of it, 5 for "abcde", with the variable as it was. Everything
# after a time-out is the end of the file, 0, for good: the rest of that line, and all that the command goes on to write. The
# usual "while ((command |& getline line) > 0)" takes the line before for a second one, and ends in good order. Only if nothing
# of a line had come is it -1. With PROCINFO[command, "RETRY"] getline says -2, and loses nothing.
#
# Why: a read that has timed out is taken for one that has failed, and what is in the buffer for the last line of a file
# without newline (get_a_record in io.c); that returns the number of bytes where others return 1, and marks the end.
#
# Seen: gawk 1:5.2.1-2 of Debian 12, Linux 6.18; the command writes "one", a newline and "abcde", and when the time was over
# "f" and two more lines. The output was:
#   READ_TIMEOUT: 1 line one; 5 line one, Connection timed out; 0 line one; 0 line one
#   READ_TIMEOUT, the time is over between lines: 1 line one; -1 line one, Connection timed out; 0 line one; 0 line one
#   READ_TIMEOUT and RETRY: 1 line one; -2 line one, Connection timed out; 1 line abcdef; 1 line two
#
# Needs Linux on x86-64, and apt-get of Debian 12, which fetches gawk (0.7 MB). Exit status: 0 it is so; 1 it is not so any
# longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"
uname -sr
if ! (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download gawk=1:5.2.1-2 libsigsegv2 libmpfr6 libreadline8 &&
    for package in ./*.deb; do dpkg -x "$package" .; done) >&2; then
    echo "gawk cannot be fetched here" >&2
    exit 2
fi
gawk() {
    LD_LIBRARY_PATH="$directory/usr/lib/x86_64-linux-gnu" "$directory/usr/bin/gawk" "$@"
}
gawk --version | head -n 1

cat >"$directory/command.sh" <<'COMMAND'
printf 'one\n%s' "$2"
while ! test -e "$1"; do sleep 0.02; done
printf 'f\ntwo\nthree\n'
COMMAND

cat >"$directory/read.awk" <<'AWK'
BEGIN {
    command = "sh " directory "/command.sh " directory "/" name " " half
    PROCINFO[command, "READ_TIMEOUT"] = 1000
    if (retry) {
        PROCINFO[command, "RETRY"] = 1
    }
    for (i = 1; i <= 4; i++) {
        ERRNO = ""
        result = (command |& getline line)
        printf "%s%s line %s%s", i == 1 ? "" : "; ", result, line, ERRNO == "" ? "" : ", " ERRNO
        if (i == 2) {
            printf "" > (directory "/" name)
            close(directory "/" name)
        }
    }
    print ""
}
AWK

{
    printf 'READ_TIMEOUT: '
    gawk -v directory="$directory" -v name=a -v half=abcde -f "$directory/read.awk"
    printf 'READ_TIMEOUT, the time is over between lines: '
    gawk -v directory="$directory" -v name=b -v half= -f "$directory/read.awk"
    printf 'READ_TIMEOUT and RETRY: '
    gawk -v directory="$directory" -v name=c -v half=abcde -v retry=1 -f "$directory/read.awk"
} | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
READ_TIMEOUT: 1 line one; 5 line one, Connection timed out; 0 line one; 0 line one
READ_TIMEOUT, the time is over between lines: 1 line one; -1 line one, Connection timed out; 0 line one; 0 line one
READ_TIMEOUT and RETRY: 1 line one; -2 line one, Connection timed out; 1 line abcdef; 1 line two
EXPECTED
