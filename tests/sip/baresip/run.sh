#!/bin/bash
# Two telephones, both baresip, talk through a server: run.sh [PROGRAM]
#
# One registers as the operator anna and answers by itself; the other calls, presses 0 and is given to her. Each says a
# tone of its own, and the recordings of what they heard must hold the tone of the other. Then the caller hangs up.
# After the plain call come callers with G.722, with Opus and with SRTP; the operator's phone speaks G.711 in clear.
# PROGRAM is a built hotline, target/release/hotline by default. Leaves nothing behind.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../server.sh"
program=$(realpath "${1:-$root/target/release/hotline}")
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-baresip-XXXXXX")
passed=0 failed=0 phones=() shown=anna

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
    for phone in $shown; do
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

# The log is emptied between calls, so that each line is of this one.
says_again() { wait_for_line "$work/$1/log" "$2" "$3"; }

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
anna=$phone anna_control=$control
step "operator registers" says anna '200 OK' 10

# conversation NAME ACCOUNT-OPTIONS: a caller of this kind talks with the operator.
conversation() {
    local name=$1 options=$2
    phone "$name" 440 "$(free_port $((base + 60)))" "<sip:+79161234567@$address>;regint=0;$options" \
        -e "/dial sip:88001234567@$address"
    caller=$phone caller_control=$control
    shown="anna $name"
    step "$name: caller is answered" says "$name" 'Call established' 10
    step "$name: caller hears the greeting" says "$name" 'incoming rtp' 10
    step "$name: caller presses 0" tell "$caller_control" sndcode 0
    step "$name: operator is rung and answers" says_again anna 'Call established' 20
    step "$name: operator hears the caller" heard anna 440
    step "$name: caller hears the operator" heard "$name" 1000
    step "$name: caller hangs up" tell "$caller_control" hangup
    step "$name: operator is hung up on" says_again anna 'terminated\|session closed' 10
    kill -TERM "$caller" 2>/dev/null
    wait_for_end "$caller" 5
    # The operator's phone writes a new recording for each call; the old one must not be heard again.
    rm -f "$work/anna"/dump-*
    : > "$work/anna/log"
    step "$name: operator is ready again" tell "$anna_control" dial "sip:*62@$address"
    step "$name: the code is taken" says_again anna 'terminated\|session closed' 10
    rm -f "$work/anna"/dump-*
    : > "$work/anna/log"
}

# ready NAME ACCOUNT-OPTIONS: the first call of a wide-band codec has its prompts made ready, and hears 503 until they are.
ready() {
    local name=$1 options=$2
    phone "first-$name" 440 "$(free_port $((base + 60)))" "<sip:+79161234568@$address>;regint=0;$options" \
        -e "/dial sip:88001234567@$address"
    shown="first-$name"
    step "$name: prompts are made ready" wait_for_line "$work/server/log" "prompts are ready.*codec=$name" 90
    step "$name: the first call is told to come again" says "first-$name" '503' 10
    kill -TERM "$phone" 2>/dev/null
    wait_for_end "$phone" 5
}

# spoken NAME LINE: the call was what it is named after, as its phone's log says.
spoken() { step "$1: it is spoken" grep -qa "$2" "$work/$1/log"; }

conversation plain "audio_codecs=pcma"
ready G722 "audio_codecs=G722/16000/1"
conversation g722 "audio_codecs=G722/16000/1"
spoken g722 'Set audio encoder: G722'
ready Opus "audio_codecs=opus/48000/2"
conversation opus "audio_codecs=opus/48000/2"
spoken opus 'Set audio encoder: opus'
conversation srtp "audio_codecs=pcma;mediaenc=srtp-mand"
spoken srtp 'srtp: audio: SRTP is Enabled'

for pid in "$anna"; do kill -TERM "$pid" 2>/dev/null; wait_for_end "$pid" 5; done
step "server ends when asked" stop_server
echo "baresip: $passed passed, $failed failed"
