#!/bin/bash
# Half an hour of calls in random ways, and what is left behind: tests/soak/run.sh [FOLDER]
#
# CALLS callers at once (1000), each for 0.2 to 120 seconds and then anew: random keys, holds (sendonly and inactive),
# transfers to operators, hang-ups at any moment. OPERATORS telephones (40) answer, hold, talk and hang up. After SECS
# (1800) everybody hangs up, and the server must have no call, no stream, no more descriptors than when it was idle,
# all its ports, a record of each call that was made, and no more than GROWTH kB (40000) over what it had once the
# callers were there. A gap over 60 ms in what a telephone hears must be the machine's fault, by evidence
# (benches/load/evidence.rs): the list of all of them, and all figures, go to FOLDER (soak-DATE by default).
# Says a line a minute and the verdict at the end; fails with 1. Uses benches/server.sh: HOTLINE, LOAD, CORES,
# LOAD_CORES, SIP_PORT, WEB_PORT. Needs ulimit -n of four descriptors a call.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-soak-XXXXXX")
folder=${1:-soak-$(date +%Y%m%d-%H%M)}
mkdir -p "$folder" && folder=$(cd "$folder" && pwd) || exit 1
. "$root/benches/server.sh"
trap 'stop_server; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
ulimit -n "$(ulimit -Hn)"
make_load

secs=${SECS:-1800} calls=${CALLS:-1000} operators=${OPERATORS:-40} failed=0
say() { echo "$*" | tee -a "$folder/figures"; }
check() { # WHAT TEST…
    local what=$1
    shift
    if "$@"; then say "soak $what: ok"; else failed=1; say "soak $what: FAILED ($*)"; fi
}
descriptors() { find "/proc/$server/fd" -mindepth 1 2>/dev/null | wc -l; }
memory() { awk '/VmRSS/ {print $2}' "/proc/$server/status"; }
value() { measured "$1" | awk '{print $2}'; }
# UDP sockets bound to the ports of media.
ports() {
    local port count=0
    for port in $(awk 'FNR > 1 {sub(/.*:/, "", $2); print $2}' /proc/net/udp /proc/net/udp6); do
        port=$((16#$port))
        [ "$port" -ge 30000 ] && [ "$port" -le 49999 ] && count=$((count + 1))
    done
    echo "$count"
}
numbers() { sed -nE "s/^$1 ([0-9]+).*/\1/p" "$2" | tail -1; }

: > "$folder/figures"
say "soak: $calls callers, $operators operators, $secs s; $(uname -r), $(nproc) processors, server on ${CORES:-all}"
start_server
add_operators "$operators" || exit 1
# The first calls make what stays: caches, the pool of the store.
"$LOAD" calls --target "$sip" --calls 20 --rate 20 --secs 1 > "$work/warm" || exit 1
sleep 3
idle=$(descriptors) taken=$(ports)

# Memory each ten seconds, to be drawn or read.
(while sleep 10; do echo "$SECONDS,$(memory),$(descriptors)"; done 2>/dev/null) > "$folder/memory.csv" &
watch=$!
on "${LOAD_CORES:-}" "$LOAD" soak --target "$sip" --pid "$server" --calls "$calls" --rate 100 --secs "$secs" \
    --operators "$work/operators" --gaps "$folder/gaps" --timeline "$folder/timeline.csv" > "$work/report" 2>&1 &
load=$!
tail -n +1 -f "$work/report" --pid="$load" | tee "$folder/report" &
shown=$!
# Everybody is there, and the busiest minute is over.
sleep $((calls / 100 + 70))
settled=$(memory)
wait "$load"
answered=$?
wait "$shown"
kill "$watch" && wait "$watch" 2>/dev/null
check "every call was answered" test "$answered" -eq 0
# Wrap-ups and the last records.
for _ in $(seq 60); do
    [ "$(value hotline_calls)" = 0 ] && [ "$(value hotline_streams)" = 0 ] && break
    sleep 1
done
sleep 5
report=$folder/report
check "no call is left" test "$(value hotline_calls)" = 0
check "no stream is left" test "$(value hotline_streams)" = 0
check "no descriptor is stuck ($idle before, $(descriptors) after)" test "$(descriptors)" -le $((idle + 2))
check "no port is stuck ($taken before, $(ports) after)" test "$(ports)" -le "$taken"
made=$(($(numbers 'calls made' "$report") + 20))
"$HOTLINE" report calls -c "$work/config.yaml" --limit 10000000 --json > "$work/calls"
recorded=$(wc -l < "$work/calls") unended=$(grep -c '"in progress"' "$work/calls")
check "each call has a record ($made made, $recorded recorded)" test "$made" = "$recorded"
check "each record has its end" test "$unended" = 0
check "no record was dropped" test "$(value hotline_records_dropped_total)" = 0
check "no transaction of records failed" test "$(value hotline_records_failures_total)" = 0
check "memory ($settled kB settled, $(memory) kB after)" test "$(memory)" -le $((settled + ${GROWTH:-40000}))
check "no packet was lost" grep -q ' lost 0;' "$report"
check "no gap over 60 ms is the server's" grep -q '^gaps over 60 ms: [0-9]* of the machine, 0 of the server' "$report"
for what in keys holds operator_holds talks; do
    check "there were $what" test "$(grep -oE "\b$what: [0-9]+" "$report" | grep -oE '[0-9]+')" -gt 0
done
check "nothing was logged as an error" test "$(grep -c ERROR "$work/log")" -eq 0
cp "$work/log" "$folder/log"
if [ "$failed" = 0 ]; then say "soak: PASSED ($folder)"; else say "soak: FAILED ($folder)"; fi
exit "$failed"
