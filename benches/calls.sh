#!/bin/bash
# The figures of docs/performance.md, one after another: benches/calls.sh [FOLDER]
#
# Writes its output to the terminal and timelines with their picture (gaps.svg) to FOLDER (a temporary one by default).
# CORES=0 LOAD_CORES=1 keep the server and the load apart where there are two processors; both on all otherwise.
# CALLGEN=PROGRAM is another generator to measure with as well, if you have one that takes these options.
# COUNTS="100 1000 2000 3000" SECS=20 RATE=100 TALKS=200. Needs 4 descriptors a call: ulimit -n. The picture of the
# documentation: benches/calls.sh figures && cp figures/gaps.svg docs/
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-bench-XXXXXX")
folder=${1:-$work}
. "$root/benches/server.sh"
trap 'stop_server; [ "$folder" = "$work" ] || rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
ulimit -n "$(ulimit -Hn)"
mkdir -p "$folder"
make_load

load() { on "${LOAD_CORES:-}" "$LOAD" "$@"; }

echo "== $(uname -r), $(nproc) processors, $(git -C "$root" rev-parse --short HEAD 2>/dev/null)"
echo "== start, first of a data folder"
start_server
grep '^ready' "$work/out"
idle=$(awk '/VmRSS/ {print $2}' "/proc/$server/status")
before=$(awk '{print $14 + $15}' "/proc/$server/stat")
sleep 10
after=$(awk '{print $14 + $15}' "/proc/$server/stat")
echo "idle: $idle kB, $(((after - before) * 1000 / $(getconf CLK_TCK))) ms of CPU in 10 s"
stop_server

plots=()
for count in ${COUNTS:-100 1000 2000 3000}; do
    echo "== floor: the bare system calls for $count streams"
    on "${CORES:-}" "$LOAD" floor --calls "$count" --secs 5
    echo "== $count calls in the menu"
    start_server
    load calls --target "$sip" --pid "$server" --calls "$count" --rate "${RATE:-100}" --secs "${SECS:-20}" \
        --timeline "$folder/$count.csv"
    if [ -n "${CALLGEN:-}" ]; then
        on "${LOAD_CORES:-}" "$CALLGEN" load --target "sip:bank@$sip" --calls "$count" --rate "${RATE:-100}" \
            --steady "${SECS:-20}" --server-pid "$server" --port-base 50000
    fi
    stop_server
    plots+=("$count=$folder/$count.csv")
done
"$LOAD" plot "${plots[@]}" > "$folder/gaps.svg" && echo "picture: $folder/gaps.svg"

echo "== 200 calls, each pressing a key every two seconds"
start_server
load calls --target "$sip" --pid "$server" --calls 200 --rate 100 --secs "${SECS:-20}" --keys yes
stop_server

talks=${TALKS:-200}
echo "== floor: the bare system calls for $((2 * talks)) streams; a conversation has two"
on "${CORES:-}" "$LOAD" floor --calls $((2 * talks)) --secs 5
echo "== $talks conversations with operators (a call is two legs)"
start_server
add_operators "$talks" && sleep 3 &&
    load calls --target "$sip" --pid "$server" --calls "$talks" --rate 50 --secs "${SECS:-20}" --operators "$work/operators"
stop_server
