#!/bin/sh
# SPDX-License-Identifier: MIT
# Runs the plugin in a host on a network of this machine, with scripted faults, until Ctrl-C. Nothing is paid.
#
#   ./devnet.sh           decides every 5 s, and prints each decision
#   ./devnet.sh --once    one decision for each orchestrator, printed as JSON, and ends
set -eu
cd "$(dirname "$0")"
state=$(mktemp -d)
started= # process ids
cleanup() {
    for process in $started; do kill "$process" 2>/dev/null || true; done
    rm -rf "$state"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

mkfifo "$state/ready"
stipend devnet --scenario demo --gateway 127.0.0.1:0 --ready-fd 3 3>"$state/ready" >"$state/devnet.log" 2>&1 &
started=$!
read -r ready <"$state/ready" || { cat "$state/devnet.log" >&2; exit 1; }
for word in $ready; do
    case $word in gateway=*) GATEWAY_URL=${word#gateway=} ;; esac
done
ORCHESTRATOR_ADDRESSES=$(stipend devnet --scenario demo --print-addresses)
STATE_DIRECTORY=$state/host
export GATEWAY_URL ORCHESTRATOR_ADDRESSES STATE_DIRECTORY
mkdir "$STATE_DIRECTORY"
# What the plugin asks beside the network.
[ ! -f services.sh ] || . ./services.sh

stipend check -c config.yaml >&2
if [ "${1:-}" = --once ]; then
    stipend run --once -c config.yaml >&2
    stipend ledger export --kind decisions -c config.yaml
else
    stipend run -c config.yaml
fi
