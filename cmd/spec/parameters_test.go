package main

import (
	"cmp"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"
)

// TestEveryParameterHasAUser: a number that SPEC tells and nothing obeys is none. Tests and what serves them do not count.
func TestEveryParameterHasAUser(t *testing.T) {
	used := usedNames(t)
	for _, pkg := range []string{"protocol", "roles"} {
		names := parameterNames(t, pkg)
		if len(names) == 0 {
			t.Errorf("%s has no parameters", pkg)
		}
		for _, name := range names {
			if !used[pkg+"."+name] {
				t.Errorf("%s.%s has no user outside of tests: use it where it is meant, or remove it", pkg, name)
			}
		}
	}
}

// parameterNames returns the exported constants of a package's limits.
func parameterNames(t *testing.T, pkg string) (names []string) {
	t.Helper()
	file := parsed(t, filepath.Join(top, pkg, "limits.go"))
	ast.Inspect(file, func(n ast.Node) bool {
		if spec, is := n.(*ast.ValueSpec); is && spec.Names[0].IsExported() {
			names = append(names, spec.Names[0].Name)
		}
		return true
	})
	return names
}

// usedNames returns what the code of the programs mentions, each with its package before it.
func usedNames(t *testing.T) map[string]bool {
	t.Helper()
	used := map[string]bool{}
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		name, _ := filepath.Rel(top, path)
		name = filepath.ToSlash(name)
		if err != nil || entry.IsDir() && servesTests(name) {
			return cmp.Or(err, error(fs.SkipDir))
		}
		limits := entry.Name() == "limits.go"
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") || limits {
			return nil
		}
		file := parsed(t, path)
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.SelectorExpr:
				if of, is := n.X.(*ast.Ident); is {
					used[of.Name+"."+n.Sel.Name] = true
				}
			case *ast.Ident:
				used[file.Name.Name+"."+n.Name] = true
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return used
}

// servesTests reports whether a folder has no code of the programs.
func servesTests(folder string) bool {
	switch folder {
	case "sim", "roles/rolestest", "cmd/spec", "cmd/bench", "cmd/simulate", ".git":
		return true
	}
	return false
}

func parsed(t *testing.T, path string) *ast.File {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file
}
