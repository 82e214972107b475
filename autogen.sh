#!/bin/sh
# SPDX-License-Identifier: MIT
# Makes ./configure from configure.ac.
set -e
cd "$(dirname "$0")"
mkdir -p m4 build-aux
autoreconf --install --force
# automake's TAP driver is installed by hand: it is not part of --add-missing before the first use
driver=$(automake --print-libdir)/tap-driver.sh
cp "$driver" build-aux/tap-driver.sh
