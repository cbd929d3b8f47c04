#!/bin/bash
# Writes a capture of telephone-event packets (RFC 4733): digits.sh KEYS FILE
#
# Each key: 100 ms in packets of 20 ms, the end three times, then 300 ms of silence in A-law, as a telephone sends
# them. SIPp takes the payloads and the times from the capture and puts its own addresses in.
set -euo pipefail

keys=$1 file=$2
events=101 alaw=8
sequence=1000 timestamp=160000 micros=0

# Octets of a number, the highest or the lowest first.
be() { local i; for ((i = ($2 - 1) * 8; i >= 0; i -= 8)); do printf '\\x%02x' $((($1 >> i) & 255)); done; }
le() { local i; for ((i = 0; i < $2 * 8; i += 8)); do printf '\\x%02x' $((($1 >> i) & 255)); done; }

silence=$(printf '\\xd5%.0s' {1..160})

# A record: packet TYPE MARKER PAYLOAD LENGTH; the clock goes on by 20 ms.
packet() {
    local udp=$((8 + 12 + $4)) ip=$((20 + 8 + 12 + $4)) frame=$((14 + 20 + 8 + 12 + $4))
    le $((micros / 1000000)) 4; le $((micros % 1000000)) 4; le $frame 4; le $frame 4
    printf '%s' '\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00'
    printf '%s' '\x45\x00'; be $ip 2; printf '%s' '\x00\x00\x40\x00\x40\x11\x00\x00\x7f\x00\x00\x01\x7f\x00\x00\x01'
    printf '%s' '\x27\x10\x27\x12'; be $udp 2; printf '%s' '\x00\x00'
    printf '%s' '\x80'; be $(($1 | $2 << 7)) 1; be $sequence 2; be "$5" 4; printf '%s' '\x5e\x1f\x00\x01'
    printf '%s' "$3"
    sequence=$((sequence + 1)) micros=$((micros + 20000))
}

key_packet() { # EVENT FRAMES END MARKER
    packet $events "$4" "$(be "$1" 1)$(be $(($3 << 7 | 10)) 1)$(be $(($2 * 160)) 2)" 4 "$timestamp"
}

capture() {
    local key event frames
    # Magic of microseconds, little end first, version 2.4, Ethernet.
    printf '%s' '\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00'
    for ((at = 0; at < ${#keys}; at++)); do
        key=${keys:at:1}
        case $key in
            [0-9]) event=$key ;;
            '*') event=10 ;;
            '#') event=11 ;;
            *) echo "digits.sh: no such key: $key" >&2; exit 2 ;;
        esac
        for frames in 1 2 3 4 5; do key_packet "$event" $frames 0 $((frames == 1)); done
        for frames in 5 5 5; do key_packet "$event" $frames 1 0; done
        timestamp=$((timestamp + 8 * 160))
        for ((frame = 0; frame < 15; frame++)); do
            packet $alaw 0 "$silence" 160 "$timestamp"
            timestamp=$((timestamp + 160))
        done
    done
}

# The octets are gathered as escapes and written at once: the shell's strings cannot hold a zero octet.
octets=$(capture)
printf '%b' "$octets" > "$file"
