package jobfile

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/agentic-sdlc/scheduler/job"
)

// SchemaID names the schema.
const SchemaID = "https://github.com/agentic-sdlc/scheduler/raw/main/docs/job.schema.json"

// schema is the part of JSON Schema that job files need.
type schema struct {
	Schema      string             `json:"$schema,omitempty"`
	ID          string             `json:"$id,omitempty"`
	Title       string             `json:"title,omitempty"`
	Description string             `json:"description,omitempty"`
	Type        string             `json:"type,omitempty"`
	Format      string             `json:"format,omitempty"`
	Pattern     string             `json:"pattern,omitempty"`
	Enum        []string           `json:"enum,omitempty"`
	Const       *int64             `json:"const,omitempty"`
	Minimum     *int64             `json:"minimum,omitempty"`
	Maximum     *int64             `json:"maximum,omitempty"`
	MinLength   int                `json:"minLength,omitempty"`
	MaxLength   int                `json:"maxLength,omitempty"`
	MaxItems    int64              `json:"maxItems,omitempty"`
	Unique      bool               `json:"uniqueItems,omitempty"`
	Items       *schema            `json:"items,omitempty"`
	AnyOf       []*schema          `json:"anyOf,omitempty"`
	Ref         string             `json:"$ref,omitempty"`
	Defs        map[string]*schema `json:"$defs,omitempty"`
	Properties  ordered            `json:"properties,omitempty"`
	Required    []string           `json:"required,omitempty"`
	Additional  *bool              `json:"additionalProperties,omitempty"`
}

// ordered are properties in the order of the table.
type ordered []property

type property struct {
	name   string
	schema *schema
}

// MarshalJSON keeps the order.
func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	for i, p := range o {
		text, err := json.Marshal(p.schema)
		if err != nil {
			return nil, err
		}
		b.WriteByte("{,"[min(i, 1)])
		fmt.Fprintf(&b, "%q:%s", p.name, text)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// Schema returns the JSON Schema of a document of a job file, indented.
func Schema() []byte {
	text, err := json.MarshalIndent(documentSchema(), "", "  ")
	if err != nil {
		panic(err) // it is made of constants
	}
	return append(text, '\n')
}

func documentSchema() *schema {
	one := &schema{Ref: "#/$defs/job"}
	return &schema{
		Schema: "https://json-schema.org/draft/2020-12/schema", ID: SchemaID, Title: "schedctl job file",
		Description: "A job, or a list of jobs; a file may hold several documents",
		AnyOf:       []*schema{one, {Type: "array", Items: one}},
		Defs:        map[string]*schema{"job": jobSchema()},
	}
}

func jobSchema() *schema {
	s := &schema{Type: "object", Required: []string{"type", "name"}, Additional: new(false)}
	for i := range fields {
		s.Properties = append(s.Properties, property{fields[i].name, fields[i].schema()})
	}
	return s
}

// schema is what a field takes, as JSON Schema says it.
func (f *field) schema() *schema {
	s := &schema{Description: f.about}
	switch f.shape {
	case text:
		s.Type, s.MinLength = "string", 1
		switch f.name {
		case "name":
			s.MaxLength, s.Pattern = job.MaxNameLen, `^[A-Za-z0-9][A-Za-z0-9._-]*$`
		case "handler_name":
			s.MaxLength, s.Pattern = job.MaxNameLen, `^[A-Za-z0-9][A-Za-z0-9._-]*$`
		case "when":
			s.MinLength, s.MaxLength = 0, job.MaxConditionLen
		case "event_name":
			s.MaxLength, s.Pattern = job.MaxEventName, `^[A-Za-z0-9*?][A-Za-z0-9._:/*?-]*$`
		case "description":
			s.MinLength, s.MaxLength = 0, job.MaxTextLen
		}
	case word:
		s.Type, s.Enum = "string", f.words
	case integer:
		bounds := &schema{Type: "integer", Minimum: &f.min, Maximum: &f.max}
		if f.zero {
			s.AnyOf = []*schema{{Const: new(int64(0))}, bounds}
		} else {
			bounds.Description, s = s.Description, bounds
		}
	case flag:
		s.Type = "boolean"
	case instant:
		s.Type, s.Format = "string", "date-time"
	case duration:
		s.Type, s.Pattern = "string", `^(0|(\d+w)?(\d+d)?(\d+(\.\d+)?(ms|s|m|h))*)$`
	case words:
		s.Type, s.Items, s.MaxItems, s.Unique = "array", &schema{Type: "string"}, f.max, f.name == "tags"
	case object:
		s.Type = "object"
		if f.name == "on_failure" {
			s.Required, s.Additional, s.Properties = []string{"handler_name"}, new(false), hookSchema()
		}
	case objects:
		s.Type, s.Items = "array", &schema{Type: "object"}
	}
	return s
}

// hookSchema is what on_failure takes.
func hookSchema() ordered {
	low, high := int64(job.MinTimeoutMS), int64(job.MaxHookTimeoutMS)
	return ordered{
		{"handler_name", &schema{Type: "string", MinLength: 1, MaxLength: job.MaxNameLen, Pattern: `^[A-Za-z0-9][A-Za-z0-9._-]*$`, Description: "What runs"}},
		{"payload", &schema{Type: "object", Description: "What the handler gets"}},
		{"timeout_ms", &schema{Type: "integer", Minimum: &low, Maximum: &high, Description: "How long it may run; default 60000"}},
	}
}
