package main

import (
	"testing"
"os"
	"time"
)

func TestPeers(t *testing.T) {
	ctx := t.Context()
	dir, err := publicFolder("/tmp", "b-")
	if err != nil { t.Fatal(err) }
	defer os.RemoveAll(dir)
	_, err = withServers(dir, func(sv *servers) ([]Figure, error) {
		tt := riverTuning{2000, 2*time.Millisecond, 1000*time.Millisecond}
		for range 2 {
			v, err := riverDrain(ctx, sv, 50000, tt)
			t.Logf("drain %+v %v", v, err)
		}
		v, err := riverInsertAndWork(ctx, sv, 50000, riverTuning{2000, 2*time.Millisecond, 5*time.Millisecond})
		t.Logf("insert %+v %v", v, err)
		for range 2 {
		p, err := riverScheduled(ctx, sv, 10000, riverTuning{2000, 2*time.Millisecond, 2*time.Millisecond}, 9*time.Second, func(f time.Time, i int) time.Time { return f })
		t.Logf("burst %v %v %v %v", percentile(p.late, 50), percentile(p.late, 99), p.finished, err)
		}
		for _, w := range []int{10, 100, 1000} {
		v, err = asynqDrain(ctx, sv, sv.aof, 20000, w)
		t.Logf("asynq %+v %v", v, err)
		v, err = asynqDrain(ctx, sv, sv.redis, 20000, w)
		t.Logf("asynq %+v %v", v, err)
		}
		return nil, nil
	})
	if err != nil { t.Fatal(err) }
}
