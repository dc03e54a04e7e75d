#!/bin/sh
# SPDX-License-Identifier: MIT
# Builds build/@NAME@.so.
set -eu
cd "$(dirname "$0")"
cargo build --release --offline --target-dir build/cargo
cp build/cargo/release/lib@IDENT@.so build/@NAME@.so.new
mv build/@NAME@.so.new build/@NAME@.so
