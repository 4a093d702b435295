package state_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// TestTheNameOfANodesKeyIsThatOfItsFolders: not of how they are written, or in which order.
func TestTheNameOfANodesKeyIsThatOfItsFolders(t *testing.T) {
	top := t.TempDir()
	if err := errors.Join(os.MkdirAll(filepath.Join(top, "a/b"), 0o700), os.Symlink("a", filepath.Join(top, "link"))); err != nil {
		t.Fatal(err)
	}
	t.Chdir(top)
	name := func(shares ...string) string {
		name, err := state.NodeKeyName(shares...)
		if err != nil || len(name) != len("node-")+16 || strings.ToLower(name) != name {
			t.Fatalf("%s, %v", name, err)
		}
		return name
	}
	for _, same := range [][2]string{
		{name("a"), name(filepath.Join(top, "a"))}, {name("a"), name("./a/")}, {name("a"), name("a/b/..")}, {name("a"), name("link")},
		{name("a/b"), name("link/b")}, {name("a", "a/b"), name("a/b", "a")}, {name("a"), name("a", "link")},
		{name("a/not/yet"), name("link/not/yet")},
	} {
		if same[0] != same[1] {
			t.Errorf("%s and %s are of the same folders", same[0], same[1])
		}
	}
	all := []string{name(), name("a"), name("a/b"), name("a", "a/b"), name("a/not"), name("ab"), name("a", "b"), name("."), name("/")}
	slices.Sort(all)
	if distinct := slices.Compact(slices.Clone(all)); len(distinct) != len(all) {
		t.Errorf("two of %v are the same", all)
	}
}
