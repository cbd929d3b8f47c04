# Starts a server for a measurement; to be sourced. The caller has set $root and $work.
#
#   start_server [OPTION…]   sets $server (its pid), $sip and $web; the caller stops it with stop_server
#   launch_server [OPTION…]  the same without waiting until it is ready; sets $begun, nanoseconds of the wall clock
#   measured NAME…           what /metrics says of each, a line
#
# HOTLINE is the program, CORES the processors it may use (all by default; the load takes LOAD_CORES).

HOTLINE=${HOTLINE:-$root/target/release/hotline}
LOAD=${LOAD:-$root/target/release/examples/load}
server=

on() { # CORES COMMAND…
    local cores=$1
    shift
    if [ -n "$cores" ]; then taskset -c "$cores" "$@"; else "$@"; fi
}

make_load() {
    [ -x "$HOTLINE" ] && [ -x "$LOAD" ] || (cd "$root" && cargo build --release --bin hotline --example load) || exit 1
}

launch_server() {
    sip=127.0.0.1:${SIP_PORT:-5170} web=127.0.0.1:${WEB_PORT:-8170}
    cat > "$work/config.yaml" <<YAML
media: {ports: 30000-49999}
sip: {listen: ["$sip"]}
http: {listen: "$web"}
limits: {calls: 9000, calls_per_source: 9000, calls_per_second: 2000, calls_per_second_per_source: 2000,
  unacknowledged_per_source: 9000}
log: {level: warn}
data: $work/data
menus: $root/menus
prompts: $root/prompts
YAML
    begun=$(date +%s%N)
    # A working day at noon: the operators' queues are open.
    # taskset becomes the program, so that $! is the server.
    ${CORES:+taskset -c "$CORES"} "$HOTLINE" serve -c "$work/config.yaml" --pretend-now 2026-12-02T12:00 "$@" \
        > "$work/out" 2> "$work/log" &
    server=$!
}

start_server() {
    local tries
    launch_server "$@"
    for tries in $(seq 900); do
        grep -q '^ready' "$work/out" && return
        kill -0 "$server" 2>/dev/null || break
        sleep 0.1
    done
    cat "$work/out" "$work/log" >&2
    echo "the server did not start" >&2
    exit 1
}

stop_server() {
    [ -n "$server" ] || return 0
    kill "$server" 2>/dev/null
    wait "$server" 2>/dev/null
    server=
}

measured() {
    local name
    for name in "$@"; do
        curl -s --max-time 5 "http://$web/metrics" | awk -v name="$name" '$1 == name {print name, $2}'
    done
}

# add_operators COUNT: accounts op1 …; their passwords go to $work/operators for the load.
add_operators() {
    local number password
    : > "$work/operators"
    for number in $(seq "$1"); do
        password=$("$HOTLINE" operators -c "$work/config.yaml" add "op$number" --skills support,fraud,premium \
            --languages ru,en | grep -oE '[a-z2-9]{4}(-[a-z2-9]{4}){3}') || return 1
        echo "op$number $password" >> "$work/operators"
    done
}
