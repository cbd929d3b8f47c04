# Starts and stops a server for the runners beside it; to be sourced.
#
#   start_server PROGRAM FOLDER [CONFIG]   sets $server (its pid) and $address; waits until it answers calls
#   stop_server                            asks it to end, and fails when it does not

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
server=

# Whether a port is free on UDP and TCP of the loopback, by what the kernel lists.
port_is_free() {
    local hex
    hex=$(printf ':%04X ' "$1")
    ! cat /proc/net/{udp,tcp,udp6,tcp6} 2>/dev/null | awk '{print $2 " "}' | grep -q "$hex"
}

# A free port, from the given one on.
free_port() {
    local port=$1
    until port_is_free "$port"; do port=$((port + 1)); done
    echo "$port"
}

start_server() {
    local program=$1 folder=$2 config=${3:-} port
    port=$(free_port $((8200 + $$ % 500)))
    address=127.0.0.1:$port
    mkdir -p "$folder"
    printf 'http: {listen: null}\n%s\n' "$config" > "$folder/config.yaml"
    (cd "$root" && exec "$program" serve --sip "$address" --data "$folder/data" --menus menus --prompts prompts \
        --pretend-now 2026-03-02T12:00 -c "$folder/config.yaml") > "$folder/out" 2> "$folder/log" &
    server=$!
    # Waits for the line that says so, at most a minute.
    if ! timeout 60 tail -n +1 -f --pid=$server "$folder/out" | grep -q -m1 '^ready'; then
        echo "the server does not get ready; it said:" >&2
        tail -n 20 "$folder/out" "$folder/log" >&2
        return 1
    fi
}

stop_server() {
    [ -n "$server" ] || return 0
    local pid=$server status=0
    server=
    kill -TERM "$pid" 2>/dev/null || true
    # Every call is over, so there is nothing to wait for.
    timeout 10 tail -f /dev/null --pid="$pid" || { kill -TERM "$pid"; sleep 1; kill -KILL "$pid" 2>/dev/null; }
    wait "$pid" || status=$?
    return $status
}
