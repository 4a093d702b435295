package gateway

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// What README says of a gateway's bounds is what they are.
func TestTheBoundsInReadmeAreTheseOnes(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(readme), "\n## In a browser\n")
	section, _, _ = strings.Cut(section, "\n## ")
	for _, says := range []string{
		fmt.Sprintf("sends %d contents and %d zips (of %s files at most)", MaxReads, MaxZips, cli.Grouped(mostZipped)),
		fmt.Sprintf("keeps %d files open for %.0f s", mostIdle, idleTime.Seconds()), fmt.Sprintf("lists %s names", cli.Grouped(MostNames)),
		"every ten seconds", "not older than a minute",
	} {
		if !strings.Contains(strings.ReplaceAll(section, "\n", " "), says) {
			t.Errorf("README.md does not say %q", says)
		}
	}
	if listFresh.Seconds() != 10 || listOld.Minutes() != 1 {
		t.Error("README.md says ten seconds, and a minute")
	}
}
