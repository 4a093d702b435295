package conversation

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

var update = flag.Bool("update", false, "write the conversations")

// TestTheConversationsAreThoseOfTheScripts keeps files and scripts the same, and the files readable.
func TestTheConversationsAreThoseOfTheScripts(t *testing.T) {
	written := map[string]string{}
	for _, s := range slices.Concat(relayScripts(), nodeScripts(), clientScripts()) {
		if written[s.name] != "" {
			t.Errorf("%s is there twice", s.name)
		}
		written[s.name] = s.conversation().String()
	}
	if *update {
		rewrite(t, written)
	}
	found := readAll(t)
	for _, c := range found {
		text, err := os.ReadFile(filepath.Join(folder, c.name+".txt"))
		if err != nil {
			t.Fatal(err)
		}
		if string(text) != written[c.name] {
			t.Errorf("%s is not what its script makes: go test ./sim/conversation -update writes it", c.name)
		}
	}
	if len(found) != len(written) {
		t.Errorf("%d files, %d scripts", len(found), len(written))
	}
}

func rewrite(t *testing.T, written map[string]string) {
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range written {
		if err := os.WriteFile(filepath.Join(folder, name+".txt"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}
