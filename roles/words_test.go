package roles_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// oldWords are identifiers that have been renamed, by the packages that had them. One in lower case
// is forbidden as a part of any identifier: wish forbids wish, Wish and newWish. One with a capital
// is forbidden as a whole identifier. Identifiers of package protocol are not looked at: Left and
// Listed are words of the wire. So are names of tests, which are sentences.
var oldWords = []struct {
	in  string // the beginning of the packages' paths
	old []string
	now string
	off bool // not renamed yet
}{
	{in: "protocol/content", old: []string{"Value"}, now: "ChainingValue"},

	{in: "roles", old: []string{"wish"}, now: "Request"},
	{in: "roles", old: []string{"haul"}, now: "Pipeline, MaxPipelined"},
	{in: "roles", old: []string{"luck"}, now: "Moment.Rand"},
	{in: "roles", old: []string{"nudge", "nudged"}, now: "Notify, Notified"},
	{in: "roles", old: []string{"rang"}, now: "TimerFired"},
	{in: "roles", old: []string{"garbled"}, now: "Malformed"},
	{in: "roles", old: []string{"crowded", "Full"}, now: "Busy"},
	{in: "roles", old: []string{"lingering"}, now: "Idle"},
	{in: "roles", old: []string{"parting", "Part"}, now: "Rejecting, Reject"},
	{in: "roles", old: []string{"settle"}, now: "reevaluate, or the noun for it"},
	{in: "roles/client", old: []string{"plan"}, now: "Picker"},
	{in: "roles/client", old: []string{"Span"}, now: "Range"},
	{in: "roles/node", old: []string{"ousted"}, now: "Displaced"},
	{in: "roles/node", old: []string{"departed", "Gone"}, now: "Left, Ended"},
	{in: "roles/node", old: []string{"Listed"}, now: "Leased"},
	{in: "roles/node", old: []string{"setback"}, now: "ExchangeFailed"},
	{in: "roles/relay", old: []string{"pile"}, now: "slab"},
	{in: "roles/relay", old: []string{"place", "far", "farther"}, now: "entry, slot, distance"},
	{in: "roles/relay", old: []string{"loose"}, now: "unindexed"},
	{in: "roles/relay", old: []string{"deal", "dealt"}, now: "compactUnindexed, unindexedGeneration"},
	{in: "roles/relay", old: []string{"born"}, now: "generation"},
	{in: "roles/relay", old: []string{"life"}, now: "incarnation"},
	{in: "roles/relay", old: []string{"trail"}, now: "holderCursor"},
	{in: "roles/relay", old: []string{"quest"}, now: "lookup"},
	{in: "roles/relay", old: []string{"disown"}, now: "detach"},

	{in: "transport", old: []string{"nudge", "rang", "luck"}, now: "Notify, TimerFired, Rand"},
	{in: "transport", old: []string{"disown", "orphan"}, now: "detach, detached"},
	{in: "transport", old: []string{"haul"}, now: "pipeline"},
	{in: "transport/disk", old: []string{"door"}, now: "beneath"},
	{in: "transport/disk", old: []string{"pens"}, now: "staging"},
	{in: "transport/disk", old: []string{"stamp"}, now: "signature"},
	{in: "transport/disk", old: []string{"tire"}, now: "backoff"},
	{in: "transport/disk", old: []string{"Keep"}, now: "Commit"},
	{in: "transport", old: []string{"settle"}, now: "a word for each meaning"},

	{in: "sim", old: []string{"errand"}, now: "operation"},
	{in: "sim", old: []string{"wish"}, now: "Request"},
	{in: "sim", old: []string{"haul", "garbled", "lingering", "ousted", "setback"}, now: "as in roles"},
	{in: "sim", old: []string{"nudge"}, now: "notify"},
	{in: "sim", old: []string{"crowded", "rang", "parting"}, now: "as in roles"},
	{in: "sim", old: []string{"settle"}, now: "a word for each meaning"},
	{in: "sim/levels", old: []string{"town"}, now: "cluster"},
	{in: "sim/levels", old: []string{"house"}, now: "process"},
	{in: "sim/levels", old: []string{"resident"}, now: "peer"},
	{in: "sim/levels", old: []string{"shelf"}, now: "share"},
	{in: "sim/levels", old: []string{"ware", "wares"}, now: "file"},

	{in: "cmd", old: []string{"errand"}, now: "command"},
	{in: "cmd", old: []string{"visits"}, now: "accessLog"},
	{in: "cmd", old: []string{"said"}, now: "forDisplay"},
	{in: "cmd/peer-client", old: []string{"tally"}, now: "summary"},
	{in: "cmd", old: []string{"rumour", "rumours"}, now: "the variants of the machine"},
	{in: "cmd", old: []string{"lookout"}, now: "dirCache"},
	{in: "cmd/demo", old: []string{"spread"}, now: "deal"},
	{in: "cmd", old: []string{"narrator"}, now: "tracePrinter"},
	{in: "cmd", old: []string{"haul", "wish", "nudge", "setback"}, now: "as in roles"},
	{in: "cmd", old: []string{"settle"}, now: "a word for each meaning"},
}

func TestOldWordsDoNotComeBack(t *testing.T) {
	all := parsed(t, true)
	if len(all) < 300 {
		t.Fatalf("only %d files were looked at", len(all))
	}
	looked := map[string]bool{}
	for _, s := range all {
		names := identifiers(s.tree)
		for _, row := range oldWords {
			if !strings.HasPrefix(s.path, row.in+"/") {
				continue
			}
			looked[row.in] = true
			for _, name := range names {
				if !row.off && slices.ContainsFunc(row.old, func(old string) bool { return hasWord(name, old) }) {
					t.Errorf("%s: %s is %s now", s.path, name, row.now)
				}
			}
		}
	}
	for _, row := range oldWords {
		if !looked[row.in] && !row.off {
			t.Errorf("no file of %s was looked at", row.in)
		}
	}
}

// identifiers returns the identifiers of a file, each once, but for those of package protocol and
// for the names of tests.
func identifiers(tree *ast.File) (names []string) {
	seen := map[string]bool{}
	ast.Inspect(tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			if of, is := n.X.(*ast.Ident); is && of.Name == "protocol" {
				return false
			}
		case *ast.Ident:
			test := strings.HasPrefix(n.Name, "Test") || strings.HasPrefix(n.Name, "Benchmark")
			if !seen[n.Name] && !test {
				seen[n.Name] = true
				names = append(names, n.Name)
			}
		}
		return true
	})
	return names
}

// hasWord reports whether an identifier is an old word, or has it as a part if it is in lower case.
func hasWord(name, old string) bool {
	if name == old || unicode.IsUpper(rune(old[0])) {
		return name == old
	}
	for i := range name {
		rest := name[i:]
		begins := i == 0 || unicode.IsUpper(rune(name[i]))
		if begins && len(rest) >= len(old) && strings.EqualFold(rest[:len(old)], old) {
			end := rest[len(old):]
			longer := end != "" && (unicode.IsLower(rune(end[0])) || isUpper(rest[:len(old)+1]))
			if !longer {
				return true
			}
		}
	}
	return false
}

func isUpper(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsUpper(r) })
}

func TestOldWordsAreSeen(t *testing.T) {
	const text = `package x

func newWish(wishes int, Full bool) { protocol.Listed(Fuller, wishOf, Wish, A_WISHER, A_WISH_OF) }`
	tree, err := parser.ParseFile(token.NewFileSet(), "", text, 0)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, name := range identifiers(tree) {
		if hasWord(name, "wish") || hasWord(name, "Full") || hasWord(name, "Listed") {
			found = append(found, name)
		}
	}
	if want := []string{"newWish", "Full", "wishOf", "Wish", "A_WISH_OF"}; !slices.Equal(found, want) {
		t.Errorf("found %v, want %v", found, want)
	}
}

// A state or event constant begins with the name of its machine: New alone looks like a
// constructor.
func TestStatesAndEventsBearTheirMachinesName(t *testing.T) {
	constants := 0
	for _, s := range sources(t) {
		for _, d := range s.tree.Decls {
			group, is := d.(*ast.GenDecl)
			if s.floor() != "roles" || !is || group.Tok != token.CONST {
				continue
			}
			for _, spec := range group.Specs {
				value := spec.(*ast.ValueSpec)
				of, is := value.Type.(*ast.Ident)
				if !is || !strings.HasSuffix(of.Name, "State") && !strings.HasSuffix(of.Name, "Event") {
					continue
				}
				machine := strings.TrimSuffix(strings.TrimSuffix(of.Name, "State"), "Event")
				for _, name := range value.Names {
					constants++
					if !strings.HasPrefix(strings.ToLower(name.Name), strings.ToLower(machine)) {
						t.Errorf("%s: %s does not begin with %s", s.path, name.Name, machine)
					}
				}
			}
		}
	}
	if constants < 100 {
		t.Errorf("only %d constants were looked at", constants)
	}
}
