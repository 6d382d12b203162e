// Package configs holds the files that are installed beside the programs: the
// commented configuration and what systemd reads.
package configs

import _ "embed"

// Sample is the commented configuration, schedd.yaml.
//
//go:embed schedd.yaml
var Sample string
