#!/usr/bin/env bash
# Runs go test with the arguments. Prints what failed first, then a line for each package,
# and how many tests ran and were skipped. A skipped test is a failure.
#
# A few failed tests are run once more, alone: a machine that others load breaks promises
# of real processes and servers that the program keeps. What passes then is told as
# unsteady, with what it said. A race, a panic or a build that fails is never tried again.
set -uo pipefail
log=$(mktemp "${TMPDIR:-/tmp}/schedd-test.XXXXXX")
again=$(mktemp "${TMPDIR:-/tmp}/schedd-test.XXXXXX")
trap 'rm -f "$log" "$again"' EXIT
most=3 # failed tests that are run once more

# failures prints "PACKAGE TEST" for each test at the top that failed.
failures() {
	awk '/^--- FAIL: / { names[n++] = $3 }
		/^(ok|FAIL)[ \t]+[a-z]/ { for (i = 0; i < n; i++) print $2, names[i]; n = 0 }' "$1"
}

# faults prints what a log says of its failures.
faults() {
	grep -E '^[[:space:]]*--- FAIL|^[[:space:]]+[a-z_0-9]+\.go:[0-9]+: |^panic:|DATA RACE|^FAIL|^#|\.go:[0-9]+:[0-9]+: ' "$1" |
		awk '/--- FAIL/ || /^FAIL/ || /^panic/ || /DATA RACE/ || !/^[[:space:]]/ || kept++ < 200' | tail -n 120
}

go test -v "$@" >"$log" 2>&1
status=$?
if [ "$status" != 0 ]; then
	echo "FAIL: what failed:"
	faults "$log"
	failed=$(failures "$log")
	count=$(printf '%s' "$failed" | grep -c .)
	if [ "$count" -gt 0 ] && [ "$count" -le "$most" ] && ! grep -qE '^panic:|DATA RACE|\[build failed\]|\[setup failed\]' "$log" &&
		[ "$(grep -cE '^FAIL[[:space:]]+[a-z]' "$log")" = "$(printf '%s\n' "$failed" | cut -d' ' -f1 | sort -u | grep -c .)" ]; then
		options=() value=
		for word in "$@"; do # all but the packages, and which tests
			case $value$word in
			-skip | -run) value=of- ;;
			of-* | ./*) value= ;;
			*) options+=("$word") ;;
			esac
		done
		status=0
		while read -r package name; do
			echo "again, alone: $package $name"
			if go test -v "${options[@]}" -run "^$name\$" -count=1 "$package" >"$again" 2>&1; then
				echo "UNSTEADY: $package $name failed once and passed alone"
			else
				status=1
				faults "$again"
			fi
		done <<<"$failed"
	fi
fi
grep -E '^(ok|FAIL)[[:space:]]' "$log"
ran=$(grep -cE '^[[:space:]]*--- (PASS|FAIL|SKIP)' "$log")
skipped=$(grep -cE '^[[:space:]]*--- SKIP' "$log")
echo "tests=$ran skipped=$skipped"
if [ "$skipped" != 0 ]; then
	grep -E '^[[:space:]]*--- SKIP' "$log"
	status=1
fi
exit "$status"
