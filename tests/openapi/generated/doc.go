// Package generated holds the client that scripts/openapi.sh makes of the description of
// the API; it is not kept.
package generated

import (
	_ "github.com/oapi-codegen/runtime" // the client's, as is the next one
	_ "go.yaml.in/yaml/v3"
)
