#!/usr/bin/env bash
# Counts the instructions of three paths at a small size, and fails where one takes
# 5 % more than counts.txt says: `make bench-ci`.
#
#   run.sh VINRICH            compares
#   run.sh VINRICH --record   writes counts.txt anew
#
# valgrind counts, so neither the machine nor its load matters: two runs differ by
# less than 0.1 %, since one call is in flight at a time.
# The counts are of the dev profile, which CI has built, and of one rustc: record
# them anew with a new one.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
vinrich=$(realpath "$1")
counts=$here/counts.txt

# rustix asks the kernel where the vDSO is, which valgrind hides and the kernel
# does not: with that call refused it reads /proc, as valgrind shows it.
trace=(strace -f --seccomp-bpf -qq -o /dev/null -e trace=prctl -e inject=prctl:error=EINVAL)
for tool in valgrind strace; do
    if ! command -v "$tool" >/dev/null; then
        echo "bench-ci was skipped: $tool is not installed"
        exit 0
    fi
done
if ! "${trace[@]}" true 2>/dev/null; then
    echo "bench-ci was skipped: strace may not trace here"
    exit 0
fi

work=$(mktemp -d)
trap 'kill "$sandbox" 2>/dev/null || true; rm -rf "$work"' EXIT
cd "$work"

# No law asks for a check digit in a VIN that starts with J.
awk 'BEGIN {
    print "Unit,VIN,Odometer"
    for (i = 0; i < 1000; i++)
        printf "U-%04d,JTD%c%02d3U%d%c%d%06d,%d\n", i, 65 + i % 8, i % 40, i % 10, 65 + i % 8, i % 3, i, i * 37
}' >fleet.csv

touch sandbox.txt
env -i "$vinrich" sandbox >sandbox.txt 2>sandbox.log &
sandbox=$!
until grep -q CARVIN sandbox.txt; do
    kill -0 "$sandbox" || { cat sandbox.log; exit 1; }
    sleep 0.1
done
address=$(grep -o 'http://[0-9.:]*/carvin' sandbox.txt)
cat >vinrich.toml <<END
store = "$work/vinrich.db"
[vendors.carvin]
base_url = "$address"
api_key_env = "CARVIN_API_KEY"
quotas = []
concurrency = 1
END

failed=0
# count PATH ARGUMENTS…: runs vinrich, and compares or records its count.
count() {
    local path=$1 now before
    shift
    env -i PATH="$PATH" CARVIN_API_KEY=sandbox-carvin "${trace[@]}" \
        valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null --log-file=valgrind.log \
        "$vinrich" "$@" --config vinrich.toml --quiet >said.txt 2>&1 || { cat said.txt valgrind.log; exit 1; }
    now=$(awk '/ I +refs:/ { gsub(",", "", $NF); print $NF }' valgrind.log)
    before=$(awk -v path="$path" '$1 == path { print $2 }' "$counts" 2>/dev/null || true)
    echo "$path $now" >>counts.new
    awk -v path="$path" -v now="$now" -v before="${before:-0}" 'BEGIN {
        change = before ? (now / before - 1) * 100 : 0
        printf "bench-ci: %-12s %7.1f million instructions, %+.2f %%%s\n", path, now / 1e6, change,
            change < -5 ? ": record it with make bench-ci RECORD=--record" : ""
        exit change > 5
    }' || failed=1
}

count validate validate fleet.csv
count first-run enrich fleet.csv --with decode -o out.parquet
count known-fleet enrich fleet.csv --with decode -o out.parquet

if [ "${2:-}" = --record ]; then
    cp counts.new "$counts"
elif [ "$failed" = 1 ]; then
    echo "bench-ci: a path takes over 5 % more instructions than $counts says;"
    echo "bench-ci: where that is the price of what it now does, record it: make bench-ci RECORD=--record"
    exit 1
fi
