package config

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
)

// parseScalar reads the text of one value as the type of its key. It is the one
// reader for the file, the environment and flags.
func parseScalar(t reflect.Type, text string) (any, error) {
	switch {
	case t == durationType:
		return ParseDuration(text)
	case t.Kind() == reflect.String:
		return text, nil
	case t.Kind() == reflect.Bool:
		switch text {
		case "true":
			return true, nil
		case "false":
			return false, nil
		}
		return nil, fmt.Errorf("%q is not true or false", text)
	case t.Kind() == reflect.Int:
		n, err := strconv.Atoi(text)
		if err != nil {
			return nil, fmt.Errorf("%q is not a whole number", text)
		}
		return n, nil
	case t.Kind() == reflect.Float64:
		f, err := strconv.ParseFloat(text, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return nil, fmt.Errorf("%q is not a number", text)
		}
		return f, nil
	}
	return nil, errors.New("not a single value")
}

// parseText reads a whole key from one string: lists of single values are split at
// commas.
func parseText(t reflect.Type, text string) (any, error) {
	if t.Kind() != reflect.Slice {
		return parseScalar(t, text)
	}
	list := []any{}
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word == "" {
			continue
		}
		v, err := parseScalar(t.Elem(), word)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
	return list, nil
}
