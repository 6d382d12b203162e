#!/usr/bin/env bash
# Holds the description of the API against a schedd of its own: a public validator judges
# the document and every answer of every route, and a client that a public generator made
# of it creates, lists and cancels a job.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d "${TMPDIR:-/tmp}/openapi.XXXXXX")
daemon=
stop() {
	[ -n "$daemon" ] && kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null || true
	rm -rf "$dir" tests/openapi/generated/client.go/client.go
}
trap stop EXIT

go build -o "$dir/schedd" ./cmd/schedd
SCHEDD="$dir/schedd" go -C tests/openapi test -count=1 -v . >"$dir/log" 2>&1 || { cat "$dir/log"; exit 1; }
grep -ho 'accept: .*' "$dir/log"

go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -generate types,client -package generated \
	-o tests/openapi/generated/client.go docs/api/openapi.json
go -C tests/openapi build -tags generated -o "$dir/client" ./client
printf 'data_dir: %s/data\nlisten:\n  socket: %s/s\nlog:\n  level: error\n' "$dir" "$dir" >"$dir/schedd.yaml"
"$dir/schedd" serve --config "$dir/schedd.yaml" &
daemon=$!
until curl -sf --unix-socket "$dir/s" http://schedd/livez >/dev/null; do
	kill -0 "$daemon" || exit 1
	sleep 0.1
done
"$dir/client" "$dir/s"
