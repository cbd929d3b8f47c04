#!/bin/bash
# Calls a server with SIPp: run.sh [PROGRAM]
#
# Runs every scenario of this folder against a server of its own, prints a line for each, and leaves nothing behind.
# PROGRAM is a built hotline, target/release/hotline by default. Playing a capture takes a raw socket: run as root, or
# have sudo.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../server.sh"
program=$(realpath "${1:-$root/target/release/hotline}")
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-sipp-XXXXXX")
passed=0 failed=0 waited=()

clean_up() {
    local pid
    for pid in "${waited[@]}" $server; do kill -KILL "$pid" 2>/dev/null; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)

verdict() { # NAME STATUS [FOLDER]
    if [ "$2" = 0 ]; then
        passed=$((passed + 1))
        echo "sipp $1: ok"
        return
    fi
    failed=$((failed + 1))
    echo "sipp $1: FAILED ($2)"
    [ $# -lt 3 ] || tail -n 40 "$3"/errors "$3"/screen 2>/dev/null | cut -c 1-200
}

# sipp NAME PORT OPTIONS…: one scenario in a folder of its own; its output is kept for a failure.
scenario() {
    local name=$1 port=$2 folder=$work/$1
    shift 2
    mkdir -p "$folder"
    [ "$name" != uac_dtmf ] || "$here/digits.sh" '2143219876#2' "$folder/digits.pcap"
    (cd "$folder" && timeout 90 "${as_root[@]}" sipp "$address" -sf "$here/$name.xml" -s 88001234567 -i 127.0.0.1 \
        -p "$port" -mi 127.0.0.1 -mp $((port + 2)) -nostdin -timeout 80 -timeout_error -trace_err \
        -error_file errors "$@" > screen 2>&1)
}

start_server "$program" "$work/server" || exit 1

# The lost ACK takes its 32 seconds beside the others.
at=$((30000 + $$ % 150 * 4))
scenario lost_ack "$(free_port $at)" -m 1 -nr & lost_ack=$!
waited+=("$lost_ack")

scenario uac_dtmf "$(free_port $((at + 400)))" -m 1;                verdict uac_dtmf $? "$work/uac_dtmf"
scenario reinvite "$(free_port $((at + 800)))" -m 3 -r 3;           verdict reinvite $? "$work/reinvite"
scenario lost_200 "$(free_port $((at + 1200)))" -m 3 -r 3 -nr;      verdict lost_200 $? "$work/lost_200"
scenario cancel "$(free_port $((at + 1600)))" -m 50 -r 50;          verdict cancel $? "$work/cancel"
scenario many "$(free_port $((at + 2000)))" -m 200 -r 50 -l 200;    verdict many $? "$work/many"
wait "$lost_ack";                                                   verdict lost_ack $? "$work/lost_ack"
waited=()

# The server's own account of it: the keys led to the balance and to the end.
report=$("$program" report --data "$work/server/data" calls --limit 1000 2>&1)
grep -q balance <<< "$report"
verdict "report of the calls" $?

kill -0 "$server" 2>/dev/null && stop_server
verdict "server ends when asked" $?

[ $failed = 0 ] || { echo "The server's last lines:"; tail -n 30 "$work/server/log"; }
echo "sipp: $passed passed, $failed failed"
[ $failed = 0 ]
