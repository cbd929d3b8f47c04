#!/bin/bash
# How long the oldest caller waits for an operator who has become free, on a quiet machine: benches/handover.sh
#
#   TIMES (40) hand-overs by one operator, whose queue has no wrap-up, to CALLERS (8) who queue again and again. Of each
#   is measured: the operator's BYE -> the next INVITE to the operator; its 200 -> the operator's first packet at the
#   caller; both together, at most LIMIT (100) ms. The caller must be the one who waited longest. BESIDE=1000: so many
#   others are in the menu meanwhile. CORES and LOAD_CORES are the processors of the server and of the telephones.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-handover-XXXXXX")
. "$root/benches/server.sh"
beside=
trap '[ -z "$beside" ] || kill "$beside" 2> /dev/null; stop_server; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
ulimit -n "$(ulimit -Hn)"
make_load

cp -r "$root/menus" "$work/menus" && sed -i -E 's/wrap_up: [0-9]+s/wrap_up: 0s/' "$work"/menus/*.yaml || exit 1
start_server --menus "$work/menus"
add_operators 1 && sleep 3 || exit 1
times=${TIMES:-40} others=${BESIDE:-0}
if [ "$others" -gt 0 ]; then
    on "${LOAD_CORES:-}" "$LOAD" calls --target "$sip" --calls "$others" --rate 200 --secs $((times * 3)) > "$work/beside" 2>&1 &
    beside=$!
    sleep $((others / 200 + 10))
fi
echo "handover: $times hand-overs, $others others in the menu, server on ${CORES:-all}"
on "${LOAD_CORES:-}" "$LOAD" handover --target "$sip" --operators "$work/operators" --calls "${CALLERS:-8}" \
    --times "$times" --limit "${LIMIT:-100}"
status=$?
[ $status = 0 ] || echo "handover: FAILED"
exit $status
