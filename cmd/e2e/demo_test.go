package e2e

import (
	"os"
	"strings"
	"testing"
)

func TestTheDemoShowsThePhasesAndLeavesNothing(t *testing.T) {
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	r := run(t, "", "demo")
	if r.code != 0 || r.err != "" {
		t.Fatalf("exit %d: %s\n%s", r.code, r.err, r.out)
	}
	for _, expected := range []string{"Phase 1", "REGISTERED", "LOCATED", "CONTENT", "went on at", "Flour, water", "LEAVE"} {
		if !strings.Contains(r.out, expected) {
			t.Errorf("the demo does not show %q:\n%s", expected, r.out)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
