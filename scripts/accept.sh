#!/usr/bin/env bash
# Runs every acceptance line that a command can run, prints one line each, and exits
# non-zero if one falls short. What a line printed is kept in a file that is named
# when it fails. ACCEPT="name name" runs only those lines.
set -uo pipefail
cd "$(dirname "$0")/.."

dir=$(mktemp -d "${TMPDIR:-/tmp}/schedd-accept.XXXXXX")
failed=0

# line NAME WHAT COMMAND…: runs the command. Lines of its output that start with
# "accept:" are shown beside the verdict.
line() {
	local name=$1 what=$2 start=$SECONDS verdict=ok
	shift 2
	if [ -n "${ACCEPT:-}" ] && [[ " $ACCEPT " != *" $name "* ]]; then return; fi
	"$@" >"$dir/$name.log" 2>&1 || { verdict=FAIL; failed=1; }
	printf '%-4s  %-10s %4ds  %s\n' "$verdict" "$name" $((SECONDS - start)) "$what"
	grep -ho 'accept: .*' "$dir/$name.log" | uniq | sed 's/^accept: /                        /' || true
	if [ "$verdict" = FAIL ]; then echo "      see $dir/$name.log; its end:"; tail -n 5 "$dir/$name.log" | sed 's/^/      | /'; fi
}

# gotest PACKAGE REGEXP [FLAGS…]: runs tests, and fails when none of that name ran.
gotest() {
	local pkg=$1 name=$2
	shift 2
	go test -count=1 -v -run "$name" "$@" "$pkg" | tee "$dir/gotest.out"
	[ "${PIPESTATUS[0]}" = 0 ] && grep -q '^--- PASS' "$dir/gotest.out" && ! grep -q '^--- SKIP' "$dir/gotest.out"
}

trace_line() {
	local verdict=0
	gotest ./cmd/schedctl 'TestOneTrace$|TestTraceGoesOn$|TestNoTrace$|TestReceiverAway$' -timeout 5m || verdict=1
	gotest ./handler/agent 'TestReplies$' || verdict=1
	gotest ./queue/redis 'TestInboxTakesEachOnce$' || verdict=1
	return "$verdict"
}

explain_line() {
	local want='2026-03-07T07:30:00Z 2026-03-08T07:00:00Z 2026-03-09T06:30:00Z' got
	got=$(bin/schedctl explain '30 2 * * *' --tz America/New_York --from 2026-03-07T00:00:00Z -n 3 -o json |
		sed -n 's/^ *"at": "\(.*\)",$/\1/p' | head -n 3 | paste -sd ' ')
	echo "accept: $got"
	[ "$got" = "$want" ]
}

kills_line() {
	SCHEDD_CRASH_KILLS=200 gotest ./internal/crash 'TestKill' -timeout 30m
}

chaos_line() {
	gotest ./internal/chaos 'TestChaos$' -timeout 30m
	local verdict=$?
	grep -hoE 'seed=[0-9]+$|faults: map.*|[0-9]+ jobs, .*' "$dir/gotest.out" | uniq | sed 's/^/accept: /'
	return "$verdict"
}

mutants_line() {
	make chaos-mutants | tee "$dir/gotest.out"
	local verdict=${PIPESTATUS[0]}
	grep -h '^mutant ' "$dir/gotest.out" | cut -c1-110 | sed 's/^/accept: /'
	return "$verdict"
}

canary_line() {
	make canary | tee "$dir/gotest.out"
	local verdict=${PIPESTATUS[0]}
	[ "$verdict" = 0 ] && grep -q '^--- PASS: TestLeakIsFound' "$dir/gotest.out"
}

upgrade_line() {
	make upgrade-test | tee "$dir/gotest.out"
	local verdict=${PIPESTATUS[0]}
	grep -h '^upgrade: ' "$dir/gotest.out" | sed 's/^/accept: /'
	return "$verdict"
}

many_line() { # many_line PACKAGE TEST: shows the figures that the test prints
	gotest "$1" "$2" -timeout 20m
	local verdict=$?
	grep -hoE '(nodes=|faults=|zombie:|p99 of).*|^ +[A-Za-z].*  normal after.*' "$dir/gotest.out" | sed 's/^ */accept: /'
	return "$verdict"
}

access_line() {
	local verdict=0
	gotest ./daemon/httpapi 'TestMatrix$|TestForeign$|TestForeignBodies$|TestForeignQueries$|TestNothingWithoutCredential$|TestPages$' || verdict=1
	gotest ./store/postgres 'TestWall$|TestForgetfulReads$' || verdict=1
	gotest ./cmd/schedctl 'TestNetwork$|TestHostileRequests$|TestSlowCallers$|TestTLS$|TestSocketComesBack$' -timeout 10m || verdict=1
	return "$verdict"
}

audit_line() {
	local verdict=0
	gotest ./daemon/httpapi 'TestEveryChangeIsRecorded$|TestAuditLog$' || verdict=1
	gotest ./store/sqlite 'TestStore/audit' || verdict=1
	gotest ./store/postgres 'TestStore/audit' || verdict=1
	return "$verdict"
}

alerts_line() {
	local verdict=0
	gotest ./internal/crash 'TestAlerts|TestPing' -timeout 15m || verdict=1
	gotest ./daemon/httpapi 'TestAlert' || verdict=1
	return "$verdict"
}

fair_line() {
	SCHEDD_FAIR_FLOOD=${SCHEDD_FAIR_FLOOD:-100000} gotest ./daemon 'TestFair$' -timeout 30m
}

compare_line() {
	(cd bench && go run . -compare -quick -run waiting,firing,onetime)
}

backup_line() {
	gotest ./daemon 'TestBackup' -timeout 10m && gotest ./cmd/schedctl 'TestScripts/backup$' -timeout 5m
}

tree_line() {
	gotest ./cli 'TestEveryCommandIsComplete|TestLeanTree|TestUsageErrors|TestCompletions|TestContract' &&
		gotest ./internal/arch 'Schedctl'
}

units_line() {
	make build man && scripts/units.sh
}

bench_line() { # bench_line PART: one part in full, with its bars
	(cd bench && go run . -run "$1" -check) | tee "$dir/gotest.out"
	local verdict=${PIPESTATUS[0]}
	grep -E '  (ok|aim|MISSED)$' "$dir/gotest.out" | grep -v slowest | sed -E 's/ {2,}/  /g; s/^/accept: /'
	return "$verdict"
}

speed_line() {
	(cd bench && go run . -all -check)
}

workflows_line() {
	gotest ./daemon 'TestWorkflow' &&
		SCHEDD_CRASH_WORKFLOW_KILLS=${SCHEDD_CRASH_WORKFLOW_KILLS:-60} gotest ./internal/crash 'TestWorkflowKill' -timeout 20m
}

flood_line() {
	SCHEDD_FLOOD_RATE=5200 gotest ./internal/chaos 'TestFlood$' -timeout 20m
	local verdict=$?
	grep -ho 'flood: .*' "$dir/gotest.out" | sed 's/^/accept: /'
	return "$verdict"
}

line build    'both programs build'                                          make build
line demo     'make demo: a crontab, a two-second job, an explained skip'    make demo
line explain  'explain gives the three instants across the spring change'    explain_line
line crontab  '25 crontab lines see what cron gives them'                    gotest ./cmd/schedctl 'TestCrontab'
line ascode   'import, export, import; apply twice; 100 jobs with one bad'    gotest ./cmd/schedctl 'TestAsCode$'
line simulate 'the simulator against the daemon on four clock-change nights'  gotest ./daemon 'TestSimulate$'
line golden   'golden rows: jobs x misfire policies x outages x ways'        gotest ./daemon 'TestGolden'
line kills    '200 kill -9 under load: nothing lost, nothing doubled'        kills_line
line tamper   'a row deleted, added or moved by SQL is named by the audit'   gotest ./internal/crash 'TestTamper'
line exits    'run --wait ends with 0, 10, 11, 12, 13; --propagate-exit'     gotest ./cmd/schedctl 'TestScripts/run$'
line drain    'SIGTERM while commands run: drained or handed back'           gotest ./internal/crash 'TestDrain|TestStopTwice'
line orphans  'kill -9 of schedd and its supervisors leaves no descendant'   gotest ./internal/crash 'TestOrphans'
line supervise 'every pair of daemon, guard and supervisor killed'            gotest ./internal/supervise 'Kill'
line race     'two and three nodes race on 10 000 jobs due at one second'     many_line ./daemon 'TestNodesRace'
line servers  'Redis and PostgreSQL break under load: nothing lost or doubled' many_line ./daemon 'TestServersFail'
line zombie   'SIGSTOP for two leases: the late result is refused, one success' many_line ./internal/chaos 'TestZombie'
line histories 'every bad history is flagged by its invariant'               gotest ./internal/chaos 'TestBad|TestGood'
line chaos    'two nodes, a fixed and a random seed: 0 violations'            chaos_line
line mutants  'each build with a fault on purpose is caught by a named invariant' mutants_line
line canary   'secrets let in everywhere are found where they belong only; a leak is'  canary_line
line upgrade  'the build of the older schema beside this one, under faults'   upgrade_line
line access   'every route as every kind of caller; foreign ids; the network'  access_line
line audit    'every route that changes something leaves one entry, on both stores' audit_line
line fair     '100 000 due on one platform delay another by 2 s at most (p99)'  fair_line
line ssrf     '60 forms of addresses inside: no connection'                 gotest ./handler/httpcall 'TestNothingInside$'
line vlist    'every known attack names tests that there are'               gotest ./internal/arch 'TestAttacksAreTried$'
line alerts   'alerts fire, are told once, resolve; kill -9; missed; the dead-man ping' alerts_line
line prometheus 'Prometheus scrapes what rules and dashboard ask for; alerts fire and resolve' scripts/prometheus.sh
line trace    'one trace: caller, API, events, runs, steps, agents, what they call'   trace_line
line move     'SQLite to PostgreSQL and back, runs and ledger intact'         gotest ./store/dump 'Test'
line compare  'make bench-compare prints W1 to W3 with ratios'                compare_line
line speed    'make bench -check: ratios against their bars'                 speed_line
line api      'requests on the socket: reads and durable creations a second'  bench_line api
line million  'a million executions: every list, figure and scrape in time'   bench_line million
line workflows 'workflows end to end; 60 kills between their steps'          workflows_line
line examples 'the use cases of examples/ on SQLite, and on PostgreSQL with Redis' gotest ./cmd/schedctl 'TestExample(Reindex|Maintenance)$' -timeout 10m
line sla      'ticket 1 and ticket 10, twice created, resolved before created'  gotest ./cmd/schedctl 'TestExampleSLA$' -timeout 10m
line drip     'seven letters at ten in Auckland, a retry, a clock change, SMTP' gotest ./cmd/schedctl 'TestExampleDrip$' -timeout 10m
line agent    'the Python agent over Redis: runs, is killed, is stopped; forged replies' gotest ./handler/agent 'Test(Python|CancelReachesPython|Replies)$'
line flood    'two nodes, 5 000 events/s, one killed: each acts once, p99 below 1 s'  flood_line
line limit    'more events than a platform may send: 429 and Retry-After'       gotest ./daemon/httpapi 'TestEventsAreLimited$'
line openapi  'every route answers as its description says; a generated client'  scripts/openapi.sh
line backup   'a copy under load, restored elsewhere: the audit balances, it goes on' backup_line
line units    'make install: files and modes; units that systemd likes, scored'  units_line
line tree     'every command: help, examples, arguments, completion, typos'   tree_line
line badinput '94 rows of bad input, on the socket and through schedctl'     gotest ./cmd/schedctl 'TestBadInput$' -timeout 10m
line docs     'every command in README.md and docs/*.md is run'              gotest ./cmd/schedctl 'TestDocuments$' -timeout 10m
line terminal 'the first ten commands of README.md, typed by an ordinary user' scripts/terminal.sh
line cold     'schedctl job list as a process against redis-cli ping'         scripts/cold.sh
line check    'make check: lint, tests with the race detector, freshness'    make check

[ "$failed" = 0 ] && rm -rf "$dir"
exit "$failed"
