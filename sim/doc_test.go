package sim

import (
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/sim/scenario"
)

// TestThePackageCommentListsEveryPromiseAndFault compares the lists of promises and faults in the
// package comment with the tables: the same items in the same order.
func TestThePackageCommentListsEveryPromiseAndFault(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", nil, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		t.Fatal(err)
	}
	var promises, faults []string
	for _, i := range Invariants {
		promises = append(promises, string(i.ID)+": "+i.Says)
	}
	for i := range scenario.Classes {
		faults = append(faults, string(scenario.Classes[i].Class)+": "+scenario.Classes[i].Means)
	}
	for title, want := range map[string][]string{"Promises": promises, "Faults": faults} {
		if got := items(file.Doc.Text(), title); !slices.Equal(got, want) {
			t.Errorf("the list under %q is\n%s\nwant\n%s", title, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}

// items returns the items of the list under a heading, each as one line.
func items(doc, title string) (all []string) {
	_, section, _ := strings.Cut(doc, "# "+title+"\n")
	section, _, _ = strings.Cut(section, "\n# ")
	for _, item := range regexp.MustCompile(`(?m)^  - (.*(\n    .*)*)`).FindAllStringSubmatch(section, -1) {
		all = append(all, strings.Join(strings.Fields(item[1]), " "))
	}
	return all
}
