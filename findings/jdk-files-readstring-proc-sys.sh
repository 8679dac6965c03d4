#!/bin/sh
# java.nio.file.Files.readString and Files.readAllBytes give the first digit alone of a number below /proc/sys, without an
# error: fs.file-max of 2466177 is "2". Files.readAllLines, Files.lines and every stream give the whole number.
#
# Why: for a file of size 0, which all of /proc are, both methods read a single byte to find out whether there is more; and
# the kernel takes a number below /proc/sys (proc_dointvec and its kin) as read to the end by a read at any offset but 0.
# Texts there, such as kernel.hostname, and the rest of /proc are not concerned.
#
# Seen: OpenJDK 17.0.15 and 25.0.3, Linux 6.18. The output was, on both:
#   readString 2
#   readAllBytes 2
#   readAllLines 2466177
#   newInputStream 2466177
#
# Needs Linux and a JDK; JAVA names its java. Exit status: 0 it is so; 1 it is not so any longer.
set -eu
file=/proc/sys/fs/file-max
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

cat >"$directory/Read.java" <<'JAVA'
import java.nio.file.Files;
import java.nio.file.Path;

class Read {
    public static void main(String[] args) throws Exception {
        Path file = Path.of(args[0]);
        System.out.println("readString " + Files.readString(file).strip());
        System.out.println("readAllBytes " + new String(Files.readAllBytes(file)).strip());
        System.out.println("readAllLines " + Files.readAllLines(file).get(0));
        try (var in = Files.newInputStream(file)) {
            System.out.println("newInputStream " + new String(in.readAllBytes()).strip());
        }
    }
}
JAVA

uname -sr
"${JAVA:-java}" -version 2>&1 | sed -n 2p
whole=$(cat "$file")
first=$(printf %.1s "$whole")
if test "$whole" = "$first"; then
    echo "$file is a single digit here, which shows nothing" >&2
    exit 1
fi
"${JAVA:-java}" "$directory/Read.java" "$file" | tee "$directory/out"
printf 'readString %s\nreadAllBytes %s\nreadAllLines %s\nnewInputStream %s\n' "$first" "$first" "$whole" "$whole" |
    diff - "$directory/out"
