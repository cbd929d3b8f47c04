#!/bin/bash
# Fuzzes the readers of everything that comes from outside: libFuzzer on stable Rust, two cores or one.
#
#   fuzz/run.sh TARGET|all [SECS]      SECS each (default 600)
#   fuzz/run.sh --merge TARGET|all     keeps in fuzz/corpus only the inputs that reach something of their own
#
# Prints a line for each target: how many inputs were tried, what they reached, and what was found. New inputs are kept
# outside of the repository, in ${FUZZ_DIR:-fuzz/found}; a finding is left there as crash-… and fails the script. Needs
# a C++ compiler for libFuzzer.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

mode=run
[ "${1:-}" != --merge ] || { mode=merge; shift; }
wanted=${1:?TARGET or all} seconds=${2:-600}
found=${FUZZ_DIR:-fuzz/found}

# What cargo-fuzz asks of rustc, without its need of a nightly one.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=4"
host=$(rustc -vV | sed -n 's/^host: //p')
# With --target the flags are for the program alone, not for build scripts and macros.
cargo build --quiet --release --manifest-path fuzz/Cargo.toml --target "$host"
program=fuzz/target/$host/release/fuzz

targets() { sed -n 's/^    ("\([a-z_]*\)".*/\1/p' fuzz/targets/mod.rs; }

merge() {
    local smaller
    smaller=$(mktemp -d)
    FUZZ_TARGET=$1 "$program" -merge=1 -max_len=4096 "$smaller" "fuzz/corpus/$1" "$found/$1" 2>&1 | tail -n 1
    rm -rf "fuzz/corpus/$1"
    mv "$smaller" "fuzz/corpus/$1"
    chmod 755 "fuzz/corpus/$1"
}

fuzz() {
    local log=$found/$1.log status=0
    mkdir -p "$found/$1" "fuzz/corpus/$1"
    FUZZ_TARGET=$1 "$program" -max_total_time="$seconds" -max_len=4096 -timeout=5 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$found/$1-" -dict=fuzz/sip.dict "$found/$1" "fuzz/corpus/$1" \
        > "$log" 2>&1 || status=$?
    local inputs reached
    inputs=$(sed -n 's/^stat::number_of_executed_units: //p' "$log")
    reached=$(grep -o 'cov: [0-9]*' "$log" | tail -n 1)
    if [ $status = 0 ]; then
        echo "ok     $1: ${inputs:-?} inputs in $seconds s, ${reached:-cov: ?}"
    else
        tail -n 40 "$log"
        echo "FOUND  $1 (status $status), see $log"
        return 1
    fi
}

mkdir -p "$found"
failed=0
for target in $(targets); do
    [ "$wanted" = all ] || [ "$wanted" = "$target" ] || continue
    if [ $mode = merge ]; then merge "$target"; else fuzz "$target" || failed=1; fi
done
exit $failed
