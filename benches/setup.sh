#!/bin/bash
# Figures of call set-up and of memory, on a quiet machine: benches/setup.sh
#
#   INVITE -> 200 at 500 new calls a second (p99 at most 10 ms), the same at 1000 a second, and the resident memory after
#   10,000 and after 100,000 calls (5 % apart at most). Calls are INVITE, ACK, BYE. HOTLINE_CORE and FLOOD_CORE are the
#   processors of the server and of the calls (0 and 1).
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
flood=$root/target/release/examples/flood
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-setup-XXXXXX")
CORES=${HOTLINE_CORE:-0}
. "$root/benches/server.sh"
trap 'stop_server; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

[ -x "$HOTLINE" ] && [ -x "$flood" ] || (cd "$root" && cargo build --release --locked --bin hotline --example flood) || exit 1
start_server
calls() { on "${FLOOD_CORE:-1}" "$flood" calls --server "$sip" "$@"; }
rss() { awk '/^VmRSS/ {print $2}' "/proc/$server/status"; }
# quiet: until no transaction is left, which takes 37 s, and what they needed has been given back, ten seconds later.
quiet() {
    local _
    for _ in $(seq 90); do
        [ "$(measured hotline_sip_transactions)" = "hotline_sip_transactions 0" ] && break
        sleep 1
    done
    sleep 12
}

status=0
calls --calls 100 --secs 5 > /dev/null
calls --calls 500 --secs 20 --p99 10 || status=1
first=10500
quiet
few=$(rss)
calls --calls 1000 --secs 30 || status=1
calls --calls 500 --secs 119 || status=1
quiet
many=$(rss)
echo "setup: $few kB after $first calls, $many kB after 100000"
[ "$many" -le $((few + few / 20)) ] || { echo "setup: FAILED: more than 5 % apart"; status=1; }
exit $status
