package main

import "context"

// throughput measures executions a second with all of the history kept, in turn with
// goqite's runner, which keeps none.
func throughput(ctx context.Context, dir string, s size) ([]Figure, error) {
	var theirs, fired, drained series
	for range s.Rounds {
		for _, m := range []struct {
			to      *series
			measure func(dir string) (speed, error)
		}{
			{&theirs, func(dir string) (speed, error) { return drainPeer(ctx, dir, s.Messages, bestPeer) }},
			{&fired, func(dir string) (speed, error) { return fireAlone(ctx, dir, s.Runs) }},
			{&drained, func(dir string) (speed, error) { return drainAlone(ctx, dir, s.Runs) }},
		} {
			v, err := inFolder(dir, m.measure)
			if err != nil {
				return nil, err
			}
			m.to.add(v)
		}
	}
	const cpu = "  CPU time of each"
	return []Figure{
		against("due → settled, 1 000 jobs firing as fast as they settle", "/s", fired.rate, "goqite", theirs.rate, atLeast(15, 40)),
		medianOf(cpu, "µs", fired.cpu, nil),
		against("waiting → settled, a backlog drained", "/s", drained.rate, "goqite", theirs.rate, atLeast(15, 40)),
		medianOf(cpu, "µs", drained.cpu, nil),
		medianOf("goqite's runner draining messages (WAL, FULL)", "/s", theirs.rate, nil),
		medianOf(cpu, "µs", theirs.cpu, nil),
	}, nil
}

func fireAlone(ctx context.Context, dir string, runs int) (v speed, err error) {
	b, err := openAlone(ctx, dir)
	if err != nil {
		return v, err
	}
	return fire(ctx, b, nil, runs, alreadyReady)
}

func drainAlone(ctx context.Context, dir string, runs int) (v speed, err error) {
	b, err := openAlone(ctx, dir)
	if err != nil {
		return v, err
	}
	return drain(ctx, b, nil, runs, alreadyReady)
}

func alreadyReady() error { return nil }
