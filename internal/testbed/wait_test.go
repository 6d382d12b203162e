package testbed

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"
)

func TestPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		after := func(d time.Duration) func() bool { return func() bool { return time.Since(began) >= d } }
		if !Poll(time.Second, after(time.Second/2)) || time.Since(began) > time.Second/2+pause {
			t.Errorf("Poll came back after %v, want true after half a second", time.Since(began))
		}
		if Poll(time.Second, after(time.Hour)) || time.Since(began) > 3*time.Second/2+2*pause {
			t.Errorf("Poll came back after %v, want false after a second more", time.Since(began))
		}
		if !Poll(0, after(0)) {
			t.Error("Poll for no time at all did not look")
		}
	})
}

func TestEventually(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, tt := range []struct {
			so   bool
			want string
		}{{true, ""}, {false, "the end: not within 1s"}} {
			v := &verdict{TB: t}
			Eventually(v, "the end", time.Second, func() bool { return tt.so })
			if v.text != tt.want {
				t.Errorf("Eventually(%t) fails with %q, want %q", tt.so, v.text, tt.want)
			}
		}
	})
}

// verdict notes how a test failed.
type verdict struct {
	testing.TB
	text string
}

func (v *verdict) Helper()                         {}
func (v *verdict) Fatal(args ...any)               { v.text = fmt.Sprint(args...) }
func (v *verdict) Fatalf(form string, args ...any) { v.text = fmt.Sprintf(form, args...) }
