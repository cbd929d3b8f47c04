#!/bin/bash
# Tones in WAV files, without anything but awk and od.
#
#   tone.sh make HERTZ SECONDS FILE      writes a tone: 8 kHz, mono, 16 bit
#   tone.sh heard HERTZ SECONDS FILE     whether a file holds so many seconds of a tone; says what it holds instead
set -euo pipefail
export LC_ALL=C

make() {
    awk -v hertz="$1" -v seconds="$2" '
        function little(number, octets) { for (; octets > 0; octets--) { printf "%c", number % 256; number = int(number / 256) } }
        BEGIN {
            samples = seconds * 8000
            printf "RIFF"; little(36 + samples * 2, 4); printf "WAVEfmt "; little(16, 4)
            little(1, 2); little(1, 2); little(8000, 4); little(16000, 4); little(2, 2); little(16, 2)
            printf "data"; little(samples * 2, 4)
            for (i = 0; i < samples; i++) {
                value = int(8000 * sin(2 * 3.14159265358979 * hertz * i / 8000))
                little(value < 0 ? value + 65536 : value, 2)
            }
        }' > "$3"
}

# Windows of a quarter of a second. In each, the share of its power that a tone has (Goertzel).
heard() {
    local rate channels
    channels=$(od -An -t u2 -j 22 -N 2 "$3")
    rate=$(od -An -t u4 -j 24 -N 4 "$3")
    # The first channel alone, whatever the codec's rate was.
    od -An -v -t d2 -w$((channels * 2)) -j 44 "$3" | awk -v hertz="$1" -v seconds="$2" -v rate="$((rate))" '
        function share(f,    w, c, s1, s2, s0, i) {
            c = 2 * cos(2 * 3.14159265358979 * f / rate); s1 = s2 = 0
            for (i = 0; i < size; i++) { s0 = window[i] + c * s1 - s2; s2 = s1; s1 = s0 }
            return energy > 0 ? 2 * (s1 * s1 + s2 * s2 - c * s1 * s2) / (size * energy) : 0
        }
        function judge(    f, best, most) {
            windows++
            if (energy < size * 10000) { silent++; return }
            if (share(hertz) > 0.8) { found++; return }
            for (f = 200; f <= 2000; f += 20) if (share(f) > most) { most = share(f); best = f }
            if (most > 0.8) other[best]++; else mixed++
        }
        BEGIN { size = rate / 4 }
        { window[n] = $1; energy += $1 * $1; n++; if (n == size) { judge(); n = 0; energy = 0 } }
        END {
            if (found / 4 >= seconds) exit 0
            printf "expected %s s of %s Hz, heard %.2f s of it in %.2f s", seconds, hertz, found / 4, windows / 4
            printf "; %.2f s of silence, %.2f s of speech or music", silent / 4, mixed / 4
            for (f in other) printf "; %.2f s near %d Hz", other[f] / 4, f
            printf "\n"
            exit 1
        }'
}

"$@"
