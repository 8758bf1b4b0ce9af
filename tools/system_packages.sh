# SPDX-License-Identifier: MIT
# Debian packages that a step needs.  Sourced: `. tools/system_packages.sh`, then `need COMMAND=PACKAGE ...`.
# Root installs what is absent; anybody else is told the one command that does.

installed() { dpkg-query --show --showformat='${db:Status-Abbrev}' "$1" 2>/dev/null | grep -q '^ii'; }

# An empty COMMAND asks for the package itself: it brings no command of its own.
need() {
    local pair absent=()
    for pair in "$@"; do
        if [ -n "${pair%%=*}" ]; then
            command -v "${pair%%=*}" >/dev/null || absent+=("${pair#*=}")
        else
            installed "${pair#*=}" || absent+=("${pair#*=}")
        fi
    done
    [ ${#absent[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "Missing on this system. Please run: sudo apt-get install ${absent[*]}" >&2
        exit 1
    fi
    echo "Installing ${absent[*]}"
    [ -n "$(find /var/lib/apt/lists -name '*_Packages*' -print -quit)" ] || apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq -y --no-install-recommends install "${absent[@]}" \
        -o Dpkg::Use-Pty=0 >/dev/null
}
