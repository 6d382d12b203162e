package config

import (
	"fmt"
	"os"
	"reflect"
	"strings"
)

// exposed warns of files with secrets that everybody on this machine may read. They are
// used all the same: containers hand secrets over so, and are alone with them.
func exposed(cfg *Config, env environment) (warnings []string) {
	var walk func(v reflect.Value, key string)
	walk = func(v reflect.Value, key string) {
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				if name := v.Type().Field(i).Tag.Get("yaml"); name != "" {
					walk(v.Field(i), strings.TrimPrefix(key+"."+name, "."))
				}
			}
		case reflect.Slice:
			for i := range v.Len() {
				walk(v.Index(i), fmt.Sprintf("%s[%d]", key, i))
			}
		case reflect.String:
			file := v.String()
			if file == "" || !holdsSecret(key) || atHome(&file, key, env) != nil {
				return
			}
			if info, err := os.Stat(file); err == nil && info.Mode()&0o004 != 0 {
				warnings = append(warnings, fmt.Sprintf("%s: everybody on this machine may read %s: chmod o-r it", key, file))
			}
		}
	}
	walk(reflect.ValueOf(*cfg), "")
	return warnings
}

// holdsSecret reports whether a key names a file that must stay secret; certificates need
// not.
func holdsSecret(key string) bool {
	return strings.HasSuffix(key, "_file") && !strings.HasSuffix(key, ".tls_cert_file") && !strings.HasSuffix(key, ".ca_file")
}
