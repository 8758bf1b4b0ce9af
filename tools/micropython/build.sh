#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# The interpreter of the portable tests: MicroPython's unix port with 32-bit objects and single-precision floats,
# which are the numbers and object sizes of an RP2040 (sources: source.sh).  The simulated board, asyncio and unittest
# are frozen in: the heap of a run is for the firmware and its tests, as on a controller, where none of these exists.
# Result: build/micropython/micropython-m32f32.  Each stage is done again only when what it is made of has changed.
set -euo pipefail

cd "$(dirname "$0")/../.."
root=$PWD
. tools/system_packages.sh
. tools/micropython/source.sh
binary=$out/micropython-m32f32
stamp=$out/stamp
sources=$(find boards -name '*.py' -not -path '*/cpython/*' -not -name loop_cpython.py -not -name ports.py \
               -not -name panel_svg.py | LC_ALL=C sort)
wanted=$(cat "$0" tools/micropython/source.sh $sources tools/micropython/lib/unittest.py | sha256sum | cut -d' ' -f1)
if [ -x "$binary" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi

if [ "$(uname -m)" != x86_64 ]; then
    echo "The 32-bit interpreter is built for x86; this machine is $(uname -m): please test on a PC" >&2
    exit 1
fi
need gcc=gcc make=make python3=python3 =gcc-multilib =libc6-dev
micropython_source

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
