#!/usr/bin/env bash
# generate.sh DIR: writes what is generated below DIR: shell completions, the
# reference of schedctl, the JSON Schema of job files and the description of the API.
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-.}
bin=$(mktemp -d)
trap 'rm -rf "$bin"' EXIT
go build -o "$bin/" ./cmd/schedd ./cmd/schedctl
mkdir -p "$out/completions" "$out/docs"
for program in schedd schedctl; do
	for shell in bash zsh fish; do
		"$bin/$program" completion "$shell" >"$out/completions/$program.$shell"
	done
done
mkdir -p "$out/docs"
go run ./internal/gendocs markdown >"$out/docs/schedctl.md"
"$bin/schedctl" validate --schema >"$out/docs/job.schema.json"
go run ./internal/genapi "$out/docs/api"
