#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The interpreter of the portable tests: MicroPython's unix port with 32-bit objects and single-precision floats,
# which are the numbers and object sizes of an RP2040.  Built from Debian's own source package, verified by apt with
# Debian's keyring; the system's apt sources stay as they are.  Result: build/micropython/micropython-m32f32.
# Done again only when this file, and with it the version, has changed.
set -euo pipefail

VERSION=1.25.0                                      # the one place; boards and stubs follow it
SUITE=trixie                                        # the Debian release that carries it

cd "$(dirname "$0")/../.."
root=$PWD
out=$root/build/micropython
binary=$out/micropython-m32f32
stamp=$out/stamp
wanted=$(sha256sum "$0" | cut -d' ' -f1)
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

# The mirror that this system already uses, if it is one of Debian; another suite
mirror=$(sed -nE 's/^(URIs:|deb( +\[[^]]*\])?)[[:space:]]+([^[:space:]]+\/debian)\/?([[:space:]].*)?$/\3/p' \
             $(find /etc/apt -name '*.list' -o -name '*.sources') | sed -n 1p)
mkdir -p "$out/apt/lists/partial" "$out/apt/cache/archives/partial" "$out/source"
cat > "$out/apt/debian.sources" <<SOURCES
Types: deb-src
URIs: ${mirror:-http://deb.debian.org/debian}
Suites: $SUITE
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
private_apt=(apt-get -qq -o Dir::Etc::sourcelist="$out/apt/debian.sources" -o Dir::Etc::sourceparts=/dev/null
             -o Dir::State::lists="$out/apt/lists" -o Dir::Cache="$out/apt/cache" -o APT::Sandbox::User=)

run() {                                             # quiet unless it fails
    "$@" > "$out/build.log" 2>&1 || { tail -n 20 "$out/build.log" >&2; echo "failed: $* (see $out/build.log)" >&2; exit 1; }
}

echo "MicroPython $VERSION: fetching Debian's source package from $(sed -n 's/^URIs: //p' "$out/apt/debian.sources")"
rm -rf "$out/source" "$stamp"
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
run dpkg-source --no-check --extract "$package" tree   # apt has verified it

cd tree
echo "MicroPython $VERSION: building mpy-cross (1 of 2)"
run make -j"$(nproc)" -C mpy-cross STRIP=:
echo "MicroPython $VERSION: building the interpreter (2 of 2)"
echo 'include("$(MPY_DIR)/extmod/asyncio")' > frozen.py
run make -j"$(nproc)" -C ports/unix STRIP=: MICROPY_PY_BTREE=0 MICROPY_PY_SSL=0 MICROPY_SSL_MBEDTLS=0 MICROPY_PY_FFI=0 \
    FROZEN_MANIFEST="$PWD/frozen.py" MICROPY_FORCE_32BIT=1 \
    CFLAGS_EXTRA="-DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_FLOAT -msse2 -mfpmath=sse"
cp ports/unix/build-standard/micropython "$binary"

facts=$("$binary" -c '
import asyncio, sys
print(".".join(str(part) for part in sys.implementation.version[:3]), sys.maxsize, 2.0 ** 24 + 1 == 2.0 ** 24)')
if [ "$facts" != "$VERSION $((2**31 - 1)) True" ]; then
    echo "MicroPython $VERSION: built, but version, largest index and single precision are: $facts" >&2
    exit 1
fi
rm -rf "$out/source" "$out/apt"
echo "$wanted" > "$stamp"
echo "MicroPython $VERSION: ready in ${binary#"$root"/}"
