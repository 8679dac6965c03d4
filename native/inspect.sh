#!/bin/sh
# What a library built for the jar must be, whatever machine it is for:
#     inspect.sh PLATFORM FILE [NEWEST]
# NEWEST is the newest version of a glibc symbol that it may need, or the oldest macOS that it is for. Prints one line: the platform, the size, the newest
# symbol version that it does need, and the libraries.
set -u

platform=$1
file=$2
newest=${3:-}
failed=0

wrong() {
    echo "$file: $*" >&2
    failed=1
}

# is WHAT ACTUAL EXPECTED
is() {
    [ "$2" = "$3" ] || wrong "$1 is '$2', not '$3'"
}

elf() {
    dynamic=$(readelf -dW "$file")
    segments=$(readelf -lW "$file")
    needed=$(echo "$dynamic" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | xargs)
    needs=$(readelf -VW "$file" | sed -n 's/.*Name: GLIBC_\([0-9.]*\) .*/\1/p' | sort -uV | tail -n 1)
    # The columns between the binding and the section differ from processor to processor.
    exports=$(readelf --dyn-syms -W "$file" | awk '/ (GLOBAL|WEAK) / && !/ UND / { print $NF }' | xargs)
    unknown=$(readelf --dyn-syms -W "$file" | awk '/ GLOBAL .* UND / && !/@/ { print $NF }' | xargs)

    is 'what it exports' "$exports" JNI_OnLoad
    is 'what it needs of nobody it names' "$unknown" ''
    glibc=$(readelf --dyn-syms -W "$file" | grep -oE ' (__[a-z_]*_chk|__isoc[a-z0-9_]*|fcntl64)@' | xargs)
    is 'what musl has not' "$glibc" ''
    # musl takes this name for its own.
    is 'what it needs' "$needed" libc.so.6
    echo "$dynamic" | grep -q 'Flags:.* NOW' || wrong 'symbols are bound late: link with -z now'
    echo "$segments" | grep -q GNU_RELRO || wrong 'the table of addresses stays writable: link with -z relro'
    echo "$segments" | grep -q 'GNU_STACK.* RW ' || wrong 'it asks for an executable stack'
    if echo "$dynamic" | grep -q TEXTREL; then wrong 'its code is not position-independent'; fi
    if [ -n "$newest" ] && [ "$(printf '%s\n' "$needs" "$newest" | sort -V | tail -n 1)" != "$newest" ]; then
        wrong "it needs glibc $needs, newer than $newest: $(readelf --dyn-syms -W "$file" |
            grep -o "[^ ]*@GLIBC_$needs" | xargs)"
    fi
    needs="glibc $needs"
}

macho() {
    headers=$(llvm-objdump --macho --private-headers "$file")
    needed=$(echo "$headers" | grep -A 2 LC_LOAD_DYLIB | sed -n 's/ *name \(.*\) (.*/\1/p' | xargs)
    exports=$(llvm-objdump --macho --exports-trie "$file" | awk '/^0x/ { print $NF }' | xargs)

    is 'what it exports' "$exports" _JNI_OnLoad
    is 'what it needs' "$needed" /usr/lib/libSystem.B.dylib
    # The other select ends at descriptor 1024.
    llvm-nm -u "$file" | grep -qF "_select\$DARWIN_EXTSN" || wrong 'it has not the select of unlimited size'
    # macOS on ARM loads nothing that is not signed, if only by the linker.
    if [ "$platform" = macos-aarch64 ]; then
        echo "$headers" | grep -q LC_CODE_SIGNATURE || wrong 'it is not signed'
    fi
    needs=$(echo "$headers" | sed -n 's/ *minos //p')
    is 'the oldest macOS that it is for' "$needs" "$newest"
    needs="macOS $needs"
}

# have TOOL: whether the library can be looked at here.
have() {
    command -v "$1" >/dev/null && return
    echo "$platform: not inspected, no $1"
    exit 0
}

case $file in
    *.so) have readelf && elf ;;
    *.dylib) have llvm-objdump && macho ;;
esac
printf '%-16s %7d bytes   %-12s %s\n' "$platform" "$(wc -c <"$file")" "$needs" "$needed"
exit $failed
