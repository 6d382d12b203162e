#!/usr/bin/env bash
# Runs go test with the arguments, prints a line for each package, what failed, and how
# many tests ran and were skipped. A skipped test is a failure.
set -uo pipefail
log=$(mktemp "${TMPDIR:-/tmp}/schedd-test.XXXXXX")
trap 'rm -f "$log"' EXIT

go test -v "$@" >"$log" 2>&1
status=$?
grep -E '^(ok|FAIL)[[:space:]]' "$log"
if [ "$status" != 0 ]; then
	echo "--- what failed:"
	grep -nE '^[[:space:]]*--- FAIL|_test\.go:[0-9]+:|^panic:|DATA RACE|^FAIL|cannot |undefined' "$log" | tail -n 300
	echo "--- the end of the log:"
	tail -n 60 "$log"
fi
ran=$(grep -cE '^[[:space:]]*--- (PASS|FAIL|SKIP)' "$log")
skipped=$(grep -cE '^[[:space:]]*--- SKIP' "$log")
echo "tests=$ran skipped=$skipped"
if [ "$skipped" != 0 ]; then
	grep -E '^[[:space:]]*--- SKIP' "$log"
	status=1
fi
exit "$status"
