package api

// RouteCleanup removes old history.
const RouteCleanup = Prefix + "/cleanup"

// What POST /cleanup removes.
const (
	CleanupExecutions = "executions" // with their logs, attempts and dead letters
	CleanupEvents     = "events"     // that came in, and what was done about them
	CleanupJobs       = "jobs"       // one-time jobs that are over
	CleanupLogs       = "logs"       // lines beyond the caps of the configuration
)

// CleanupKinds returns all of them, in the order in which they go.
func CleanupKinds() []string {
	return []string{CleanupExecutions, CleanupEvents, CleanupJobs, CleanupLogs}
}

// Cleanup is the optional body of POST /cleanup.
type Cleanup struct {
	// OlderThan is a duration such as "720h"; "" = the retention of the configuration. The
	// newest executions of each job stay whatever it says, as retention.keep_last has it.
	OlderThan string   `json:"older_than,omitempty"`
	Only      []string `json:"only,omitempty"`    // executions | events | jobs | logs; none = all that the caller may
	DryRun    bool     `json:"dry_run,omitempty"` // only count
	Reason    string   `json:"reason,omitempty"`
}

// Cleaned is the answer of POST /cleanup.
type Cleaned struct {
	DryRun      bool  `json:"dry_run"`
	More        bool  `json:"more"` // there is more to remove: ask again
	Executions  int64 `json:"executions"`
	DeadLetters int64 `json:"dead_letters"` // of these executions
	Events      int64 `json:"events"`
	Jobs        int64 `json:"jobs"`
	LogBytes    int64 `json:"log_bytes"` // beside those of executions; of a dry run, what is beyond the cap of the total
}

// Add adds what another answer removed, and takes over whether there is more.
func (c *Cleaned) Add(o Cleaned) {
	c.More = o.More
	c.Executions += o.Executions
	c.DeadLetters += o.DeadLetters
	c.Events += o.Events
	c.Jobs += o.Jobs
	c.LogBytes += o.LogBytes
}
