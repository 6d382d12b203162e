package workflow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/agentic-sdlc/scheduler/handler"
	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/store"
	"github.com/agentic-sdlc/scheduler/workflow"
)

// Engine calls external engines.
type Engine struct {
	Client *http.Client // guards where calls go
	// Reply is the address at which engines may say that a workflow is over, with "{id}"
	// for the execution; "" = they are asked only.
	Reply string
}

// callTime bounds one call of an engine.
const callTime = 30 * time.Second

// start is what an engine is sent.
type start struct {
	Type        string          `json:"type"`
	InputData   json.RawMessage `json:"input_data"`
	ExecutionID string          `json:"execution_id"`
	Attempt     int             `json:"attempt"`
	Token       int64           `json:"token"`
	Platform    string          `json:"platform_id"`
	ReplyTo     string          `json:"reply_to,omitempty"`
	ReplyToken  string          `json:"reply_token,omitempty"`
}

// answer is what an engine says: of its start, when it is asked, or by itself.
type answer struct {
	WorkflowID string          `json:"workflow_id"`
	Status     string          `json:"status"` // running, success, failed
	Result     json.RawMessage `json:"result"`
	Error      string          `json:"error"`
}

// engine starts the workflow elsewhere, and asks how it stands.
func (fl *flow) engine(ctx context.Context) (handler.Result, error) {
	if fl.h.o.Engine == nil {
		return handler.Result{}, &handler.Failure{Class: "engine_missing", Message: "this node calls no external engines", Permanent: true}
	}
	e := fl.plan.Engine
	if fl.f.Reply != nil {
		var a answer
		if err := json.Unmarshal(fl.f.Reply, &a); err != nil {
			return handler.Result{}, &handler.Failure{Class: "engine_answer", Message: "the engine's reply cannot be read"}
		}
		return fl.ended(&a)
	}
	if fl.late() {
		return handler.Result{}, handler.ErrDeadline
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	var a answer
	var err error
	if fl.f.EngineID == "" {
		a, err = fl.begin(ctx, e)
	} else {
		a, err = fl.ask(ctx, e)
	}
	if err != nil {
		return handler.Result{}, err
	}
	if !e.Wait {
		value, _ := json.Marshal(map[string]string{"workflow_id": fl.f.EngineID})
		return handler.Result{Value: value}, nil
	}
	if over(a.Status) {
		return fl.ended(&a)
	}
	poll := e.PollMS
	if poll == 0 {
		poll = workflow.DefaultPollMS
	}
	return handler.Result{}, &handler.Park{Until: fl.until(time.Duration(poll) * time.Millisecond)}
}

// begin starts the workflow. The same execution and attempt may be started twice, when
// its node died in between: the key tells the engine so.
func (fl *flow) begin(ctx context.Context, e *workflow.Engine) (answer, error) {
	in := start{
		Type: fl.f.Workflow.Name, InputData: fl.t.Payload, ExecutionID: fl.t.ExecutionID.String(), Attempt: fl.t.Attempt, Token: fl.t.Token, Platform: fl.t.Platform,
	}
	if reply := fl.h.o.Engine.Reply; reply != "" && e.Wait {
		in.ReplyTo, in.ReplyToken = strings.Replace(reply, "{id}", in.ExecutionID, 1), fl.f.Secret
	}
	body, err := json.Marshal(in)
	if err != nil {
		return answer{}, err
	}
	a, err := fl.call(ctx, http.MethodPost, e.URL, body)
	if err != nil {
		return a, err
	}
	if a.WorkflowID == "" || len(a.WorkflowID) > 200 {
		return a, &handler.Failure{Class: "engine_answer", Message: "the engine's answer has no workflow_id"}
	}
	fl.f.EngineID = a.WorkflowID
	return a, fl.h.o.Store.NoteFlow(ctx, store.NoteFlow{Execution: fl.t.ExecutionID, Token: fl.t.Token, EngineID: a.WorkflowID})
}

// ask asks how the workflow stands. An engine that cannot be reached is asked again.
func (fl *flow) ask(ctx context.Context, e *workflow.Engine) (answer, error) {
	at, err := url.JoinPath(e.URL, url.PathEscape(fl.f.EngineID))
	if err != nil {
		return answer{}, &handler.Failure{Class: "engine_url", Message: "the engine's URL cannot be read", Permanent: true}
	}
	a, err := fl.call(ctx, http.MethodGet, at, nil)
	if err != nil {
		fl.t.Log.Line(job.LogWarn, job.StreamSystem, "the engine is asked again: "+err.Error())
		return answer{Status: string(job.Running)}, nil
	}
	return a, nil
}

func (fl *flow) call(ctx context.Context, method, at string, body []byte) (a answer, err error) {
	rq, err := http.NewRequestWithContext(ctx, method, at, bytes.NewReader(body))
	if err != nil {
		return a, &handler.Failure{Class: "engine_url", Message: "the engine's URL cannot be read", Permanent: true}
	}
	if body != nil {
		rq.Header.Set("Content-Type", "application/json")
		rq.Header.Set("Idempotency-Key", fl.t.ExecutionID.String()+"-"+strconv.Itoa(fl.t.Attempt))
	}
	rq.Header.Set("Accept", "application/json")
	rq.Header.Set("X-Schedd-Execution-Id", fl.t.ExecutionID.String())
	rq.Header.Set("X-Schedd-Fencing-Token", strconv.FormatInt(fl.t.Token, 10))
	if fl.t.TraceParent != "" {
		rq.Header.Set("Traceparent", fl.t.TraceParent)
	}
	rs, err := fl.h.o.Engine.Client.Do(rq)
	if err != nil {
		return a, &handler.Failure{Class: "engine_unreachable", Message: "the engine cannot be reached", Err: err}
	}
	defer rs.Body.Close()
	text, err := io.ReadAll(io.LimitReader(rs.Body, job.MaxResult+4096))
	switch {
	case rs.StatusCode >= 300:
		return a, &handler.Failure{Class: fmt.Sprintf("http_%d", rs.StatusCode), Message: fmt.Sprintf("the engine answered %s", rs.Status), Permanent: rs.StatusCode/100 == 4 && rs.StatusCode != http.StatusTooManyRequests}
	case err != nil:
		return a, &handler.Failure{Class: "engine_answer", Message: "the engine's answer broke off", Err: err}
	case json.Unmarshal(text, &a) != nil:
		return a, &handler.Failure{Class: "engine_answer", Message: "the engine's answer is not the JSON object that was expected"}
	}
	return a, nil
}

// over reports whether a word of an engine says that a workflow is over.
func over(status string) bool {
	switch status {
	case "success", "succeeded", "completed", "failed", "error", "cancelled", "timeout":
		return true
	}
	return false
}

// ended is the end of a workflow that ran elsewhere.
func (fl *flow) ended(a *answer) (handler.Result, error) {
	value := a.Result
	if value == nil {
		value, _ = json.Marshal(map[string]string{"workflow_id": fl.f.EngineID})
	}
	switch a.Status {
	case "success", "succeeded", "completed":
		return handler.Result{Value: value}, nil
	}
	message := a.Error
	if message == "" {
		message = "the workflow ended as " + a.Status
	}
	return handler.Result{Value: value}, &handler.Failure{Class: "workflow_failed", Message: "engine: " + message}
}
