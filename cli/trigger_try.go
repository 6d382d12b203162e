package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/job"
)

// dataFlags are how the data of an event is given.
type dataFlags struct{ payloadFlags }

func (o *dataFlags) declare(cmd *cobra.Command) {
	o.flag = "--data"
	f := cmd.Flags()
	f.StringVar(&o.whole, "data", "", "what the event carries: a JSON object or @FILE")
	f.StringArrayVar(&o.set, "set", nil, "member of the data, key=value")
	f.StringArrayVar(&o.setString, "set-string", nil, "member of the data that is text, key=value")
	for _, name := range []string{"data", "set", "set-string"} {
		_ = cmd.RegisterFlagCompletionFunc(name, noFiles)
	}
}

func (o *dataFlags) data(a *app) (json.RawMessage, error) {
	object, err := o.build(a, nil)
	if err != nil {
		return nil, err
	}
	return encode(object)
}

func newTriggerTestCmd(a *app) *cobra.Command {
	var o dataFlags
	var event string
	cmd := &cobra.Command{
		Use:   "test TRIGGER",
		Short: "Say what an event would make a trigger do; nothing is done",
		Long: `Say what an event would make a trigger do: whether its condition holds, and its action
filled in. Nothing is done. Fails when the trigger would not act, or could not.`,
		Example: `  schedctl trigger test sla --data '{"ticket_id": "T-1042", "priority": "high"}'
  schedctl trigger test sla --set ticket_id=T-1042 --set priority=low`,
		Args:              exactly("TRIGGER"),
		ValidArgsFunction: completeTriggers(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			data, err := o.data(a)
			if err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			t, err := c.TestEventHandler(cmd.Context(), args[0], api.EventTest{Event: event, Data: data})
			if err != nil {
				return err
			}
			if err := printOne(a, t, args[0], func() error {
				a.sayTested(&t)
				return nil
			}); err != nil {
				return err
			}
			if !t.Acts {
				return exitWith(exitFailed)
			}
			return nil
		}),
	}
	o.declare(cmd)
	cmd.Flags().StringVar(&event, "event", "", "name of the event; default: the trigger's own")
	_ = cmd.RegisterFlagCompletionFunc("event", noFiles)
	return cmd
}

func (a *app) sayTested(t *api.EventTested) {
	switch {
	case !t.Matches:
		a.say("event      %s is not what it waits for", t.Event)
	case t.Condition != "":
		a.say("condition  %s  →  %t", t.Condition, t.Holds)
	default:
		a.say("condition  none")
	}
	if t.Holds {
		a.say("action     %s", a.tested(t))
	}
	if t.DedupeKey != "" {
		a.say("dedupe     %s", t.DedupeKey)
	}
	if t.Error != "" {
		a.say("error      %s", t.Error)
	}
	a.say("nothing was executed")
}

// tested is the action in a few words.
func (a *app) tested(t *api.EventTested) string {
	text := hyphened(t.Action)
	switch j := t.Job; {
	case j == nil:
		text += " " + compact(t.Config)
	case j.ExecuteAt != nil && t.Action != api.EventRunJob && t.Action != api.EventCancelJobs:
		text += " once " + j.Name + " at " + a.moment(*j.ExecuteAt)
	case t.Action == api.EventCreateJob:
		text += " " + jobKind(j) + " " + j.Name
	default:
		text += " " + j.Name
	}
	if t.DueAt != nil {
		text += ", to be done " + a.moment(*t.DueAt)
	}
	return text
}

// jobKind is how a job comes to run.
func jobKind(j *job.Job) string {
	if j.Schedule != "" {
		return string(j.Type) + " " + j.Schedule
	}
	return string(j.Type)
}
