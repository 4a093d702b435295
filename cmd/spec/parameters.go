package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"go/types"
	"strings"
	"time"
)

// constants are those of a file, which has been type-checked.
type constants struct {
	file *ast.File
	defs map[*ast.Ident]types.Object
}

func constantsOf(path string) (c constants, err error) {
	files := token.NewFileSet()
	if c.file, err = parser.ParseFile(files, path, nil, parser.ParseComments); err != nil {
		return c, err
	}
	c.defs = map[*ast.Ident]types.Object{}
	_, err = (&types.Config{Importer: clock{}}).Check("protocol", files, []*ast.File{c.file}, &types.Info{Defs: c.defs})
	return c, err
}

// valuesOf returns the values of the parameters of some files, by their names.
func valuesOf(paths ...string) (map[string]string, error) {
	values := map[string]string{}
	for _, path := range paths {
		c, err := constantsOf(path)
		if err != nil {
			return nil, err
		}
		for name, is := range c.defs {
			if constant, are := is.(*types.Const); are && name.IsExported() {
				values[name.Name] = valueOf(constant)
			}
		}
	}
	return values, nil
}

// parameters reads the constants of a file, with their values and comments: one table for each block of them,
// under the block's comment.
func parameters(path string) (string, error) {
	c, err := constantsOf(path)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for _, decl := range c.file.Decls {
		block, is := decl.(*ast.GenDecl)
		if !is || block.Tok != token.CONST {
			continue
		}
		rows := [][]string{{"parameter", "value", "what"}}
		above := "" // a comment on lines of its own is about the constants after it
		for _, spec := range block.Specs {
			spec := spec.(*ast.ValueSpec)
			if spec.Doc != nil {
				above = oneLine(spec.Doc)
			}
			what := above
			if spec.Comment != nil {
				what = oneLine(spec.Comment)
			}
			if name := spec.Names[0]; name.IsExported() {
				rows = append(rows, []string{name.Name, valueOf(c.defs[name].(*types.Const)), what})
			}
		}
		fmt.Fprintf(&out, "%s\n\n%s\n", oneLine(block.Doc), table(rows...))
	}
	return strings.TrimRight(out.String(), "\n") + "\n", nil
}

func oneLine(c *ast.CommentGroup) string { return strings.Join(strings.Fields(c.Text()), " ") }

func valueOf(c *types.Const) string {
	if c.Type().String() == "time.Duration" {
		n, _ := constant.Int64Val(c.Val())
		return seconds(time.Duration(n))
	}
	return c.Val().ExactString()
}

// clock stands for package time where only its units matter.
type clock struct{}

func (clock) Import(path string) (*types.Package, error) {
	if path != "time" {
		return nil, fmt.Errorf("parameters need no %s", path)
	}
	pkg := types.NewPackage("time", "time")
	name := types.NewTypeName(token.NoPos, pkg, "Duration", nil)
	duration := types.NewNamed(name, types.Typ[types.Int64], nil)
	pkg.Scope().Insert(name)
	for unit, d := range map[string]time.Duration{
		"Millisecond": time.Millisecond, "Second": time.Second, "Minute": time.Minute, "Hour": time.Hour,
	} {
		pkg.Scope().Insert(types.NewConst(token.NoPos, pkg, unit, duration, constant.MakeInt64(int64(d))))
	}
	pkg.MarkComplete()
	return pkg, nil
}
