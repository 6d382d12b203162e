package config

import "time"

// Config is everything that can be configured. Zero values are not defaults:
// start from Default.
//
// Tags: yaml names the key; reload marks what a SIGHUP applies, everything else
// needs a restart; oneof lists the allowed words; range the smallest and the
// largest value.
type Config struct {
	NodeID    string    `yaml:"node_id"`                // "" = the host's name; unique among the nodes of one store
	Roles     []string  `yaml:"roles"`                  // what this node does: RoleAPI, RoleScheduler, RoleWorker
	DataDir   string    `yaml:"data_dir"`               // database and lock file; "" = chosen by Load
	JobsDir   string    `yaml:"jobs_dir" reload:"yes"`  // folder of job files, applied at start and on SIGHUP; "" = none
	Timezone  string    `yaml:"timezone" reload:"yes"`  // of jobs that name none
	Listen    Listen    `yaml:"listen"`                 //
	Store     Store     `yaml:"store"`                  //
	Queue     Queue     `yaml:"queue"`                  //
	Scheduler Scheduler `yaml:"scheduler" reload:"yes"` //
	Worker    Worker    `yaml:"worker"`                 //
	Handlers  Handlers  `yaml:"handlers"`               //
	Agents    Agents    `yaml:"agents"`                 //
	Declared  []Secret  `yaml:"secrets"`                // what payloads may name
	Alerts    Alerts    `yaml:"alerts"`                 //
	Limits    Limits    `yaml:"limits"`                 //
	Health    Health    `yaml:"health"`                 //
	Retention Retention `yaml:"retention" reload:"yes"` //
	Log       Log       `yaml:"log"`                    //
	Tracing   Tracing   `yaml:"tracing"`                //
}

// The roles of a node.
const (
	RoleAPI       = "api"       // answers requests
	RoleScheduler = "scheduler" // plans due times
	RoleWorker    = "worker"    // runs handlers
)

// Listen is where the API is found and who may use it. The daemon's own user and
// root are admins, members of OperatorGroup are operators, nobody else is let in.
type Listen struct {
	Socket        string        `yaml:"socket"`         // path of the Unix socket; "" = chosen by Load; ignored when systemd passes one named "api"
	SocketMode    string        `yaml:"socket_mode"`    // octal
	SocketGroup   string        `yaml:"socket_group"`   // group that owns the socket; a group that does not exist is left out
	OperatorGroup string        `yaml:"operator_group"` // whose members are operators
	HTTP          string        `yaml:"http"`           // host:port to answer on the network too, for whoever has a token; "" = not
	Metrics       string        `yaml:"metrics"`        // host:port on loopback where Prometheus reads /metrics without a token; "" = not
	Hosts         []string      `yaml:"hosts"`          // names that requests over the network may be for, beside those of the certificate
	TLSCertFile   string        `yaml:"tls_cert_file"`  // PEM, with what leads to its authority; relative to $CREDENTIALS_DIRECTORY
	TLSKeyFile    string        `yaml:"tls_key_file"`
	RequestRate   int           `yaml:"request_rate" reload:"yes" range:"1..1000000"`  // requests a second with one token, in the long run
	RequestBurst  int           `yaml:"request_burst" reload:"yes" range:"1..1000000"` // requests at once with one token
	MaxBodyBytes  int           `yaml:"max_body_bytes" range:"1024..67108864"`
	ShutdownGrace time.Duration `yaml:"shutdown_grace" range:"0s..10m"` // how long open requests may go on at a stop
}

// Store is where jobs and executions are kept.
type Store struct {
	Driver      string   `yaml:"driver" oneof:"sqlite|postgres"`
	AutoMigrate bool     `yaml:"auto_migrate"` // bring an older database up to date at start
	SQLite      SQLite   `yaml:"sqlite"`
	Postgres    Postgres `yaml:"postgres"`
}

// The stores and the queues.
const (
	DriverSQLite   = "sqlite"   // the embedded store, of one node
	DriverPostgres = "postgres" // the store that nodes share
	DriverMemory   = "memory"   // the queue inside the process
	DriverRedis    = "redis"    // the queue that nodes share
)

// SQLite is the embedded store.
type SQLite struct {
	Path        string `yaml:"path"`                            // "" = DataDir/schedd.db
	Synchronous string `yaml:"synchronous" oneof:"full|normal"` // normal may lose the last commits when the power fails
}

// Postgres is the store that nodes share.
type Postgres struct {
	DSN              string        `yaml:"dsn"`      // postgres://… or keywords; may hold a password
	DSNFile          string        `yaml:"dsn_file"` // the file to read it from; relative to $CREDENTIALS_DIRECTORY
	MaxConns         int           `yaml:"max_conns" range:"4..1000"`
	ExecMode         string        `yaml:"exec_mode" oneof:"cache_statement|exec|simple_protocol"` // exec behind pgbouncer in transaction mode
	StatementTimeout time.Duration `yaml:"statement_timeout" range:"1s..10m"`
	TenantRole       string        `yaml:"tenant_role"`                     // rows of one platform are read in this role; "" = no row-level security
	Durability       string        `yaml:"durability" oneof:"full|relaxed"` // relaxed accepts a server or role with synchronous_commit off
}

// Queue carries work from the planner to the workers.
type Queue struct {
	Driver string `yaml:"driver" oneof:"memory|redis"`
	Redis  Redis  `yaml:"redis"`
}

// Redis is the queue and the event bus that nodes share.
type Redis struct {
	URL       string        `yaml:"url"`                              // redis://, rediss:// or unix://; may hold a password
	URLFile   string        `yaml:"url_file"`                         // the file to read it from; relative to $CREDENTIALS_DIRECTORY
	Prefix    string        `yaml:"prefix"`                           // before the names of streams and channels
	ClaimIdle time.Duration `yaml:"claim_idle" range:"1s..10m"`       // messages that a consumer read and did not take are taken over after this
	MaxLen    int           `yaml:"max_len" range:"1000..1000000000"` // about how long a stream may grow
	Channels  []string      `yaml:"channels"`                         // patterns of pub/sub channels whose messages are events
}

// Scheduler is how due times are planned; jobs may override the first and the last.
type Scheduler struct {
	Misfire          string        `yaml:"misfire" oneof:"fire_once|fire_all|skip"`
	MisfireThreshold time.Duration `yaml:"misfire_threshold" range:"1s..24h"` // a due time younger than this is late, not missed
	CatchUpSpacing   time.Duration `yaml:"catch_up_spacing" range:"0s..1h"`   // between the runs of fire_all
	DSTPolicy        string        `yaml:"dst_policy" oneof:"once|wall"`
}

// Worker is how executions run on this node.
type Worker struct {
	Slots        int           `yaml:"slots" range:"1..4096"`    // executions at once
	Commands     int           `yaml:"commands" range:"0..1024"` // of which commands; 0 = none, never more than Slots
	DrainTimeout time.Duration `yaml:"drain_timeout" range:"0s..24h"`
	Lease        time.Duration `yaml:"lease" range:"2s..1h"` // how long claims hold without a heartbeat
	Heartbeat    time.Duration `yaml:"heartbeat" range:"500ms..10m"`
	ReapEvery    time.Duration `yaml:"reap_every" range:"500ms..10m"` // how often dead workers are looked for
	Defaults     Defaults      `yaml:"defaults" reload:"yes"`
}

// Defaults are for jobs that do not say; a change touches jobs created later.
type Defaults struct {
	Timeout       time.Duration `yaml:"timeout" range:"0s..720h"` // 0 = no limit
	MaxRetries    int           `yaml:"max_retries" range:"0..100"`
	RetryDelay    time.Duration `yaml:"retry_delay" range:"0s..24h"`
	RetryBackoff  string        `yaml:"retry_backoff" oneof:"fixed|linear|exponential"`
	RetryMaxDelay time.Duration `yaml:"retry_max_delay" range:"0s..24h"`
	Priority      string        `yaml:"priority" oneof:"low|medium|high|critical"`
}

// Handlers says what jobs may run.
type Handlers struct {
	Exec     Exec      `yaml:"exec"`
	HTTP     HTTP      `yaml:"http"`
	Commands []Command `yaml:"commands"`
	URLs     []URL     `yaml:"urls"`

	Channels      []Channel      `yaml:"channels"`
	Notifications []Notification `yaml:"notifications"`
	KnowledgeBase KnowledgeBase  `yaml:"knowledge_base"`
}

// Exec is the handler for commands that a job spells out itself.
type Exec struct {
	Free    string   `yaml:"free" oneof:"admin|nobody"` // who may
	PassEnv []string `yaml:"pass_env"`                  // variables of the daemon that commands see
	Shell   string   `yaml:"shell"`                     // what runs a command given as one string
}

// HTTP limits where calls may go: public addresses on ports 80 and 443, and what is
// named here.
type HTTP struct {
	AllowHosts        []string `yaml:"allow_hosts"`                  // names, *.suffixes or "*"; opens no private address
	AllowPorts        []int    `yaml:"allow_ports" range:"1..65535"` // beside 80 and 443
	AllowPrivate      []string `yaml:"allow_private"`                // networks (CIDR) that may be called although they are private
	AllowPrivateHosts []string `yaml:"allow_private_hosts"`          // names whose addresses are not looked at
}

// Command is a handler that runs one fixed command.
type Command struct {
	Name         string        `yaml:"name"`
	Argv         []string      `yaml:"argv"`      // the first is an absolute path; {{payload.NAME}} stands for a parameter
	Params       []Param       `yaml:"params"`    // what the job's payload may say
	Platforms    []string      `yaml:"platforms"` // whose jobs may use it; empty = all
	Env          []Pair        `yaml:"env"`
	Dir          string        `yaml:"dir"`                      // "" = /
	Timeout      time.Duration `yaml:"timeout" range:"0s..720h"` // 0 = the job's
	AllowShell   bool          `yaml:"allow_shell"`              // Argv may start a shell
	PayloadStdin bool          `yaml:"payload_stdin"`            // the job's payload goes to its standard input; without, it must be empty
	Description  string        `yaml:"description"`
}

// Param is a member of a job's payload that a command takes as a part of its arguments.
type Param struct {
	Name      string `yaml:"name"`
	Pattern   string `yaml:"pattern"`    // a regular expression that the whole value matches
	Optional  bool   `yaml:"optional"`   // without it, Default is taken
	Default   string `yaml:"default"`    //
	AllowDash bool   `yaml:"allow_dash"` // the value may start with "-"
}

// URL is a handler that makes one fixed HTTP call.
type URL struct {
	Name         string        `yaml:"name"`
	URL          string        `yaml:"url"`
	Method       string        `yaml:"method" oneof:"|GET|HEAD|POST|PUT|PATCH|DELETE"` // "" = POST
	Headers      []Pair        `yaml:"headers"`
	Secret       string        `yaml:"secret"`                         // signs each call; "" = none is signed
	SecretFile   string        `yaml:"secret_file"`                    // the file to read it from; relative to $CREDENTIALS_DIRECTORY
	ExpectStatus []int         `yaml:"expect_status" range:"100..599"` // what counts as success; empty = 200 to 299
	Timeout      time.Duration `yaml:"timeout" range:"0s..720h"`       // 0 = the job's
	Description  string        `yaml:"description"`
}

// Pair is an environment variable or a header.
type Pair struct {
	Name  string `yaml:"name"`
	Value string `yaml:"value"`
}

// Limits bound what commands print, in bytes (the oldest lines go first, and a mark is
// left), and the events that one platform sends to this node.
type Limits struct {
	LogJobBytes   int `yaml:"log_job_bytes" range:"1048576..1099511627776"`
	LogTotalBytes int `yaml:"log_total_bytes" range:"1048576..1099511627776"`
	EventRate     int `yaml:"event_rate" range:"1..1000000"`  // a second
	EventBurst    int `yaml:"event_burst" range:"1..1000000"` // at once
}

// Health is from when on a node says of itself that it is not well.
type Health struct {
	SlowStore    time.Duration `yaml:"slow_store" range:"1ms..10m"`             // an answer of the store that took longer is a warning
	MaxLag       time.Duration `yaml:"max_lag" range:"100ms..24h"`              // runs that start later are a warning
	StuckAfter   time.Duration `yaml:"stuck_after" range:"5s..1h"`              // a timer that has not looked for so long makes the node unhealthy
	DiskLowBytes int           `yaml:"disk_low_bytes" range:"0..1099511627776"` // less room where the embedded store, or data_dir, is is a warning; 0 = not looked at

	// Less room where the embedded store is, and new work is refused and output not kept,
	// so that what is due is recorded still; 0 = until nothing fits any more.
	DiskFullBytes int `yaml:"disk_full_bytes" range:"0..1099511627776"`
}

// Retention is how long what ended is kept; 0 = for ever.
type Retention struct {
	Success  time.Duration `yaml:"success" range:"0s..36500d"`
	Failed   time.Duration `yaml:"failed" range:"0s..36500d"`
	OneTime  time.Duration `yaml:"one_time" range:"0s..36500d"` // one-time jobs that are over
	Audit    time.Duration `yaml:"audit" range:"0s..36500d"`    // who changed what
	KeepLast int           `yaml:"keep_last" range:"0..100000"` // executions kept per job however old
}

// Log is the daemon's own log, on standard error.
type Log struct {
	Level  string   `yaml:"level" reload:"yes" oneof:"debug|info|warn|error"`
	Format string   `yaml:"format" oneof:"auto|json|text|pretty|journal"`
	Redact []string `yaml:"redact" reload:"yes"` // attributes whose name contains one of these are masked
}

// Tracing is where spans of requests and of runs are sent.
type Tracing struct {
	Enabled     bool    `yaml:"enabled"`
	Endpoint    string  `yaml:"endpoint"`                               // URL of an OTLP/HTTP receiver; "" = what OTEL_EXPORTER_OTLP_* say
	SampleRatio float64 `yaml:"sample_ratio" reload:"yes" range:"0..1"` // of traces that are sent
}
