package testbed

import (
	"errors"
	"os"
	"testing"
	"time"
)

func wantReply(t *testing.T, r *RedisServer, command, want string) {
	t.Helper()
	if got, err := r.Do(command); err != nil || got != want {
		t.Errorf("%s = %q, %v; want %q", command, got, err, want)
	}
}

func TestRedisLosesEverything(t *testing.T) {
	t.Parallel()
	r := Redis(t)
	for name, end := range map[string]func() error{
		"FlushAll":     r.FlushAll,
		"Restart":      r.Restart,
		"RestartEmpty": r.RestartEmpty,
		"Kill, Start":  func() error { return errors.Join(r.Kill(), r.Start()) },
	} {
		wantReply(t, r, "SET a 1", "+OK")
		if err := end(); err != nil {
			t.Fatalf("%s = %v", name, err)
		}
		wantReply(t, r, "EXISTS a", ":0")
	}
}

func TestRedisWithAOFKeeps(t *testing.T) {
	t.Parallel()
	r := NewRedis(t, RedisOptions{AOF: true, Settings: []string{"appendfsync always"}})
	wantReply(t, r, "SET a 1", "+OK")
	if err := errors.Join(r.Kill(), r.Start()); err != nil {
		t.Fatal(err)
	}
	wantReply(t, r, "EXISTS a", ":1")
	if err := r.RestartEmpty(); err != nil {
		t.Fatal(err)
	}
	wantReply(t, r, "EXISTS a", ":0")
}

func TestRedisTakesSettings(t *testing.T) {
	t.Parallel()
	r := Redis(t, "maxmemory 3mb", "requirepass secret")
	wantReply(t, r, "EXISTS a", "-NOAUTH Authentication required.")
	wantReply(t, r, "AUTH secret", "+OK")
}

func TestRedisIsItsTestsOwn(t *testing.T) {
	t.Parallel()
	a, b := Redis(t), Redis(t)
	wantReply(t, a, "SET a 1", "+OK")
	wantReply(t, b, "EXISTS a", ":0")
	dir := b.Dir()
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the folder is still there: %v", err)
	}
	if _, err := b.Do("PING"); err == nil {
		t.Error("it answers after Close")
	}
}

func TestRedisSuspended(t *testing.T) {
	t.Parallel()
	r := Redis(t)
	r.Suspend()
	answered := make(chan error, 1)
	go func() {
		_, err := r.Do("PING")
		answered <- err
	}()
	select {
	case <-answered:
		t.Error("a suspended server answers")
	case <-time.After(100 * time.Millisecond):
	}
	r.Resume()
	if err := <-answered; err != nil {
		t.Error(err)
	}
}
