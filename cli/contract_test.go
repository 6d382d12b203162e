package cli

import (
	"encoding/json"
	"flag"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

var update = flag.Bool("update", false, "write golden files")

// contract is what -o json prints, by what it is about.
var contract = map[string]reflect.Type{
	"list":       reflect.TypeFor[document[job.Job]](),
	"job":        reflect.TypeFor[job.Job](),
	"execution":  reflect.TypeFor[job.Execution](),
	"attempt":    reflect.TypeFor[job.Attempt](),
	"log":        reflect.TypeFor[job.LogEntry](),
	"explain":    reflect.TypeFor[api.Explained](),
	"next":       reflect.TypeFor[api.ForecastItem](),
	"next_busy":  reflect.TypeFor[busyMinute](),
	"event":      reflect.TypeFor[api.BusEvent](),
	"revision":   reflect.TypeFor[api.Revision](),
	"job_diff":   reflect.TypeFor[revisionDiff](),
	"why":        reflect.TypeFor[api.Why](),
	"audit":      reflect.TypeFor[api.SlotAudit](),
	"applied":    reflect.TypeFor[api.Applied](),
	"apply":      reflect.TypeFor[api.AppliedJob](),
	"definition": reflect.TypeFor[api.JobDefinition](),
	"backfill":   reflect.TypeFor[api.BackfillItem](),
	"difference": reflect.TypeFor[difference](),
	"health":     reflect.TypeFor[api.Health](),
	"status":     reflect.TypeFor[summary](),
	"worker":     reflect.TypeFor[api.Worker](),
	"queue":      reflect.TypeFor[api.Queue](),
	"message":    reflect.TypeFor[api.QueueMessage](),
	"handler":    reflect.TypeFor[client.Handler](),
	"agent":      reflect.TypeFor[api.Agent](),
	"platform":   reflect.TypeFor[api.Platform](),
	"token":      reflect.TypeFor[api.Token](),
	"new_token":  reflect.TypeFor[api.NewToken](),
	"whoami":     reflect.TypeFor[api.Whoami](),
	"context":    reflect.TypeFor[contextEntry](),
	"setting":    reflect.TypeFor[effective](),
	"version":    reflect.TypeFor[versions](),
	"error":      reflect.TypeFor[api.ErrorBody](),
}

const contractFile = "testdata/contract.json"

// What programs read stays: a field that was there keeps its name and its kind. New ones
// are welcome; "go test ./cli -run Contract -update" writes them down.
func TestContractOnlyGrows(t *testing.T) {
	t.Parallel()
	now := map[string]map[string]string{}
	for name, of := range contract {
		now[name] = shape(of)
	}
	if *update {
		text, err := json.MarshalIndent(now, "", "  ")
		if err == nil {
			err = os.WriteFile(contractFile, append(text, '\n'), 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var was map[string]map[string]string
	text, err := os.ReadFile(contractFile)
	if err == nil {
		err = json.Unmarshal(text, &was)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(was)) {
		for field, kind := range was[name] {
			if got := now[name][field]; got != kind {
				t.Errorf("%s.%s was %s and is %q: programs rely on it", name, field, kind, got)
			}
		}
	}
	for name, fields := range now {
		for field := range fields {
			if _, written := was[name][field]; !written {
				t.Errorf("%s.%s is not written down in %s; run with -update", name, field, contractFile)
			}
		}
	}
}

// shape is the kinds of the fields that a type has in JSON.
func shape(of reflect.Type) map[string]string {
	fields := map[string]string{}
	for _, f := range reflect.VisibleFields(of) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if f.IsExported() && !f.Anonymous && name != "" && name != "-" {
			fields[name] = kindOf(f.Type)
		}
	}
	return fields
}

// kindOf is what a type is in JSON.
func kindOf(of reflect.Type) string {
	switch of {
	case reflect.TypeFor[time.Time]():
		return "instant"
	case reflect.TypeFor[job.ID]():
		return "id"
	case reflect.TypeFor[json.RawMessage]():
		return "any"
	}
	switch of.Kind() {
	case reflect.Pointer:
		return kindOf(of.Elem()) + " or null"
	case reflect.String:
		return "text"
	case reflect.Bool:
		return "bool"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice:
		return "list of " + kindOf(of.Elem())
	case reflect.Map:
		return "object"
	case reflect.Struct:
		return "object"
	}
	return of.Kind().String()
}

// Rules of the contract that hold for every field: snake_case, and units in names.
func TestContractNames(t *testing.T) {
	t.Parallel()
	for name, of := range contract {
		for field, kind := range shape(of) {
			if strings.ToLower(field) != field || strings.ContainsAny(field, "- ") {
				t.Errorf("%s.%s is not snake_case", name, field)
			}
			if strings.HasPrefix(kind, "integer") && (strings.Contains(field, "duration") || strings.HasSuffix(field, "delay") || strings.Contains(field, "timeout")) && !strings.HasSuffix(field, "_ms") {
				t.Errorf("%s.%s is a duration and does not end in _ms", name, field)
			}
		}
	}
}
