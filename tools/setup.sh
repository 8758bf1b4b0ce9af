#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# What a make target needs on this machine, put below build/: tools/setup.sh python | node | micropython | image ...
# Each step is skipped while what it made is current.  Nothing outside build/ changes, except that root gets
# missing Debian packages installed.
set -euo pipefail
cd "$(dirname "$0")/.."
. tools/system_packages.sh

# build/venv with the extra "dev" of pyproject.toml; the type stubs of each port apart, as both define `machine`
setup_python() {
    local python=${PYTHON:-python3} wanted port
    need "$python=python3"
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        echo "Python 3.11 or newer is needed, $python is $("$python" -V). Give another: make PYTHON=..." >&2
        exit 1
    fi
    wanted=$("$python" -V; sha256sum tools/setup.sh; requirements dev; requirements rp2; requirements esp32)
    [ "$(cat build/venv/stamp 2>/dev/null)" != "$wanted" ] || return 0
    "$python" -c 'import ensurepip, venv' 2>/dev/null || need =python3-venv
    echo "Python tools: installing into build/venv"
    rm -rf build/venv build/typings
    "$python" -m venv build/venv
    pip_install $(requirements dev)
    for port in rp2 esp32; do
        pip_install --target "build/typings/$port" $(requirements $port)
    done
    echo "$wanted" > build/venv/stamp
}

pip_install() { build/venv/bin/python -m pip -qq --disable-pip-version-check install "$@"; }

requirements() {
    "${PYTHON:-python3}" -c '
import sys, tomllib
with open("pyproject.toml", "rb") as file:
    print(*tomllib.load(file)["project"]["optional-dependencies"][sys.argv[1]], sep="\n")' "$1"
}

# build/node with what tools/node/package.json names
setup_node() {
    local wanted
    need node=nodejs npm=npm
    wanted=$(node --version; cat tools/node/package-lock.json)
    [ "$(cat build/node/stamp 2>/dev/null)" != "$wanted" ] || return 0
    echo "Node tools: installing into build/node"
    mkdir -p build/node
    cp tools/node/package.json tools/node/package-lock.json build/node/
    npm ci --prefix build/node --no-audit --no-fund --loglevel=error
    echo "$wanted" > build/node/stamp
}

setup_micropython() { tools/micropython/build.sh; }

# What an image for the RP2040 is compiled with, and from, unless the user has a MicroPython of his own
setup_image() {
    need arm-none-eabi-gcc=gcc-arm-none-eabi cmake=cmake gcc=gcc make=make python3=python3 \
         =libnewlib-arm-none-eabi =libstdc++-arm-none-eabi-newlib
    [ -z "${MICROPYTHON:-}" ] || return 0
    . tools/micropython/source.sh
    micropython_source
    pico_source
}

for step in "$@"; do
    "setup_$step"
done
