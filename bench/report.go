package main

import (
	"encoding/json"
	"os"
)

// report is the outcome of a run.
type report struct {
	Machine machine   `json:"machine"`
	Size    size      `json:"size"`
	Figures []Figure  `json:"figures"`
	Crowd   []crowded `json:"crowd"`
}

// crowded is what other processes took of all CPUs while a part was measured.
type crowded struct {
	Part    string  `json:"part"`
	Percent float64 `json:"percent"`
}

// write stores all of it, samples too.
func (r *report) write(path string) error {
	text, err := json.Marshal(r)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(text, '\n'), 0o644)
}

// missed counts the bars that were not reached.
func (r *report) missed() int {
	n := 0
	for i := range r.Figures {
		if r.Figures[i].verdict() == verdictMissed {
			n++
		}
	}
	return n
}
