package cli

import (
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// tables are calls that print nothing but tables, with the routes that they ask and what
// these answer.
var tables = []struct {
	call  string
	route string
	body  reflect.Type
}{
	{"job list", "GET /jobs", reflect.TypeFor[job.Job]()},
	{"ls", "", nil},
	{"execution list", "GET /executions", reflect.TypeFor[job.Execution]()},
	{"ps", "", nil},
	{"job history x", "GET /jobs/{id}/executions", reflect.TypeFor[job.Execution]()},
	{"dlq list", "GET /dead-letter", reflect.TypeFor[job.Execution]()},
	{"agent list", "GET /agents", reflect.TypeFor[api.Agent]()},
	{"platform list", "GET /platforms", reflect.TypeFor[api.Platform]()},
	{"token list", "GET /tokens", reflect.TypeFor[api.Token]()},
	{"trigger list", "GET /event-handlers", reflect.TypeFor[api.EventHandler]()},
	{"workflow list", "GET /workflows", reflect.TypeFor[api.Workflow]()},
	{"workflow history x", "GET /workflows/{id}/executions", reflect.TypeFor[job.Execution]()},
	{"workflow steps x/1", "GET /executions/{id}/steps", reflect.TypeFor[api.StepRun]()},
	{"worker list", "GET /workers", reflect.TypeFor[api.Worker]()},
	{"handler list", "GET /handlers", reflect.TypeFor[client.Handler]()},
	{"job revisions x", "GET /jobs/{id}/revisions", reflect.TypeFor[api.Revision]()},
	{"queue peek", "GET /queue/messages", reflect.TypeFor[api.QueueMessage]()},
	{"next", "GET /next", reflect.TypeFor[api.ForecastItem]()},
	{"next --clock-changes", "GET /clock-changes", reflect.TypeFor[api.ClockChange]()},
	{"event list", "GET /events", reflect.TypeFor[api.EventReceived]()},
	{"audit list", "GET /audit", reflect.TypeFor[api.AuditEntry]()},
	{"alert list", "GET /alerts", reflect.TypeFor[api.Alert]()},
	{"alert rule list", "GET /alert-rules", reflect.TypeFor[api.AlertRule]()},
	{"alert channel list", "GET /alert-channels", reflect.TypeFor[api.AlertChannel]()},
	{"audit slots", "GET /audit/slots", reflect.TypeFor[api.SlotAudit]()},
	{"config get-contexts", "", nil},
	{"config view --show-origin", "", nil},
	{"execution diff x/1 x/2", "GET /executions/{id}", nil},
	{"ls --columns name,status,handler_name,created_by,tags,id", "", nil},
}

// long fills a value with what operators may have: long names, and text.
func long(v reflect.Value, field string) {
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(now.Add(-25 * time.Hour)))
		return
	case job.ID:
		v.Set(reflect.ValueOf(id(7)))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		long(v.Elem(), field)
	case reflect.Struct:
		for n := range v.NumField() {
			if f := v.Type().Field(n); f.IsExported() {
				long(v.Field(n), strings.ToLower(f.Name))
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() != reflect.Uint8 && v.Type().Elem().Kind() != reflect.Interface {
			v.Set(reflect.MakeSlice(v.Type(), 3, 3))
			for n := range 3 {
				long(v.Index(n), field)
			}
		}
	case reflect.String:
		v.SetString(longText(field))
	case reflect.Int, reflect.Int64:
		v.SetInt(1_204_817)
	case reflect.Float64:
		v.SetFloat(98.7654)
	case reflect.Bool:
		v.SetBool(true)
	}
}

func longText(field string) string {
	switch field {
	case "status", "state":
		return "cancelled"
	case "type":
		return "recurring"
	case "trigger":
		return "backfill"
	case "schedule":
		return "0,15,30,45 6-22/2 1-15 JAN-JUN,SEP MON-FRI"
	case "error", "message", "description", "reason", "detail", "draineason", "lasterror":
		return "exit status 2: could not write to /var/lib/warehouse/reconciliation: no space left on device"
	}
	return "warehouse-reconciliation-of-the-night-for-all-countries-eu-central-1"
}

func wideWorld(width int) world {
	return world{tty: true, width: width, env: map[string]string{"NO_COLOR": "1"}, files: map[string]string{"contexts.yaml": longContexts}}
}

const longContexts = `current_context: warehouse-production-eu-central-1
contexts:
  - name: warehouse-production-eu-central-1
    server: https://scheduler.warehouse.production.eu-central-1.example.org:7070
    platform: warehouse-reconciliation-of-the-night
    tz: America/Argentina/ComodRivadavia
    output: table
`

func wideStub(t *testing.T) *stub {
	s := newStub(t)
	for _, table := range tables {
		if table.body == nil {
			continue
		}
		items := reflect.MakeSlice(reflect.SliceOf(table.body), 2, 2)
		long(items.Index(0), "")
		long(items.Index(1), "")
		s.on(table.route, http.StatusOK, items.Interface())
	}
	var e job.Execution
	long(reflect.ValueOf(&e).Elem(), "")
	other := e
	other.RunNumber, other.Error, other.WorkerID = 2, "exit status 1: "+e.Error, "a"
	s.handle("GET /executions/{id}", func(w http.ResponseWriter, r *http.Request) {
		reply(w, http.StatusOK, map[bool]job.Execution{true: other, false: e}[r.PathValue("id") == "x/2"])
	})
	var j job.Job
	long(reflect.ValueOf(&j).Elem(), "")
	s.on("GET /jobs/{id}", http.StatusOK, j)
	return s
}

// On a terminal no line of a list is wider than it is, whatever the names; in a script and
// with -o wide nothing is cut.
func TestTablesFitTheTerminal(t *testing.T) {
	t.Parallel()
	s := wideStub(t)
	for _, table := range tables {
		args := append(strings.Fields(table.call), "--config", "contexts.yaml", "--server", "unix://"+s.socket)
		script := s.runIn(world{files: wideWorld(0).files}, args...)
		if script.code != exitOK && script.code != exitFailed || script.out == "" || strings.Contains(script.out, "…") {
			t.Errorf("%s in a script: status %d, %q, %s", table.call, script.code, script.out, script.err)
		}
		wide := s.runIn(wideWorld(80), append(args, "-o", "wide")...)
		if !strings.Contains(table.call, "--columns") && (strings.Contains(wide.out, "…") || widestLine(wide.out) < widestLine(s.runIn(wideWorld(80), args...).out)) {
			t.Errorf("%s -o wide is cut:\n%s", table.call, wide.out)
		}
		for _, width := range []int{20, 40, 60, 80, 100, 120, 200} {
			r := s.runIn(wideWorld(width), args...)
			if widest := widestLine(r.out); widest > width || r.out == "" {
				t.Errorf("%s in %d columns has a line of %d:\n%s%s", table.call, width, widest, r.out, r.err)
			}
		}
	}
}

func widestLine(out string) int {
	widest := 0
	for line := range strings.Lines(out) {
		widest = max(widest, render.Width(strings.TrimSuffix(line, "\n")))
	}
	return widest
}

// Every command that lists is among those that are tried.
func TestEveryListIsTried(t *testing.T) {
	t.Parallel()
	a := newApp(Env{})
	newRootCmd(a)
	for cmd := range a.lists {
		path := strings.TrimPrefix(cmd.CommandPath(), "schedctl ")
		tried := path == "logs" // prints lines; a table only where it is asked for as CSV or markdown
		for _, table := range tables {
			tried = tried || table.call == path || strings.HasPrefix(table.call, path+" ")
		}
		if !tried {
			t.Errorf("%s is not among the tables that are tried at every width", path)
		}
	}
}
