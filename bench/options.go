package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// options are the command line.
type options struct {
	parts []part
	size  size
	check bool
	list  bool
	dir   string
	out   string

	cpuProfile, memProfile string

	child string // database file: this process is the daemon that is measured
}

// size says how much is measured.
type size struct {
	Name     string        `json:"name"`
	Rounds   int           `json:"rounds"`   // of throughput
	Runs     int           `json:"runs"`     // executions a round
	Messages int           `json:"messages"` // of the peer, a round
	Bursts   int           `json:"bursts"`
	Burst    int           `json:"burst"` // jobs due at one second
	Paced    time.Duration `json:"paced"`
	Stored   int           `json:"stored"` // jobs of a store at rest
	Restarts int           `json:"restarts"`
	Idle     time.Duration `json:"idle"`
	Many     int           `json:"many"`  // jobs of the large store that is ticked
	Ticks    int           `json:"ticks"` // a round
	Steps    int           `json:"steps"` // of Next, a round
	Asked    time.Duration `json:"asked"` // how long requests are sent, a round
	Kept     int           `json:"kept"`  // executions stored at home
	Known    int           `json:"known"` // jobs beside them

	// Of the comparison.
	Backlog int `json:"backlog"` // executions a round
	Tune    int `json:"tune"`    // jobs by which a tuning of a peer is tried
	Tasks   int `json:"tasks"`   // of asynq, a round
	History int `json:"history"` // executions stored
	Looks   int `json:"looks"`   // at what is stored, of each kind
	Removed int `json:"removed"` // executions too old
}

var (
	full = size{
		Name: "full", Rounds: 5, Runs: 150_000, Messages: 4000, Bursts: 6, Burst: 10_000, Paced: time.Minute,
		Stored: 100_000, Restarts: 5, Idle: 65 * time.Second, Many: 1_000_000, Ticks: 60, Steps: 10_000, Asked: 5 * time.Second, Kept: 1_000_000, Known: 10_000,
		Backlog: 100_000, Tune: 40_000, Tasks: 25_000, History: 10_000_000, Looks: 300, Removed: 300_000,
	}
	quick = size{
		Name: "quick", Rounds: 3, Runs: 40_000, Messages: 1500, Bursts: 2, Burst: 10_000, Paced: 10 * time.Second,
		Stored: 100_000, Restarts: 3, Idle: 20 * time.Second, Many: 100_000, Ticks: 30, Steps: 3000, Asked: 2 * time.Second, Kept: 200_000, Known: 10_000,
		Backlog: 30_000, Tune: 10_000, Tasks: 8000, History: 300_000, Looks: 200, Removed: 60_000,
	}
	// tiny proves that everything works; its figures mean nothing.
	tiny = size{
		Name: "tiny", Rounds: 1, Runs: 3000, Messages: 50, Bursts: 1, Burst: 500, Paced: 2 * time.Second,
		Stored: 2000, Restarts: 1, Idle: time.Second, Many: 5000, Ticks: 5, Steps: 100, Asked: 200 * time.Millisecond, Kept: 20_000, Known: 1100,
		Backlog: 3000, Tune: 400, Tasks: 200, History: 20_000, Looks: 5, Removed: 20_000,
	}
)

func parse(args []string) (options, error) {
	o := options{size: full}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	all := f.Bool("all", false, "measure every part (so it does when nothing is chosen)")
	compared := f.Bool("compare", false, "measure PostgreSQL and Redis against River and asynq instead")
	names := f.String("run", "", "measure only these `parts`, by comma")
	isQuick := f.Bool("quick", false, "measure less: for continuous integration")
	isTiny := f.Bool("tiny", false, "measure next to nothing: does the program work?")
	f.BoolVar(&o.list, "list", false, "name the parts")
	f.BoolVar(&o.check, "check", false, "exit with status 1 when a bar is missed")
	f.StringVar(&o.dir, "dir", os.TempDir(), "`folder` for the databases; on a disk, not in memory")
	f.StringVar(&o.out, "out", "", "write every sample to this `file`, as JSON")
	f.StringVar(&o.cpuProfile, "cpuprofile", "", "write a CPU profile of the parts to this `file`")
	f.StringVar(&o.memProfile, "memprofile", "", "write an allocation profile of the parts to this `file`")
	f.StringVar(&o.child, "child", "", "run the daemon on this `database` and measure it (used by the part rest)")
	f.BoolVar(&statements, "statements", false, "with -compare: show which statements took the time of PostgreSQL")
	f.StringVar(&profiles, "profile", "", "with -compare: write profiles of our side of each measurement of throughput to this `folder`")
	f.BoolVar(&oursOnly, "ours", false, "with -compare: leave the peers out of the throughput")
	rounds := f.Int("rounds", 0, "rounds of throughput, 0 = as the size has it")
	idle := f.Duration("idle", 0, "how long a store at rest is watched, 0 = as the size has it")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	switch {
	case f.NArg() > 0:
		return o, fmt.Errorf("unexpected argument %q", f.Arg(0))
	case *isTiny:
		o.size = tiny
	case *isQuick:
		o.size = quick
	}
	if *rounds > 0 {
		o.size.Rounds = *rounds
	}
	if *idle > 0 {
		o.size.Idle = *idle
	}
	if o.parts = parts; *compared {
		o.parts = comparison
	}
	if *names == "" || *all {
		return o, nil
	}
	var err error
	o.parts, err = choose(o.parts, strings.Split(*names, ","))
	return o, err
}

// choose returns the named parts in the order of the table.
func choose(parts []part, names []string) ([]part, error) {
	wanted := map[string]bool{}
	for _, n := range names {
		wanted[strings.TrimSpace(n)] = true
	}
	var chosen []part
	for _, p := range parts {
		if wanted[p.name] {
			chosen = append(chosen, p)
			delete(wanted, p.name)
		}
	}
	for n := range wanted {
		return nil, fmt.Errorf("no part is called %q; -list names them", n)
	}
	return chosen, nil
}

// list names the parts.
func list(w io.Writer, parts []part) error {
	for _, p := range parts {
		if _, err := fmt.Fprintf(w, "%-12s %s\n", p.name, p.about); err != nil {
			return err
		}
	}
	return nil
}
