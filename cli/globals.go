package cli

import (
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/cli/timex"
	"github.com/agentic-sdlc/scheduler/client"
	"github.com/agentic-sdlc/scheduler/job"
)

// Ways to show instants.
const (
	timeRelative = "relative"
	timeLocal    = "local"
	timeUTC      = "utc"
	timeISO      = "iso"
	timeUnix     = "unix"
)

// globals are the flags that every command has.
type globals struct {
	context      string
	config       string // file of contexts
	server       string
	tokenFile    string
	caFile       string
	insecure     bool
	platform     string
	allPlatforms bool
	output       string // a format, or "template=TEXT"
	jq           string
	columns      []string
	sortBy       []string // columns; with "-" in front descending
	noHeaders    bool
	noPager      bool
	timeMode     string // "" = relative on a terminal, else iso
	tz           string
	color        string
	quiet        bool
	verbose      int
	timeout      time.Duration

	zone     *time.Location   // what tz names; the viewer's when it is empty
	raw      bool             // of what jq makes, text without its quotes
	query    *render.Query    // what jq says; nil = nothing
	template *render.Template // nil = another format
}

// declare adds the global flags to the root command.
func (g *globals) declare(cmd *cobra.Command, a *app) {
	f := cmd.PersistentFlags()
	f.StringVarP(&g.context, "context", "c", "", "context of the configuration to use (SCHEDCTL_CONTEXT)")
	f.StringVar(&g.config, "config", "", "file of contexts (SCHEDCTL_CONFIG)")
	f.StringVar(&g.server, "server", "", "address of the daemon: unix:///path or http://host:port (SCHEDCTL_SERVER)")
	f.StringVar(&g.tokenFile, "token-file", "", "file with the token for an http server; - reads standard input (SCHEDCTL_TOKEN_FILE)")
	f.StringVar(&g.caFile, "ca-file", "", "certificates of authorities to trust beside the system's (SCHEDCTL_CA_FILE)")
	f.BoolVar(&g.insecure, "insecure", false, "send the token over http:// to other machines, in clear")
	f.StringVarP(&g.platform, "platform", "p", "", "platform to work on; - = those without one (SCHEDCTL_PLATFORM)")
	f.BoolVar(&g.allPlatforms, "all-platforms", false, "work on every platform")
	g.output, g.color, g.timeout = formatTable, "auto", client.DefaultTimeout
	f.VarP(format{&g.output}, "output", "o", "output format (SCHEDCTL_OUTPUT): "+strings.Join(formats, "|"))
	f.StringVar(&g.jq, "jq", "", "print what this jq expression makes of the JSON")
	f.BoolVarP(&g.raw, "raw", "r", false, "with --jq: text without its quotes")
	f.Var(&wordList{&g.columns}, "columns", "columns to print, in this order, such as name,next_run")
	f.Var(&wordList{&g.sortBy}, "sort-by", "columns to sort what is listed by; with - in front descending")
	f.BoolVar(&g.noHeaders, "no-headers", false, "tables without their first line")
	f.BoolVar(&g.noPager, "no-pager", false, "never page long output (SCHEDCTL_PAGER, PAGER)")
	enumVarP(cmd, f, &g.timeMode, "time", "", "how to show instants; default relative on a terminal, else iso (SCHEDCTL_TIME)",
		timeRelative, timeLocal, timeUTC, timeISO, timeUnix)
	f.StringVar(&g.tz, "tz", "", "time zone for showing and reading times (SCHEDCTL_TZ)")
	enumVarP(cmd, f, &g.color, "color", "", "colours (SCHEDCTL_COLOR)", "auto", "always", "never")
	f.BoolVarP(&g.quiet, "quiet", "q", false, "print only names, or nothing")
	f.CountVarP(&g.verbose, "verbose", "v", "say more; -vv shows the requests")
	durationVar(f, &g.timeout, "timeout", "longest wait for one request (SCHEDCTL_TIMEOUT)")
	_ = cmd.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(formats, noFileComp|cobra.ShellCompDirectiveNoSpace))
	_ = cmd.RegisterFlagCompletionFunc("tz", completeZones)
	_ = cmd.RegisterFlagCompletionFunc("server", noFiles)
	_ = cmd.RegisterFlagCompletionFunc("platform", completePlatforms(a))
	_ = cmd.RegisterFlagCompletionFunc("jq", noFiles)
	_ = cmd.RegisterFlagCompletionFunc("context", completeContexts(a, 100))
	_ = cmd.RegisterFlagCompletionFunc("columns", a.completeColumns)
	_ = cmd.RegisterFlagCompletionFunc("sort-by", a.completeColumns)
	_ = cmd.RegisterFlagCompletionFunc("timeout", noFiles)
}

// settle completes the globals: what no flag says comes from the environment, what that
// does not say from the context.
func (a *app) settle(root *cobra.Command) error {
	if a.settled {
		return nil
	}
	a.settled = true
	if err := a.loadContext(); err != nil {
		return err
	}
	for _, s := range settings {
		flag := root.PersistentFlags().Lookup(s.flag)
		value, origin := a.setting(s)
		if value == "" || flag.Changed {
			continue
		}
		if err := flag.Value.Set(value); err != nil {
			return usagef("%s=%q: %v", origin, value, err)
		}
	}
	g := &a.g
	g.zone = a.env.Zone
	if g.tz != "" {
		zone, err := loadZone(g.tz)
		if err != nil {
			return err
		}
		g.zone = zone
	}
	switch {
	case g.allPlatforms && root.PersistentFlags().Changed("platform"):
		return usagef("--platform and --all-platforms can't be combined")
	case g.allPlatforms:
		g.platform = "*"
	case g.platform == "-":
		g.platform = job.DefaultPlatform
	}
	if err := a.checkColumns(); err != nil {
		return err
	}
	return g.settleOutput(root.PersistentFlags().Changed("output"))
}

// loadZone finds a time zone by its IANA name.
func loadZone(name string) (*time.Location, error) {
	if strings.EqualFold(name, "utc") {
		return time.UTC, nil
	}
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" || name == "Local" {
		return nil, usagef("unknown time zone %q", name).WithHint("examples: UTC, Europe/Berlin, America/New_York")
	}
	return zone, nil
}

// connect returns the client. It does not talk to the daemon yet.
func (a *app) connect() (*client.Client, error) {
	if a.client != nil {
		return a.client, nil
	}
	tokenFile, err := a.tokenFile()
	if err != nil {
		return nil, err
	}
	caFile, err := a.caFile()
	if err != nil {
		return nil, err
	}
	o := client.Options{
		Server: a.g.server, Timeout: a.g.timeout, Platform: a.g.platform, Getenv: a.env.Getenv, Allow: a.allow(),
		TokenFile: tokenFile, TokenInput: a.env.In, CAFile: caFile, Insecure: a.g.insecure,
	}
	if a.g.verbose > 1 {
		o.Trace = func(line string) { a.errLine(line) }
	}
	c, err := client.New(o)
	if err != nil {
		return nil, err
	}
	a.client = c
	return c, nil
}

// reader reads times that the user typed, in the zone that times are shown in.
func (a *app) reader() timex.Reader { return timex.Reader{Now: a.env.Now(), Zone: a.g.zone} }

// past reads the value of a flag such as --since; "" is the zero time.
func (a *app) past(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := a.reader().Past(text)
	if err != nil {
		return time.Time{}, inFlag(flag, err)
	}
	a.echo(flag, text, at)
	return at.At, nil
}

// future reads the value of a flag such as --next-before; "" is the zero time.
func (a *app) future(flag, text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	at, err := a.reader().Future(text)
	if err != nil {
		return time.Time{}, inFlag(flag, err)
	}
	a.echo(flag, text, at)
	return at.At, nil
}

// echo says what a phrase was taken for; spans and RFC 3339 speak for themselves.
func (a *app) echo(flag, text string, at timex.Instant) {
	_, noSpan := timex.ParseDuration(text)
	_, noInstant := time.Parse(time.RFC3339, text)
	if a.g.verbose > 0 || noSpan != nil && noInstant != nil {
		a.note("%s: %q = %s", flag, text, timex.Echo(at.At, at.Zone))
	}
}

// inFlag says which flag an error is about.
func inFlag(flag string, err error) error {
	e, ok := err.(*job.Error) //nolint:errorlint // made just now
	if !ok {
		return err
	}
	return &job.Error{Code: e.Code, Message: "--" + flag + ": " + e.Message, Hint: e.Hint}
}

// input reads a file that an argument names; "-" is standard input.
func (a *app) input(path string, limit int64) ([]byte, error) {
	data, err := a.slurp(path, limit)
	if os.IsNotExist(err) {
		return nil, usagef("no such file: %s", path)
	}
	if err != nil {
		return nil, usagef("read %s: %v", path, err)
	}
	if int64(len(data)) > limit {
		return nil, usagef("%s is larger than %d bytes", path, limit)
	}
	return data, nil
}
