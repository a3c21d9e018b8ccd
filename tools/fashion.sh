#!/bin/sh
# Where Debian's packages may be installed: Fashion-MNIST, without which the tests of what learns from it are skipped.
set -eu
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1 && [ ! -d /usr/share/datasets/fashion-mnist ]; then
    echo "Installing Fashion-MNIST …"
    apt-get update -q && apt-get install -q -y --no-install-recommends dataset-fashion-mnist ||
        echo "Debian's Fashion-MNIST could not be installed."
fi
