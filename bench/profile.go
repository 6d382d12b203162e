package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/pprof"
)

// profiles is the folder for profiles of our side, one pair a measurement of speed;
// "" = none. oursOnly leaves the peers out, for whoever works on our side.
var (
	profiles string
	oursOnly bool
	profiled int // measurements so far
)

// profileOurs profiles from now until stop what is measured: NAME-N.cpu, and what is
// allocated as the difference of NAME-N.allocs to its base NAME-N.allocs0.
func profileOurs(name string) (stop func() error, err error) {
	if profiles == "" {
		return func() error { return nil }, nil
	}
	profiled++
	path := filepath.Join(profiles, fmt.Sprintf("%s-%d", name, profiled))
	before, err := profile("", path+".allocs0")
	if err == nil {
		err = before()
	}
	if err != nil {
		return nil, err
	}
	return profile(path+".cpu", path+".allocs")
}

// profile starts the profiles that are asked for; stop writes them.
func profile(cpu, mem string) (stop func() error, err error) {
	var stops []func() error
	if cpu != "" {
		f, err := os.Create(cpu)
		if err != nil {
			return nil, err
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			return nil, errors.Join(err, f.Close())
		}
		stops = append(stops, func() error { pprof.StopCPUProfile(); return f.Close() })
	}
	if mem != "" {
		f, err := os.Create(mem)
		if err != nil {
			return nil, err
		}
		stops = append(stops, func() error { return errors.Join(pprof.Lookup("allocs").WriteTo(f, 0), f.Close()) })
	}
	return func() error {
		var errs []error
		for _, stop := range stops {
			errs = append(errs, stop())
		}
		return errors.Join(errs...)
	}, nil
}
