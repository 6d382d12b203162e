package cli

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
)

// expectFlags say what is expected of the runs of a job.
type expectFlags struct{ startWithin, finishWithin, minDuration, maxGap time.Duration }

// declareExpected adds them.
func (o *expectFlags) declareExpected(cmd *cobra.Command) {
	f := cmd.Flags()
	durationVar(f, &o.startWithin, "start-within", "expect a run to begin so soon after it is due; when it does not, an alert fires")
	durationVar(f, &o.finishWithin, "finish-within", "expect an attempt to take no longer; the same")
	durationVar(f, &o.minDuration, "min-duration", "expect a success to take at least so long; the same")
	durationVar(f, &o.maxGap, "max-gap", "expect a run to begin at least so often; the same")
}

// fillExpected writes what was given into a request.
func (o *expectFlags) fillExpected(cmd *cobra.Command, in *api.JobInput) {
	given := cmd.Flags().Changed
	set(given("start-within"), &in.StartWithinMS, o.startWithin.Milliseconds())
	set(given("finish-within"), &in.FinishWithinMS, o.finishWithin.Milliseconds())
	set(given("min-duration"), &in.MinDurationMS, o.minDuration.Milliseconds())
	set(given("max-gap"), &in.MaxGapMS, o.maxGap.Milliseconds())
}
