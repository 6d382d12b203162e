#!/usr/bin/env bash
# Fails when what is generated differs from what is in the tree.
set -euo pipefail
cd "$(dirname "$0")/.."
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
scripts/generate.sh "$fresh"
if ! diff -ru completions "$fresh/completions" || ! diff -u docs/schedctl.md "$fresh/docs/schedctl.md" ||
	! diff -u docs/job.schema.json "$fresh/docs/job.schema.json" || ! diff -ru --exclude=embed.go docs/api "$fresh/docs/api"; then
	echo 'generated files are stale: run "make generate" and commit the result' >&2
	exit 1
fi
