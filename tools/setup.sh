#!/bin/sh
# Set up what the project needs, once: `tools/setup.sh EXTRA…`, the extras being those of pyproject.toml.
#
# The virtual environment goes to .venv, the browser's libraries to node_modules. Each carries a stamp, a hash of the
# files that decide its content, so that a second run has nothing to do.
set -eu
cd "$(dirname "$0")/.."

stop() {
    echo "$1" >&2
    exit 1
}

# A Python of our own choice ($PYTHON), or the first that is new enough.
python=
for candidate in ${PYTHON:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        python=$candidate
        break
    fi
done
[ -n "$python" ] || stop "transformer_lite's book needs Python 3.11 or newer, and found $(
    ${PYTHON:-python3} --version 2>/dev/null || echo "none"). Install one, or name it: make PYTHON=/path/to/python3.11 …"

node_version=$(node --version 2>/dev/null || echo none)
major=${node_version#v}
major=${major%%.*}
[ "$major" -ge 20 ] 2>/dev/null ||
    stop "transformer_lite's book needs Node 20 or newer (it draws the formulas), and found $node_version. See https://nodejs.org."
command -v npm >/dev/null 2>&1 || stop "transformer_lite's book needs npm, which usually comes with Node, and found none."

packages() {
    # Lines of the stamp: the files' hash, then each extra that is installed.
    state="$(cat pyproject.toml constraints.txt | sha256sum) $("$python" --version) $(pwd)"
    stamp=.venv/.stamp
    missing=
    for extra in "$@"; do
        if ! { [ -f $stamp ] && grep -qxF "$state" $stamp && grep -qxF "$extra" $stamp; }; then
            missing=yes
        fi
    done
    if [ -n "$missing" ]; then
        if ! [ -x .venv/bin/python ]; then
            echo "Making the virtual environment .venv …"
            if ! "$python" -m venv .venv; then
                rm -rf .venv
                stop "Python could not make a virtual environment; on Debian, apt-get install python3-venv brings what is missing."
            fi
        fi
        extras=$(echo "$*" | tr ' ' ',')
        echo "Installing the Python packages ($extras) into .venv; the first time takes some minutes …"
        # Python compiles what it imports; compiling everything that is installed would take a third of the time.
        .venv/bin/python -m pip install --disable-pip-version-check --no-compile --constraint constraints.txt --editable ".[$extras]"
        # Extras of the same state stay; those of an earlier one may lack something.
        {
            if [ -f $stamp ] && grep -qxF "$state" $stamp; then grep -vxF "$state" $stamp || true; fi
            printf '%s\n' "$@"
        } | sort -u >$stamp.new
        echo "$state" >>$stamp.new
        mv $stamp.new $stamp
    fi
}

libraries() {
    wanted=$(cat package-lock.json | sha256sum)
    stamp=node_modules/.stamp
    if ! [ -f $stamp ] || [ "$(cat $stamp)" != "$wanted" ]; then
        echo "Installing the browser's libraries into node_modules …"
        npm ci --ignore-scripts --no-audit --no-fund
        echo "$wanted" >$stamp
    fi
}

# Side by side, and beside Debian's Chromium: each waits for the network while another unpacks.
libraries &
packages "$@"
wait $!
