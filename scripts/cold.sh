#!/usr/bin/env bash
# cold.sh: how long a whole "schedctl job list" of 100 jobs takes, as a process, against
# "redis-cli ping". Both are started in turn, so that a busy machine slows both, and of
# each the twentieth part that was quickest is compared. Fails above 2.5 times, and when schedctl is
# larger than 15 MB. Needs bin/ built, and Redis.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${ROUNDS:-200}
limit=${LIMIT:-2.5}
dir=$(mktemp -d "${TMPDIR:-/tmp}/cold.XXXXXX")
pids=()
stop() {
	for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
	wait
	rm -rf "$dir"
}
trap stop EXIT

size=$(stat -c %s bin/schedctl)
echo "accept: schedctl is $((size / 1000000)).$(((size / 100000) % 10)) MB"
[ "$size" -lt 15000000 ] || { echo 'larger than 15 MB'; exit 1; }

printf 'data_dir: %s/data\nlisten:\n  socket: %s/s\nlog:\n  level: error\n' "$dir" "$dir" >"$dir/schedd.yaml"
bin/schedd serve --config "$dir/schedd.yaml" &
pids+=($!)
redis-server --port 0 --unixsocket "$dir/r" --save '' --appendonly no >/dev/null &
pids+=($!)
export SCHEDCTL_SERVER=unix://$dir/s HOME=$dir
until bin/schedctl version >/dev/null 2>&1 && [ "$(redis-cli -s "$dir/r" ping 2>/dev/null)" = PONG ]; do sleep 0.1; done
for i in $(seq 100); do echo "$((i % 60)) 3 1 1 * echo $i"; done >"$dir/crontab"
bin/schedctl crontab import "$dir/crontab" -q >/dev/null
[ "$(bin/schedctl job list -o name | wc -l)" = 100 ]

# once COMMAND…: microseconds of one run.
once() {
	local from=$EPOCHREALTIME to
	"$@" >/dev/null
	to=$EPOCHREALTIME
	echo $((${to/./} - ${from/./}))
}
for _ in $(seq "$rounds"); do
	once redis-cli -s "$dir/r" ping >>"$dir/redis"
	once bin/schedctl job list >>"$dir/list"
done
quick() { sort -n "$1" | sed -n "$((rounds / 20 + 1))p"; }
redis=$(quick "$dir/redis")
list=$(quick "$dir/list")
awk -v a="$list" -v b="$redis" -v limit="$limit" 'BEGIN {
	printf "accept: job list of 100 jobs %.1f ms, redis-cli ping %.1f ms: %.2f times (at most %.1f)\n", a/1000, b/1000, a/b, limit
	exit a/b > limit
}'
