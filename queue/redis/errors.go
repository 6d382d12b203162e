package redis

import (
	"errors"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/agentic-sdlc/scheduler/job"
)

func errClosed() error {
	return job.Errorf(job.Unavailable, "the queue is closed")
}

// refused says whether Redis answered, with an error.
func refused(err error) bool {
	var answer redis.Error
	return errors.As(err, &answer)
}

// hasPrefix says whether Redis answered with this error, directly or from a script.
func hasPrefix(err error, prefix string) bool {
	return err != nil && strings.HasPrefix(err.Error(), prefix)
}

// groupLost says whether the stream or its group is gone.
func groupLost(err error) bool {
	return hasPrefix(err, "NOGROUP") || hasPrefix(err, "UNBLOCKED")
}

// noKey says whether XINFO found no stream or no group.
func noKey(err error) bool { return hasPrefix(err, "ERR no such key") || groupLost(err) }

// failed makes an error for others of what a request came back with.
func (q *Queue) failed(what string, err error) error {
	if err != nil && q.closed.Load() {
		return errClosed()
	}
	return failed(what, err)
}

func failed(what string, err error) error {
	switch {
	case err == nil || errors.Is(err, redis.Nil):
		return nil
	case hasPrefix(err, "OOM"):
		return job.Errorf(job.StorageFull, "%s: Redis has no memory left: %w", what, err).WithHint("raise maxmemory of Redis")
	case hasPrefix(err, "WRONGTYPE"):
		return job.Errorf(job.Unavailable, "%s: a key of the queue in Redis holds another type: %w", what, err).
			WithHint("health names the key; delete it")
	case hasPrefix(err, "NOAUTH"), hasPrefix(err, "WRONGPASS"), hasPrefix(err, "NOPERM"):
		return job.Errorf(job.Unavailable, "%s: Redis refuses the user of queue.redis.url: %w", what, err)
	default:
		return job.Errorf(job.Unavailable, "%s in Redis failed: %w", what, err)
	}
}
