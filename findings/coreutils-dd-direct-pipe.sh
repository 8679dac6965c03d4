#!/bin/sh
# dd oflag=direct into a pipe, as in a pipeline that is to spare the page cache, changes the pipe: its reader loses, without an
# error anywhere, whatever it does not take with its first read of each block. A shell's "read line", which reads byte for byte,
# gets the first byte of every block, and never a line; a dd with a smaller block than the writer's gets the beginning of each.
# Who reads by whole pages, as cat does, loses nothing, so that a test with cat shows no fault. The mode stays with the pipe for
# those who write to it after dd: of "{ dd oflag=direct; printf; } |" the reader loses what printf writes. All end with status
# 0. Direct flags belong on files and devices; with a pipe leave them out.
#
# Why: O_DIRECT on a pipe is no matter of the page cache; it makes the pipe one of packets (pipe(2)): each write of at most a page
# is a packet, and what a read has no room for is thrown away. dd sets its flags with fcntl(F_SETFL) on the standard output it
# has been given, an open file description that others share; its documentation has "use direct I/O for data".
#
# Seen: dd of coreutils 9.1-1 (Debian 12), Linux 6.18; 8192 bytes in lines of 8. The output was:
#   read by 64: without the flag 8192 bytes, with oflag=direct 512
#   read by a shell's lines: without the flag 8192 bytes, with oflag=direct 0
#   read by cat: without the flag 8192 bytes, with oflag=direct 8192
#   two lines by printf, one after the other, read by 4, after dd without the flag: 16, with oflag=direct 8
#
# Needs Linux on x86-64, and apt-get of Debian 12, which fetches coreutils (3 MB). Exit status: 0 it is so; 1 it is not so any
# longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"
uname -sr
if ! (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download coreutils=9.1-1 && dpkg -x ./*.deb .) >&2; then
    echo "coreutils cannot be fetched here" >&2
    exit 2
fi
dd=$directory/bin/dd
i=0
while test $i -lt 1024; do
    printf '%07d\n' $i
    i=$((i + 1))
done >"$directory/lines"

# The writer ends before the reader starts: 8192 bytes have room in the pipe.
through() {
    reader=$1
    shift
    : >"$directory/status"
    { "$@" 2>"$directory/errors" || echo "dd failed" >>"$directory/status"; : >"$directory/written"; } | {
        while ! test -e "$directory/written"; do sleep 0.02; done
        rm "$directory/written"
        "$reader" || echo "reader failed" >>"$directory/status"
    } | wc -c
    cat "$directory/status" >&2
    test ! -s "$directory/status"
}

by_64() { "$dd" bs=64 status=none; }
by_lines() { while IFS= read -r line; do printf '%s\n' "$line"; done; }
by_cat() { cat; }
plain() { "$dd" if="$directory/lines" bs=1024 status=none; }
direct() { "$dd" if="$directory/lines" bs=1024 oflag=direct status=none; }

after() { "$dd" if=/dev/null status=none ${1:+"$1"}; printf '1234567\n'; printf '7654321\n'; }
after_plain() { after ""; }
after_direct() { after oflag=direct; }
by_4() { "$dd" bs=4 status=none; }

{
    echo "read by 64: without the flag $(through by_64 plain) bytes, with oflag=direct $(through by_64 direct)"
    echo "read by a shell's lines: without the flag $(through by_lines plain) bytes, with oflag=direct $(through by_lines direct)"
    echo "read by cat: without the flag $(through by_cat plain) bytes, with oflag=direct $(through by_cat direct)"
    printf '%s' "two lines by printf, one after the other, read by 4, after dd without the flag: "
    echo "$(through by_4 after_plain), with oflag=direct $(through by_4 after_direct)"
} | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
read by 64: without the flag 8192 bytes, with oflag=direct 512
read by a shell's lines: without the flag 8192 bytes, with oflag=direct 0
read by cat: without the flag 8192 bytes, with oflag=direct 8192
two lines by printf, one after the other, read by 4, after dd without the flag: 16, with oflag=direct 8
EXPECTED
