package cli

import (
	"context"

	"github.com/spf13/cobra"
)

// Main runs one command and returns its exit status.
func Main(ctx context.Context, args []string, env Env) int {
	a := newApp(env)
	a.words = leanWords(args)
	root := newRootCmd(a)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	return a.finish(ctx, args, err)
}

// The groups of the help of schedctl.
const (
	groupJobs       = "jobs"
	groupExecutions = "executions"
	groupSchedules  = "schedules"
	groupAsCode     = "ascode"
	groupOperations = "operations"
)

// commands are what schedctl can do, in the order of its help.
var commands = []verb{
	{"job jobs j", newJobCmd},
	{"workflow workflows wf", newWorkflowCmd},
	{"event events", newEventCmd},
	{"run", func(a *app) *cobra.Command { return newRunCmd(a, groupJobs) }},
	{"ls", func(a *app) *cobra.Command { return in(groupJobs, shortcut(newJobListCmd(a), "ls")) }},
	{"status", newStatusCmd},
	{"wait", newWaitCmd},
	{"backfill", newBackfillCmd},
	{"execution executions x", newExecutionCmd},
	{"ps", newPsCmd},
	{"logs", newLogsCmd},
	{"dlq dead-letter dead-letters", newDLQCmd},
	{"trigger triggers", newTriggerCmd},
	{"explain", newExplainCmd},
	{"next forecast", newNextCmd},
	{"why", newWhyCmd},
	{"audit", newAuditCmd},
	{"crontab", newCrontabCmd},
	{"validate", func(a *app) *cobra.Command { return in(groupAsCode, newValidateCmd(a)) }},
	{"diff", func(a *app) *cobra.Command { return in(groupAsCode, newDiffCmd(a)) }},
	{"apply", func(a *app) *cobra.Command { return in(groupAsCode, newApplyCmd(a)) }},
	{"simulate", func(a *app) *cobra.Command { return in(groupAsCode, newSimulateCmd(a)) }},
	{"worker workers", newWorkerCmd},
	{"queue queues", newQueueCmd},
	{"maintenance", newMaintenanceCmd},
	{"alert alerts", newAlertCmd},
	{"cleanup", newCleanupCmd},
	{"handler handlers", newHandlerCmd},
	{"backup backups", newBackupCmd},
	{"store", newStoreCmd},
	{"token tokens", newTokenCmd},
	{"agent agents", newAgentCmd},
	{"platform platforms", newPlatformCmd},
	{"whoami", newWhoamiCmd},
	{"login", newLoginCmd},
	{"health", newHealthCmd},
	{"doctor", newDoctorCmd},
	{"metrics", newMetricsCmd},
	{"config context contexts", newConfigCmd},
	{"api", newAPICmd},
	{"version", newVersionCmd},
	{"completion", newCompletionCmd},
}

// newRootCmd builds the tree: all of it, or what the words of the command line name.
func newRootCmd(a *app) *cobra.Command {
	var version bool
	root := group(a, &cobra.Command{
		Use:   "schedctl",
		Short: "Drive schedd, the job scheduler",
		Long:  "schedctl drives schedd, the job scheduler: define jobs, run them, and see what they did and why.",
		Example: `  schedctl job create cron backup -s '0 2 * * *' -- /usr/local/bin/backup --full
  schedctl run backup --wait --logs
  schedctl why backup`,
		Annotations: map[string]string{standAlone: "yes"},
	},
		a.pick(0, commands)...,
	)
	root.AddGroup(
		&cobra.Group{ID: groupJobs, Title: "Jobs"},
		&cobra.Group{ID: groupExecutions, Title: "Executions"},
		&cobra.Group{ID: groupSchedules, Title: "Schedules"},
		&cobra.Group{ID: groupAsCode, Title: "Jobs as code"},
		&cobra.Group{ID: groupOperations, Title: "Operations"},
	)
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.DisableDefaultCmd = true
	root.SetIn(a.env.In)
	root.SetOut(a.out)
	root.SetErr(a.env.Err)
	root.SetFlagErrorFunc(flagError)
	root.SetHelpFunc(a.help)
	root.SetHelpCommand(newHelpCmd(a))
	a.g.declare(root, a)
	root.Flags().BoolVar(&version, "version", false, "print the version and exit")
	a.root = root
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error {
		a.cmd = cmd
		if version {
			return nil // it is told whatever the configuration says
		}
		return a.settle(root)
	}
	run := root.RunE
	root.RunE = func(cmd *cobra.Command, args []string) error {
		if version {
			a.began = true
			a.say("schedctl %s", a.env.Build())
			return nil
		}
		return run(cmd, args)
	}
	finishFlags(root)
	return root
}

// in puts a command into a group of the help.
func in(group string, cmd *cobra.Command) *cobra.Command {
	cmd.GroupID = group
	return cmd
}

// shortcut makes a verb a command of its own.
func shortcut(cmd *cobra.Command, name string) *cobra.Command {
	old := cmd.Name()
	cmd.Use = name + cmd.Use[len(old):]
	cmd.Aliases = nil
	cmd.Short += " (job " + old + ")"
	return cmd
}
