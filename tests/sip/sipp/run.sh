#!/bin/bash
# Calls servers with SIPp, which calls, answers, registers and stands for a provider: run.sh [PROGRAM]
#
#   requests/  what is asked outside of calls        phones/  operators' phones, which the server calls
#   calls/     callers                               trunks/  providers, in every way a trunk can be set up
#   parts/     what the scenarios have in common
#
# Each scenario says what it is for and which part of which RFC asks for it. Those that take long run beside the others.
# PROGRAM is a built hotline, target/release/hotline by default. Leaves nothing behind. Playing a capture takes a raw
# socket: run as root, or have sudo.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../runner.sh"
begin sipp "${1:-}"
password=korrekt-horse-7

# shared NAME OPTIONS…: a scenario against the first server, with a verdict.
shared() { step "$1" scenario "sipp/$1" "$address" "${1//\//-}" "${@:2}"; }

# --- phones ---

# The shipped menu, with a line that leads to an operator without a word and ends when the operator hangs up.
quick_menu() {
    mkdir -p "$1"
    cp "$root"/menus/*.yaml "$1"
    sed -i -e 's/start: operator_premium}/start: at_once}/' \
        -e '/^tasks:/a\  at_once:\n    title: Сразу\n    steps:\n      - queue: support\n        results: {finished: {go: over}, callback: {go: over}, timeout: {go: over}, nobody: {go: over}}\n  over:\n    title: Конец\n    steps: [hangup]' \
        "$1/hotline.yaml"
}

# registers NAME PORT [WISH] [Q] [CONTACT]: a phone registers from a port, where another scenario then waits.
registers() {
    run_sipp sipp/phones/register "$phones" "register-$1-$2-${3:-120}" "$2" -m 1 -s "$1" -ap $password \
        -key wish "${3:-120}" -key q "${4:-1.0}" -key at "${5:-127.0.0.1:$2}"
}

# phone SCENARIO ACCOUNT OPTIONS…: a phone that registers and waits for its call; `joined phone-SCENARIO`.
phone() {
    local name=$1 account=$2 port
    next_port
    registers "$account" "$port" 120 "${q:-1.0}" || return
    phone_ports[$account]=$port
    run_sipp "sipp/phones/$name" "$phones" "phone-$name" "$port" -m 1 -s "$account" "${@:3}" &
    running[phone-$name]=$!
    remember $!
}

# conversation SCENARIO ACCOUNT: a caller is given to an operator whose phone does what the scenario says.
conversation() {
    local name=$1 account=$2
    calls "$name"
    step "phones/$name" joined "phone-$name"
    step "phones/$name: the caller is let go" joined "caller-$name"
    registers "$account" "${phone_ports[$account]}" 0
}

calls() { beside sipp/phones/caller "$phones" "caller-$1" -m 1 -s +74957654321; }

# The office is a number of a provider.
office() {
    host=127.0.0.25 run_sipp sipp/phones/office "$phones" "office-$1" "$office" -m 1 -ap outward-7 -key password outward-7 &
    running[office-$1]=$!
    remember $!
}

# The first of the two providers through whom the branch is called.
full() {
    host=127.0.0.28 run_sipp sipp/phones/full "$phones" full "$full" -m 1 &
    running[full]=$!
    remember $!
}

operators_phones() {
    local name
    declare -A phone_ports
    step "phones/register" phone early anna && conversation early anna
    phone slower boris && conversation slower boris
    phone forked vera && conversation forked vera
    phone glare lina && conversation glare lina
    office moved
    phone moved galya && conversation moved galya
    step "phones/moved: the office has the call" joined office-moved
    office refers
    phone refers dora && conversation refers dora
    step "phones/refers: the office has the call" joined office-refers
    full
    office refers_silently
    phone refers_silently kira && conversation refers_silently kira
    step "phones/full: the call has gone on" joined full
    step "phones/refers_silently: the office has the call" joined office-refers_silently
    attended
    taken_over
    gives_way
}

# An operator asks a colleague, who is no use for the queue, and hands the caller to him.
attended() {
    phone answers_and_leaves egor || return
    phone attended zoya -key colleague egor || return
    calls attended
    step "phones/attended" joined phone-attended
    step "phones/attended: the colleague has the call" joined phone-answers_and_leaves
    step "phones/attended: the caller is let go" joined caller-attended
    registers zoya "${phone_ports[zoya]}" 0
}

taken_over() {
    local notes=$work/phone-replaced/notes dialog theirs ours second port
    next_port
    second=$port
    phone replaced ilya && q=0.5 registers ilya "$second" 120 0.5 || return
    calls replaced
    step "phones/replaced: the first phone has the call" wait_for_line "$notes" 'dialog .* end' 20
    read -r dialog theirs ours < <(sed -n 's/.*dialog \(.*\) end.*/\1/p' "$notes")
    log=$work/takes/errors
    step "phones/takes: the second phone takes it" run_sipp sipp/phones/takes "$phones" takes "$second" -m 1 -s ilya \
        -key dialog "$dialog" -key theirs "$theirs" -key ours "$ours"
    step "phones/replaced" joined phone-replaced
    step "phones/replaced: the caller is let go" joined caller-replaced
    registers ilya "${phone_ports[ilya]}" 0
    registers ilya "$second" 0
}

# A phone behind a NAT registers, the server is started anew, and the phone is rung where it was.
restarted() {
    local port
    next_port
    step "phones/natted: it registers" registers lena "$port" 120 1.0 192.0.2.77:5060
    step "phones: the server ends when asked" stop_server
    menus=$work/menu start_server "$program" "$work/phones" "$(filled phones)" || { verdict "phones: the server starts anew" 1; return; }
    remember "$server"
    phones=$address
    run_sipp sipp/phones/natted "$phones" phone-natted "$port" -m 1 -s lena &
    running[phone-natted]=$!
    remember $!
    calls natted
    step "phones/natted: it is rung after the restart" joined phone-natted
    step "phones/natted: the caller is let go" joined caller-natted
    step "phones: the server ends once more" stop_server
}

# Two phones of one operator: the one with the lesser q has the call when the other has rung for long enough.
gives_way() {
    local first
    phone gives_way mila || return
    first=${phone_ports[mila]}
    q=0.5 phone answers_and_leaves mila || return
    calls gives_way
    step "phones/gives_way" joined phone-gives_way
    step "phones/gives_way: the one with the lesser q has the call" joined phone-answers_and_leaves
    step "phones/gives_way: the caller is let go" joined caller-gives_way
    registers mila "$first" 0
    registers mila "${phone_ports[mila]}" 0
}

# --- trunks ---

# The provider with whom the server registers must be there before the server is.
providers() {
    next_port; provider=$port
    next_port; pinged=$port
    host=127.0.0.23
    run_sipp sipp/trunks/registrar 127.0.0.1:9 registrar "$provider" -m 1 -ap outward-7 -key password outward-7 &
    running[registrar]=$!
    remember $!
    host=127.0.0.24
    run_sipp sipp/trunks/pinged 127.0.0.1:9 pinged "$pinged" -m 2 &
    running[pinged]=$!
    remember $!
    host=
}

trunk() {
    local name=$1 from=$2
    host=$from step "trunks/$name from $from" scenario "sipp/trunks/$name" "$trunks" "trunks-$name-$from" -m 1 "${@:3}"
}

# A line of the report of the trunks' calls, with whole numbers.
reported() { "$program" report --data "$work/trunks/data" calls --full --limit 1000 2>&1 | grep -q -e "$1"; }

all_trunks() {
    local notes=$work/registrar/notes contact trunks
    providers
    start_server "$program" "$work/trunks" "$(filled trunks)" || { verdict "trunks: the server starts" 1; return; }
    remember "$server"
    trunks=$address
    trunk delivers 127.0.0.21 -s +74951234567
    step "trunks/delivers: caller and line are those that the trunk tells" \
        until_true 10 reported '+79035554433 → .*premium'
    trunk withheld 127.0.0.21 -s +74951234567
    step "trunks/withheld: the number is written down nowhere" fails reported 79035554477
    step "trunks/withheld: its line is that of History-Info" until_true 10 reported 'hidden → +74957654321 .*premium'
    trunk unknown_number 127.0.0.21 -s +74990000000
    trunk encrypted 127.0.0.26 -s +74951234567
    trunk stranger 127.0.0.1 -s +74951234567
    trunk proves 127.0.0.22 -s +74951234567 -ap inbound-7
    step "trunks/pinged: the trunk is there" wait_for_line "$work/trunks/log" 'the trunk answers.*pinged' 20
    step "trunks/pinged" joined pinged
    step "trunks/registrar: the server registers" wait_for_line "$notes" 'contact sip:' 20
    contact=$(sed -n 's/.*contact \(sip:[^ ]*\).*/\1/p' "$notes" | head -n 1)
    trunk to_contact 127.0.0.1 -key contact "$contact"
    step "trunks/to_contact: what it says of the caller is not believed" fails reported 79035554488
    step "trunks/registrar: the server refreshes" wait_for_line "$notes" refreshed 30
    step "trunks: the server ends when asked" stop_server
    step "trunks/registrar: it has signed off" joined registrar
}

# --- callers ---

# A double line end over a stream is answered with one line end (RFC 5626 4.4.1).
answers_line_ends() {
    local answer
    exec 4<> "/dev/tcp/${address%:*}/${address#*:}" || return
    printf '\r\n\r\n' >&4
    answer=$(timeout 10 head -c 2 <&4 | od -An -tx1 | tr -d ' \n')
    exec 4>&-
    [ "$answer" = 0d0a ]
}

# A STUN Binding request on the SIP port is answered with a success of the same number (RFC 5626 4.4.2, RFC 8489 6.3.1).
answers_stun() {
    local answer
    exec 4<> "/dev/udp/${address%:*}/${address#*:}" || return
    printf '\x00\x01\x00\x00\x21\x12\xa4\x42twelveoctets' >&4
    answer=$(timeout 10 head -c 20 <&4 | od -An -tx1 | tr -d ' \n')
    exec 4>&-
    [[ $answer = 0101*2112a4427477656c76656f6374657473 ]]
}

callers() {
    shared requests/options -m 1 -nr
    shared requests/refused -m 1
    shared requests/register -m 1 -s anna -ap $password
    shared requests/denied -m 1 -s anna -ap $password
    shared requests/flows -m 1 -s anna -ap $password
    step "line ends over a stream are answered" answers_line_ends
    step "STUN is answered" answers_stun
    shared calls/unusable -m 1
    shared calls/loop -m 1
    shared calls/changes -m 1
    shared calls/moves -m 1
    shared calls/late_offer -m 1
    shared calls/timer -m 1
    shared calls/large -m 1 -t t1 -key padding "$(printf 'x%.0s' {1..6000})"
    step "calls/short over TCP" scenario sipp/calls/short "$address" short-tcp -m 5 -r 10 -t t1
    step "calls/short over TCP, a connection each" scenario sipp/calls/short "$address" short-tcps -m 5 -r 10 -t tn -max_socket 100
    host=::1 step "calls/short over IPv6" scenario sipp/calls/short "[::1]:${address#*:}" short-6 -m 3 -r 10
    host=::1 step "calls/short over IPv6 and TCP" scenario sipp/calls/short "[::1]:${address#*:}" short-6-tcp -m 3 -r 10 -t t1
    mkdir -p "$work/calls-uac_dtmf"
    "$here/digits.sh" '2143219876#2' "$work/calls-uac_dtmf/digits.pcap"
    shared calls/uac_dtmf -m 1
    shared calls/reinvite -m 3 -r 3
    shared calls/lost_200 -m 3 -r 3 -nr
    shared calls/cancel -m 50 -r 50
    shared calls/many -m 200 -r 50 -l 200
}

# --- all ---

for name in anna boris vera galya dora kira zoya ilya lina mila lena; do account phones $name $password support,premium || exit 1; done
account phones egor $password && account calls anna $password || exit 1
quick_menu "$work/menu"
next_port
office=$port
next_port
full=$port
echo inbound-7 > "$work/inbound"
echo outward-7 > "$work/outward"

# filled NAME: a configuration with what it leaves open.
filled() {
    sed -e "s#%FOLDER%#$work#; s#%OFFICE%#$office#; s#%FULL%#$full#; s#%PROVIDER%#${provider:-}#; s#%PINGED%#${pinged:-}#" "$here/$1.yaml"
}

start_server "$program" "$work/calls" "$(filled calls)" || exit 1
calls_server=$server calls_address=$address
remember "$server"
menus=$work/menu start_server "$program" "$work/phones" "$(filled phones)" || exit 1
phones_server=$server phones=$address
remember "$server"
server=$calls_server address=$calls_address

# Those that take half a minute and more, beside all others.
limit=85 beside sipp/calls/lost_ack "$address" lost_ack -m 1 -nr
limit=85 beside sipp/calls/refreshed "$address" refreshed -m 1
limit=90 beside sipp/calls/lapsed "$address" lapsed -m 1
beside sipp/calls/glare "$address" glare -m 1
(ports=$((ports + 600)); operators_phones) & operators=$!
(ports=$((ports + 1200)); all_trunks) & all=$!
callers
wait $operators
wait $all
step "calls/lost_ack" joined lost_ack
step "calls/refreshed" joined refreshed
step "calls/lapsed" joined lapsed
step "calls/glare" joined glare

# The server's own account of it: the keys led to the balance and to the end.
report=$("$program" report --data "$work/calls/data" calls --limit 1000 2>&1)
step "report of the calls" grep -q balance <<< "$report"
step "calls: the server ends when asked" stop_server
server=$phones_server
restarted
finish
