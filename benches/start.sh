#!/bin/bash
# From the start of the process to the first answered call, with all prompts, on a quiet machine: benches/start.sh
#
#   The first start of a data folder reads every recording; each of the TIMES (5) after it finds them made ready in the
#   data folder. A telephone calls all the while, each 2 ms: what is measured is from just before the process is made to
#   the 200, at most LIMIT (1000) ms. CORES and LOAD_CORES are the processors of the server and of the telephone.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d "${TMPDIR:-/tmp}/hotline-start-XXXXXX")
. "$root/benches/server.sh"
trap 'stop_server; rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
make_load

status=0
for start in $(seq 0 "${TIMES:-5}"); do
    [ "$start" = 0 ] && name="first start of a data folder" || name="start $((start + 1))"
    launch_server
    line=$(on "${LOAD_CORES:-}" "$LOAD" first --target "$sip" --begun "$begun" --limit "${LIMIT:-1000}") || status=1
    echo "start: $name: $line"
    stop_server
done
[ $status = 0 ] || echo "start: FAILED"
exit $status
