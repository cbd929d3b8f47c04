#!/bin/bash
# A full disk ends no call and loses no record: full_disk.sh [PROGRAM]
#
# The data folder is on a file system of a few megabytes that is filled to the last octet while the server runs. Calls
# must go on as if nothing were, a conversation that was to be recorded among them, and once there is room again their
# records must be in the store. Needs root, to mount.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/server.sh"
program=$(realpath "${1:-$root/target/release/hotline}")
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-disk-XXXXXX")
passed=0 failed=0 waited=()

clean_up() {
    local pid
    for pid in "${waited[@]}" $server; do kill -KILL "$pid" 2>/dev/null; done
    umount "$work/small" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

verdict() { # NAME STATUS
    if [ "$2" = 0 ]; then passed=$((passed + 1)); echo "disk $1: ok"; else failed=$((failed + 1)); echo "disk $1: FAILED"; fi
}

mkdir -p "$work/small" "$work/server"
if ! mount -t tmpfs -o size=8m tmpfs "$work/small" 2> "$work/mount"; then
    echo "disk skipped: no file system can be mounted here ($(cat "$work/mount"))"
    exit 0
fi
ln -s "$work/small" "$work/server/data"
mkdir -p "$work/calls" "$work/operator" "$work/talk"
echo "a long password" | "$program" operators --data "$work/server/data" add anna --skills support,premium \
    --languages ru --password-stdin > "$work/added"
start_server "$program" "$work/server" "recording: {conversations: true}"
verdict "a server starts on a small disk" $?
phone=$(free_port $((32000 + $$ % 500)))
(cd "$work/operator" && timeout 20 sipp "$address" -sf "$here/disk/register.xml" -s anna -au anna -ap "a long password" \
    -i 127.0.0.1 -p "$phone" -nostdin -timeout 15 -timeout_error -m 1 > registered 2>&1)
verdict "an operator registers" $?

dd if=/dev/zero of="$work/small/filler" bs=4k 2> /dev/null
[ "$(df --output=avail "$work/small" | tail -1 | tr -d " ")" = 0 ]
verdict "the disk is full" $?

# The conversation takes its eleven seconds beside the others: for eight of them the caller hears the notice and waits.
(cd "$work/operator" && timeout 60 sipp "$address" -sf "$here/disk/operator.xml" -i 127.0.0.1 -p "$phone" \
    -mi 127.0.0.1 -mp $((phone + 2)) -nostdin -timeout 50 -timeout_error -m 1 > screen 2>&1) & operator=$!
port=$(free_port $((33000 + $$ % 500)))
(cd "$work/talk" && timeout 60 sipp "$address" -sf "$here/disk/talk.xml" -s 74957654321 -i 127.0.0.1 -p "$port" \
    -mi 127.0.0.1 -mp $((port + 2)) -nostdin -timeout 50 -timeout_error -m 1 -d 11000 > screen 2>&1) & talk=$!
waited+=("$operator" "$talk")
port=$(free_port $((31000 + $$ % 500)))
(cd "$work/calls" && timeout 60 sipp "$address" -sf "$here/sipp/calls/reinvite.xml" -s 88001234567 -i 127.0.0.1 -p "$port" \
    -mi 127.0.0.1 -mp $((port + 2)) -nostdin -timeout 50 -timeout_error -m 3 -r 3 > screen 2>&1)
verdict "three calls are served while it is full" $?
wait "$talk" && wait "$operator"
verdict "a caller talks with an operator while it is full" $?
wait_for_line "$work/server/log" 'a recording failed' 10 "$server"
verdict "the recording of their conversation is lost, and said to be" $?
[ -z "$(find "$work/small/recordings" -type f 2> /dev/null)" ]
verdict "nothing is left of it" $?
kill -0 "$server" 2>/dev/null
verdict "the server runs on" $?

rm "$work/small/filler"
# The writer tries again every second.
sleep 3
calls=$("$program" report --data "$work/server/data" calls --json 2> /dev/null | grep -c caller_hung_up)
[ "$calls" = 4 ]
verdict "the records of all four are in the store once there is room" $?
stop_server
verdict "server ends when asked" $?

[ $failed = 0 ] || { echo "The server's last lines:"; tail -n 30 "$work/server/log"; }
echo "disk: $passed passed, $failed failed"
[ $failed = 0 ]
