#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds build/@NAME@.so, which exports one symbol.
set -eu
cd "$(dirname "$0")"
mkdir -p build
# -w first: a value that begins with a quote is no value of -ldflags.
CGO_ENABLED=1 go build -trimpath -buildmode=c-shared \
    -ldflags="-w '-extldflags=\"-Wl,--version-script=@GO_SDK@/plugin.map\" -Wl,-z,now'" \
    -o build/@NAME@.so.new .
mv build/@NAME@.so.new build/@NAME@.so
