package sim

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/sim/scenario"
)

// TestSpecNamesEveryPromiseAndFault holds the tables of SPEC's chapter on simulation to those of this package.
func TestSpecNamesEveryPromiseAndFault(t *testing.T) {
	text, err := os.ReadFile("../SPEC.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	want.WriteString("| promise | says |\n|---|---|\n")
	for _, i := range Invariants {
		fmt.Fprintf(&want, "| %s | %s |\n", i.ID, i.Says)
	}
	want.WriteString("\n")
	table := want.String()
	want.Reset()
	want.WriteString("| fault | means |\n|---|---|\n")
	for i := range scenario.Classes {
		fmt.Fprintf(&want, "| %s | %s |\n", scenario.Classes[i].Class, scenario.Classes[i].Means)
	}
	want.WriteString("\n")
	for _, table := range []string{table, want.String()} {
		if !strings.Contains(string(text), table) {
			t.Errorf("SPEC.md does not have this table:\n%s", table)
		}
	}
}
