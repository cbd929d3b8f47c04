#!/bin/bash
# Hours of calls in random ways, and what is left behind: tests/soak/run.sh
#
# CALLS callers at once (1000), each for 10 to 120 seconds: random keys, holds, operators, hang-ups at any moment;
# OPERATORS telephones (40) answer, talk and hang up. After SECS (1800) everybody hangs up, and the server must have
# no call, no stream, no more descriptors than when it was idle, no lost record, a record of every call's end, and no
# more than GROWTH kB (40000) of memory over what it had after the first minute's peak.
# Gaps over 60 ms are told beside how late the load itself was: what both suffered, the machine caused.
# Fails with 1. Leaves nothing behind. Uses benches/server.sh: HOTLINE, CORES, LOAD_CORES.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-soak-XXXXXX")
. "$root/benches/server.sh"
trap 'stop_server; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
ulimit -n "$(ulimit -Hn)"
make_load

secs=${SECS:-1800} calls=${CALLS:-1000} failed=0
check() { # WHAT TEST…
    local what=$1
    shift
    if "$@"; then echo "soak $what: ok"; else failed=1; echo "soak $what: FAILED ($*)"; fi
}
descriptors() { find "/proc/$server/fd" -mindepth 1 2>/dev/null | wc -l; }
memory() { awk '/VmRSS/ {print $2}' "/proc/$server/status"; }
value() { measured "$1" | awk '{print $2}'; }

start_server
add_operators "${OPERATORS:-40}" || exit 1
# The first calls make what stays: caches, the pool of the store.
"$LOAD" calls --target "$sip" --calls 20 --rate 20 --secs 1 > "$work/warm" || exit 1
sleep 3
idle=$(descriptors)

on "${LOAD_CORES:-}" "$LOAD" soak --target "$sip" --pid "$server" --calls "$calls" --rate 100 --secs "$secs" \
    --operators "$work/operators" | tee "$work/report" &
load=$!
sleep $((calls / 100 + 70))
settled=$(memory)
wait "$load"
check "calls were answered" test "$?" -eq 0
# Wrap-ups and the last records.
for _ in $(seq 60); do
    [ "$(value hotline_calls)" = 0 ] && [ "$(value hotline_streams)" = 0 ] && break
    sleep 1
done
sleep 5
check "no call is left" test "$(value hotline_calls)" = 0
check "no stream is left" test "$(value hotline_streams)" = 0
check "no port is stuck: descriptors $idle before, $(descriptors) after" test "$(descriptors)" -le $((idle + 2))
check "no record was lost" test "$(value hotline_records_dropped_total)" = 0
check "no transaction of records failed" test "$(value hotline_records_failures_total)" = 0
check "memory: $settled kB settled, $(memory) kB after" test "$(memory)" -le $((settled + ${GROWTH:-40000}))
check "no packet was lost" grep -q 'lost 0;' "$work/report"
check "nothing was logged as an error" test "$(grep -c ERROR "$work/log")" -eq 0
exit $failed
