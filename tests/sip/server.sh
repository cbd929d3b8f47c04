# Starts and stops a server for the runners beside it; to be sourced.
#
#   start_server PROGRAM FOLDER [CONFIG]   sets $server (its pid) and $address; waits until it answers calls. A CONFIG
#                                          that says where to listen has %ADDRESS% and %PORT% for it. $menus is the
#                                          folder of menus
#   stop_server                            asks it to end, and fails when it does not

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
server=

# Whether a port is free on UDP and TCP of the loopback, by what the kernel lists.
port_is_free() {
    local end
    end=$(printf ':%04X$' "$1")
    # Read to its end: a reader that stops at the first hit fails the pipe, and the port would count as free.
    ! cat /proc/net/{udp,tcp,udp6,tcp6} 2>/dev/null | awk -v end="$end" '$2 ~ end {found = 1} END {exit !found}'
}

# A free port, from the given one on.
free_port() {
    local port=$1
    until port_is_free "$port"; do port=$((port + 1)); done
    echo "$port"
}

# Waits until a file has a line: wait_for_line FILE PATTERN SECONDS [PID]; gives up early when the process is gone.
wait_for_line() {
    local until=$((SECONDS + $3))
    until grep -q -e "$2" "$1" 2>/dev/null; do
        if [ $SECONDS -ge $until ] || { [ $# -gt 3 ] && ! kill -0 "$4" 2>/dev/null; }; then
            grep -q -e "$2" "$1" 2>/dev/null
            return
        fi
        sleep 0.1
    done
}

# Waits until a process of this shell is gone: wait_for_end PID SECONDS.
wait_for_end() {
    local until=$((SECONDS + $2))
    while kill -0 "$1" 2>/dev/null; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.1
    done
}

start_server() {
    local program=$1 folder=$2 config=${3:-} port cache listen=()
    port=$(free_port $((8200 + $$ % 500)))
    address=127.0.0.1:$port
    mkdir -p "$folder"
    case $config in
        *%ADDRESS%*) config=${config//%ADDRESS%/$address} config=${config//%PORT%/$port} ;;
        *) listen=(--sip "$address") ;;
    esac
    # What another server of the same runner has made ready of the recordings need not be made again.
    cache=$(ls -t "$folder"/../*/data/prompts.cache 2>/dev/null | head -n 1)
    if [ -n "$cache" ] && [ ! -f "$folder/data/prompts.cache" ]; then
        mkdir -p -m 700 "$folder/data"
        cp "$cache" "$folder/data/"
    fi
    printf 'http: {listen: null}\n%s\n' "$config" > "$folder/config.yaml"
    (cd "$root" && exec "$program" serve "${listen[@]}" --data "$folder/data" --menus "${menus:-menus}" \
        --prompts prompts --pretend-now 2026-03-02T12:00 -c "$folder/config.yaml") > "$folder/out" 2> "$folder/log" &
    server=$!
    if ! wait_for_line "$folder/out" '^ready' 120 "$server"; then
        echo "the server does not get ready; it said:" >&2
        cat "$folder/out" >&2
        tail -n 20 "$folder/log" >&2
        return 1
    fi
}

stop_server() {
    [ -n "$server" ] || return 0
    local pid=$server status=0
    server=
    kill -TERM "$pid" 2>/dev/null || true
    # Every call is over, so there is nothing to wait for.
    if ! wait_for_end "$pid" 10; then
        echo "the server did not end within 10 s of being asked" >&2
        kill -KILL "$pid"
    fi
    wait "$pid" || status=$?
    return $status
}
