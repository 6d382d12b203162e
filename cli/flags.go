package cli

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/agentic-sdlc/scheduler/cli/human"
	"github.com/agentic-sdlc/scheduler/cli/timex"
	"github.com/agentic-sdlc/scheduler/job"
)

// enum is a flag that takes one of a few words.
type enum[T ~string] struct {
	target  *T
	allowed []T
}

func (e *enum[T]) String() string { return string(*e.target) }
func (e *enum[T]) Type() string   { return "word" }

func (e *enum[T]) Set(text string) error {
	if !slices.Contains(e.allowed, T(text)) {
		return notAllowed(text, words(e.allowed))
	}
	*e.target = T(text)
	return nil
}

// enums is a flag that takes several of a few words, with commas or given again.
type enums[T ~string] struct {
	target  *[]T
	allowed []T
}

func (e *enums[T]) String() string { return strings.Join(words(*e.target), ",") }
func (e *enums[T]) Type() string   { return "words" }

func (e *enums[T]) Set(text string) error {
	for word := range strings.SplitSeq(text, ",") {
		if !slices.Contains(e.allowed, T(word)) {
			return notAllowed(word, words(e.allowed))
		}
		*e.target = append(*e.target, T(word))
	}
	return nil
}

func notAllowed(text string, allowed []string) error {
	meant := ""
	if m := job.Nearest(text, allowed); m != "" {
		meant = fmt.Sprintf("did you mean %q? ", m)
	}
	return fmt.Errorf("%suse one of %s", meant, strings.Join(allowed, ", "))
}

func words[T ~string](items []T) []string {
	out := make([]string, len(items))
	for i, item := range items {
		out[i] = string(item)
	}
	return out
}

// enumVar declares a flag of one word, with its completion.
func enumVar[T ~string](cmd *cobra.Command, target *T, name, usage string, allowed ...T) {
	enumVarP(cmd, cmd.Flags(), target, name, "", usage, allowed...)
}

func enumVarP[T ~string](cmd *cobra.Command, f *pflag.FlagSet, target *T, name, short, usage string, allowed ...T) {
	f.VarP(&enum[T]{target, allowed}, name, short, usage+": "+strings.Join(words(allowed), "|"))
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words(allowed), cobra.ShellCompDirectiveNoFileComp))
}

// enumsVar declares a flag of several words, with its completion.
func enumsVar[T ~string](cmd *cobra.Command, target *[]T, name, usage string, allowed ...T) {
	cmd.Flags().Var(&enums[T]{target, allowed}, name, usage+": "+strings.Join(words(allowed), "|"))
	_ = cmd.RegisterFlagCompletionFunc(name, cobra.FixedCompletions(words(allowed), cobra.ShellCompDirectiveNoFileComp))
}

// duration is a flag that takes a duration with a unit.
type duration struct{ target *time.Duration }

func (d duration) String() string {
	if *d.target == 0 {
		return ""
	}
	return human.Setting(*d.target)
}
func (d duration) Type() string { return "duration" }

func (d duration) Set(text string) error {
	v, err := timex.ParseDuration(text)
	if e, ok := errors.AsType[*job.Error](err); ok {
		return fmt.Errorf("%s; %s", e.Message, e.Hint)
	}
	*d.target = v
	return err
}

func durationVar(f *pflag.FlagSet, target *time.Duration, name, usage string) {
	f.Var(duration{target}, name, usage)
}

// once makes a flag refuse a second value: one of the two would be lost silently.
type once struct {
	pflag.Value
	given bool
}

func (o *once) Set(text string) error {
	if o.given {
		return errors.New("it is given twice")
	}
	o.given = true
	return o.Value.Set(text)
}

// repeatable are the types of flags that may be given again.
var repeatable = map[string]bool{"stringArray": true, "words": true, "count": true, "bool": true}

// finishFlags makes the flags of a tree strict.
func finishFlags(cmd *cobra.Command) {
	strict := func(f *pflag.Flag) {
		if !repeatable[f.Value.Type()] {
			f.Value = &once{Value: f.Value}
		}
	}
	cmd.LocalNonPersistentFlags().VisitAll(strict)
	cmd.PersistentFlags().VisitAll(strict)
	for _, child := range cmd.Commands() {
		finishFlags(child)
	}
}

// exclusive refuses flags that contradict each other.
func exclusive(cmd *cobra.Command, names ...string) error {
	var given []string
	for _, name := range names {
		if cmd.Flags().Changed(name) {
			given = append(given, "--"+name)
		}
	}
	if len(given) > 1 {
		return usagef("%s and %s can't be combined", strings.Join(given[:len(given)-1], ", "), given[len(given)-1])
	}
	return nil
}

// flagError turns an error of the flag parser into ours.
func flagError(cmd *cobra.Command, err error) error {
	if words := cmd.Flags().Args(); cmd.HasSubCommands() && len(words) > 0 {
		return unknownCommand(cmd, words[0]) // its flags mean nothing without it
	}
	see := fmt.Sprintf("see %q", cmd.CommandPath()+" --help")
	if unknown, ok := errors.AsType[*pflag.NotExistError](err); ok {
		name := unknown.GetSpecifiedName()
		if unknown.GetSpecifiedShortnames() != "" {
			return usagef("unknown flag -%s", name).WithHint("%s", see)
		}
		var known []string
		cmd.Flags().VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
		if meant := job.Nearest(name, known); meant != "" {
			return usagef("unknown flag --%s", name).WithHint("did you mean --%s?", meant)
		}
		return usagef("unknown flag --%s", name).WithHint("%s", see)
	}
	if invalid, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		flag := "--" + invalid.GetFlag().Name
		cause := errors.Unwrap(invalid)
		if cause != nil && cause.Error() == "it is given twice" {
			return usagef("%s is given twice", flag)
		}
		return usagef("invalid value %q for %s", invalid.GetValue(), flag).WithHint("%s", reason(cause))
	}
	if missing, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		return usagef("--%s needs a value", missing.GetFlag().Name).WithHint("%s", see)
	}
	return usagef("%v", err).WithHint("%s", see)
}

// reason is the text of the cause of a bad value, without the parser's own words.
func reason(err error) string {
	if err == nil {
		return ""
	}
	text := err.Error()
	switch {
	case strings.HasPrefix(text, "strconv.ParseFloat"):
		return "expected a number"
	case strings.HasPrefix(text, "strconv."):
		return "expected a whole number"
	}
	return text
}
