#!/bin/bash
# Programs that others wrote against a server: run.sh [PROGRAM]
#
# sipsak asks and registers; Linphone registers, calls, and answers as an operator, in clear, and calls over TLS; SIPVicious
# looks for accounts, finds none and is banned; Kamailio stands in front of two servers, stays in the path and spreads calls,
# and at the edge of a network of phones, which register and are called through it.
# PROGRAM is a built hotline, target/release/hotline by default. Leaves nothing behind.
set -uo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
. "$here/../runner.sh"
begin peers "${1:-}"
password=korrekt-horse-7

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

# linphone FOLDER CONFIGURATION: starts one, which believes $authority; sets $phone and $home.
linphone() {
    home=$work/$1
    mkdir -p "$home/.local/share/linphone" "$home/.config"
    sed -e "s/%PORT%/$(free_port 27060)/; s/%RTP%/$(free_port 27100)/; s#%AUTHORITY%#${authority:-}#" "$here/$2" > "$home/rc"
    mkfifo "$home/in"
    HOME=$home linphonec -c "$home/rc" -d 0 -l "$home/log" < "$home/in" > "$home/out" 2>&1 &
    phone=$!
    remember "$phone"
    exec 9> "$home/in"
    log=$home/out
    sleep 2
    # No sound card is needed.
    type_in soundcard use files
    type_in ipv6 disable
}

linphone_leaves() {
    type_in quit
    exec 9>&-
    wait_for_end "$phone" 5
}

linphone_peer() {
    local home phone
    linphone linphone linphonerc
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
    scenario peers/stays "$address" caller -m 1 &
    local caller=$!
    remember "$caller"
    log=$home/out
    step "Linphone: is rung as an operator" wait_for_line "$home/out" 'Receiving new incoming call' 20
    type_in answer
    step "Linphone: talks with a caller" wait_for_line "$work/one/log" 'operator=boris state=Talking' 10
    log=$work/caller/errors
    step "Linphone: the caller hangs up" wait "$caller"
    linphone_leaves
}

# Everything over TLS, and every packet of sound under SRTP. Its TLS compares names alone: the server is localhost.
linphone_over_tls() {
    local first=$server first_address=$address home phone tls at
    step "Linphone over TLS: there are certificates" certify ours && certify others || return
    account four boris $password support,fraud
    tls=$(free_port 27300) at=localhost:$tls
    start_server "$program" "$work/four" \
        "$(sed -e "s#%TLS%#$tls#; s#%FOLDER%#$work/ours#" "$here/../baresip/tls.yaml")" || return
    remember "$server"
    authority=$work/others/authority.pem linphone misled linphonerc_tls
    type_in "register sip:boris@$at sip:$at;transport=tls $password"
    step "Linphone over TLS: does not believe another authority" wait_for_line "$home/out" \
        'Certificate verification failed' 20
    step "Linphone over TLS: and does not register there" fails says "$work/four/log" 'operator=boris state=Ready'
    linphone_leaves
    authority=$work/ours/authority.pem linphone secure linphonerc_tls
    type_in "register sip:boris@$at sip:$at;transport=tls $password"
    step "Linphone over TLS: registers" wait_for_line "$work/four/log" 'operator=boris state=Ready' 20
    type_in "call sip:88001234567@$at;transport=tls"
    step "Linphone over TLS: its call is answered" wait_for_line "$home/out" 'Media streams established' 15
    sleep 2
    type_in terminate
    step "Linphone over TLS: its call ends" wait_for_line "$work/four/log" 'cause="caller_hung_up"' 10
    linphone_leaves
    step "Linphone over TLS: server ends when asked" stop_server
    server=$first address=$first_address
}

# --- SIPVicious ---

# On a server of their own: they come from the address that the phones of the others have, and it is banned at last.
scanners() {
    local first=$server first_address=$address port
    account three 1001 1234-and-more
    start_server "$program" "$work/three" 'bans: {never: []}' || return
    remember "$server"
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
    host=127.0.0.8 step "SIPVicious: a caller elsewhere notices nothing" scenario peers/stays "$address" honest -m 1
    stop_server
    server=$first address=$first_address
}

# --- Kamailio ---

# calls_of FOLDER: how many calls a server has in its records.
calls_of() { "$program" report --data "$work/$1/data" calls --limit 1000 2>/dev/null | grep -c '→'; }

# proxy NAME PORT: a Kamailio with the configuration NAME.cfg; sets $proxy.
proxy() {
    local name=$1 port=$2 modules folder=$work/$1
    mkdir -p "$folder"
    modules=$(dirname "$(find /usr/lib /usr/local/lib -path '*kamailio/modules/tm.so' 2>/dev/null | head -n 1)")
    printf '1 sip:%s\n1 sip:%s\n' "$first_address" "$second_address" > "$folder/servers"
    sed -e "s#%PORT%#$port#; s#%MODULES%#$modules#; s#%FOLDER%#$folder#; s#%SERVER%#$second_address#" "$here/$name.cfg" \
        > "$folder/cfg"
    kamailio -DD -f "$folder/cfg" -w "$folder" -Y "$folder" -P "$folder/pid" > "$folder/log" 2>&1 &
    proxy=$!
    remember "$proxy"
    log=$folder/log
}

kamailio_peer() {
    local first=$server first_address=$address second second_address proxy port before
    account two vera $password support,fraud
    start_server "$program" "$work/two" || return
    second=$server second_address=$address
    remember "$second"
    server=$first
    phone_behind_proxy
    next_port
    proxy kamailio "$port"
    step "Kamailio: both servers answer its OPTIONS" until_true 15 kamailio_is_up "$port"
    before=$(calls_of one)
    step "Kamailio: calls through the recorded route" scenario peers/proxied "127.0.0.1:$port" proxied -m 20 -r 10
    step "Kamailio: both servers took some" test "$(calls_of one)" -gt "$before" -a "$(calls_of two)" -gt 1
    mkdir -p "$work/hung_up"
    "$root/tests/sip/sipp/digits.sh" '2143219876#2' "$work/hung_up/digits.pcap"
    step "Kamailio: a BYE of the server comes down the route" scenario peers/hung_up "127.0.0.1:$port" hung_up -m 1
    # One drains: it refuses with 503, and the proxy takes the other; then it is gone.
    kill -TERM "$second"
    step "Kamailio: no call is lost while one server drains" scenario peers/proxied "127.0.0.1:$port" draining -m 20 -r 10
    wait_for_end "$second" 10
    step "Kamailio: nor when it is gone" scenario peers/proxied "127.0.0.1:$port" gone -m 10 -r 5
    kill -TERM "$proxy"
    wait_for_end "$proxy" 5
    address=$first_address
}

# A phone registers with the second server through a proxy, and its call comes through the proxy too.
phone_behind_proxy() {
    local port edge at caller
    next_port; edge=$port
    next_port; at=$port
    proxy kamailio_edge "$edge"
    step "Kamailio: the edge answers" until_true 15 kamailio_is_up "$edge"
    log=$work/behind/errors
    step "Kamailio: a phone registers through it" run_sipp peers/registers "127.0.0.1:$edge" behind "$at" -m 1 \
        -s vera -ap $password
    run_sipp peers/behind "127.0.0.1:$edge" behind "$at" -m 1 &
    running[behind]=$!
    remember $!
    mkdir -p "$work/seeker" && cp "$work/digits.pcap" "$work/seeker/digits.pcap"
    beside peers/stays "$second_address" seeker -m 1
    step "Kamailio: the operator's call comes on the Path" joined behind
    step "Kamailio: the caller behind it is not lost" joined seeker
    kill -TERM "$proxy"
    wait_for_end "$proxy" 5
}

kamailio_is_up() { sipsak -s "sip:bank@127.0.0.1:$1" > /dev/null 2>&1; }

account one anna $password && account one boris $password support,fraud || exit 1
start_server "$program" "$work/one" || exit 1
sipsak_peers
linphone_peer
linphone_over_tls
kamailio_peer
scanners
step "server ends when asked" stop_server
finish
