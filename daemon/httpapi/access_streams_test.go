package httpapi

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/daemon/control"
	"github.com/agentic-sdlc/scheduler/job"
)

// TestStreamEnds is V34: what is followed ends within a second when its caller would not
// be let in any more.
func TestStreamEnds(t *testing.T) {
	var revoked bool
	b := newBench(t, func(_ *control.Options, o *Options) {
		o.Still = func(_ context.Context, p control.Principal) error {
			if p.Token != "aaaaaaaa" || !revoked {
				revoked = true // the next look finds it so
				return nil
			}
			return job.Errorf(job.Unauthenticated, "a valid token is needed")
		}
	})
	b.cron("nightly", "")
	e := read[job.Execution](b.do("POST", base+"/jobs/nightly/run", "").want(201))
	b.settle(e.ID, "") // it goes on running
	b.who = control.Principal{Name: "token:x", Role: viewer, Platform: control.AnyPlatform, Token: "aaaaaaaa"}
	began := time.Now()
	b.do("GET", base+"/executions/"+e.ID.String()+"/logs?follow=true", "").want(200)
	if took := time.Since(began); took < lookAgain || took > 10*time.Second {
		t.Errorf("the stream ended after %s, want about a second", took)
	}
	if n := b.server.(*server).streams.all; n != 0 {
		t.Errorf("%d streams are counted after their end", n)
	}
}

// TestStreamsAreBounded: in all, and by platform.
func TestStreamsAreBounded(t *testing.T) {
	t.Parallel()
	s := streams{most: 3, mostOf: 2, of: map[string]int{}}
	web, shop, all := &control.Principal{Platform: "web"}, &control.Principal{Platform: "shop"}, &control.Principal{Platform: control.AnyPlatform}
	var got []bool
	for _, p := range []*control.Principal{web, web, web, shop, all} {
		got = append(got, s.begin(p) == nil)
	}
	s.end(web)
	for _, p := range []*control.Principal{all, web} {
		err := s.begin(p)
		got = append(got, err == nil)
		if err != nil && job.CodeOf(err) != job.RateLimited {
			t.Errorf("one too many: %v", err)
		}
	}
	if want := []bool{true, true, false, true, false, true, false}; !slices.Equal(got, want) {
		t.Errorf("let in: %v, want %v", got, want)
	}
	for _, p := range []*control.Principal{web, shop, all} {
		s.end(p)
	}
	if s.all != 0 || len(s.of) != 0 {
		t.Errorf("left: %d, %v", s.all, s.of)
	}
}
