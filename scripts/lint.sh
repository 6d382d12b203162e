#!/usr/bin/env bash
# Everything that judges the code without running it. Stops at nothing: all faults
# are shown, then the exit status says whether there were any.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=0

step() { # step NAME COMMAND...: the command must succeed
	local name=$1
	shift
	if ! "$@"; then
		printf 'lint: %s found something\n' "$name" >&2
		failed=1
	fi
}

unformatted() {
	local files
	files=$(git ls-files -co --exclude-standard '*.go' | while read -r f; do [ -e "$f" ] && printf '%s\n' "$f"; done | xargs -r gofmt -l)
	[ -z "$files" ] || { printf 'not formatted (make fmt):\n%s\n' "$files"; return 1; }
}

scripts() {
	local f bad=0
	for f in scripts/*.sh .ci/run; do
		bash -n "$f" || bad=1
		[ -x "$f" ] || { echo "$f is not executable"; bad=1; }
	done
	if command -v shellcheck >/dev/null 2>&1; then
		shellcheck scripts/*.sh .ci/run || bad=1
	fi
	return "$bad"
}

step gofmt unformatted
step 'go vet' go vet ./...
# shellcheck disable=SC2086 # a command and its argument
step staticcheck ${STATICCHECK:-go run honnef.co/go/tools/cmd/staticcheck@v0.8.2} ./...
step 'go mod tidy' go mod tidy -diff
step 'the import table' go test ./internal/arch/
if [ -f bench/go.mod ]; then
	step 'go vet in bench' go -C bench vet ./...
fi
step 'shell scripts' scripts
exit "$failed"
