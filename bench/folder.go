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

// publicFolder makes a folder that servers may enter: they may run as another user.
func publicFolder(dir, pattern string) (string, error) {
	own, err := os.MkdirTemp(dir, pattern)
	if err != nil {
		return "", err
	}
	return own, os.Chmod(own, 0o755)
}
