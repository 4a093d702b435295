package roles_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/relaypeer/relaypeer/"

// source is a file of the project.
type source struct {
	path    string // slash-separated, from the top
	imports []string
	tree    *ast.File
}

func (s source) floor() string {
	floor, _, _ := strings.Cut(s.path, "/")
	return floor
}

// sources parses every file that is not a test. The list of packages that the go command gives
// would be kept by the test cache, which does not notice a new import; files that a test has read,
// it notices.
func sources(t *testing.T) []source { return parsed(t, false) }

// parsed parses every file, the tests if they are wanted.
func parsed(t *testing.T, tests bool) []source {
	t.Helper()
	var all []source
	err := filepath.WalkDir("..", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, ".go") {
			return err
		}
		if strings.HasSuffix(path, "_test.go") && !tests {
			return nil
		}
		tree, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution|parser.ParseComments)
		if err != nil {
			return err
		}
		s := source{path: filepath.ToSlash(strings.TrimPrefix(path, "../")), tree: tree}
		for _, spec := range tree.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			s.imports = append(s.imports, imported)
		}
		all = append(all, s)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, floor := range floors {
		if !slices.ContainsFunc(all, func(s source) bool { return s.floor() == floor }) {
			t.Fatalf("no file of %s was looked at", floor)
		}
	}
	return all
}

// isIn reports whether the file is in a folder.
func (s source) isIn(folder string) bool { return path.Dir(s.path) == folder }

// library is the one room of transport that knows particular roles.
const library = "transport/peer"

// floors, from the ground up.
var floors = []string{"protocol", "roles", "transport", "sim", "cmd"}

func TestTheTowerStands(t *testing.T) {
	for _, s := range sources(t) {
		own := slices.Index(floors, s.floor())
		if own < 0 {
			t.Errorf("%s is on no floor", s.path)
			continue
		}
		for _, imported := range s.imports {
			rest, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			floor, room, _ := strings.Cut(rest, "/")
			switch at := slices.Index(floors, floor); {
			case at > own:
				t.Errorf("%s imports %s, a floor above", s.path, imported)
			case floor == "cmd" && s.floor() != "cmd":
				t.Errorf("%s imports a program", s.path)
			case floor == "sim" && s.floor() != "sim" && s.floor() != "cmd":
				t.Errorf("%s imports the simulation", s.path)
			case s.floor() == "transport" && floor == "roles" && room != "" && !s.isIn(library):
				t.Errorf("%s imports %s: of transport only %s knows particular roles", s.path, imported, library)
			case s.floor() == "transport" && imported == module+library:
				t.Errorf("%s imports %s: nothing else of transport does", s.path, imported)
			}
		}
	}
}

// Code that decides must not read the clock, draw random numbers, do input or output, or start
// goroutines.
func TestProtocolAndRolesArePure(t *testing.T) {
	forbidden := []string{"os", "io/ioutil", "syscall", "math/rand", "math/rand/v2", "crypto/rand", "hash/maphash", "os/exec", "log", "log/slog"}
	clocks := []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}
	for _, s := range sources(t) {
		if floor := s.floor(); floor != "protocol" && floor != "roles" {
			continue
		}
		for _, imported := range s.imports {
			net := imported == "net" || strings.HasPrefix(imported, "net/") && imported != "net/netip"
			waits := imported == "context" && s.path != "roles/referee.go" // whose library asks for one that is never done
			if net || waits || slices.Contains(forbidden, imported) {
				t.Errorf("%s imports %s", s.path, imported)
			}
		}
		ast.Inspect(s.tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.GoStmt:
				t.Errorf("%s starts a goroutine", s.path)
			case *ast.SelectorExpr:
				if of, is := n.X.(*ast.Ident); is && of.Name == "time" && slices.Contains(clocks, n.Sel.Name) {
					t.Errorf("%s reads the clock: time.%s", s.path, n.Sel.Name)
				}
			}
			return true
		})
	}
}

func TestOneFileKnowsTheReferee(t *testing.T) {
	var who []string
	for _, s := range sources(t) {
		if slices.Contains(s.imports, "github.com/looplab/fsm") {
			who = append(who, s.path)
		}
	}
	if !slices.Equal(who, []string{"roles/referee.go"}) {
		t.Errorf("looplab/fsm is imported by %v", who)
	}
}

// TestTheOutcomesAreThoseThatTheDocumentationLists: the set is closed.
func TestTheOutcomesAreThoseThatTheDocumentationLists(t *testing.T) {
	var outcomes []string
	documented := ""
	for _, s := range sources(t) {
		if s.path == "roles/doc.go" {
			documented = s.tree.Doc.Text()
		}
		for _, declared := range s.tree.Decls {
			method, is := declared.(*ast.FuncDecl)
			if !is || method.Recv == nil || method.Name.Name != "Reported" {
				continue
			}
			outcomes = append(outcomes, s.tree.Name.Name+"."+method.Recv.List[0].Type.(*ast.Ident).Name)
		}
	}
	words := strings.FieldsFunc(documented, func(r rune) bool { return r == ' ' || r == ',' || r == '\n' || r == '\t' })
	if len(outcomes) < 10 {
		t.Fatalf("only %d outcomes were found", len(outcomes))
	}
	for _, outcome := range outcomes {
		if !slices.Contains(words, outcome) {
			t.Errorf("roles/doc.go does not list %s", outcome)
		}
	}
}
