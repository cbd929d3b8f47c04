#!/bin/bash
# A full disk ends no call and loses no record: full_disk.sh [PROGRAM]
#
# The data folder is on a file system of a few megabytes that is filled to the last octet while the server runs. Calls
# must go on as if nothing were, and once there is room again their records must be in the store. Needs root, to mount.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/server.sh"
program=$(realpath "${1:-$root/target/release/hotline}")
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-disk-XXXXXX")
passed=0 failed=0

clean_up() {
    [ -z "$server" ] || kill -KILL "$server" 2>/dev/null
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
start_server "$program" "$work/server"
verdict "a server starts on a small disk" $?

dd if=/dev/zero of="$work/small/filler" bs=4k 2> /dev/null
[ "$(df --output=avail "$work/small" | tail -1 | tr -d " ")" = 0 ]
verdict "the disk is full" $?

mkdir "$work/calls"
port=$(free_port $((31000 + $$ % 500)))
(cd "$work/calls" && timeout 60 sipp "$address" -sf "$here/sipp/calls/reinvite.xml" -s 88001234567 -i 127.0.0.1 -p "$port" \
    -mi 127.0.0.1 -mp $((port + 2)) -nostdin -timeout 50 -timeout_error -m 3 -r 3 > screen 2>&1)
verdict "three calls are served while it is full" $?
kill -0 "$server" 2>/dev/null
verdict "the server runs on" $?

rm "$work/small/filler"
# The writer tries again every second.
sleep 3
calls=$("$program" report --data "$work/server/data" calls --json 2> /dev/null | grep -c caller_hung_up)
[ "$calls" = 3 ]
verdict "the records of all three are in the store once there is room" $?
stop_server
verdict "server ends when asked" $?

[ $failed = 0 ] || { echo "The server's last lines:"; tail -n 30 "$work/server/log"; }
echo "disk: $passed passed, $failed failed"
[ $failed = 0 ]
