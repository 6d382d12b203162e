package config

import "time"

const day = 24 * time.Hour

// Default returns the defaults as the commented sample lists them. Empty paths and
// names are filled by Load from the environment.
func Default() Config {
	return Config{
		Roles:    []string{RoleAPI, RoleScheduler, RoleWorker},
		Timezone: "UTC",
		Listen: Listen{
			SocketMode:    "0660",
			SocketGroup:   "schedctl",
			OperatorGroup: "schedctl",
			Hosts:         []string{},
			RequestRate:   100,
			RequestBurst:  200,
			MaxBodyBytes:  1 << 20,
			ShutdownGrace: 10 * time.Second,
		},
		Store: Store{
			Driver: DriverSQLite, AutoMigrate: true, SQLite: SQLite{Synchronous: "full"},
			Postgres: Postgres{MaxConns: 20, ExecMode: "cache_statement", StatementTimeout: 15 * time.Second, Durability: "full"},
		},
		Queue: Queue{Driver: DriverMemory, Redis: Redis{ClaimIdle: 15 * time.Second, MaxLen: 100_000, Channels: []string{}}},
		Scheduler: Scheduler{
			Misfire:          "fire_once",
			MisfireThreshold: time.Minute,
			CatchUpSpacing:   time.Second,
			DSTPolicy:        "once",
		},
		Worker: Worker{
			Slots:        64,
			Commands:     8,
			DrainTimeout: 30 * time.Second,
			Lease:        30 * time.Second,
			Heartbeat:    5 * time.Second,
			ReapEvery:    5 * time.Second,
			Defaults: Defaults{
				Timeout:       5 * time.Minute,
				MaxRetries:    3,
				RetryDelay:    time.Minute,
				RetryBackoff:  "exponential",
				RetryMaxDelay: time.Hour,
				Priority:      "medium",
			},
		},
		Handlers: Handlers{
			Exec: Exec{Free: "admin", Shell: "/bin/sh", PassEnv: []string{
				"HOME", "LANG", "LC_ALL", "LOGNAME", "PATH", "TMPDIR", "TZ", "USER",
			}},
			HTTP: HTTP{
				AllowHosts: []string{"*"}, AllowPorts: []int{}, AllowPrivate: []string{}, AllowPrivateHosts: []string{},
			},
			Commands: []Command{},
			URLs:     []URL{},

			Channels:      []Channel{},
			Notifications: []Notification{},
			KnowledgeBase: KnowledgeBase{Timeout: time.Minute},
		},
		Agents:   Agents{Wait: 30 * time.Second},
		Declared: []Secret{},
		Alerts:   Alerts{EvaluateEvery: 15 * time.Second, Ping: Ping{Every: time.Minute}},
		Limits:   Limits{LogJobBytes: 64 << 20, LogTotalBytes: 1 << 30, EventRate: 10_000, EventBurst: 20_000},
		Health:   Health{SlowStore: time.Second, MaxLag: 5 * time.Second, StuckAfter: 15 * time.Second, DiskLowBytes: 256 << 20, DiskFullBytes: 64 << 20},
		Retention: Retention{
			Success:  7 * day,
			Failed:   30 * day,
			OneTime:  90 * day,
			Audit:    365 * day,
			KeepLast: 10,
		},
		Log: Log{
			Level:  "info",
			Format: "auto",
			Redact: []string{"password", "passwd", "secret", "token", "authorization", "cookie", "api_key"},
		},
		Tracing: Tracing{SampleRatio: 1},
	}
}
