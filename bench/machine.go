package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"time"
)

// machine is where the figures come from.
type machine struct {
	Go     string    `json:"go"`
	CPUs   int       `json:"cpus"`
	Load   string    `json:"load"` // at the start
	SyncMS []float64 `json:"sync_ms"`
	At     time.Time `json:"at"`
}

// String is the line above the table. The time of an fsync says whether a slow
// figure is the disk's.
func (m machine) String() string {
	return fmt.Sprintf("%s, %d CPUs, load %s at the start, fsync of 4 KiB p50 %s ms p99 %s ms, %s",
		m.Go, m.CPUs, m.Load, number(median(m.SyncMS)), number(percentile(m.SyncMS, 99)), m.At.Format("2006-01-02 15:04 UTC"))
}

// probe looks at the machine, and measures what a commit costs at least.
func probe(dir string) (machine, error) {
	m := machine{Go: runtime.Version(), CPUs: runtime.GOMAXPROCS(0), Load: "unknown", At: time.Now().UTC()}
	if text, err := os.ReadFile("/proc/loadavg"); err == nil {
		m.Load, _, _ = strings.Cut(string(text), " ")
	}
	f, err := os.CreateTemp(dir, "sync-")
	if err != nil {
		return m, err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	block := make([]byte, 4096)
	for range 200 {
		start := time.Now()
		if _, err := f.Write(block); err != nil {
			return m, err
		}
		if err := f.Sync(); err != nil {
			return m, err
		}
		m.SyncMS = append(m.SyncMS, millis(time.Since(start)))
	}
	return m, nil
}
