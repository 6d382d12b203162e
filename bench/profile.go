package main

import (
	"errors"
	"os"
	"runtime/pprof"
)

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
