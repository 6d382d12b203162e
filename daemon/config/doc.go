// Package config is the daemon's configuration: its shape, its defaults, where
// its values come from, and what is wrong with them.
//
// A value is taken from the first of these that has it: a flag, an environment
// variable (SCHEDD_ and the key's path in upper case joined with "_"), the YAML
// file, the default. An empty environment variable counts as unset.
//
//	cfg, origins, err := config.Load(config.Options{File: "/etc/schedd/schedd.yaml", Env: os.Environ()})
//
// Load reports every problem at once, each with the place it comes from
// (file:line:column, variable or flag). The commented sample, configs/schedd.yaml,
// is the reference of all keys; a test holds it to Default.
//
// Lists of named things are lists of {name: …}, never maps keyed by what users
// chose, so that a name keeps its case and its dots.
package config
