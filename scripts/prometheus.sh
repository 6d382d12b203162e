#!/usr/bin/env bash
# prometheus.sh: what Prometheus itself makes of schedd: its promtool checks the rules, it
# scrapes a schedd of its own, and an alert fires when the only worker drains and is
# resolved when it does not any more. Everything is private, on loopback, in a temporary folder.
# Prometheus is the one on PATH, or Debian's package, unpacked and not installed.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d /tmp/sprom.XXXX)
pids=()
finish() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
	rm -rf "$dir"
}
trap finish EXIT

if command -v prometheus promtool >/dev/null; then
	prometheus=prometheus promtool=promtool
else
	mkdir "$dir/package"
	(cd "$dir/package" && apt-get download prometheus >/dev/null && dpkg -x prometheus_*.deb .)
	prometheus=$dir/package/usr/bin/prometheus promtool=$dir/package/usr/bin/promtool
fi
"$promtool" check rules configs/prometheus/schedd.rules.yml

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
metrics=$(free_port) web=$(free_port)
go build -o "$dir/" ./cmd/schedd ./cmd/schedctl
cat >"$dir/schedd.yaml" <<CONFIG
node_id: acceptance
data_dir: $dir/data
listen: {socket: $dir/s, metrics: "127.0.0.1:$metrics"}
CONFIG
"$dir/schedd" serve --config "$dir/schedd.yaml" 2>"$dir/schedd.log" &
pids+=($!)

sed 's/for: .*/for: 1s/' configs/prometheus/schedd.rules.yml >"$dir/rules.yml"
cat >"$dir/prometheus.yml" <<CONFIG
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$dir/rules.yml]
scrape_configs:
  - {job_name: schedd, static_configs: [{targets: ["127.0.0.1:$metrics"]}]}
CONFIG
"$prometheus" --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" --web.listen-address="127.0.0.1:$web" 2>"$dir/prometheus.log" &
pids+=($!)

# ask EXPRESSION: its first value, "" when there is none.
ask() {
	curl -sG "http://127.0.0.1:$web/api/v1/query" --data-urlencode "query=$1" |
		python3 -c 'import json, sys; r = json.load(sys.stdin)["data"]["result"]; print(r[0]["value"][1] if r else "")' 2>/dev/null || true
}
# want EXPRESSION VALUE: waits until it has that value.
want() {
	for _ in $(seq 120); do
		[ "$(ask "$1")" = "$2" ] && return
		sleep 0.5
	done
	echo "prometheus.sh: $1 is '$(ask "$1")', want '$2'" >&2
	tail -5 "$dir/schedd.log" "$dir/prometheus.log" >&2
	exit 1
}
firing='count(ALERTS{alertname="ScheddNoWorkers",alertstate="firing"})'
ctl() { "$dir/schedctl" --server "unix://$dir/s" "$@"; }

want 'up{job="schedd"}' 1
want 'schedd_store_up' 1
want 'max(schedd_workers{state="active"})' 1
want "$firing" ''
ctl job create once hello --in 1s --handler noop >/dev/null 2>&1 || ctl job create once hello --in 1s -- /bin/true >/dev/null
want 'schedd_executions_total{status="success"}' 1
want 'max(schedd_jobs{status="completed"})' 1
ctl worker drain acceptance >/dev/null
want "$firing" 1
ctl worker undrain acceptance >/dev/null
want "$firing" ''
echo "rules are good, a scrape has what ran, an alert fired and was resolved"
