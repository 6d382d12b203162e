#!/usr/bin/env bash
# Shows the scheduler at work: a daemon of its own on an embedded store in a temporary
# folder, a crontab, a job that fires every two seconds, and one whose runs overlap.
# No root, no server; everything is removed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
bin="$PWD/bin"
crontab="$PWD/examples/crontab/minute.crontab"

dir=$(mktemp -d "${TMPDIR:-/tmp}/schedd-demo.XXXXXX")
export SCHEDCTL_SERVER="unix://$dir/schedd.sock" SCHEDCTL_TZ=UTC
daemon=
cleanup() {
	[ -n "$daemon" ] && kill "$daemon" 2>/dev/null && wait "$daemon" 2>/dev/null || true
	rm -rf "$dir"
}
trap cleanup EXIT

show() { # show COMMAND…: prints a command line, runs it, and leaves a gap
	printf '$'
	for word in "$@"; do
		case $word in
		*[!A-Za-z0-9_./:=@%+,-]*) printf " '%s'" "$word" ;;
		*) printf ' %s' "$word" ;;
		esac
	done
	printf '\n'
	"$bin/$1" "${@:2}"
	printf '\n'
}

(cd "$dir" && exec "$bin/schedd" serve --dev --data-dir "$dir/data" --log-level warn 2>"$dir/schedd.log") &
daemon=$!
for _ in $(seq 100); do
	"$bin/schedctl" version -q >/dev/null 2>&1 && break
	kill -0 "$daemon" 2>/dev/null || { cat "$dir/schedd.log" >&2; exit 1; }
	sleep 0.1
done

show schedctl crontab import "$crontab" --tag imported
show schedctl job create cron beat -s '*/2 * * * * *' -- sh -c 'echo "beat $SCHEDD_RUN_NUMBER, due $SCHEDD_SCHEDULED_AT"'
show schedctl job create cron slow -s '* * * * * *' -- sleep 2.5
show schedctl explain '30 2 * * *' --tz America/New_York -n 3

successes() { "$bin/schedctl" job history beat --status success -o name 2>/dev/null | wc -l; }
skipped() { "$bin/schedctl" job history slow --status skipped -o name 2>/dev/null | tail -n 1; }
for _ in $(seq 300); do
	[ "$(successes)" -ge 3 ] && [ -n "$(skipped)" ] && break
	sleep 0.1
done

show schedctl job list
show schedctl job history beat
show schedctl logs beat
show schedctl job history slow
show schedctl why "$(skipped)"
show schedctl audit slots
show schedctl run beat --wait --logs

n=$(successes)
if [ "$n" -lt 3 ]; then
	echo "demo: only $n runs of beat succeeded" >&2
	cat "$dir/schedd.log" >&2
	exit 1
fi
echo "demo: $n runs of beat succeeded, every planned run is accounted for"
