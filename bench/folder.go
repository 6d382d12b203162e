package main

import "os"

// inFolder measures in a folder of its own, which goes afterwards.
func inFolder[T any](dir string, measure func(dir string) (T, error)) (v T, err error) {
	own, err := os.MkdirTemp(dir, "round-")
	if err != nil {
		return v, err
	}
	defer os.RemoveAll(own)
	return measure(own)
}
