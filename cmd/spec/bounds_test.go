package main

import (
	"go/ast"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// flag is one that a program has.
type flag struct {
	name     string // with its dashes
	standard string // the parameter that is its default, or ""
}

// flagsOf returns the flags of all programs.
func flagsOf(t *testing.T) (all []flag) {
	t.Helper()
	for _, folder := range []string{"relay-server", "peer-node", "peer-client", "cli"} {
		paths, err := filepath.Glob(filepath.Join(top, "cmd", folder, "*.go"))
		if err != nil || len(paths) == 0 {
			t.Fatalf("%s: %d files, %v", folder, len(paths), err)
		}
		for _, path := range paths {
			if strings.HasSuffix(path, "_test.go") {
				continue
			}
			ast.Inspect(parsed(t, path), func(n ast.Node) bool {
				if one, is := flagOf(n); is {
					all = append(all, one)
				}
				return true
			})
		}
	}
	return all
}

// flagOf returns the flag that a call declares, as in flags.IntVar(&x, "name", roles.Default, "usage").
func flagOf(n ast.Node) (f flag, is bool) {
	call, isCall := n.(*ast.CallExpr)
	if !isCall || len(call.Args) < 4 {
		return f, false
	}
	of, isMethod := call.Fun.(*ast.SelectorExpr)
	name, isText := call.Args[1].(*ast.BasicLit)
	if !isMethod || !isText || name.Kind != token.STRING || !strings.Contains(of.Sel.Name, "Var") {
		return f, false
	}
	text, err := strconv.Unquote(name.Value)
	if err != nil {
		return f, false
	}
	f.name = "--" + text
	standard := call.Args[len(call.Args)-2]
	if from, isName := standard.(*ast.SelectorExpr); isName {
		if pkg, is := from.X.(*ast.Ident); is && (pkg.Name == "roles" || pkg.Name == "protocol") {
			f.standard = from.Sel.Name
		}
	}
	return f, true
}

// testsOf returns the names of all tests in the tree.
func testsOf(t *testing.T) map[string]bool {
	t.Helper()
	names := map[string]bool{}
	err := filepath.WalkDir(top, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		for _, decl := range parsed(t, path).Decls {
			if f, is := decl.(*ast.FuncDecl); is && f.Recv == nil && strings.HasPrefix(f.Name.Name, "Test") {
				names[f.Name.Name] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// TestEachBoundIsHeldToTheCode: its parameters are there, its flags are those of a program and have these
// parameters for their defaults, and it has tests, which are in the tree.
func TestEachBoundIsHeldToTheCode(t *testing.T) {
	values, err := valuesOf(filepath.Join(top, "protocol", "limits.go"), filepath.Join(top, "roles", "limits.go"))
	if err != nil {
		t.Fatal(err)
	}
	flags, tests := flagsOf(t), testsOf(t)
	if len(bounds()) < 50 || len(flags) < 40 || len(tests) < 1000 {
		t.Fatalf("%d bounds, %d flags, %d tests were found", len(bounds()), len(flags), len(tests))
	}
	seen := map[string]bool{}
	for _, b := range bounds() {
		if b.can == "" || b.by == "" || seen[b.can] {
			t.Errorf("%q: it stands twice, or nothing bounds it", b.can)
		}
		seen[b.can] = true
		parameters := strings.Fields(b.parameters)
		for _, name := range parameters {
			if values[name] == "" && b.parameters != "none" {
				t.Errorf("%s: there is no parameter %s", b.can, name)
			}
		}
		for _, name := range strings.Fields(b.flags) {
			if !slices.ContainsFunc(flags, func(f flag) bool {
				return f.name == name && (f.standard == "" || slices.Contains(parameters, f.standard))
			}) {
				t.Errorf("%s: no program has the flag %s, with one of %v for its default", b.can, name, parameters)
			}
		}
		if b.tests == "" {
			t.Errorf("%s: it has no test", b.can)
		}
		for _, name := range strings.Fields(b.tests) {
			if !tests[name] {
				t.Errorf("%s: there is no %s", b.can, name)
			}
		}
	}
}

// TestEachParameterThatARowMentionsIsInIt: what the text names has its default beside it.
func TestEachParameterThatARowMentionsIsInIt(t *testing.T) {
	values, err := valuesOf(filepath.Join(top, "protocol", "limits.go"), filepath.Join(top, "roles", "limits.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range bounds() {
		for _, word := range strings.FieldsFunc(b.by, func(r rune) bool { return !('a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9') }) {
			if values[word] != "" && !slices.Contains(strings.Fields(b.parameters), word) {
				t.Errorf("%s: %s is not among its parameters", b.can, word)
			}
		}
	}
}

// TestEachFlagOfAParameterIsInTheTable, and in README with its default.
func TestEachFlagOfAParameterIsInTheTable(t *testing.T) {
	values, err := valuesOf(filepath.Join(top, "protocol", "limits.go"), filepath.Join(top, "roles", "limits.go"))
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(top, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for _, f := range flagsOf(t) {
		if f.standard == "" {
			continue
		}
		looked++
		if !slices.ContainsFunc(bounds(), func(b bound) bool { return slices.Contains(strings.Fields(b.flags), f.name) }) {
			t.Errorf("%s: no row has it", f.name)
		}
		if !slices.ContainsFunc(strings.Split(string(readme), "\n"), func(line string) bool {
			return strings.Contains(line, "`"+f.name+"`") && strings.Contains(line, values[f.standard])
		}) {
			t.Errorf("%s: no line of README has it with its default, %s", f.name, values[f.standard])
		}
	}
	if looked < 10 {
		t.Errorf("only %d flags have a parameter for their default", looked)
	}
}
