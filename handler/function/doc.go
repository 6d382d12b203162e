// Package function turns Go functions into handlers, and keeps what they do wrong
// from harming anybody else.
//
//	reindex := function.New(func(ctx context.Context, t *handler.Task) (any, error) {
//		n, err := index.Rebuild(ctx)
//		return map[string]int{"documents": n}, err
//	})
//
// A panic, a call of runtime.Goexit, a result that is no JSON or is too large end
// the attempt, not the daemon. A panic in a goroutine that the function started
// itself cannot be caught: Go ends the process, and the execution counts as lost.
package function
