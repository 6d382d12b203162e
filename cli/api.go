package cli

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/agentic-sdlc/scheduler/api"
	"github.com/agentic-sdlc/scheduler/cli/render"
	"github.com/agentic-sdlc/scheduler/client"
)

type apiOptions struct {
	data           string
	idempotencyKey string
	reason         string
	yes            bool
}

var apiMethods = []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete}

func newAPICmd(a *app) *cobra.Command {
	var o apiOptions
	cmd := &cobra.Command{
		Use:   "api METHOD PATH",
		Short: "Send a request of your own to the daemon",
		Long: `Send a request of your own to the daemon, with its address and your identity taken care
of. PATH starts behind ` + api.Prefix + ` unless it names a route in full. The answer is
printed as it came; with --jq or a format, lists are {"items", "total", "next_cursor"} as
everywhere else.`,
		Example: `  schedctl api GET '/jobs?limit=1' --jq .total
  schedctl api POST /jobs/nightly-backup/pause --data '{"reason": "vendor outage"}'
  schedctl api GET /livez`,
		GroupID: groupOperations,
		Args:    exactly("METHOD", "PATH"),
		ValidArgsFunction: func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			switch len(args) {
			case 0:
				return apiMethods, noFileComp
			case 1:
				return apiPaths, noFileComp | cobra.ShellCompDirectiveNoSpace
			}
			return nil, noFileComp
		},
		RunE: a.action(func(cmd *cobra.Command, args []string) error {
			return runAPI(cmd.Context(), a, strings.ToUpper(args[0]), args[1], o)
		}),
	}
	f := cmd.Flags()
	f.StringVar(&o.data, "data", "", "body: JSON, @FILE or @-")
	f.StringVar(&o.idempotencyKey, "idempotency-key", "", "the same key never does it twice")
	f.StringVar(&o.reason, "reason", "", "why, for the audit log")
	f.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return cmd
}

// apiPaths are routes without the prefix, for completion.
var apiPaths = []string{
	"/jobs", "/executions", "/next", "/clock-changes", "/handlers", "/agents", "/workers", "/queue", "/maintenance", "/dead-letter", "/health", "/version", "/audit/slots", "/livez", "/readyz",
}

func runAPI(ctx context.Context, a *app, method, target string, o apiOptions) error {
	if !slices.Contains(apiMethods, method) {
		return usagef("unknown method %q", method).WithHint("%s", notAllowed(method, apiMethods).Error())
	}
	u, err := url.Parse(target)
	if err != nil || !strings.HasPrefix(target, "/") || u.Host != "" {
		return usagef("%q is not a path", target).WithHint("for example '/jobs?limit=1'")
	}
	path := u.EscapedPath()
	if !strings.HasPrefix(path, "/api/") && path != api.RouteLivez && path != api.RouteReadyz && path != "/metrics" {
		path = api.Prefix + path
	}
	body, err := o.body(a)
	if err != nil {
		return err
	}
	c, err := a.connect()
	if err != nil {
		return err
	}
	w := client.Write{Reason: o.reason, IdempotencyKey: o.idempotencyKey}
	answer, err := c.Raw(ctx, method, path, u.Query(), body, w)
	if err != nil {
		return err
	}
	if !a.structured() {
		return a.rawAnswer(answer.Body)
	}
	v, err := a.wrapped(ctx, c, method, path, u.Query(), answer)
	if err != nil {
		return err
	}
	return a.printStructured(v)
}

// body reads what --data says.
func (o *apiOptions) body(a *app) (json.RawMessage, error) {
	if o.data == "" {
		return nil, nil
	}
	text, source := []byte(o.data), "--data"
	if path, isFile := strings.CutPrefix(o.data, "@"); isFile {
		var err error
		if text, err = a.input(path, 1<<20); err != nil {
			return nil, err
		}
		source = path
	}
	if !json.Valid(text) {
		return nil, usagef("%s is not JSON", source)
	}
	return text, nil
}

// rawAnswer prints an answer as it came; on a terminal nothing in it may drive it.
func (a *app) rawAnswer(body []byte) error {
	if len(body) == 0 {
		return nil
	}
	if a.outTTY() && json.Valid(body) {
		return a.paged(func() error { return render.JSON(a.out, json.RawMessage(body)) })
	}
	for line := range strings.Lines(string(body)) {
		if a.outTTY() {
			line = render.CleanLine(line)
		}
		if _, err := a.out.Write([]byte(strings.TrimSuffix(line, "\n") + "\n")); err != nil {
			return err
		}
	}
	return nil
}

// wrapped gives a list the form that lists have. Its total is asked for when the answer
// did not tell it and has not everything.
func (a *app) wrapped(ctx context.Context, c *client.Client, method, path string, query url.Values, answer client.Answer) (any, error) {
	var v any
	if len(answer.Body) == 0 {
		return struct{}{}, nil
	}
	if err := json.Unmarshal(answer.Body, &v); err != nil {
		return nil, usagef("the answer is not JSON").WithHint("leave out --jq and -o")
	}
	items, isList := v.([]any)
	if !isList {
		return json.RawMessage(answer.Body), nil
	}
	raw := make([]json.RawMessage, len(items))
	if err := json.Unmarshal(answer.Body, &raw); err != nil {
		return nil, internal("%w", err)
	}
	l := listing[json.RawMessage]{Items: raw, Total: -1, Next: answer.Header.Get(api.HeaderNextCursor)}
	total := answer.Header.Get(api.HeaderTotalCount)
	switch {
	case total == "" && l.Next == "" && query.Get("cursor") == "" && query.Get("offset") == "":
		l.Total = int64(len(raw))
	case total == "" && method == http.MethodGet:
		query.Set("total", "true")
		if again, err := c.Raw(ctx, method, path, query, nil, client.Write{}); err == nil {
			total = again.Header.Get(api.HeaderTotalCount)
		}
		fallthrough
	default:
		if n := json.Number(total); total != "" {
			l.Total, _ = n.Int64()
		}
	}
	return l.document(), nil
}
