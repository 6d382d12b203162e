package cli

import (
	"context"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/client"
)

// tagOptions are what job tag was asked for.
type tagOptions struct {
	selector
	job         string
	add, remove []string
	reason      string
}

// newJobTagCmd takes -TAG for an argument, so it reads its flags itself: those with two
// dashes, and those in front of JOB.
func newJobTagCmd(a *app) *cobra.Command {
	var o tagOptions
	cmd := &cobra.Command{
		Use:        "tag JOB +TAG|-TAG...",
		SuggestFor: []string{"label", "untag"},
		Short:      "Add tags to a job, or take them away; to many with a pattern",
		Example: `  schedctl job tag nightly-backup +critical -experimental
  schedctl job tag 'drip-*' +mail --dry-run`,
		DisableFlagParsing: true,
		ValidArgsFunction:  a.completeTags,
	}
	cmd.Flags().BoolVar(&o.dryRun, "dry-run", false, "only say which jobs would change")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the audit log")
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		flags, words := splitTags(cmd, args)
		cmd.DisableFlagParsing = false
		if err := cmd.ParseFlags(flags); err != nil {
			return cmd.FlagErrorFunc()(cmd, err)
		}
		if help, _ := cmd.Flags().GetBool("help"); help {
			return pflag.ErrHelp
		}
		if len(words) == 0 {
			return missing(cmd, "JOB")
		}
		o.job, o.add, o.remove = words[0], nil, nil
		for _, word := range words[1:] {
			switch tag := word[1:]; {
			case word[0] == '+' && tag != "":
				o.add = append(o.add, tag)
			case word[0] == '-' && tag != "":
				o.remove = append(o.remove, tag)
			default:
				return usagef("%q is neither +TAG nor -TAG", word).WithHint("%s", usageOf(cmd))
			}
		}
		if len(words) == 1 {
			return missing(cmd, "+TAG|-TAG")
		}
		return nil
	}
	cmd.RunE = a.action(func(cmd *cobra.Command, _ []string) error { return runJobTag(cmd.Context(), a, o) })
	return cmd
}

// splitTags tells flags from words: behind JOB one dash is a tag, two are a flag.
func splitTags(cmd *cobra.Command, args []string) (flags, words []string) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		long := strings.HasPrefix(arg, "--")
		switch {
		case arg == "":
		case !long && (arg[0] != '-' || len(words) > 0) && arg != "-h":
			words = append(words, arg)
		default:
			flags = append(flags, arg)
			name := strings.TrimLeft(arg, "-")
			f := cmd.Flag(name)
			if !long && len(name) == 1 {
				if f = cmd.Flags().ShorthandLookup(name); f == nil {
					f = cmd.InheritedFlags().ShorthandLookup(name)
				}
			}
			if f != nil && f.NoOptDefVal == "" && i+1 < len(args) {
				i++
				flags = append(flags, args[i])
			}
		}
	}
	return flags, words
}

func runJobTag(ctx context.Context, a *app, o tagOptions) error {
	return a.changeJobs(ctx, o.selector, []string{o.job}, bulkChange{
		Bulk: api.Bulk{Action: api.BulkTag, AddTags: o.add, RemoveTags: o.remove, Reason: o.reason},
	})
}

// completeTags completes the job, then tags that it has and tags that others have.
func (a *app) completeTags(cmd *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
	_, words := splitTags(cmd, args)
	if len(words) == 0 {
		return a.jobNames(prefix, nil, ""), noFileComp
	}
	var out []string
	a.ask(func(ctx context.Context, c *client.Client) {
		if j, err := c.Job(ctx, words[0]); err == nil {
			for _, tag := range j.Tags {
				out = append(out, "-"+tag)
			}
		}
	})
	for _, tag := range a.tagNames("") {
		if !slices.Contains(out, "-"+tag) {
			out = append(out, "+"+tag)
		}
	}
	return slices.DeleteFunc(out, func(word string) bool { return !strings.HasPrefix(word, prefix) }), noFileComp
}

// tagNames finds tags of jobs, as far as one look reaches.
func (a *app) tagNames(prefix string) []string {
	var tags []string
	a.ask(func(ctx context.Context, c *client.Client) {
		page, _ := c.Jobs(ctx, client.JobQuery{SortBy: "name", Limit: pageSize})
		for i := range page.Items {
			for _, tag := range page.Items[i].Tags {
				if strings.HasPrefix(tag, prefix) {
					tags = append(tags, tag)
				}
			}
		}
	})
	slices.Sort(tags)
	return slices.Compact(tags)
}

// completeTagFlag completes tags for --tag.
func (a *app) completeTagFlag(_ *cobra.Command, _ []string, prefix string) ([]string, cobra.ShellCompDirective) {
	return a.tagNames(prefix), noFileComp
}
