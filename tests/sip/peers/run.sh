#!/bin/bash
# Programs that others wrote against a server: run.sh [PROGRAM]
#
# sipsak asks and registers; Linphone registers, calls, and answers as an operator; SIPVicious looks for accounts, finds none
# and is banned; Kamailio stands in front of two servers, stays in the path and spreads calls.
# PROGRAM is a built hotline, target/release/hotline by default. Leaves nothing behind.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../server.sh"
program=$(realpath "${1:-$root/target/release/hotline}")
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-peers-XXXXXX")
passed=0 failed=0 started=()
password=korrekt-horse-7

clean_up() {
    local pid
    for pid in "${started[@]}" $server; do kill -KILL "$pid" 2>/dev/null; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo -n)

# step WHAT COMMAND…: a step that must succeed; the log of the last program in $log is shown when it does not.
step() {
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "peers $what: ok"
        return
    fi
    failed=$((failed + 1))
    echo "peers $what: FAILED"
    [ ! -f "${log:-}" ] || { echo "--- $log"; tail -n 30 "$log" | cut -c 1-200; }
    echo "--- server"
    tail -n 15 "$work"/*/log 2>/dev/null | cut -c 1-240
}

# account FOLDER NAME PASSWORD [SKILLS]: an operator's account. What registers and answers nothing has no skill of a queue:
# it would be rung first, having been idle longest.
account() {
    printf '%s\n' "$3" | (cd "$root" && "$program" operators --data "$work/$1/data" add "$2" --skills "${4:-none}" \
        --languages ru,en --password-stdin) > /dev/null
}

# quietly COMMAND…: its output goes to $log.
quietly() { timeout 60 "$@" > "$log" 2>&1; }

fails() { ! "$@"; }

says() { grep -qa -e "$2" "$1"; }

# scenario NAME TO FOLDER OPTIONS…: calls by SIPp.
scenario() {
    local name=$1 to=$2 folder=$work/$3 port
    shift 3
    mkdir -p "$folder"
    log=$folder/errors
    port=$(free_port $((33000 + RANDOM % 2000)))
    (cd "$folder" && timeout 90 "${as_root[@]}" sipp "$to" -sf "$here/$name.xml" -s 88001234567 \
        -i "${host:-127.0.0.1}" -p "$port" -mi "${host:-127.0.0.1}" -mp $((port + 2)) -nostdin -timeout 60 -timeout_error -trace_err -error_file errors "$@" \
        > screen 2>&1)
}

# --- sipsak ---

sipsak_peers() {
    log=$work/sipsak
    step "sipsak: OPTIONS is answered" quietly sipsak -v -s "sip:bank@$address"
    step "sipsak: a phone registers" quietly sipsak -U -x 120 -C sip:anna@127.0.0.1:9 -u anna -a $password \
        -s "sip:anna@$address"
    step "sipsak: not with a wrong password" fails quietly sipsak -U -C sip:anna@127.0.0.1:9 -u anna -a wrong \
        -s "sip:anna@$address"
    step "sipsak: not as nobody" fails quietly sipsak -U -C sip:nobody@127.0.0.1:9 -u nobody -a wrong \
        -s "sip:nobody@$address"
}

# --- Linphone ---

# type_in TEXT…: a command to Linphone.
type_in() { echo "$*" >&9; }

linphone_peer() {
    local home=$work/linphone port=${address#*:} phone
    mkdir -p "$home/.local/share/linphone" "$home/.config"
    sed -e "s/%PORT%/$(free_port 27060)/; s/%RTP%/$(free_port 27100)/" "$here/linphonerc" > "$home/rc"
    mkfifo "$home/in"
    HOME=$home linphonec -c "$home/rc" -d 0 -l "$home/log" < "$home/in" > "$home/out" 2>&1 &
    phone=$!
    started+=("$phone")
    exec 9> "$home/in"
    log=$home/out
    sleep 2
    # No sound card is needed.
    type_in soundcard use files
    type_in ipv6 disable
    type_in "register sip:boris@$address sip:$address $password"
    step "Linphone: registers" wait_for_line "$work/one/log" 'operator=boris state=Ready' 15
    type_in "call sip:88001234567@$address"
    step "Linphone: its call is answered" wait_for_line "$home/out" 'Media streams established' 15
    sleep 4
    type_in 9
    sleep 2
    type_in terminate
    step "Linphone: its call ends" wait_for_line "$work/one/log" 'cause="caller_hung_up"' 10
    step "Linphone: its key was heard" says <("$program" report --data "$work/one/data" calls 2>&1) ' en '
    "$root/tests/sip/sipp/digits.sh" '0' "$work/digits.pcap"
    mkdir -p "$work/caller"
    cp "$work/digits.pcap" "$work/caller/digits.pcap"
    scenario stays "$address" caller -m 1 &
    local caller=$!
    started+=("$caller")
    log=$home/out
    step "Linphone: is rung as an operator" wait_for_line "$home/out" 'Receiving new incoming call' 20
    type_in answer
    step "Linphone: talks with a caller" wait_for_line "$work/one/log" 'operator=boris state=Talking' 10
    log=$work/caller/errors
    step "Linphone: the caller hangs up" wait "$caller"
    type_in quit
    exec 9>&-
    wait_for_end "$phone" 5
}

# --- SIPVicious ---

# On a server of their own: they come from the address that the phones of the others have, and it is banned at last.
scanners() {
    local first=$server first_address=$address port
    account three 1001 1234-and-more
    start_server "$program" "$work/three" 'bans: {never: []}' || return
    started+=("$server")
    port=${address#*:}
    log=$work/scan
    svmap -p "$port" 127.0.0.1 > "$log" 2>&1
    step "SIPVicious: a scan sees the server" says "$log" ":$port"
    svwar -p "$port" -m REGISTER -e 990-1010 --force 127.0.0.1 > "$work/war" 2>&1
    step "SIPVicious: no account is told from none" fails grep -qE '\| *1001 ' "$work/war"
    svwar -p "$port" -m OPTIONS -e 990-1010 --force 127.0.0.1 > "$work/war" 2>&1
    step "SIPVicious: nor by OPTIONS" fails grep -qE '\| *1001 ' "$work/war"
    # svcrack, its third program, ends at the first challenge: it knows MD5 alone.
    step "SIPVicious: its address is banned" wait_for_line "$work/three/log" 'silence network=127.0.0.1' 10
    svmap -p "$port" 127.0.0.1 > "$log" 2>&1
    step "SIPVicious: a scan sees nothing any more" fails says "$log" ":$port"
    "$root/tests/sip/sipp/digits.sh" '9' "$work/digits.pcap"
    mkdir -p "$work/honest" && cp "$work/digits.pcap" "$work/honest/digits.pcap"
    host=127.0.0.8 step "SIPVicious: a caller elsewhere notices nothing" scenario stays "$address" honest -m 1
    stop_server
    server=$first address=$first_address
}

# --- Kamailio ---

# calls_of FOLDER: how many calls a server has in its records.
calls_of() { "$program" report --data "$work/$1/data" calls --limit 1000 2>/dev/null | grep -c '→'; }

kamailio_peer() {
    local first=$server first_address=$address second second_address proxy port modules before
    start_server "$program" "$work/two" || return
    second=$server second_address=$address
    started+=("$second")
    server=$first
    mkdir -p "$work/kamailio"
    port=$(free_port 28060)
    modules=$(dirname "$(find /usr/lib /usr/local/lib -path '*kamailio/modules/tm.so' 2>/dev/null | head -n 1)")
    printf '1 sip:%s\n1 sip:%s\n' "$first_address" "$second_address" > "$work/kamailio/servers"
    sed -e "s#%PORT%#$port#; s#%MODULES%#$modules#; s#%FOLDER%#$work/kamailio#" "$here/kamailio.cfg" > "$work/kamailio/cfg"
    kamailio -DD -f "$work/kamailio/cfg" -w "$work/kamailio" -Y "$work/kamailio" -P "$work/kamailio/pid" \
        > "$work/kamailio/log" 2>&1 &
    proxy=$!
    started+=("$proxy")
    log=$work/kamailio/log
    step "Kamailio: both servers answer its OPTIONS" until_true 15 kamailio_is_up "$port"
    before=$(calls_of one)
    step "Kamailio: calls through the recorded route" scenario proxied "127.0.0.1:$port" proxied -m 20 -r 10
    step "Kamailio: both servers took some" test "$(calls_of one)" -gt "$before" -a "$(calls_of two)" -gt 0
    mkdir -p "$work/hung_up"
    "$root/tests/sip/sipp/digits.sh" '2143219876#2' "$work/hung_up/digits.pcap"
    step "Kamailio: a BYE of the server comes down the route" scenario hung_up "127.0.0.1:$port" hung_up -m 1
    # One drains: it refuses with 503, and the proxy takes the other; then it is gone.
    kill -TERM "$second"
    step "Kamailio: no call is lost while one server drains" scenario proxied "127.0.0.1:$port" draining -m 20 -r 10
    wait_for_end "$second" 10
    step "Kamailio: nor when it is gone" scenario proxied "127.0.0.1:$port" gone -m 10 -r 5
    kill -TERM "$proxy"
    wait_for_end "$proxy" 5
    address=$first_address
}

kamailio_is_up() { sipsak -s "sip:bank@127.0.0.1:$1" > /dev/null 2>&1; }

# until_true SECONDS COMMAND…
until_true() {
    local until=$((SECONDS + $1))
    shift
    until "$@"; do
        [ $SECONDS -lt $until ] || return 1
        sleep 0.5
    done
}

account one anna $password && account one boris $password support,fraud || exit 1
start_server "$program" "$work/one" || exit 1
sipsak_peers
linphone_peer
kamailio_peer
scanners
step "server ends when asked" stop_server
echo "peers: $passed passed, $failed failed"
[ $failed = 0 ]
