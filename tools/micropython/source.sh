# SPDX-License-Identifier: MIT
# MicroPython's sources, and what an RP2040 image needs beside them, from Debian's own packages, verified by apt with
# Debian's keyring; the system's apt sources stay as they are.  Sourced from the project's root, after
# system_packages.sh: `micropython_source` leaves build/micropython/tree with mpy-cross in it, `pico_source` adds the
# Pico SDK, TinyUSB and Mbed TLS below its lib/.  Both do nothing when that is there and as wanted.

VERSION=1.25.0                                      # the one place; boards and stubs follow it
SUITE=trixie                                        # the Debian release that carries it

out=$PWD/build/micropython
tree=$out/tree

run() {                                             # quiet unless it fails
    "$@" > "$out/build.log" 2>&1 || { tail -n 20 "$out/build.log" >&2; echo "failed: $* (see $out/build.log)" >&2; exit 1; }
}

# An apt that knows nothing but the mirror that this system already uses, if it is one of Debian; another suite
open_mirror() {
    local mirror
    need dpkg-source=dpkg-dev patch=patch xz=xz-utils =debian-archive-keyring
    mirror=$(sed -nE 's/^(URIs:|deb( +\[[^]]*\])?)[[:space:]]+([^[:space:]]+\/debian)\/?([[:space:]].*)?$/\3/p' \
                 $(find /etc/apt -name '*.list' -o -name '*.sources') | sed -n 1p)
    if [ -z "$mirror" ]; then
        echo "No Debian mirror in /etc/apt: MicroPython's source package cannot be fetched on this system" >&2
        exit 1
    fi
    rm -rf "$out/source"
    mkdir -p "$out/apt/lists/partial" "$out/apt/cache/archives/partial" "$out/source"
    cat > "$out/apt/debian.sources" <<SOURCES
Types: deb deb-src
URIs: $mirror
Suites: $SUITE
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg
SOURCES
    private_apt=(apt-get -qq -o Dir::Etc::sourcelist="$out/apt/debian.sources" -o Dir::Etc::sourceparts=/dev/null
                 -o Dir::State::lists="$out/apt/lists" -o Dir::Cache="$out/apt/cache" -o APT::Sandbox::User=)
    echo "$1 from $mirror"
    run "${private_apt[@]}" update
}

close_mirror() { rm -rf "$out/source" "$out/apt"; }

# extract PACKAGE FOLDER: Debian's source of PACKAGE with Debian's patches; apt has verified it
extract() {
    (cd "$out/source" && run "${private_apt[@]}" source --download-only "$1")
    run dpkg-source --no-check --no-copy --extract "$out/source/$1"_*.dsc "$2"
}

micropython_source() {
    local found
    [ "$(cat "$tree/stamp" 2>/dev/null)" != "$VERSION $SUITE" ] || return 0
    need gcc=gcc make=make python3=python3
    rm -rf "$tree"
    open_mirror "MicroPython $VERSION: fetching Debian's source package"
    extract micropython "$tree"
    found=$(cd "$out/source" && expr micropython_*.dsc : 'micropython_\([0-9.]*\)')
    if [ "$found" != "$VERSION" ]; then
        rm -rf "$tree"
        echo "Debian $SUITE now carries MicroPython $found, this project is pinned to $VERSION: change VERSION and SUITE in" \
             "tools/micropython/source.sh, and test" >&2
        exit 1
    fi
    close_mirror
    echo "MicroPython $VERSION: building mpy-cross"
    run make -j"$(nproc)" -C "$tree/mpy-cross" STRIP=:
    echo "$VERSION $SUITE" > "$tree/stamp"
}

pico_source() {
    local package
    [ "$(cat "$tree/lib/stamp" 2>/dev/null)" != "$VERSION $SUITE" ] || return 0
    open_mirror "Pico SDK, TinyUSB, Mbed TLS: fetching Debian's packages"
    rm -rf "$tree/lib/mbedtls"                      # empty in Debian's package, as are pico-sdk and tinyusb
    extract mbedtls "$tree/lib/mbedtls"
    (cd "$out/source" && run "${private_apt[@]}" download pico-sdk-source tinyusb-source)
    for package in "$out"/source/*.deb; do
        run dpkg-deb --extract "$package" "$out/source"
    done
    rm -rf "$tree/lib/pico-sdk" "$tree/lib/tinyusb"
    mv "$out/source/usr/src/pico-sdk" "$out/source/usr/src/tinyusb" "$tree/lib/"
    close_mirror
    touch "$tree/lib/micropython-lib/README.md"     # the build asks only whether it is there
    echo "$VERSION $SUITE" > "$tree/lib/stamp"
}
