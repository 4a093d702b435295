package e2e

import (
	"fmt"
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
	var groups, at int
	_, told, _ := strings.Cut(r.out, "  client  had ")
	if _, err := fmt.Sscanf(told, "%d groups of 1 MiB, each verified, when it had stopped\n  client  went on at %d MiB of 16 MiB", &groups, &at); err != nil || groups != at {
		t.Errorf("the demo had %d groups and went on at %d MiB, %v:\n%s", groups, at, err, r.out)
	}
	for args, line := range map[string]string{"--files file": "--files: file is no folder", "--files empty": "there is no file to share"} {
		dir := t.TempDir()
		os.WriteFile(dir+"/file", nil, 0o644)
		os.Mkdir(dir+"/empty", 0o755)
		cmd := command(t.Context(), "demo", strings.Fields(args)...)
		cmd.Dir = dir
		if out, _ := cmd.CombinedOutput(); string(out) != "demo: "+line+"\n" || cmd.ProcessState.ExitCode() != 1 {
			t.Errorf("%s: %v, %s", args, cmd.ProcessState, out)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}
