package command

import (
	"github.com/spf13/pflag"

	"github.com/agentic-sdlc/scheduler/daemon/config"
)

// source is where the configuration comes from: the flags of the command line,
// which every command has.
type source struct {
	env       Env
	file      string
	dev       bool
	overrides []override
	flags     *pflag.FlagSet
}

// override is a flag that sets a key.
type override struct {
	flag, key string
	value     *string
}

func newSource(f *pflag.FlagSet, env Env) *source {
	s := &source{env: env, flags: f}
	f.StringVarP(&s.file, "config", "c", "", "configuration `file` (default $SCHEDD_CONFIG, else /etc/schedd/schedd.yaml if there is one)")
	f.BoolVar(&s.dev, "dev", false, "try it out: temporary data, socket ./schedd.sock, a log for people, no configuration file")
	for _, o := range []struct{ flag, key, usage string }{
		{"data-dir", "data_dir", "`folder` of the database"},
		{"socket", "listen.socket", "`path` of the API's socket"},
		{"listen", "listen.http", "`address` of the API on the network, host:port; needs a token"},
		{"roles", "roles", "`list` of what this node does: api,scheduler,worker"},
		{"worker-slots", "worker.slots", "`number` of executions at once on this node"},
		{"log-level", "log.level", "`level`: debug, info, warn or error"},
		{"log-format", "log.format", "`format`: auto, json, text, pretty or journal"},
	} {
		s.overrides = append(s.overrides, override{o.flag, o.key, f.String(o.flag, "", o.usage)})
	}
	return s
}

// options describe the configuration to package config.
func (s *source) options() config.Options {
	o := config.Options{File: s.file, NoFile: s.dev && s.file == "", Env: s.env.Environ}
	if s.dev {
		o.Flags = append(o.Flags,
			config.Flag{Key: "listen.socket", Value: "./schedd.sock", Name: "--dev"},
			config.Flag{Key: "listen.socket_group", Value: "", Name: "--dev"},
			config.Flag{Key: "log.format", Value: "pretty", Name: "--dev"},
			config.Flag{Key: "log.level", Value: "info", Name: "--dev"})
	}
	for _, v := range s.overrides {
		if s.flags.Lookup(v.flag).Changed { // later ones win over --dev
			o.Flags = append(o.Flags, config.Flag{Key: v.key, Value: *v.value, Name: "--" + v.flag})
		}
	}
	return o
}

// choosesData reports whether the operator said where data goes.
func (s *source) choosesData() bool { return s.flags.Lookup("data-dir").Changed }
