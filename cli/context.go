package cli

import (
	"errors"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"go.yaml.in/yaml/v3"

	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

// contextFile is the configuration of schedctl.
type contextFile struct {
	Current  string         `yaml:"current_context,omitempty" json:"current_context"`
	Contexts []contextEntry `yaml:"contexts" json:"contexts"`
}

// contextEntry is one place to work: a daemon, and how to show what it says. Empty
// fields say nothing.
type contextEntry struct {
	Name      string `yaml:"name" json:"name"`
	Server    string `yaml:"server,omitempty" json:"server,omitempty"`
	TokenFile string `yaml:"token_file,omitempty" json:"token_file,omitempty"`
	CAFile    string `yaml:"ca_file,omitempty" json:"ca_file,omitempty"` // like the token's: the same from every folder
	Platform  string `yaml:"platform,omitempty" json:"platform,omitempty"`
	TZ        string `yaml:"tz,omitempty" json:"tz,omitempty"`
	Output    string `yaml:"output,omitempty" json:"output,omitempty"`
	Confirm   bool   `yaml:"confirm,omitempty" json:"confirm,omitempty"` // ask before every change
	Color     string `yaml:"color,omitempty" json:"color,omitempty"`     // of the context's name where it is asked
}

// configMax bounds the file, in bytes.
const configMax = 1 << 20

// setting is one thing that a flag, the environment or a context says.
type setting struct {
	flag, variable string
	inContext      func(*contextEntry) string // nil = contexts do not say it
}

// settings in the order in which they are shown.
var settings = []setting{
	{"server", "SCHEDCTL_SERVER", func(c *contextEntry) string { return c.Server }},
	{"platform", "SCHEDCTL_PLATFORM", func(c *contextEntry) string { return c.Platform }},
	{"output", "SCHEDCTL_OUTPUT", func(c *contextEntry) string { return c.Output }},
	{"tz", "SCHEDCTL_TZ", func(c *contextEntry) string { return c.TZ }},
	{"time", "SCHEDCTL_TIME", nil},
	{"timeout", "SCHEDCTL_TIMEOUT", nil},
	{"color", "SCHEDCTL_COLOR", nil},
}

// setting returns what the environment or the context says, and which of them.
func (a *app) setting(s setting) (value, origin string) {
	if value := a.env.Getenv(s.variable); value != "" {
		return value, s.variable
	}
	if a.context != nil && s.inContext != nil {
		if value := s.inContext(a.context); value != "" {
			return value, "context " + a.context.Name + ": " + s.flag
		}
	}
	return "", ""
}

// configPath is where the file of contexts is, or would be.
func (a *app) configPath() (string, error) {
	if path := or(a.g.config, a.env.Getenv("SCHEDCTL_CONFIG")); path != "" {
		return path, nil
	}
	if dir := a.env.Getenv("XDG_CONFIG_HOME"); filepath.IsAbs(dir) {
		return filepath.Join(dir, "schedctl", "config.yaml"), nil
	}
	home := a.env.Getenv("HOME")
	if home == "" && a.env.Account != nil {
		account, err := a.env.Account()
		if err != nil {
			return "", usagef("where is the configuration? %v", err).WithHint("set SCHEDCTL_CONFIG")
		}
		home = account.Home
	}
	return filepath.Join(home, ".config", "schedctl", "config.yaml"), nil
}

// loadContext reads the file of contexts, if there is one, and finds the one to use.
func (a *app) loadContext() error {
	path, err := a.configPath()
	if err != nil {
		return err
	}
	name, named := or(a.g.context, a.env.Getenv("SCHEDCTL_CONTEXT")), a.g.config != "" || a.env.Getenv("SCHEDCTL_CONFIG") != ""
	text, err := a.env.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist) && a.writesConfig():
		return nil
	case errors.Is(err, fs.ErrNotExist) && named:
		return usagef("no such file: %s", path)
	case errors.Is(err, fs.ErrNotExist) && name != "":
		return usagef("no context %q: there is no %s", name, path).WithHint("schedctl config set-context %s --server unix:///run/schedd/schedd.sock", name)
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return usagef("read %s: %v", path, err)
	}
	if a.contexts, err = parseContexts(path, text); err != nil {
		return err
	}
	if name = or(name, a.contexts.Current); name == "" {
		return nil
	}
	if a.context = a.contexts.find(name); a.context == nil && !a.writesConfig() {
		return usagef("no context %q in %s", name, path).WithHint("%s", notAllowed(name, a.contexts.names()).Error())
	}
	return nil
}

// writesConfig reports whether the command that runs may be about contexts that are
// not there yet.
func (a *app) writesConfig() bool {
	return a.cmd != nil && a.cmd.Parent() != nil && a.cmd.Parent().Name() == "config"
}

// parseContexts reads a file of contexts. Fields that it does not know are refused.
func parseContexts(path string, text []byte) (contextFile, error) {
	var f contextFile
	if len(text) > configMax {
		return f, usagef("%s is larger than %d bytes", path, configMax)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return f, usagef("%s: %s", path, strings.TrimPrefix(err.Error(), "yaml: ")).
			WithHint(`it has "current_context: NAME" and "contexts:" with a list of name, server, token_file, ca_file, platform, tz, output, confirm, color`)
	}
	for _, n := range doc.Content {
		if err := checkContexts(path, n, reflect.TypeFor[contextFile]()); err != nil {
			return f, err
		}
	}
	if err := doc.Decode(&f); err != nil {
		return f, usagef("%s: cannot be read", path)
	}
	seen := map[string]bool{}
	for _, c := range f.Contexts {
		if c.Name == "" || seen[c.Name] {
			return f, usagef("%s: each context needs a name of its own, and %q is not one", path, c.Name)
		}
		seen[c.Name] = true
	}
	return f, nil
}

// find returns the context of a name, nil when there is none.
func (f *contextFile) find(name string) *contextEntry {
	for i := range f.Contexts {
		if f.Contexts[i].Name == name {
			return &f.Contexts[i]
		}
	}
	return nil
}

func (f *contextFile) names() []string {
	names := make([]string, len(f.Contexts))
	for i, c := range f.Contexts {
		names[i] = c.Name
	}
	return names
}

// allow returns what is asked before the first request that changes something, when the
// context wants that; nil = nothing.
func (a *app) allow() func(method, path string) error {
	if a.context == nil || !a.context.Confirm {
		return nil
	}
	asked := false
	return func(string, string) error {
		if asked {
			return nil
		}
		asked = true
		yes := false
		if f := a.cmd.Flags().Lookup("yes"); f != nil {
			yes = f.Value.String() == "true"
		}
		name := a.paint(contextColors[a.context.Color], render.Clean(a.context.Name))
		effect := "This changes something on " + name + " (" + a.cmd.CommandPath() + ")."
		return a.confirm(yes, effect, "")
	}
}

// contextColors are the colours that a context may have.
var contextColors = map[string]render.Style{
	"red": render.Red, "green": render.Green, "yellow": render.Yellow, "cyan": render.Cyan, "bold": render.Bold,
}

// completeContexts completes names of contexts.
func completeContexts(a *app, most int) completer {
	return func(_ *cobra.Command, args []string, prefix string) ([]string, cobra.ShellCompDirective) {
		if len(args) >= most {
			return nil, noFileComp
		}
		_ = a.settle(a.root) // a file that cannot be read has no contexts
		var names []string
		for _, c := range a.contexts.Contexts {
			if strings.HasPrefix(c.Name, prefix) {
				names = append(names, described(c.Name, client.ShownServer(c.Server)))
			}
		}
		return names, noFileComp
	}
}

// originOf says where the value of a setting comes from.
func (a *app) originOf(s setting, flags *pflag.FlagSet) (value, origin string) {
	flag := flags.Lookup(s.flag)
	if o, ok := flag.Value.(*once); ok && flag.Changed {
		return o.String(), "flag --" + s.flag
	}
	if value, origin := a.setting(s); value != "" {
		return value, origin
	}
	return flag.DefValue, "default"
}
