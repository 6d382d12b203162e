package cli

import (
	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

func newEventEmitCmd(a *app) *cobra.Command {
	var o dataFlags
	var key, id string
	cmd := &cobra.Command{
		Use:        "emit NAME",
		SuggestFor: []string{"send", "publish", "fire", "trigger"},
		Short:      "Send an event",
		Long: `Send an event. When the command succeeds the event is stored, and acts once for each
trigger and each event job that waits for it, whatever becomes of schedd. Within a run of
schedd the event counts as caused by the run. Names that begin with scheduler: are
schedd's own.`,
		Example: `  schedctl event emit ticket:created --set ticket_id=T-1042 --set priority=high
  schedctl event emit deploy:finished --data @deploy.json --id "$BUILD_ID"`,
		Args:              exactly("NAME"),
		ValidArgsFunction: noFiles,
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			data, err := o.data(a)
			if err != nil {
				return err
			}
			c, err := a.connect()
			if err != nil {
				return err
			}
			in := api.EventInput{Event: args[0], Data: data, ID: id, ExecutionID: a.env.Getenv("SCHEDD_EXECUTION_ID")}
			e, err := c.EmitEvent(cmd.Context(), in, client.Write{IdempotencyKey: key})
			if err != nil {
				return err
			}
			return printOne(a, e, e.ID, func() error {
				if e.Duplicate {
					a.say("event %s was accepted before", e.ID)
				} else {
					a.say("event %s accepted", e.ID)
				}
				return nil
			})
		}),
	}
	o.declare(cmd)
	cmd.Flags().StringVar(&id, "id", "", "tells two sendings of one event from two events; at most 128 bytes")
	cmd.Flags().StringVar(&key, "idempotency-key", "", "makes repeating the command harmless, as --id does")
	_ = cmd.RegisterFlagCompletionFunc("id", noFiles)
	_ = cmd.RegisterFlagCompletionFunc("idempotency-key", noFiles)
	return cmd
}
