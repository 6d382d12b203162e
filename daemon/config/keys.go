package config

import (
	"iter"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"
)

// field is one key that holds a value: everything but the sections.
type field struct {
	key    string // path joined with dots, e.g. "listen.socket"
	index  []int  // of reflect.Value.FieldByIndex
	typ    reflect.Type
	tag    reflect.StructTag
	reload bool // its own tag, or that of a section around it
}

var durationType = reflect.TypeFor[time.Duration]()

// fields lists every key in the order of the struct.
var fields = sync.OnceValue(func() []field {
	return walk(reflect.TypeFor[Config](), "", nil, false)
})

func walk(t reflect.Type, prefix string, index []int, reload bool) []field {
	var all []field
	for sf := range t.Fields() {
		f := field{
			key:    prefix + sf.Tag.Get("yaml"),
			index:  append(slices.Clone(index), sf.Index...),
			typ:    sf.Type,
			tag:    sf.Tag,
			reload: reload || sf.Tag.Get("reload") == "yes",
		}
		if sf.Type.Kind() == reflect.Struct {
			all = append(all, walk(sf.Type, f.key+".", f.index, f.reload)...)
			continue
		}
		all = append(all, f)
	}
	return all
}

// defaults pairs every key with its default.
func defaults() iter.Seq2[field, any] {
	return func(yield func(field, any) bool) {
		cfg := Default()
		for _, f := range fields() {
			if !yield(f, f.in(&cfg).Interface()) {
				return
			}
		}
	}
}

// in returns the field's value inside cfg; setting it changes cfg.
func (f field) in(cfg *Config) reflect.Value {
	return reflect.ValueOf(cfg).Elem().FieldByIndex(f.index)
}

// path is the key as viper knows it.
func (f field) path() string { return strings.ReplaceAll(f.key, ".", delimiter) }

// variable is the environment variable of the key, "" when it has none: a list of
// named things does not fit in one.
func (f field) variable() string {
	if f.typ.Kind() == reflect.Slice && f.typ.Elem().Kind() == reflect.Struct {
		return ""
	}
	return envPrefix + strings.ToUpper(strings.ReplaceAll(f.key, ".", "_"))
}

// findField returns the field of a key.
func findField(key string) (field, bool) {
	i := slices.IndexFunc(fields(), func(f field) bool { return f.key == key })
	if i < 0 {
		return field{}, false
	}
	return fields()[i], true
}
