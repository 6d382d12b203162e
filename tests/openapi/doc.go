// Package openapi holds the description of the API against what schedd answers, with a
// public validator, and drives schedd with a client that a public generator made of it.
// It is a module of its own, so that neither becomes a dependency; scripts/openapi.sh
// runs it.
package openapi
