package cli

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var (
	levels   = map[string]bool{"Trace": true, "Debug": true, "Info": true, "Warn": true, "Error": true}
	aKey     = regexp.MustCompile(`^[a-z]+(_[a-z]+)*$`)
	aTime    = regexp.MustCompile(`(?i)^(in|took|ttl|again|after|wait|pause|age|timeout|left)$|_in$|_for$`)
	makesOne = map[string]bool{"Round": true, "Since": true, "Truncate": true, "Until": true}
)

// A log that is JSON has durations in milliseconds, with the unit in the key; see README.
func TestLogsHaveTheUnitInTheKey(t *testing.T) {
	lines := 0
	for _, top := range []string{"..", "../../transport"} {
		err := filepath.WalkDir(top, func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			set := token.NewFileSet()
			file, err := parser.ParseFile(set, path, nil, 0)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				call, is := n.(*ast.CallExpr)
				if is && isLog(call) {
					lines++
					for i := 1; i+1 < len(call.Args); i += 2 {
						checkPair(t, set.Position(call.Pos()), call.Args[i], call.Args[i+1])
					}
				}
				return true
			})
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if lines < 20 {
		t.Errorf("only %d lines of logs were found", lines)
	}
}

func isLog(call *ast.CallExpr) bool {
	method, is := call.Fun.(*ast.SelectorExpr)
	return is && levels[method.Sel.Name] && len(call.Args) > 0
}

func checkPair(t *testing.T, at token.Position, key, value ast.Expr) {
	literal, is := key.(*ast.BasicLit)
	if !is {
		return
	}
	text, _ := strconv.Unquote(literal.Value)
	if !aKey.MatchString(text) || aTime.MatchString(text) {
		t.Errorf("%s: a key %q", at, text)
	}
	if call, is := value.(*ast.CallExpr); is {
		if method, is := call.Fun.(*ast.SelectorExpr); is && makesOne[method.Sel.Name] {
			t.Errorf("%s: %q is a duration, not milliseconds", at, text)
		}
	}
}
