package config

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"go.yaml.in/yaml/v3"
)

// mask stands for a value that must not be shown.
const mask = "***"

// Show writes the configuration that holds, as YAML that Load reads back, with the
// origin of each value as a comment when origins is not nil. Values of variables
// and headers with a name that log.redact covers are masked, and so are passwords
// in addresses.
func Show(w io.Writer, cfg Config, origins *Origins) error {
	root := node(reflect.ValueOf(masked(cfg)), "", origins)
	var text bytes.Buffer
	enc := yaml.NewEncoder(&text)
	enc.SetIndent(2)
	if err := errors.Join(enc.Encode(root), enc.Close()); err != nil {
		return fmt.Errorf("encode configuration: %w", err)
	}
	_, err := w.Write(text.Bytes())
	return err
}

// Variables writes one line for each environment variable: name, key and default.
func Variables(w io.Writer) error {
	cfg := Default()
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(tw, "%s\t%s\t%s\n", "VARIABLE", "KEY", "DEFAULT")
	for _, f := range fields() {
		if name := f.variable(); name != "" {
			fmt.Fprintf(tw, "%s\t%s\t%s\n", name, f.key, cmp.Or(formatValue(f.in(&cfg)), `""`))
		}
	}
	return tw.Flush()
}

// node turns a value into YAML, keys in the order of the struct.
func node(v reflect.Value, key string, origins *Origins) *yaml.Node {
	switch {
	case v.Kind() == reflect.Struct:
		n := &yaml.Node{Kind: yaml.MappingNode}
		for i := range v.NumField() {
			name := v.Type().Field(i).Tag.Get("yaml")
			keyNode := &yaml.Node{Kind: yaml.ScalarNode, Value: name}
			child := node(v.Field(i), strings.TrimPrefix(key+"."+name, "."), origins)
			if child.Kind == yaml.SequenceNode && child.Style != yaml.FlowStyle {
				// Over several lines: the comment belongs to the first.
				keyNode.LineComment, child.LineComment = child.LineComment, ""
			}
			n.Content = append(n.Content, keyNode, child)
		}
		return n
	case v.Kind() == reflect.Slice:
		n := &yaml.Node{Kind: yaml.SequenceNode, LineComment: comment(key, origins)}
		if v.Type().Elem().Kind() != reflect.Struct || v.Len() == 0 {
			n.Style = yaml.FlowStyle
		}
		for i := range v.Len() {
			n.Content = append(n.Content, node(v.Index(i), fmt.Sprintf("%s[%d]", key, i), nil))
		}
		return n
	default:
		n := &yaml.Node{Kind: yaml.ScalarNode, Value: formatValue(v), LineComment: comment(key, origins)}
		if v.Kind() == reflect.String {
			n.SetString(v.String())
			if _, err := strconv.ParseFloat(v.String(), 64); err == nil || v.Len() == 0 {
				n.Style = yaml.DoubleQuotedStyle
			}
		}
		return n
	}
}

func comment(key string, origins *Origins) string {
	if origins == nil {
		return ""
	}
	o := origins.Of(key)
	return strings.TrimSpace(string(o.Source) + " " + o.Where)
}

// formatValue writes a value in the form that parseText reads.
func formatValue(v reflect.Value) string {
	switch {
	case v.Type() == durationType:
		return formatDuration(time.Duration(v.Int()))
	case v.Kind() == reflect.Slice:
		words := make([]string, v.Len())
		for i := range words {
			words[i] = formatValue(v.Index(i))
		}
		return strings.Join(words, ",")
	default:
		return fmt.Sprint(v.Interface())
	}
}

// masked returns cfg without what must not be shown.
func masked(cfg Config) Config {
	hide := func(pairs []Pair) []Pair {
		shown := make([]Pair, len(pairs))
		for i, p := range pairs {
			if secretName(p.Name, cfg.Log.Redact) {
				p.Value = mask
			}
			shown[i] = p
		}
		return shown
	}
	commands := make([]Command, len(cfg.Handlers.Commands))
	for i, c := range cfg.Handlers.Commands {
		c.Env = hide(c.Env)
		commands[i] = c
	}
	urls := make([]URL, len(cfg.Handlers.URLs))
	for i, u := range cfg.Handlers.URLs {
		u.Headers, u.URL = hide(u.Headers), maskURL(u.URL, cfg.Log.Redact)
		urls[i] = u
	}
	cfg.Handlers.Commands, cfg.Handlers.URLs = commands, urls
	maskHandlers(&cfg.Handlers, cfg.Log.Redact)
	if pg := &cfg.Store.Postgres; pg.DSNFile != "" {
		pg.DSN = "" // what the file holds is not shown
	} else if pg.DSN != "" {
		pg.DSN = maskDSN(pg.DSN, cfg.Log.Redact)
	}
	if r := &cfg.Queue.Redis; r.URLFile != "" {
		r.URL = ""
	} else if r.URL != "" {
		r.URL = maskURL(r.URL, cfg.Log.Redact)
	}
	declared := make([]Secret, len(cfg.Declared))
	for i, s := range cfg.Declared {
		s.Value = shownSecret(s.Value, s.File+s.Env)
		declared[i] = s
	}
	cfg.Declared = declared
	cfg.Alerts.Ping.URL = shownSecret(cfg.Alerts.Ping.URL, cfg.Alerts.Ping.URLFile)
	if g := &cfg.Agents; g.RedisURLFile != "" {
		g.RedisURL = ""
	} else if g.RedisURL != "" {
		g.RedisURL = maskURL(g.RedisURL, cfg.Log.Redact)
	}
	return cfg
}

// maskURL hides a password and the values of query parameters that redact covers.
func maskURL(address string, redact []string) string {
	u, err := url.Parse(address)
	if err != nil {
		return mask
	}
	query, hidden := u.Query(), false
	for name := range query {
		if secretQuery(name, redact) {
			query.Set(name, mask)
			hidden = true
		}
	}
	if hidden {
		u.RawQuery = strings.ReplaceAll(query.Encode(), url.QueryEscape(mask), mask)
	}
	return u.Redacted()
}

// secretQuery reports whether a parameter of a URL is a secret: by its name, or because it
// is what keys and signatures are called there.
func secretQuery(name string, words []string) bool {
	return secretName(name, words) || secretName(name, []string{"key", "sig", "pass", "code"})
}

// secretName reports whether a name contains one of the words, whatever the case;
// hyphens count as underscores.
func secretName(name string, words []string) bool {
	plain := strings.NewReplacer("-", "_").Replace(strings.ToLower(name))
	for _, w := range words {
		if strings.Contains(plain, strings.ReplaceAll(strings.ToLower(w), "-", "_")) {
			return true
		}
	}
	return false
}
