package redis

import (
	"testing"

	"github.com/agentic-sdlc/scheduler/job"
)

const executionID = "0199aaaa-0000-7000-8000-000000000001"

func TestReplyIsRead(t *testing.T) {
	t.Parallel()
	entry := "*1\r\n*2\r\n$3\r\n5-1\r\n*6\r\n$12\r\nexecution_id\r\n$36\r\n" + executionID + "\r\n$8\r\npriority\r\n$4\r\nhigh\r\n$1\r\nx\r\n$0\r\n\r\n"
	for name, text := range map[string]string{
		"version 2": "*1\r\n*2\r\n$1\r\ns\r\n" + entry,
		"version 3": "%1\r\n$1\r\ns\r\n" + entry,
	} {
		r := reply{b: []byte(text)}
		got := r.messages(1, 10)
		if r.bad || len(got) != 1 || got[0].Receipt != "1/5-1/"+executionID || got[0].Priority != job.PriorityHigh || got[0].Count != 1 {
			t.Errorf("%s: read %+v, bad %v", name, got, r.bad)
		}
	}
	for _, nothing := range []string{"*-1\r\n", "_\r\n", "*0\r\n", "%0\r\n"} {
		r := reply{b: []byte(nothing)}
		if got := r.messages(1, 10); len(got) > 0 || r.bad {
			t.Errorf("%q: read %+v, bad %v", nothing, got, r.bad)
		}
	}
	lost := reply{b: []byte("-NOGROUP No such key\r\n")}
	if err := lost.refusal(); !groupLost(err) || !refused(err) {
		t.Errorf("refusal = %v, want NOGROUP", err)
	}
}

func FuzzReply(f *testing.F) {
	f.Add("*1\r\n*2\r\n$1\r\ns\r\n*1\r\n*2\r\n$3\r\n5-1\r\n*2\r\n$1\r\na\r\n$1\r\nb\r\n")
	f.Add("*999999999999\r\n")
	f.Fuzz(func(_ *testing.T, text string) {
		r := reply{b: []byte(text)}
		_ = r.refusal()
		_ = r.messages(0, 1000)
	})
}
