#!/bin/bash
# Floods with ordinary calls beside them: run.sh [--short] [PROGRAM]
#
# A server of its own on loopback is flooded in every way that tests/floods/flood.rs knows. Beside each flood ordinary
# calls are made, and all of them must be answered; two seconds after it OPTIONS must be answered within 50 ms; and
# once the transactions have run out (37 s), tables, descriptors and resident memory must be where they were.
# `--short` takes two minutes, all of it a quarter of an hour. RATE_HIGH is the rate of the hardest floods (5000).
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
short=
[ "${1:-}" != --short ] || { short=yes; shift; }
program=$(realpath "${1:-$root/target/release/hotline}")
flood=${FLOOD:-$(dirname "$program")/examples/flood}
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-floods-XXXXXX")
passed=0 failed=0 server=

clean_up() {
    [ -z "$server" ] || kill "$server" 2> /dev/null
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

[ -x "$flood" ] || (cd "$root" && cargo build --release --locked --example flood) || exit 1
ulimit -n "$(ulimit -Hn)"

sip=127.0.0.1:${SIP_PORT:-5270} web=127.0.0.1:${WEB_PORT:-8270}
cat > "$work/config.yaml" <<YAML
sip: {listen: ["$sip"]}
media: {ports: 40000-59999}
http: {listen: "$web"}
limits: {calls_per_second: 1000}
log: {level: error}
data: $work/data
menus: $root/menus
prompts: $root/prompts
YAML
"$program" serve -c "$work/config.yaml" > "$work/out" 2> "$work/log" &
server=$!
for _ in $(seq 300); do
    grep -q '^ready' "$work/out" && break
    kill -0 "$server" 2> /dev/null || break
    sleep 0.1
done
grep -q '^ready' "$work/out" || { cat "$work/out" "$work/log" >&2; echo "floods: the server did not start"; exit 1; }

metric() { curl -s --max-time 5 "http://$web/metrics" | awk -v name="$1" '$1 == name {print $2}'; }
rss() { awk '/^VmRSS/ {print $2}' "/proc/$server/status"; }
descriptors() { ls "/proc/$server/fd" | wc -l; }

# settle: until nothing of a flood is left in the tables, a minute and a half at most.
settle() {
    local _
    for _ in $(seq 90); do
        [ "$(metric hotline_sip_transactions)" = 0 ] && [ "$(metric hotline_sip_legs)" = 0 ] && return
        sleep 1
    done
    return 1
}

verdict() { # STATUS TEXT
    if [ "$1" = 0 ]; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "floods: FAILED: $2"; fi
}

is_as_before() {
    local now_rss now_fds settled
    settle
    settled=$?
    # What a rush needed is given back when it has been over for ten seconds (src/app/serve/tide.rs).
    sleep 12
    verdict $settled "$1: something is left: $(metric hotline_sip_transactions) transactions, $(metric hotline_sip_legs) legs"
    now_rss=$(rss) now_fds=$(descriptors)
    printf 'floods: after %-15s memory %d kB (before %d), descriptors %d (before %d)\n' \
        "$1" "$now_rss" "$base_rss" "$now_fds" "$base_fds"
    # A fifth, or 24 MB where that is more: what the allocator keeps for the next time.
    local most=$((base_rss + (base_rss / 5 > 24576 ? base_rss / 5 : 24576)))
    [ "$now_rss" -le "$most" ]
    verdict $? "$1: memory went from $base_rss to $now_rss kB"
    # The store's connections come and go.
    [ "$now_fds" -le $((base_fds + 8)) ]
    verdict $? "$1: descriptors went from $base_fds to $now_fds"
}

against() { # KIND OPTION…
    local kind=$1
    shift
    "$flood" "$kind" --server "$sip" "$@" | tee "$work/last"
    verdict "${PIPESTATUS[0]}" "$kind $*"
    kill -0 "$server" 2> /dev/null
    verdict $? "$kind: the server runs on"
    [ -n "$short" ] || is_as_before "$kind"
}

# Tables, pools and the allocator take their size first.
"$flood" calls --server "$sip" --calls 200 --secs 5 --refusable yes > /dev/null
settle
base_rss=$(rss) base_fds=$(descriptors)

if [ -n "$short" ]; then
    # A busy machine may refuse some for its load; none may be lost.
    against invite-cancel --rate 1000 --secs 4 --calls 20 --refusable yes
    against unacknowledged --rate 300 --secs 4 --calls 20 --refusable yes
    for kind in register options bye cancel garbage responses; do against "$kind" --rate 1000 --secs 2 --calls 20 --refusable yes; done
    against slow-tcp --rate 100 --secs 3 --calls 20 --refusable yes
    against half-open --rate 1000 --secs 3 --calls 20 --refusable yes
    against overload --rate 2000 --secs 3 --calls 20 --refusable yes
    is_as_before "all of them"
else
    high=${RATE_HIGH:-5000}
    against invite-cancel --rate 1000 --secs 10 --calls 50
    against invite-cancel --rate "$high" --secs 10 --calls 50 --refusable yes
    against unacknowledged --rate 1000 --secs 25 --calls "${NORMAL:-500}"
    for kind in register options bye cancel garbage responses; do
        against "$kind" --rate "$high" --secs 10 --calls 50
    done
    against slow-tcp --rate 1000 --secs 20 --calls 50
    against half-open --rate 5000 --secs 20 --calls 50
    against overload --rate 5000 --secs 10 --calls 50 --refusable yes
fi

kill "$server"
wait "$server"
verdict $? "the server ends when asked"
server=
[ $failed = 0 ] || { echo "The server's last lines:"; tail -n 30 "$work/log"; }
echo "floods: $passed passed, $failed failed"
[ $failed = 0 ]
