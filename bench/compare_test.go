package main

import (
	"os"
	"testing"
	"time"
)

func TestPeers(t *testing.T) {
	ctx := t.Context()
	dir, err := publicFolder("/tmp", "b-")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	statements = os.Getenv("ST") != ""
	_, err = withServers(dir, func(sv *servers) ([]Figure, error) {
		for range 2 {
			p, err := runDue(ctx, sv, timetable{jobs: 10000})
			t.Logf("due %v %v %v %v %v", percentile(p.late, 50), percentile(p.late, 99), p.finished, p.ended, err)
			t.Log(p.speed)
			v, err := inDatabase(ctx, sv, func(dsn string) (speed, error) {
				b, err := openShared(ctx, sv, dsn)
				if err != nil { return speed{}, err }
				return fire(ctx, b, sv, 30000)
			})
			t.Logf("fire %+v %v", v, err)
			v, err = inDatabase(ctx, sv, func(dsn string) (speed, error) {
				b, err := openShared(ctx, sv, dsn)
				if err != nil { return speed{}, err }
				return drain(ctx, b, sv, 30000, func() error { return calmDown(ctx, dsn) })
			})
			t.Logf("drain %+v %v", v, err)
		}
		v, err := riverDrain(ctx, sv, 30000, riverTuning{2000, 2*time.Millisecond, 5*time.Millisecond})
		t.Logf("river drain %+v %v", v, err)
		return nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
