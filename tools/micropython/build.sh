#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The interpreter of the portable tests: MicroPython's unix port with 32-bit objects and single-precision floats,
# which are the numbers and object sizes of an RP2040.  Built from Debian's own source package, verified by apt with
# Debian's keyring; the system's apt sources stay as they are.  The simulated board, asyncio and unittest are frozen
# in: the heap of a run is for the firmware and its tests, as on a controller, where none of these exists.
# Result: build/micropython/micropython-m32f32.  Each stage is done again only when what it is made of has changed.
set -euo pipefail

VERSION=1.25.0                                      # the one place; boards and stubs follow it
SUITE=trixie                                        # the Debian release that carries it

cd "$(dirname "$0")/../.."
root=$PWD
out=$root/build/micropython
binary=$out/micropython-m32f32
tree=$out/tree
stamp=$out/stamp
sources=$(find boards -name '*.py' -not -path '*/cpython/*' -not -name loop_cpython.py -not -name ports.py \
               -not -name panel_svg.py | LC_ALL=C sort)
fetched=$(sha256sum "$0" | cut -d' ' -f1)
wanted=$(cat "$0" $sources tools/micropython/lib/unittest.py | sha256sum | cut -d' ' -f1)
if [ -x "$binary" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

if [ "$(uname -m)" != x86_64 ]; then
    echo "The 32-bit interpreter is built for x86; this machine is $(uname -m): please test on a PC" >&2
    exit 1
fi
. tools/system_packages.sh
need gcc=gcc make=make python3=python3 dpkg-source=dpkg-dev patch=patch xz=xz-utils =gcc-multilib =libc6-dev \
     =debian-archive-keyring

run() {                                             # quiet unless it fails
    "$@" > "$out/build.log" 2>&1 || { tail -n 20 "$out/build.log" >&2; echo "failed: $* (see $out/build.log)" >&2; exit 1; }
}

fetch() {
    # The mirror that this system already uses, if it is one of Debian; another suite
    mirror=$(sed -nE 's/^(URIs:|deb( +\[[^]]*\])?)[[:space:]]+([^[:space:]]+\/debian)\/?([[:space:]].*)?$/\3/p' \
                 $(find /etc/apt -name '*.list' -o -name '*.sources') | sed -n 1p)
    if [ -z "$mirror" ]; then
        echo "No Debian mirror in /etc/apt: MicroPython's source package cannot be fetched on this system" >&2
        exit 1
    fi
    mkdir -p "$out/apt/lists/partial" "$out/apt/cache/archives/partial" "$out/source"
    cat > "$out/apt/debian.sources" <<SOURCES
Types: deb-src
URIs: $mirror
Suites: $SUITE
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
    private_apt=(apt-get -qq -o Dir::Etc::sourcelist="$out/apt/debian.sources" -o Dir::Etc::sourceparts=/dev/null
                 -o Dir::State::lists="$out/apt/lists" -o Dir::Cache="$out/apt/cache" -o APT::Sandbox::User=)

    echo "MicroPython $VERSION: fetching Debian's source package from $(sed -n 's/^URIs: //p' "$out/apt/debian.sources")"
    rm -rf "$out/source" "$tree" "$stamp"
    mkdir "$out/source"
    run "${private_apt[@]}" update
    cd "$out/source"
    run "${private_apt[@]}" source --download-only micropython
    package=$(ls micropython_*.dsc)
    found=$(expr "$package" : 'micropython_\([0-9.]*\)')
    if [ "$found" != "$VERSION" ]; then
        echo "Debian $SUITE now carries MicroPython $found, this project is pinned to $VERSION: change VERSION and SUITE in" \
             "tools/micropython/build.sh, and test" >&2
        exit 1
    fi
    run dpkg-source --no-check --extract "$package" "$tree"   # apt has verified it
    cd "$root"
    rm -rf "$out/source" "$out/apt" "$out"/micropython_*
    echo 'MicroPython '"$VERSION"': building mpy-cross'
    run make -j"$(nproc)" -C "$tree/mpy-cross" STRIP=:
    echo "$fetched" > "$tree/stamp"
}

[ "$(cat "$tree/stamp" 2>/dev/null)" = "$fetched" ] || fetch

{
    echo 'include("$(MPY_DIR)/extmod/asyncio")'
    echo "module('unittest.py', base_path='$root/tools/micropython/lib')"
    for source in $sources; do
        echo "module('$source', base_path='$root')"
    done
} > "$tree/frozen.py"
echo "MicroPython $VERSION: building the interpreter with the simulated board inside"
run make -j"$(nproc)" -C "$tree/ports/unix" STRIP=: MICROPY_PY_BTREE=0 MICROPY_PY_SSL=0 MICROPY_SSL_MBEDTLS=0 \
    MICROPY_PY_FFI=0 FROZEN_MANIFEST="$tree/frozen.py" MICROPY_FORCE_32BIT=1 \
    CFLAGS_EXTRA="-DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_FLOAT -msse2 -mfpmath=sse"
cp "$tree/ports/unix/build-standard/micropython" "$binary"

facts=$("$binary" -c '
import asyncio, sys
print(".".join(str(part) for part in sys.implementation.version[:3]), sys.maxsize, 2.0 ** 24 + 1 == 2.0 ** 24)')
if [ "$facts" != "$VERSION $((2**31 - 1)) True" ]; then
    echo "MicroPython $VERSION: built, but version, largest index and single precision are: $facts" >&2
    exit 1
fi
echo "$wanted" > "$stamp"
echo "MicroPython $VERSION: ready in ${binary#"$root"/}"
