package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync/atomic"
	"time"

	"github.com/agentic-sdlc/scheduler/api"
)

// DefaultTimeout bounds one request when Options say nothing.
const DefaultTimeout = 30 * time.Second

// Options say how to reach the daemon. The zero value is useful.
type Options struct {
	// Server is "unix:///path", a path, "http://host:port" or "https://host:port";
	// "" looks in the usual places.
	Server string
	// Timeout bounds one request, not a log that is followed; 0 = DefaultTimeout.
	Timeout time.Duration
	// Platform is the tenant of every request; "" leaves it to the daemon.
	Platform string
	// Token is what the caller shows over the network. "" reads TokenFile, else the
	// environment: SCHEDCTL_TOKEN, SCHEDCTL_TOKEN_FILE; else what Login kept for the
	// server. On a Unix socket none is sent: the kernel says who calls.
	Token string
	// TokenFile holds the token; nobody but its owner may read it. "-" is TokenInput.
	TokenFile  string
	TokenInput io.Reader // nil = os.Stdin
	// Insecure lets the token go over http:// to other machines, in clear.
	Insecure bool
	// CAFile holds the certificates of authorities to trust beside the system's.
	CAFile string
	// Getenv reads the environment; nil = os.Getenv.
	Getenv func(string) string
	// Trace, when not nil, gets one line per request: what was asked and answered.
	Trace func(line string)
	// Allow, when not nil, is asked before each request that may change something; its
	// error is the request's.
	Allow func(method, path string) error
}

// Client talks to one daemon.
type Client struct {
	options  Options
	base     string // scheme and host of every URL
	explicit string // what Options or the environment said, "" = the usual places
	targets  []target
	used     atomic.Pointer[target] // the one that answered last
	token    string
	http     *http.Client
}

// New returns a client. It connects to nothing yet; the error has code invalid and
// is about Options.Server.
func New(o Options) (*Client, error) {
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	c := &Client{options: o}
	c.explicit = o.Server
	if c.explicit == "" {
		c.explicit = o.Getenv("SCHEDCTL_SERVER")
	}
	if err := c.locate(); err != nil {
		return nil, err
	}
	if err := c.authenticate(); err != nil {
		return nil, err
	}
	trust, err := c.trust()
	if err != nil {
		return nil, err
	}
	c.http = &http.Client{
		Transport: &http.Transport{
			DialContext:           c.dial,
			MaxIdleConnsPerHost:   4,
			IdleConnTimeout:       time.Minute,
			DisableCompression:    true,
			TLSClientConfig:       trust,
			ExpectContinueTimeout: time.Second,
		},
		// A daemon never redirects; following one could carry a request elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return c, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Server returns the address that answered last, or the first that would be tried.
func (c *Client) Server() string {
	if t := c.used.Load(); t != nil {
		return t.String()
	}
	return c.targets[0].String()
}

// Servers returns the addresses that are tried, in order.
func (c *Client) Servers() []string {
	addresses := make([]string, len(c.targets))
	for i, t := range c.targets {
		addresses[i] = t.String()
	}
	return addresses
}

// Write says more about a request that changes something.
type Write struct {
	// Reason goes to the audit log.
	Reason string
	// IfRevision makes the request fail with version_mismatch when the job has
	// another revision; 0 = any.
	IfRevision int64
	// IdempotencyKey makes repeating the request harmless; requests that create
	// something get a random one when it is empty.
	IdempotencyKey string
	// DryRun makes CreateJob, ChangeJob and Reschedule return the job as it would be, and
	// write nothing.
	DryRun bool
}

// query returns what w adds to the parameters of a request.
func (w Write) query() url.Values {
	if !w.DryRun {
		return nil
	}
	return url.Values{"dry_run": {"true"}}
}

// header returns what w adds to a request.
func (w Write) header() http.Header {
	h := http.Header{}
	if w.Reason != "" {
		h.Set(api.HeaderReason, w.Reason)
	}
	if w.IfRevision > 0 {
		h.Set("If-Match", fmt.Sprintf("%q", fmt.Sprint(w.IfRevision)))
	}
	if w.IdempotencyKey != "" {
		h.Set(api.HeaderIdempotencyKey, w.IdempotencyKey)
	}
	return h
}

// creates returns w with an idempotency key.
func (w Write) creates() Write {
	if w.IdempotencyKey == "" {
		w.IdempotencyKey = newKey()
	}
	return w
}

// path fills the {id} of a route, so that a slash in ref stays in its segment.
func path(route, ref string) string {
	const hole = "{id}"
	for i := 0; i+len(hole) <= len(route); i++ {
		if route[i:i+len(hole)] == hole {
			return route[:i] + url.PathEscape(ref) + route[i+len(hole):]
		}
	}
	return route
}

// get asks for one thing.
func get[T any](ctx context.Context, c *Client, path string, query url.Values) (T, error) {
	var out T
	_, err := c.do(ctx, request{method: http.MethodGet, path: path, query: query, out: &out})
	return out, err
}

// send changes something and returns what became of it.
func send[T any](ctx context.Context, c *Client, method, path string, body any, w Write) (T, error) {
	var out T
	_, err := c.do(ctx, request{method: method, path: path, query: w.query(), body: body, header: w.header(), out: &out, dry: w.DryRun})
	return out, err
}

// tell changes something that answers nothing.
func (c *Client) tell(ctx context.Context, method, path string, query url.Values, body any, w Write) error {
	_, err := c.do(ctx, request{method: method, path: path, query: query, body: body, header: w.header()})
	return err
}
