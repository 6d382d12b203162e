package cli

import (
	"context"
	"encoding/json"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/job"
)

func newHandlerSchemaCmd(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "schema HANDLER",
		Short: "Print the JSON Schema of a handler's payload",
		Long: `Print the JSON Schema of a handler's payload, for editors and for people. What the
daemon accepts is decided when a job is made: a payload may be refused for reasons that no
schema can say, such as an address that calls must not reach.`,
		Example: `  schedctl handler schema send-notification
  schedctl handler schema http --jq '.properties | keys'`,
		Args:              exactly("HANDLER"),
		ValidArgsFunction: completeHandler(a),
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runHandlerSchema(cmd.Context(), a, args[0])
		}),
	}
}

func runHandlerSchema(ctx context.Context, a *app, name string) error {
	c, err := a.connect()
	if err != nil {
		return err
	}
	h, err := findHandler(ctx, c, name)
	if err != nil {
		return err
	}
	if len(h.Schema) == 0 {
		return job.Errorf(job.NotFound, "handler %q does not say what its payload looks like", name)
	}
	var schema any
	if err := json.Unmarshal(h.Schema, &schema); err != nil {
		return err
	}
	return printOne(a, schema, h.Name, func() error { return render.JSON(a.out, schema) })
}
