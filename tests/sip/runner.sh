# What the runners beside it share; to be sourced. It sources server.sh.
#
#   begin NAME [PROGRAM]          sets $program and $work, which is removed at the end with all that was started
#   step WHAT COMMAND…            a step that must succeed; shows $log and the servers' logs when it does not
#   verdict WHAT STATUS           the same for what has ended already
#   finish                        prints the counts, and fails when any step has
#   account FOLDER NAME PASSWORD [SKILLS]
#   certify NAME                  an authority and its certificate for this machine, in a folder of that name
#   scenario NAME TO FOLDER OPTIONS…       SIPp, in the foreground
#   beside NAME TO FOLDER OPTIONS…         SIPp, beside what follows; `joined FOLDER` waits for it
#
# Each line that a runner prints begins with its NAME.

runner=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$runner/server.sh"
suite= work= log=/dev/null
declare -A running=()

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)

begin() {
    suite=$1
    program=$(realpath "${2:-$root/target/release/hotline}")
    work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-$suite-XXXXXX")
    : > "$work/verdicts"
    trap clean_up EXIT
    trap 'exit 130' INT TERM
}

clean_up() {
    local pid
    for pid in $(cat "$work/pids" 2>/dev/null) $server; do kill -KILL "$pid" 2>/dev/null; done
    rm -rf "$work"
}

# remember PID: it ends with the runner, whichever of its shells has started it.
remember() { echo "$1" >> "$work/pids"; }

# The verdicts are in a file, since some come from shells beside this one.
verdict() {
    if [ "$2" = 0 ]; then
        echo ok >> "$work/verdicts"
        echo "$suite $1: ok"
        return
    fi
    echo failed >> "$work/verdicts"
    echo "$suite $1: FAILED ($2)"
    [ ! -f "${log:-}" ] || { echo "--- $log"; tail -n 40 "$log" | cut -c 1-200; }
    echo "--- servers"
    tail -n 15 "$work"/*/log 2>/dev/null | cut -c 1-240
    return 1
}

step() {
    local what=$1 status=0
    shift
    "$@" || status=$?
    verdict "$what" $status
}

finish() {
    local passed failed
    passed=$(grep -c ok "$work/verdicts") failed=$(grep -c failed "$work/verdicts")
    echo "$suite: $passed passed, $failed failed"
    [ "$failed" = 0 ] && [ "$passed" -gt 0 ]
}

# Without skills nobody is offered to an account: what registers and answers nothing would be rung first.
account() {
    printf '%s\n' "$3" | (cd "$root" && "$program" operators --data "$work/$1/data" add "$2" --skills "${4:-none}" \
        --languages ru,en --password-stdin) > /dev/null
}

certify() {
    local ec=(-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes) folder=$work/$1
    mkdir -p "$folder"
    openssl req -x509 "${ec[@]}" -keyout "$folder/authority.key" -out "$folder/authority.pem" -days 2 \
        -subj "/CN=authority $1"
    openssl req "${ec[@]}" -keyout "$folder/key.pem" -out "$folder/request.pem" -subj /CN=127.0.0.1
    printf 'subjectAltName=IP:127.0.0.1,DNS:localhost\n' > "$folder/names"
    openssl x509 -req -in "$folder/request.pem" -CA "$folder/authority.pem" -CAkey "$folder/authority.key" \
        -CAcreateserial -days 2 -extfile "$folder/names" -out "$folder/certificate.pem"
} 2> /dev/null

# quietly COMMAND…: its output goes to $log.
quietly() { timeout 60 "$@" > "$log" 2>&1; }

fails() { ! "$@"; }

says() { grep -qa -e "$2" "$1"; }

# until_true SECONDS COMMAND…
until_true() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.3
    done
}

# Ports for SIPp, 10 for each; in the first shell alone, so that no two get the same. Sets $port.
ports=$((30000 + $$ % 100 * 10))
next_port() {
    port=$(free_port "$ports")
    ports=$((port + 10))
}

# written SCENARIO FILE: the scenario with its parts put in. <!-- include NAME KEY=VALUE… --> is the file
# sipp/parts/NAME.xml, in which %KEY% is the value and %KEY:DEFAULT% may have been left out; a line of which nothing is
# left goes.
written() {
    awk -v parts="$runner/sipp/parts" '
        function put(line, depth,    words, count, at, file, text, before, state) {
            if (line !~ /<!-- include /) { print line; return }
            sub(/^.*<!-- include /, "", line); sub(/ *-->.*$/, "", line)
            count = split(line, words, " ")
            file = parts "/" words[1] ".xml"
            while ((state = (getline text < file)) > 0) {
                before = text
                text = filled(text, words, count)
                if (text !~ /^[ \t]*$/ || before ~ /^[ \t]*$/) put(text, depth + 1)
            }
            if (state < 0 || depth > 4) { print "no part " words[1] > "/dev/stderr"; exit 1 }
            close(file)
        }
        function filled(text, words, count,    n, at, key, value, hit) {
            for (n = 2; n <= count; n++) {
                at = index(words[n], "=")
                key = substr(words[n], 1, at - 1); value = substr(words[n], at + 1)
                gsub(/&/, "\\\\&", value)
                gsub("%" key "(:[^%]*)?%", value, text)
            }
            while (match(text, /%[A-Z]+:[^%]*%/)) {
                hit = substr(text, RSTART + 1, RLENGTH - 2)
                text = substr(text, 1, RSTART - 1) substr(hit, index(hit, ":") + 1) substr(text, RSTART + RLENGTH)
            }
            return text
        }
        { put($0, 0) }' "$1" > "$2"
}

# run_sipp NAME TO FOLDER PORT OPTIONS…: one scenario in a folder of its own. $host is where it calls from, $limit the
# seconds that it may take.
run_sipp() {
    local name=$1 to=$2 folder=$work/$3 port=$4 at=${host:-127.0.0.1}
    shift 4
    mkdir -p "$folder"
    written "$runner/$name.xml" "$folder/scenario.xml" || return
    (cd "$folder" && timeout $((${limit:-60} + 10)) "${as_root[@]}" sipp "$to" -sf scenario.xml -s 88001234567 \
        -i "$at" -p "$port" -mi "$at" -mp $((port + 2)) -nostdin -timeout "${limit:-60}" -timeout_error \
        -trace_err -error_file errors -trace_logs -log_file notes "$@" > screen 2>&1)
}

scenario() {
    local port
    next_port
    log=$work/$3/errors
    run_sipp "$1" "$2" "$3" "$port" "${@:4}"
}

beside() {
    local port
    next_port
    run_sipp "$1" "$2" "$3" "$port" "${@:4}" &
    running[$3]=$!
    remember $!
}

# joined FOLDER: its status.
joined() {
    log=$work/$1/errors
    wait "${running[$1]}"
}
