package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"reflect"
	"strings"
)

// comments are what the source says of types and their fields, by "Type" and
// "Type.Field" after the import path's last element: "job.Spec.Tags".
type comments map[string]string

// readComments parses packages of this module, by folder.
func readComments(folders ...string) (comments, error) {
	c := comments{}
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.go"))
		if err != nil {
			return nil, err
		}
		for _, name := range files {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, text, parser.ParseComments|parser.SkipObjectResolution)
			if err != nil {
				return nil, err
			}
			c.read(file)
		}
	}
	return c, nil
}

func (c comments) read(file *ast.File) {
	for _, decl := range file.Decls {
		general, ok := decl.(*ast.GenDecl)
		if !ok || general.Tok != token.TYPE {
			continue
		}
		for _, spec := range general.Specs {
			named := spec.(*ast.TypeSpec)
			of := file.Name.Name + "." + named.Name.Name
			c[of] = oneLine(named.Doc, general.Doc)
			fields, ok := named.Type.(*ast.StructType)
			if !ok {
				continue
			}
			for _, field := range fields.Fields.List {
				for _, name := range field.Names {
					c[of+"."+name.Name] = oneLine(field.Doc, field.Comment)
				}
			}
		}
	}
}

// oneLine is the first comment that says something, without its breaks.
func oneLine(groups ...*ast.CommentGroup) string {
	for _, group := range groups {
		if text := strings.Join(strings.Fields(group.Text()), " "); text != "" {
			return text
		}
	}
	return ""
}

// of is what is said of a type.
func (c comments) of(t reflect.Type) string { return c[t.String()] }

// field is what is said of a field, where it was declared.
func (c comments) field(t reflect.Type, index []int) string {
	for _, i := range index[:len(index)-1] {
		t = t.Field(i).Type
	}
	return c[t.String()+"."+t.Field(index[len(index)-1]).Name]
}
