package api

import (
	"time"

	"github.com/agentic-sdlc/scheduler/job"
)

// Periods of Metrics, from now back.
const (
	PeriodHour  = "1h"
	PeriodDay   = "24h" // the default
	PeriodWeek  = "7d"
	PeriodMonth = "30d"
)

// Periods returns all periods.
func Periods() []string { return []string{PeriodHour, PeriodDay, PeriodWeek, PeriodMonth} }

// Metrics is the answer of GET /metrics: figures of a platform, or of all. What ended is
// of the time range, everything else of now.
type Metrics struct {
	Jobs        JobCounts       `json:"jobs"`
	Executions  ExecutionCounts `json:"executions"`
	Performance Performance     `json:"performance"`
	Queue       QueueCounts     `json:"queue"`
	System      System          `json:"system"`
	TimeRange   TimeRange       `json:"time_range"`
	GeneratedAt time.Time       `json:"generated_at"`
}

// JobCounts are jobs by status; deleted ones do not count.
type JobCounts struct {
	Total     int64 `json:"total"`
	Pending   int64 `json:"pending"`
	Active    int64 `json:"active"`
	Paused    int64 `json:"paused"`
	Completed int64 `json:"completed"`
	Failed    int64 `json:"failed"`
	Cancelled int64 `json:"cancelled"`
	Error     int64 `json:"error"` // their definition cannot be used
}

// ExecutionCounts are executions by how they ended within the time range, and those that
// have not ended.
type ExecutionCounts struct {
	Total      int64 `json:"total"` // of the four that follow
	Successful int64 `json:"successful"`
	Failed     int64 `json:"failed"`
	Timeout    int64 `json:"timeout"`
	Cancelled  int64 `json:"cancelled"`
	Skipped    int64 `json:"skipped"` // due times and manual runs that did not run
	Missed     int64 `json:"missed"`  // of these, due times that nobody was there for
	Pending    int64 `json:"pending"` // now
	Running    int64 `json:"running"` // now
}

// Performance is how well executions went, and how long the successful ones took.
type Performance struct {
	SuccessRate   float64 `json:"success_rate"` // percent of success, failed and timeout; 0 when there were none
	AvgDurationMS int64   `json:"avg_duration_ms"`
	P50DurationMS int64   `json:"p50_duration_ms"`
	P95DurationMS int64   `json:"p95_duration_ms"`
	P99DurationMS int64   `json:"p99_duration_ms"`
}

// QueueCounts are executions that wait, and those that nothing will run again.
type QueueCounts struct {
	Size       int64  `json:"size"` // could start
	Processing int64  `json:"processing"`
	Delayed    int64  `json:"delayed"` // wait for an instant: retries, moved starts
	Failed     int64  `json:"failed"`  // dead letters
	OldestMS   *int64 `json:"oldest_ms"`
}

// System is the nodes, and the one that answered.
type System struct {
	Workers         int     `json:"workers"` // live nodes with the role worker
	Node            string  `json:"node"`
	MemoryUsageMB   float64 `json:"memory_usage_mb"`   // resident, of this node
	CPUUsagePercent float64 `json:"cpu_usage_percent"` // of one core, by this node, of late
	UptimeSeconds   int64   `json:"uptime_seconds"`    // of this node
}

// TimeRange is from when until when, which is exclusive. Its ends are whole minutes, or
// whole hours when it begins more than 25 hours ago.
type TimeRange struct {
	Start time.Time `json:"start"`
	End   time.Time `json:"end"`
}

// JobStats is the answer of GET /jobs/{id}/stats.
type JobStats struct {
	JobID      job.ID     `json:"job_id"`
	JobName    string     `json:"job_name"`
	PlatformID *string    `json:"platform_id"`
	Since      *time.Time `json:"since"` // null = since ever

	TotalExecutions int64   `json:"total_executions"` // that ended
	Successful      int64   `json:"successful"`
	Failed          int64   `json:"failed"`
	Timeout         int64   `json:"timeout"`
	Cancelled       int64   `json:"cancelled"`
	Skipped         int64   `json:"skipped"`
	SuccessRate     float64 `json:"success_rate"` // as in Performance

	// Of successes; null when there were none.
	AvgDurationMS *int64 `json:"avg_duration_ms"`
	MinDurationMS *int64 `json:"min_duration_ms"`
	MaxDurationMS *int64 `json:"max_duration_ms"`
	P50DurationMS *int64 `json:"p50_duration_ms"`
	P95DurationMS *int64 `json:"p95_duration_ms"`
	P99DurationMS *int64 `json:"p99_duration_ms"`

	LastExecution   *LastExecution `json:"last_execution,omitempty"`
	NextExecution   *NextExecution `json:"next_execution,omitempty"`
	FailurePatterns []Pattern      `json:"failure_patterns,omitempty"` // at most 10, most often first
	Timezone        string         `json:"timezone"`                   // of the hours
	BusiestHours    []BusyHour     `json:"busiest_hours"`              // at most 5, busiest first
	Trend           []DayStats     `json:"trend"`                      // days with executions, oldest first
	GeneratedAt     time.Time      `json:"generated_at"`
}

// LastExecution is the newest execution that started.
type LastExecution struct {
	ExecutionID job.ID     `json:"execution_id"`
	Run         string     `json:"run"` // JOB/N
	Status      job.Status `json:"status"`
	StartedAt   time.Time  `json:"started_at"`
	DurationMS  *int64     `json:"duration_ms,omitempty"`
}

// NextExecution is the next due time.
type NextExecution struct {
	ScheduledAt         time.Time `json:"scheduled_at"`
	EstimatedDurationMS *int64    `json:"estimated_duration_ms"` // the average; null when nothing succeeded yet
}

// Pattern is failures that say the same but for numbers, names and the like.
type Pattern struct {
	ErrorType      string    `json:"error_type"` // class of the error
	Message        string    `json:"message"`    // # for a number, … for what was quoted
	Count          int64     `json:"count"`
	LastOccurrence time.Time `json:"last_occurrence"`
}

// BusyHour is an hour of the day, 0 to 23, and how many executions started in it.
type BusyHour struct {
	Hour           int   `json:"hour"`
	ExecutionCount int64 `json:"execution_count"`
}

// DayStats is one day in UTC.
type DayStats struct {
	Day           string `json:"day"` // 2026-11-22
	Executions    int64  `json:"executions"`
	Successful    int64  `json:"successful"`
	AvgDurationMS *int64 `json:"avg_duration_ms"` // of successes
}

// PlatformHealth is the answer of GET /api/v1/health: the platform that schedd is a part
// of, as far as schedd knows it.
type PlatformHealth struct {
	Status     string             `json:"status"` // as of Health
	Components PlatformComponents `json:"components"`
	Timestamp  time.Time          `json:"timestamp"`
}

// PlatformComponents are the parts of PlatformHealth.
type PlatformComponents struct {
	Database  Component          `json:"database"`
	Scheduler SchedulerComponent `json:"scheduler"`
}

// SchedulerComponent is schedd as a part of a platform.
type SchedulerComponent struct {
	Status            string `json:"status"` // up | down
	ActiveJobs        int64  `json:"active_jobs"`
	PendingExecutions int64  `json:"pending_executions"`
	QueueHealth       string `json:"queue_health"` // as of Health
}
