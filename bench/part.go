package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"runtime/debug"
)

// part is one thing to measure. It gets a folder of its own.
type part struct {
	name, about string
	measure     func(ctx context.Context, dir string, s size) ([]Figure, error)
}

// parts are in the order of the table.
var parts = []part{
	{"throughput", "executions a second, against goqite's runner", throughput},
	{"observe", "what it costs to be scraped, traced and audited", observe},
	{"burst", "10 000 jobs due at one second", burst},
	{"paced", "lateness at 100 and 1 000 runs a second", paced},
	{"rest", "100 000 stored jobs: restart, memory, idle CPU", rest},
	{"tick", "a tick with a million stored jobs against a thousand", tick},
	{"next", "schedule arithmetic against raw cronexpr", next},
	{"api", "requests a second on the socket: reads, and durable creations", requests},
	{"million", "looking at a million executions through the API", million},
}

// comparison are the parts that need PostgreSQL and Redis, in the order of the table.
var comparison = []part{
	{"waiting", "a backlog worked off, against River and asynq", waiting},
	{"firing", "due → settled, against River inserting and working at once", firingPart},
	{"onetime", "100 000 one-time jobs due at once, against River's scheduled jobs", oneTime},
	{"instant", "10 000 one-time jobs due at one instant, against River", instant},
	{"spread", "1 000 one-time jobs spread over a minute, against River", spread1000},
	{"pace", "lateness at 1 000 and 5 000 runs a second", pace},
	{"ticks", "a tick of 1 000 jobs with a million stored against two thousand", tickShared},
	{"history", "looking at ten million executions", history},
	{"tenmillion", "looking at ten million executions through the API", tenMillion},
	{"retention", "removing old executions while others run", retention},
}

// measure measures the parts one after the other. What one of them cannot do is
// told on standard error and harms no other.
func measure(ctx context.Context, o options) (report, error) {
	r := report{Size: o.size}
	dir, err := publicFolder(o.dir, "schedd-bench-")
	if err != nil {
		return r, err
	}
	defer os.RemoveAll(dir)
	if r.Machine, err = probe(dir); err != nil {
		return r, err
	}
	failed := 0
	for _, p := range o.parts {
		fmt.Fprintf(os.Stderr, "bench: %s: %s\n", p.name, p.about)
		c := others()
		figures, err := isolated(ctx, dir, p, o.size)
		r.Crowd = append(r.Crowd, crowded{p.name, c.share()})
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if err != nil {
			failed++
			fmt.Fprintf(os.Stderr, "bench: %s failed: %v\n", p.name, err)
		}
		r.Figures = append(r.Figures, figures...)
	}
	if failed > 0 {
		return r, fmt.Errorf("%d parts failed", failed)
	}
	return r, nil
}

// isolated measures one part with a clean heap and a folder that goes afterwards.
func isolated(ctx context.Context, dir string, p part, s size) ([]Figure, error) {
	own, err := publicFolder(dir, p.name+"-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(own)
	runtime.GC()
	debug.FreeOSMemory()
	figures, err := p.measure(ctx, own, s)
	for i := range figures {
		figures[i].Part = p.name
	}
	return figures, err
}
