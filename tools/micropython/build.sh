#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The interpreter of the portable tests: MicroPython's unix port with 32-bit objects and single-precision floats,
# which are the numbers and object sizes of an RP2040 (sources: source.sh).  The firmware is frozen in, as it is in a
# product, and so are the simulated board, asyncio and unittest: the heap of a run is for what a product keeps there,
# and for the tests.  Result: build/micropython/micropython-m32f32; with the argument "source" it is
# micropython-m32f32-source, which compiles the firmware when it is imported and has not even its names in it.
# Each stage is done again only when what it is made of has changed.
set -euo pipefail

cd "$(dirname "$0")/../.."
root=$PWD
. tools/system_packages.sh
. tools/micropython/source.sh
binary=$out/micropython-m32f32${1:+-$1}
stamp=$binary.stamp
lib=tools/micropython/lib
firmware=
inside="simulated board"
if [ $# = 0 ]; then
    firmware=$(find firmware/meter -name '*.py' -printf 'meter/%P\n' | LC_ALL=C sort)
    inside="firmware and simulated board"
fi
boards=$(find boards -name '*.py' -not -path '*/cpython/*' -not -name loop_cpython.py -not -name ports.py \
              -not -name panel_svg.py | LC_ALL=C sort)
# Names count as well as content, for a module that was moved or removed must be gone
wanted=$(sha256sum tools/micropython/build.sh tools/micropython/source.sh $lib/unittest.py $boards \
                   ${firmware:+$(printf 'firmware/%s ' $firmware)} | sha256sum | cut -d' ' -f1)
if [ -x "$binary" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

if [ "$(uname -m)" != x86_64 ]; then
    echo "The 32-bit interpreter is built for x86; this machine is $(uname -m): please test on a PC" >&2
    exit 1
fi
need gcc=gcc make=make python3=python3 =gcc-multilib =libc6-dev
micropython_source

freeze() {                                          # freeze FOLDER MODULE...
    local folder=$root/$1
    shift
    printf "module('%s', base_path='$folder')\n" "$@"
}
{
    echo 'include("$(MPY_DIR)/extmod/asyncio")'
    freeze $lib unittest.py
    freeze . $boards
    [ -z "$firmware" ] || freeze firmware $firmware
} > "$tree/frozen.py"
echo "MicroPython $VERSION: building the interpreter with $inside inside"
# makemanifest goes by dates, and leaves in what is removed: a file put back with its old date would stay as it was
rm -rf "$stamp" "$tree/ports/unix/build-standard"/frozen_{mpy,content.c}
run make -j"$(nproc)" -C "$tree/ports/unix" STRIP=: MICROPY_PY_BTREE=0 MICROPY_PY_SSL=0 MICROPY_SSL_MBEDTLS=0 \
    MICROPY_PY_FFI=0 FROZEN_MANIFEST="$tree/frozen.py" MICROPY_FORCE_32BIT=1 \
    CFLAGS_EXTRA="-DMICROPY_FLOAT_IMPL=MICROPY_FLOAT_IMPL_FLOAT -msse2 -mfpmath=sse"
cp "$tree/ports/unix/build-standard/micropython" "$binary.new"
mv "$binary.new" "$binary"                          # a test that is running keeps the file that it was started from

facts=$("$binary" -c '
import asyncio, sys
print(".".join(str(part) for part in sys.implementation.version[:3]), sys.maxsize, 2.0 ** 24 + 1 == 2.0 ** 24)')
if [ "$facts" != "$VERSION $((2**31 - 1)) True" ]; then
    echo "MicroPython $VERSION: built, but version, largest index and single precision are: $facts" >&2
    exit 1
fi
echo "$wanted" > "$stamp"
echo "MicroPython $VERSION: ready in ${binary#"$root"/}"
