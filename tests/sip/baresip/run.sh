#!/bin/bash
# Two telephones, both baresip, talk through a server: run.sh [PROGRAM]
#
# One registers as the operator anna and answers by itself; the other calls, presses 0 and is given to her. Each says a
# tone of its own, and the recordings of what they heard must hold the tone of the other. Then the caller hangs up.
# PROGRAM is a built hotline, target/release/hotline by default. Leaves nothing behind.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../server.sh"
program=$(realpath "${1:-$root/target/release/hotline}")
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-baresip-XXXXXX")
passed=0 failed=0 phones=()

clean_up() {
    local pid
    for pid in "${phones[@]}" $server; do kill -KILL "$pid" 2>/dev/null; done
    rm -rf "$work"
}
trap clean_up EXIT
trap 'exit 130' INT TERM

step() { # WHAT COMMAND…: a step that must succeed, else all is over
    local what=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
        echo "baresip $what: ok"
        return
    fi
    failed=$((failed + 1))
    echo "baresip $what: FAILED"
    for phone in anna caller; do
        echo "--- $phone"
        tr '\r' '\n' 2>/dev/null < "$work/$phone/log" | sed 's/\[[0-9:]*\] audio=[^[]*(bit\/s) *//g' | grep -v '^ *$' | tail -n 25
    done
    echo "--- server"
    tail -n 30 "$work/server/log"
    echo "baresip: $passed passed, $failed failed"
    exit 1
}

# phone NAME HERTZ FIRST-PORT ACCOUNT OPTIONS…: starts a telephone that says a tone; sets $control and $phone.
# baresip takes the port after its own for TLS.
phone() {
    local name=$1 hertz=$2 port=$3 account=$4 folder=$work/$1 modules
    shift 4
    control=$((port + 4))
    mkdir -p "$folder"
    modules=$(dirname "$(find /usr/lib /usr/local/lib -path '*baresip/modules/aufile.so' 2>/dev/null | head -n 1)")
    "$here/tone.sh" make "$hertz" 60 "$folder/tone.wav"
    sed -e "s#%PORT%#$port#; s#%CONTROL%#$control#; s#%RTP%#$((port + 10))-$((port + 40))#" \
        -e "s#%FOLDER%#$folder#; s#%MODULES%#$modules#" "$here/phone.conf" > "$folder/config"
    echo "$account" > "$folder/accounts"
    : > "$folder/contacts"
    baresip -f "$folder" "$@" > "$folder/log" 2>&1 < /dev/null &
    phone=$!
    phones+=("$phone")
}

# tell CONTROL-PORT COMMAND [PARAMETERS]: has a telephone do something.
tell() {
    local json="{\"command\":\"$2\",\"params\":\"${3:-}\"}"
    exec 3<> "/dev/tcp/127.0.0.1/$1" || return
    printf '%d:%s,' ${#json} "$json" >&3
    # The telephone answers before it takes the next.
    read -r -t 5 -d , <&3
    exec 3>&-
}

says() { wait_for_line "$work/$1/log" "$2" "$3"; }

# heard NAME HERTZ: whether a telephone's recording of what it hears holds two seconds of a tone, within 20 s.
heard() {
    local until=$((SECONDS + 20)) story=
    while [ $SECONDS -lt $until ]; do
        story=$("$here/tone.sh" heard "$2" 2 "$work/$1"/dump-*-dec.wav 2>&1) && return
        sleep 0.5
    done
    echo "$1: $story"
    return 1
}

password=korrekt-horse-7
printf '%s\n' "$password" | (cd "$root" && "$program" operators --data "$work/server/data" add anna \
    --skills support,fraud --languages ru,en --password-stdin) > /dev/null || exit 1
start_server "$program" "$work/server" || exit 1

base=$((30000 + $$ % 400 * 6))
phone anna 1000 "$(free_port $base)" \
    "<sip:anna@$address>;auth_user=anna;auth_pass=$password;answermode=auto;audio_codecs=pcma;regint=120"
anna=$phone
step "operator registers" says anna '200 OK' 10

phone caller 440 "$(free_port $((base + 60)))" "<sip:+79161234567@$address>;regint=0;audio_codecs=pcma" \
    -e "/dial sip:88001234567@$address"
caller=$phone caller_control=$control
step "caller is answered" says caller 'Call established' 10
step "caller hears the greeting" says caller 'incoming rtp' 10
step "caller presses 0" tell "$caller_control" sndcode 0
step "operator is rung and answers" says anna 'Call established' 20
step "operator hears the caller" heard anna 440
step "caller hears the operator" heard caller 1000
step "caller hangs up" tell "$caller_control" hangup
step "operator is hung up on" says anna 'terminated\|session closed' 10

for pid in "$caller" "$anna"; do kill -TERM "$pid" 2>/dev/null; wait_for_end "$pid" 5; done
step "server ends when asked" stop_server
echo "baresip: $passed passed, $failed failed"
