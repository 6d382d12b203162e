package redis

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/agentic-sdlc/scheduler/job"
	"github.com/agentic-sdlc/scheduler/queue"
)

// Names and bounds when Options say nothing.
const (
	DefaultStream   = "stream:scheduler:job.dispatch"
	DefaultGroup    = "scheduler-workers"
	DefaultMonitors = "scheduler-monitors"
	DefaultMaxLen   = 100_000
	DefaultTimeout  = 3 * time.Second
)

// Options configure a Queue. Only URL is needed.
type Options struct {
	// URL is redis://[user:password@]host:port/db, rediss:// for TLS, or
	// unix://[user:password@]/path?db=0. With TLS, sslrootcert=FILE names the authority
	// to trust in place of the system's; sslcert=FILE and sslkey=FILE are what to show.
	URL string
	// Prefix comes before every key, for several installations in one database.
	Prefix string
	Stream string // "" = DefaultStream
	Group  string // of the workers; "" = DefaultGroup
	// Monitors is a group for programs that watch; it reads nothing here. "" =
	// DefaultMonitors.
	Monitors string
	// MaxLen is about how many messages a stream keeps, the newest; 0 = DefaultMaxLen.
	MaxLen int64
	// Timeout bounds one request, blocking aside; 0 = DefaultTimeout.
	Timeout time.Duration
	Now     func() time.Time // the clock for ageing; nil = time.Now
	Logger  *slog.Logger     // nil = no log
}

// Queue is a queue.Queue over Redis Streams.
type Queue struct {
	o      Options
	client *redis.Client
	keys   []string // of the streams, by rank
	held   string   // key of the hash
	log    limitedLog

	closed  atomic.Bool
	closing chan struct{}
	strays  atomic.Int64
	made    atomic.Bool  // the groups were there once
	tidied  atomic.Int64 // when last, Unix milliseconds
	pace    pace

	mu    sync.Mutex
	spare []queue.Delivery // received beyond the limit that was asked for
}

var _ queue.Queue = (*Queue)(nil)

// New returns a queue; it does not connect. An error is about the URL.
func New(o Options) (*Queue, error) {
	client, err := connect(o.URL, orElse(o.Timeout, DefaultTimeout))
	if err != nil {
		return nil, err
	}
	o.Stream = o.Prefix + orElse(o.Stream, DefaultStream)
	o.Group = orElse(o.Group, DefaultGroup)
	o.Monitors = orElse(o.Monitors, DefaultMonitors)
	o.MaxLen = orElse(o.MaxLen, DefaultMaxLen)
	o.Timeout = orElse(o.Timeout, DefaultTimeout)
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return &Queue{
		o: o, client: client, closing: make(chan struct{}),
		keys: []string{o.Stream + ":low", o.Stream, o.Stream + ":high", o.Stream + ":critical"},
		held: o.Stream + ":held",
		log:  limitedLog{logger: o.Logger, now: o.Now},
	}, nil
}

// connect returns a client that has not connected yet.
func connect(url string, timeout time.Duration) (*redis.Client, error) {
	quiet()
	url, files, err := splitTLS(url)
	var o *redis.Options
	if err == nil {
		o, err = redis.ParseURL(url)
	}
	if err != nil {
		// The library's text may quote the password.
		return nil, job.Errorf(job.Invalid, "the URL of Redis is not one").
			WithHint("it looks like redis://user:password@host:6379/0, rediss://… or unix:///path/redis.sock?db=0")
	}
	if err := files.apply(o.TLSConfig); err != nil {
		return nil, err
	}
	o.DialTimeout, o.ReadTimeout, o.WriteTimeout, o.PoolTimeout = timeout, timeout, timeout, timeout
	o.ContextTimeoutEnabled = true
	o.MaxRetries = 1
	o.DialerRetries = 1
	o.DisableIdentity = true
	o.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewClient(o), nil
}

// quiet keeps the library from writing to stderr: what it says comes back as an error.
var quiet = sync.OnceFunc(func() { redis.SetLogger(silence{}) })

type silence struct{}

func (silence) Printf(context.Context, string, ...any) {}

// orElse returns v, or def when v is zero.
func orElse[T comparable](v, def T) T {
	var zero T
	if v == zero {
		return def
	}
	return v
}

// within bounds one request.
func (q *Queue) within(ctx context.Context, more time.Duration) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, q.o.Timeout+more)
}

// Close wakes blocked receivers; they and every later call are answered
// unavailable. Closing again does nothing.
func (q *Queue) Close() error {
	if q.closed.Swap(true) {
		return nil
	}
	close(q.closing)
	return q.client.Close()
}
