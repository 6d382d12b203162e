// Package handlertest is the conformance suite of handlers, and what their tests
// need: tasks and a log that remembers.
//
//	handlertest.Run(t, handlertest.Suite{
//		New:   func(t *testing.T) handler.Handler { return function.New(work) },
//		Quick: `{}`,
//		Slow:  `{"seconds": 60}`,
//	})
package handlertest
