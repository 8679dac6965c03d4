#!/bin/sh
# What "read -t 1 line" does when half a line is there and the second is over, five shells answer in three ways. bash and mksh
# give the half in the variable and a status above 128, so that the next read has the rest. ksh93 and BusyBox leave the
# variable empty, with status 1 as at the end of the file, and the half is lost: the next read begins in the middle of the
# line. zsh does not keep to the time: it waits for the first byte at most a second, and for the end of the line as long as it
# takes.
#
# Why: zsh asks select(2) once, before it reads; the others look at the clock for every byte. What has been read is put into
# the variable by bash and mksh before they report the time-out, and forgotten by the other two.
#
# Seen: bash 5.2.15-2+b13, mksh 59c-28+deb12u1, ksh93u+m 1.0.4-3, busybox 1:1.35.0-4+deb12u1+b1 and zsh 5.9-4+b15 of Debian 12,
# Linux 6.18; "par" is there, "tial" comes later. The output was:
#   bash: status 142, "par"; the next read "tial"
#   mksh: status 142, "par"; the next read "tial"
#   ksh93: status 1, ""; the next read "tial"
#   busybox sh: status 1, ""; the next read "tial"
#   zsh: status 0, "partial"; the next read ""
#
# Needs Linux on x86-64, and apt-get of Debian 12, which fetches the shells (5 MB). Exit status: 0 it is so; 1 it is not so any
# longer; 2 it cannot be shown here.
set -eu
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
chmod 755 "$directory"
uname -sr
if ! (cd "$directory" && apt-get -qq -o APT::Sandbox::User=root download bash=5.2.15-2+b13 mksh=59c-28+deb12u1 ksh93u+m=1.0.4-3 \
    busybox=1:1.35.0-4+deb12u1+b1 zsh=5.9-4+b15 && for package in ./*.deb; do dpkg -x "$package" .; done) >&2; then
    echo "the shells cannot be fetched here" >&2
    exit 2
fi

# Writes the first half, and the second when the reader has had its time or three seconds are over.
cat >"$directory/write.sh" <<'WRITE'
printf par
: >"$1.half"
i=0
while ! test -e "$1.over" && test $i -lt 150; do
    sleep 0.02
    i=$((i + 1))
done
echo tial
WRITE

cat >"$directory/read.sh" <<'READ'
while ! test -e "$1.half"; do sleep 0.02; done
read -t 1 line
rc=$?
: >"$1.over"
read next
echo "status $rc, \"$line\"; the next read \"$next\""
READ

show() {
    name=$1
    shift
    printf '%s: ' "$name"
    sh "$directory/write.sh" "$directory/$name" | "$@" "$directory/read.sh" "$directory/$name"
}

{
    show bash "$directory/bin/bash"
    show mksh "$directory/bin/mksh"
    show ksh93 "$directory/bin/ksh93"
    show "busybox sh" "$directory/bin/busybox" sh
    show zsh "$directory/bin/zsh" -f
} | tee "$directory/out"
diff - "$directory/out" <<'EXPECTED'
bash: status 142, "par"; the next read "tial"
mksh: status 142, "par"; the next read "tial"
ksh93: status 1, ""; the next read "tial"
busybox sh: status 1, ""; the next read "tial"
zsh: status 0, "partial"; the next read ""
EXPECTED
