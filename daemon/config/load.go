package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/go-viper/mapstructure/v2"
	"github.com/spf13/viper"
)

// delimiter joins the parts of a key inside viper. No key may hold it.
const delimiter = "::"

// Options says where Load looks.
type Options struct {
	File   string       // "" = SCHEDD_CONFIG, else the first standard place that has one
	NoFile bool         // read no file at all
	Env    []string     // "NAME=value", as os.Environ returns it
	Flags  []Flag       // what the command line set
	Warn   func(string) // takes what is odd but harmless; nil drops it
}

// Flag is a value from the command line.
type Flag struct {
	Key   string // e.g. "listen.socket"
	Value string
	Name  string // how the operator wrote it, e.g. "--socket"
}

// Source is the kind of place that a value comes from.
type Source string

// The sources, weakest first.
const (
	FromDefault Source = "default"
	FromFile    Source = "file"
	FromEnv     Source = "env"
	FromFlag    Source = "flag"
)

// Origin is the place that a value comes from.
type Origin struct {
	Source Source
	Where  string // file:line:column, variable or flag; "" for a default
}

// Origins has the origin of every key, and where the configuration was read.
type Origins struct {
	File string // "" when no file was read
	keys map[string]Origin
	dot  map[string]string // places inside lists
}

// Of returns the origin of a key; keys inside lists are found too.
func (o Origins) Of(key string) Origin {
	if origin, ok := o.keys[key]; ok {
		return origin
	}
	if where, ok := o.dot[key]; ok {
		return Origin{Source: FromFile, Where: where}
	}
	return Origin{Source: FromDefault}
}

// Load returns the configuration that holds. A configuration that cannot be used
// is a Problems error; the Config that comes with it is only good for showing.
func Load(o Options) (Config, Origins, error) {
	env := newEnvironment(o.Env)
	if o.Warn == nil {
		o.Warn = func(string) {}
	}
	for _, w := range env.unknown() {
		o.Warn(w)
	}
	origins := Origins{keys: map[string]Origin{}, dot: map[string]string{}}
	v := viper.NewWithOptions(viper.KeyDelimiter(delimiter))
	for f, d := range defaults() {
		v.SetDefault(f.path(), d)
	}
	var problems Problems

	readable := true
	if origins.File = o.file(env); origins.File != "" {
		d := openFile(origins.File)
		readable, problems, origins.dot = d.readable, d.problems, d.where
		if err := v.MergeConfigMap(d.tree); err != nil {
			problems.add(origins.File, "", "%v", err)
		}
		for _, key := range d.keys {
			origins.keys[key] = Origin{FromFile, d.where[key]}
		}
	}
	set := func(key, text string, origin Origin) {
		f, ok := findField(key)
		if !ok {
			problems.add(origin.Where, key, "no such key")
			return
		}
		value, err := parseText(f.typ, text)
		if err != nil {
			problems.add(origin.Where, key, "%v", err)
			return
		}
		v.Set(f.path(), value)
		origins.keys[key] = origin
	}
	for _, f := range fields() {
		if name := f.variable(); name != "" && env[name] != "" {
			set(f.key, env[name], Origin{FromEnv, name})
		}
	}
	for _, fl := range o.Flags {
		set(fl.Key, fl.Value, Origin{FromFlag, fl.Name})
	}

	var cfg Config
	byTag := func(c *mapstructure.DecoderConfig) { c.TagName = "yaml" }
	if err := v.UnmarshalExact(&cfg, byTag); err != nil {
		problems.add(origins.File, "", "%v", err)
	}
	if err := resolve(&cfg, env); err != nil {
		problems.add("", "", "%v", err)
	}
	if readable { // else values contradict each other only because some are missing
		for _, p := range Validate(cfg) {
			p.Where = origins.Of(p.Key).Where
			problems = append(problems, p)
		}
	}
	if len(problems) == 0 {
		if err := readSecrets(&cfg, env); err != nil {
			problems.add("", "", "%v", err)
		}
		for _, w := range exposed(&cfg, env) {
			o.Warn(w)
		}
	}
	return cfg, origins, problems.err()
}

// file returns the path to read, "" for none. A file that was asked for must exist;
// of the standard places the first that has one is read.
func (o Options) file(env environment) string {
	switch {
	case o.NoFile:
		return ""
	case o.File != "":
		return o.File
	case env[fileVariable] != "":
		return env[fileVariable]
	}
	var places []string
	if os.Geteuid() != 0 {
		if dir := env["XDG_CONFIG_HOME"]; filepath.IsAbs(dir) {
			places = append(places, filepath.Join(dir, "schedd", "schedd.yaml"))
		} else if home := env["HOME"]; home != "" {
			places = append(places, filepath.Join(home, ".config", "schedd", "schedd.yaml"))
		}
	}
	for _, path := range append(places, "/etc/schedd/schedd.yaml") {
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			return path
		}
	}
	return ""
}

// resolve fills the paths and names that depend on who runs the daemon and where.
func resolve(cfg *Config, env environment) error {
	if cfg.NodeID == "" {
		host, err := os.Hostname()
		if err != nil {
			return fmt.Errorf("node_id is not set and the host has no name: %w", err)
		}
		cfg.NodeID = host
	}
	root := os.Geteuid() == 0
	if cfg.DataDir == "" {
		switch dir := env["XDG_STATE_HOME"]; {
		case root:
			cfg.DataDir = "/var/lib/schedd"
		case filepath.IsAbs(dir):
			cfg.DataDir = filepath.Join(dir, "schedd")
		case env["HOME"] != "":
			cfg.DataDir = filepath.Join(env["HOME"], ".local", "state", "schedd")
		default:
			return errors.New("data_dir is not set, and there is no XDG_STATE_HOME or HOME to choose one from")
		}
	}
	if cfg.Listen.Socket == "" {
		switch dir := env["XDG_RUNTIME_DIR"]; {
		case root || writable("/run/schedd"):
			cfg.Listen.Socket = "/run/schedd/schedd.sock"
		case filepath.IsAbs(dir):
			cfg.Listen.Socket = filepath.Join(dir, "schedd", "schedd.sock")
		default:
			cfg.Listen.Socket = filepath.Join(cfg.DataDir, "schedd.sock")
		}
	}
	if cfg.Store.SQLite.Path == "" {
		cfg.Store.SQLite.Path = filepath.Join(cfg.DataDir, "schedd.db")
	}
	for _, path := range []*string{&cfg.DataDir, &cfg.Store.SQLite.Path} {
		abs, err := filepath.Abs(*path)
		if err != nil {
			return fmt.Errorf("%s is relative, and there is no working directory: %w", *path, err)
		}
		*path = abs
	}
	return nil
}
