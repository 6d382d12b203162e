package arch

// row says what the production files of one package may import beside the standard
// library. Test files may also import what testOnly has, and any package of
// ours: what they need never ships.
type row struct {
	ours  string // packages of this module, by folder
	third string // packages or whole modules of others, by path
	pure  bool   // no clock, randomness, input, output or log: see impure
}

// table has one row for each folder with Go files. Arrows go down only: from the
// programs to the daemon and the command line, to components, to ports, to the
// domain. Components (daemon/*) do not import each other; only package daemon sees
// adapters (store/sqlite, queue/memory); the command line reaches the daemon through
// client only.
var table = map[string]row{
	// The domain.
	"schedule":        {third: "github.com/hashicorp/cronexpr", pure: true},
	"schedule/oracle": {pure: true},
	"job":             {ours: "schedule", pure: true},
	"alert":           {ours: "job", pure: true},
	"event":           {ours: "internal/expr job", pure: true},
	"workflow":        {ours: "job", pure: true},

	// Contracts: ports, the wire, the schema.
	"store":                 {ours: "alert event job"},
	"store/storetest":       {ours: "alert event job store store/dump", third: "github.com/google/go-cmp pgregory.net/rapid"},
	"store/internal/stored": {ours: "alert event job schedule store"},
	"store/internal/reads":  {ours: "alert event job store store/dump store/internal/stored"},
	"store/internal/acts":   {ours: "event job store store/internal/reads store/internal/stored"},
	"store/internal/alerts": {ours: "alert job store store/internal/reads store/internal/stored"},
	"store/internal/writes": {ours: "job store store/internal/reads store/internal/stored"},
	"store/dump":            {ours: "job store store/internal/stored"},
	"queue":                 {ours: "job"},
	"queue/queuetest":       {ours: "internal/testbed job queue", third: "github.com/google/go-cmp"},
	"handler":               {ours: "job"},
	"handler/handlertest":   {ours: "handler job"},
	"api":                   {ours: "job workflow"},
	"jobfile":               {ours: "api job workflow", third: "go.yaml.in/yaml/v3"},
	"migrations":            {},
	"configs":               {},
	"docs/api":              {},

	// Adapters.
	"store/postgres":   {ours: "event internal/mutant internal/failpoint job migrations schedule store store/dump store/internal/acts store/internal/alerts store/internal/reads store/internal/stored store/internal/writes", third: "github.com/jackc/pgx/v5 github.com/pressly/goose/v3 golang.org/x/sys/unix"},
	"store/sqlite":     {ours: "event internal/mutant internal/failpoint job migrations store store/dump store/internal/acts store/internal/alerts store/internal/reads store/internal/stored store/internal/writes", third: "modernc.org/sqlite github.com/pressly/goose/v3"},
	"queue/memory":     {ours: "job queue"},
	"queue/failover":   {ours: "queue"},
	"queue/redis":      {ours: "job queue", third: "github.com/redis/go-redis/v9"},
	"handler/payload":  {ours: "job"},
	"handler/exec":     {ours: "handler handler/payload internal/supervise job"},
	"handler/httpcall": {ours: "handler handler/payload job"},
	"handler/function": {ours: "handler job"},
	"handler/notify":   {ours: "handler handler/httpcall handler/payload job", third: "github.com/wneessen/go-mail"},
	"handler/agent":    {ours: "handler handler/httpcall job queue store"},
	"handler/workflow": {ours: "handler internal/expr job store workflow"},
	"handler/cleanup":  {ours: "handler handler/payload job"},
	"handler/reindex":  {ours: "handler handler/payload"},
	"handler/emit":     {ours: "handler handler/payload job"},

	"handler/healthcheck": {ours: "handler handler/httpcall handler/payload job"},
	"client":              {ours: "api job"},

	// Components of the daemon, and its glue to the machine.
	"daemon/timer":    {ours: "internal/loop internal/mutant job schedule store"},
	"daemon/dispatch": {ours: "internal/mutant job queue store"},
	"daemon/flow":     {ours: "internal/loop job store"},
	"daemon/executor": {ours: "internal/mutant handler internal/failpoint internal/secret job queue store", third: "golang.org/x/sync"},
	"daemon/maintain": {ours: "internal/loop job queue store"},
	"daemon/alerts":   {ours: "alert handler internal/failpoint internal/loop job store"},
	"daemon/events":   {ours: "event internal/loop job store"},
	"daemon/tracing":  {ours: "job store", third: "go.opentelemetry.io/otel"},
	"daemon/access":   {ours: "internal/token job store"},
	"daemon/metrics":  {ours: "alert job store", third: "github.com/prometheus/client_golang"},
	"daemon/control":  {ours: "alert api event handler internal/token job queue schedule store workflow"},
	"daemon/httpapi":  {ours: "alert api daemon/control docs/api job queue store"},
	"daemon/config":   {ours: "configs internal/secret job jobfile", third: "github.com/spf13/viper github.com/go-viper/mapstructure/v2 go.yaml.in/yaml/v3 golang.org/x/sys/unix"},
	"daemon/logging":  {third: "github.com/lmittmann/tint golang.org/x/term"},
	"daemon/listen":   {third: "github.com/coreos/go-systemd/v22/activation golang.org/x/sys/unix"},

	// Composition.
	"daemon": {
		ours: "alert api daemon/access daemon/alerts daemon/config daemon/control daemon/dispatch daemon/events daemon/executor daemon/flow daemon/httpapi daemon/listen daemon/logging daemon/maintain daemon/metrics daemon/timer daemon/tracing " +
			"event handler handler/agent handler/cleanup handler/emit handler/exec handler/function handler/healthcheck handler/httpcall handler/notify handler/reindex handler/workflow internal/build internal/failpoint internal/loop internal/secret internal/supervise internal/token job jobfile migrations queue queue/failover queue/memory queue/redis schedule store store/dump store/postgres store/sqlite",
		third: "golang.org/x/sync golang.org/x/sys/unix",
	},
	"daemon/command": {
		ours:  "daemon/config daemon/listen daemon/logging internal/build internal/secret job migrations store/dump",
		third: "github.com/spf13/cobra github.com/spf13/pflag github.com/coreos/go-systemd/v22/daemon golang.org/x/sys/unix",
	},

	// What other programs embed.
	"worker":             {ours: "daemon handler handler/function"},
	"examples/go-worker": {ours: "job worker"},

	// The command line.
	"cli":         {ours: "alert api cli/crontab cli/human cli/render cli/timex client internal/build job jobfile schedule workflow", third: "github.com/spf13/cobra github.com/spf13/pflag go.yaml.in/yaml/v3 golang.org/x/term"},
	"cli/crontab": {ours: "api job schedule"},
	"cli/human":   {},
	"cli/manual":  {third: "github.com/spf13/cobra github.com/spf13/pflag"},
	"cli/render":  {third: "github.com/itchyny/gojq github.com/olekukonko/tablewriter go.yaml.in/yaml/v3"},
	"cli/timex":   {ours: "job"},

	// Programs.
	"cmd/schedd":   {ours: "daemon daemon/command internal/supervise"},
	"cmd/schedctl": {ours: "cli"},

	// Helpers that know nothing of the domain.
	"internal/arch":      {},
	"internal/build":     {},
	"internal/canary":    {},
	"internal/chaos":     {ours: "schedule/oracle"},
	"internal/crash":     {third: "modernc.org/sqlite"},
	"internal/expr":      {third: "github.com/expr-lang/expr", pure: true},
	"internal/failpoint": {},
	"internal/loop":      {},
	"internal/genapi":    {ours: "alert api daemon/control daemon/httpapi job jobfile", third: "go.yaml.in/yaml/v3"},
	"internal/gendocs":   {ours: "cli cli/manual"},
	"internal/mutant":    {},
	"internal/secret":    {ours: "job"},
	"internal/supervise": {third: "golang.org/x/sys/unix"},
	"internal/token":     {},
	"internal/testbed":   {third: "github.com/jackc/pgx/v5/pgconn go.opentelemetry.io/proto/otlp golang.org/x/sys/unix google.golang.org/protobuf/proto"},
}

// testOnly is what test files may import of others.
const testOnly = "github.com/google/go-cmp github.com/rogpeppe/go-internal go.uber.org/goleak pgregory.net/rapid"

// impure is what a pure package must not import, nor anything below it.
const impure = "crypto/rand io/fs log math/rand net os syscall testing"

// clockFiles are the production files, beside those named run.go, env.go or
// handle.go, that may read a clock or make a timer. All others get now as a
// parameter, so that a year can be simulated in seconds.
var clockFiles = map[string]string{
	"cli/watch.go":               "repaints until interrupted",
	"client/follow.go":           "waits between attempts to reconnect",
	"client/request.go":          "measures requests for the trace",
	"examples/go-worker/main.go": "pretends to work",
	"daemon/clock.go":            "follows the store's clock by the monotonic one",
	"daemon/command/watchdog.go": "tells systemd how things stand, as often as it asks for",
	"daemon/executor/term.go":    "deadlines of handlers are monotonic",
	"daemon/tracing/request.go":  "times requests",
	"daemon/httpapi/headers.go":  "bounds the reading of a body",
	"daemon/control/feed.go":     "listens a moment longer than anybody follows",
	"daemon/httpapi/stream.go":   "asks now and then whether the caller may still listen",
	"daemon/httpapi/logs.go":     "polls the log of a run that is followed",
	"daemon/httpapi/slow.go":     "bounds the writing of an answer",
	"queue/memory/queue.go":      "blocks receivers; the clock is an option",
	"queue/redis/receive.go":     "blocks receivers",
	"queue/redis/inbox.go":       "the default of an option",
	"queue/redis/bridge.go":      "prolongs its turn each second",
	"queue/redis/redis.go":       "the default of an option",
	"queue/redis/ping.go":        "measures the answer",
	"store/postgres/outbox.go":   "waits a moment for transactions to show their locks",
	"store/postgres/commit.go":   "waits for the server to tell what became of a transaction",
	"store/postgres/write.go":    "bounds tries and the waits between them",
	"store/sqlite/sqlite.go":     "bounds the wait for readers at the end",
}

// sqlClockFile is the one place that may ask a store for its clock.
const sqlClockFile = "store/postgres/clock.go"

// suites are packages of tests that other packages run; the clock is theirs too.
const suites = "store/storetest queue/queuetest handler/handlertest"

// sleepFiles are the files of tests and their helpers that sleep, beside those that use
// testing/synctest themselves.
var sleepFiles = map[string]string{
	"daemon/sim_jobs_test.go":   "in the bubble of sim_test.go",
	"internal/testbed/proxy.go": "delays what it forwards",
	"internal/testbed/wait.go":  "the one pause of all polls, and Pass",
}

// exitFiles are the files outside cmd that may end the process.
var exitFiles = map[string]string{
	"internal/failpoint/on.go": "that is what it is for",
	"internal/genapi/main.go":  "a program of the build",
	"internal/gendocs/main.go": "a program of the build",

	"examples/go-worker/main.go": "a program",
}

// notInSchedctl is what must never be linked into schedctl, however it would come.
const notInSchedctl = "github.com/jackc/pgx github.com/redis/go-redis modernc.org/sqlite go.opentelemetry.io/otel " +
	"github.com/expr-lang/expr github.com/danielgtaylor/huma github.com/prometheus github.com/spf13/viper github.com/pressly/goose"

// Budgets of production files, in lines. The median is that of the whole project.
const (
	maxLines  = 600
	maxMedian = 150
)
