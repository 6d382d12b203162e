#!/usr/bin/env bash
# prometheus.sh: what Prometheus itself makes of schedd. Its promtool checks the rules, tries them
# on series, and checks what schedd exposes. Then it scrapes a schedd to which everything happens
# that a metric counts: whatever the rules and the dashboard ask for has samples, and every alert
# but that of a lost store fires and is resolved. Everything is private, on loopback, in a
# temporary folder. Prometheus is the one on PATH, or Debian's package, unpacked and not
# installed; without either this fails.
#
# Expressions and thresholds are those of the rules file; only the times in it are shorter
# here (the windows 20 seconds, "for" 2), so that it takes minutes and not hours. Needs bin/ built.
set -euo pipefail
cd "$(dirname "$0")/.."
dir=$(mktemp -d /tmp/sprom.XXXX)
daemon='' others=()
finish() {
	for pid in $daemon "${others[@]}"; do kill "$pid" 2>/dev/null || true; done
	for pid in $daemon "${others[@]}"; do wait "$pid" 2>/dev/null || true; done
	rm -rf "$dir"
}
trap finish EXIT
fail() {
	echo "prometheus.sh: $*" >&2
	tail -n 5 "$dir"/*.log >&2 2>/dev/null || true
	exit 1
}

fetch() {
	mkdir -p "$dir/package"
	(cd "$dir/package" && apt-get download prometheus && dpkg -x prometheus_*.deb .) >"$dir/package.log" 2>&1
}
if command -v prometheus >/dev/null && command -v promtool >/dev/null; then
	prometheus=prometheus promtool=promtool
else
	fetch || { apt-get -qq update >/dev/null 2>&1 || true; fetch; } ||
		fail 'Prometheus is not on PATH, and its package cannot be downloaded with apt-get'
	prometheus=$dir/package/usr/bin/prometheus promtool=$dir/package/usr/bin/promtool
fi
rules=configs/prometheus/schedd.rules.yml
"$promtool" check rules "$rules"
"$promtool" test rules configs/prometheus/schedd.rules_test.yml

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
metrics=$(free_port) web=$(free_port) hook=$(free_port)
cat >"$dir/schedd.yaml" <<CONFIG
node_id: acceptance
data_dir: $dir/data
listen: {socket: $dir/s, metrics: "127.0.0.1:$metrics"}
scheduler: {misfire_threshold: 1s}
worker: {drain_timeout: 1s, commands: 32}
alerts: {evaluate_every: 1s}
handlers:
  http: {allow_private: [127.0.0.1/32], allow_ports: [$hook]}
  channels: [{name: ops, type: webhook, url: "http://127.0.0.1:$hook/"}]
CONFIG
serve() {
	bin/schedd serve --config "$dir/schedd.yaml" 2>>"$dir/schedd.log" &
	daemon=$!
}
serve

# Whoever is told of alerts takes everything.
python3 -c '
import http.server, sys
class Hook(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"])); self.send_response(204); self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Hook).serve_forever()' "$hook" &
others+=($!)

sed -E 's/\[[0-9]+m\]/[20s]/g; s/for: .*/for: 2s/' "$rules" >"$dir/rules.yml"
cat >"$dir/prometheus.yml" <<CONFIG
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [$dir/rules.yml]
scrape_configs:
  - {job_name: schedd, static_configs: [{targets: ["127.0.0.1:$metrics"]}]}
CONFIG
"$prometheus" --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" --web.listen-address="127.0.0.1:$web" 2>"$dir/prometheus.log" &
others+=($!)

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
	fail "$1 is '$(ask "$1")', want '$2'"
}
turns=0
fires() { want "count(ALERTS{alertname=\"$1\",alertstate=\"firing\"})" 1; }
resolves() {
	want "count(ALERTS{alertname=\"$1\",alertstate=\"firing\"})" ''
	turns=$((turns + 1))
}
ctl() { bin/schedctl -q --server "unix://$dir/s" "$@" >/dev/null; }
# each NAME ARGS…: a job that is due every second.
each() { ctl job create cron "$1" -s '* * * * * *' "${@:2}"; }

want 'up{job="schedd"}' 1
want 'max(schedd_workers{state="active"})' 1
want 'count(ALERTS{alertstate="firing"})' 1 # that of the watchdog

# An outage: nobody answers; then the runs that were missed come late, or are recorded as not run.
each late --misfire all -- true
each missed --misfire skip -- true
kill "$daemon" && wait "$daemon" || true
fires ScheddDown
sleep 6 # later than ScheddScheduleLag lets pass
serve
resolves ScheddDown
fires ScheddScheduleLag
ctl job pause late missed

# Each way to end; a retry, a dead letter, a due time that is skipped.
each good -- true
each bad --max-retries 0 -- false
each retried --max-retries 1 --retry-delay 100ms -- false
each slow --max-retries 0 --timeout 200ms --allow-overlap -- sleep 5
each overlapping -- sleep 2.5
ctl job create once long --in 1h -- sleep 60
ctl run long
ctl execution cancel long/last
# A workflow, and an event that runs a job.
printf '%s\n' 'name: two' 'steps:' '  - {name: one, handler: health-check}' '  - {name: two, needs: [one], handler: health-check}' >"$dir/two.yaml"
ctl workflow create -f "$dir/two.yaml"
ctl workflow run two --wait
ctl job create event arrived --on file:arrived -- true
ctl event emit file:arrived --set name=a
# An alert of schedd's own, that tells a webhook.
ctl alert rule create dead --metric scheduler.queue.failed --value 0 --for 1s --channel ops
# Requests, in more than one scrape: a rate is between two.
for _ in 1 2 3; do
	ctl job list
	sleep 1
done

for name in ScheddHighFailureRate ScheddTimeoutSpike ScheddDeadLetters; do fires "$name"; done
for status in success failed timeout cancelled; do want "schedd_executions_total{status=\"$status\"} > bool 0" 1; done
for name in retries dead_letters slots_skipped events; do want "schedd_${name}_total > bool 0" 1; done
want 'schedd_event_acts_total{result="done"} > bool 0' 1
want 'schedd_alerts_firing{severity="warning"} > bool 0' 1
want 'schedd_alert_notifications_total{channel="ops",result="sent"} > bool 0' 1

# What schedd exposes after all that is as it should be, and whatever is asked for is there.
curl -fsS "http://127.0.0.1:$metrics/metrics" | "$promtool" check metrics
python3 scripts/prometheus_names.py "http://127.0.0.1:$web" "$dir/rules.yml" configs/grafana/schedd.json

ctl job pause bad retried slow overlapping
for name in ScheddHighFailureRate ScheddTimeoutSpike ScheddDeadLetters ScheddScheduleLag; do resolves "$name"; done

# The queue grows while nothing is started, and nobody is there to start anything.
ctl queue pause
each more -- true
for name in good more; do
	ctl backfill "$name" --parallel 100 --from "$(date -u -d '10 minutes ago' +%FT%TZ)" --to "$(date -u -d '5 minutes ago' +%FT%TZ)" --max 1000 --yes
done
fires ScheddQueueGrowing
ctl worker drain acceptance
ctl queue resume
fires ScheddNoWorkers
ctl worker undrain acceptance
resolves ScheddNoWorkers
resolves ScheddQueueGrowing
echo "accept: $("$promtool" --version 2>&1 | head -n 1 | cut -d ' ' -f 1-3); $turns alerts fired and were resolved, ScheddHighFailureRate among them"
