package main

import (
	"bytes"
	_ "embed" // fills the template
	"encoding/json"
	"html/template"
	"maps"
	"slices"
	"strings"
)

//go:embed page.html
var pageTemplate string

// section is one part of the API on the page.
type section struct {
	Name       string
	Operations []pageOperation
}

type pageOperation struct {
	Method, Path, ID, Summary, Role string
	Parameters                      []pageParameter
	Body                            string // a schema, in words
	Answers                         []pageAnswer
}

type pageParameter struct{ Name, In, About, Schema string }

type pageAnswer struct{ Status, About, Schema string }

type pageSchema struct {
	Name, About string
	Fields      []pageField
}

type pageField struct {
	Name, Schema, About string
	Required            bool
}

// toPage shows the document on one page, which needs no script and no network.
func toPage(doc object) ([]byte, error) {
	raw, err := json.Marshal(doc) // as readers of the document see it
	if err != nil {
		return nil, err
	}
	var plain object
	if err := json.Unmarshal(raw, &plain); err != nil {
		return nil, err
	}
	p := pager{plain["components"].(object)}
	sections := p.sections(plain["paths"].(object))
	slices.SortStableFunc(sections, func(a, b section) int { return strings.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	err = template.Must(template.New("page").Parse(pageTemplate)).Execute(&out, object{"Sections": sections, "Schemas": p.schemas()})
	return out.Bytes(), err
}

type pager struct{ components object }

// follow returns what a reference refers to.
func (p pager) follow(o object) object {
	to, ok := o["$ref"].(string)
	if !ok {
		return o
	}
	parts := strings.Split(strings.TrimPrefix(to, "#/components/"), "/")
	return p.components[parts[0]].(object)[parts[1]].(object)
}

func (p pager) sections(paths object) []section {
	byName := map[string]*section{}
	for _, path := range slices.Sorted(maps.Keys(paths)) {
		for _, method := range []string{"get", "post", "put", "patch", "delete"} {
			op, ok := paths[path].(object)[method].(object)
			if !ok {
				continue
			}
			name := op["tags"].([]any)[0].(string)
			if byName[name] == nil {
				byName[name] = &section{Name: name}
			}
			byName[name].Operations = append(byName[name].Operations, p.operation(path, method, op))
		}
	}
	var all []section
	for _, s := range byName {
		all = append(all, *s)
	}
	return all
}

func (p pager) operation(path, method string, op object) pageOperation {
	out := pageOperation{Method: strings.ToUpper(method), Path: path, ID: op["operationId"].(string), Summary: op["summary"].(string)}
	out.Role, _ = op["x-role"].(string)
	all, _ := op["parameters"].([]any)
	for _, one := range all {
		parameter := p.follow(one.(object))
		out.Parameters = append(out.Parameters, pageParameter{
			parameter["name"].(string), parameter["in"].(string), parameter["description"].(string), inWords(parameter["schema"]),
		})
	}
	if body, ok := op["requestBody"].(object); ok {
		out.Body = inWords(body["content"].(object)["application/json"].(object)["schema"])
	}
	responses := op["responses"].(object)
	for _, status := range slices.Sorted(maps.Keys(responses)) {
		response := p.follow(responses[status].(object))
		answer := pageAnswer{Status: status, About: response["description"].(string)}
		content, _ := response["content"].(object)
		for _, kind := range slices.Sorted(maps.Keys(content)) {
			words := inWords(content[kind].(object)["schema"])
			if kind != "application/json" {
				words = kind
			}
			answer.Schema = strings.TrimPrefix(answer.Schema+" or "+words, " or ")
		}
		out.Answers = append(out.Answers, answer)
	}
	return out
}

func (p pager) schemas() []pageSchema {
	var all []pageSchema
	made := p.components["schemas"].(object)
	for _, name := range slices.Sorted(maps.Keys(made)) {
		schema := made[name].(object)
		out := pageSchema{Name: name}
		out.About, _ = schema["description"].(string)
		properties, _ := schema["properties"].(object)
		for _, field := range slices.Sorted(maps.Keys(properties)) {
			property := properties[field].(object)
			about, _ := property["description"].(string)
			needed, _ := schema["required"].([]any)
			out.Fields = append(out.Fields, pageField{field, inWords(property), about, slices.Contains(needed, any(field))})
		}
		all = append(all, out)
	}
	return all
}
