// Package storetest holds every adapter of the store to the same answers, the same
// order and the same error codes. A behaviour of the store exists only if this
// package asserts it.
//
// An adapter's own test opens an empty store and calls Run:
//
//	func TestStore(t *testing.T) {
//		storetest.Run(t, func(t *testing.T) store.Store { … })
//	}
//
// Tests use a clock of their own that stands at Base until they move it, and ids
// from a fixed source. Areas whose methods concern one platform share a store, each
// test in a platform of its own; areas whose methods see the whole store (planning,
// reaping, retention …) open one per test.
package storetest
