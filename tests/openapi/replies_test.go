package openapi

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"
)

// peer stands for an agent and for a workflow engine: it takes what it is told to do,
// and leaves the answer to a later call of the API.
type peer struct {
	*httptest.Server

	told chan task
}

// task is what a peer was told, by either of the two.
type task struct {
	TaskID      string `json:"task_id"`
	ExecutionID string `json:"execution_id"`
	ReplyToken  string `json:"reply_token"`
}

func newPeer(t *testing.T) *peer {
	t.Helper()
	p := &peer{told: make(chan task, 8)}
	p.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			_, _ = w.Write([]byte(`{"status":"running"}`))
			return
		}
		var got task
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"workflow_id":"wf-7"}`))
		p.told <- got
	}))
	t.Cleanup(p.Close)
	return p
}

// told waits for the next task that the peer is told.
func (s *schedd) told() task {
	s.t.Helper()
	select {
	case got := <-s.peer.told:
		return got
	case <-time.After(60 * time.Second):
		s.t.Fatal("waited too long: the peer was told nothing")
		return task{}
	}
}

// replies drives the two routes by which others tell how a run ended.
func replies(s *schedd) {
	run := base + "/jobs/{id}/run"
	ends := func(what, ref string) {
		s.t.Helper()
		s.until(what+" succeeded", func() bool {
			return s.do(200, "GET", base+"/executions/{id}", base+"/executions/"+ref, "").text("status") == "success"
		})
	}

	agents := base + "/agents"
	s.do(201, "POST", agents, agents, `{"name":"later","type":"reporter","endpoint":"`+s.peer.URL+`/tasks"}`)
	cron := base + "/jobs/cron"
	s.do(201, "POST", cron, cron, `{"name":"report","schedule":"0 9 * * *","handler_type":"agent","handler_name":"reporter"}`)
	s.do(201, "POST", run, base+"/jobs/report/run", `{}`)
	got := s.told()
	reply := base + "/agent-replies/{id}"
	s.do(404, "POST", reply, base+"/agent-replies/"+got.TaskID, `{"reply_token":"guess","status":"success"}`)
	s.do(s.success("POST "+reply), "POST", reply, base+"/agent-replies/"+got.TaskID, `{"reply_token":"`+got.ReplyToken+`","status":"success","result":{"pages":7}}`)
	ends("the agent's run", "report:1")

	all := base + "/workflows"
	s.do(201, "POST", all, all, `{"name":"elsewhere","engine":{"url":"`+s.peer.URL+`/start","wait":true,"poll_ms":60000}}`)
	id := s.do(201, "POST", all+"/{id}/run", all+"/elsewhere/run", `{}`).text("id")
	got = s.told()
	reply = base + "/executions/{id}/reply"
	s.do(404, "POST", reply, base+"/executions/"+id+"/reply", `{"reply_token":"guess","status":"success"}`)
	good := s.success("POST " + reply)
	s.until("the reply is taken", func() bool { // the engine may be told before the run waits
		return s.ask("POST", base+"/executions/"+id+"/reply", `{"reply_token":"`+got.ReplyToken+`","status":"success","result":{"n":7}}`) == good
	})
	s.answered["POST "+reply] = true
	ends("the engine's run", id)
}
