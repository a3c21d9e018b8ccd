#!/bin/sh
# See to it that there is a Chromium for the browser tests, and glyphs for Chinese text: Debian's or, with an environment
# that is set up, Playwright's. `tools/chromium.sh debian` tries Debian's only, while the environment is being set up.
set -eu
cd "$(dirname "$0")/.."
if command -v chromium >/dev/null 2>&1 || command -v chromium-browser >/dev/null 2>&1; then
    exit 0
fi
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
    echo "Installing Debian's Chromium …"
    if apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends chromium fonts-noto-cjk; then
        exit 0
    fi
    echo "Debian's Chromium could not be installed."
fi
[ "${1:-}" = debian ] || .venv/bin/python -m playwright install chromium
