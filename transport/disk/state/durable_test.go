package state_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// TestWhatIsToldToBeThereIsDurable: what is new is made durable before it has its name, and its name
// before the call returns.
func TestWhatIsToldToBeThereIsDurable(t *testing.T) {
	needsModes(t) // elsewhere folders are not made durable
	var folder *state.Folder
	path := filepath.Join(t.TempDir(), "a", "state")
	id := newID(t)
	for _, x := range []struct {
		name string
		do   func() error
		want string
	}{
		{"a folder", func() (err error) { folder, err = state.Open(path); return err }, "make a folder, make the folder durable, make a folder, make the folder durable"},
		{"a key", func() error { _, err := folder.Key("k"); return err },
			"make a temporary file, write to it, make it durable, link it, remove a temporary file, make the folder durable"},
		{"the first relay", func() error { return folder.KnownRelays().Add("a:1", id, state.Pinned) },
			"open it to append, append a line, make the line durable, make the folder durable"},
		{"a relay", func() error { return folder.KnownRelays().Add("b:1", id, state.Pinned) }, "open it to append, append a line, make the line durable"},
		{"a known relay", func() error { return folder.KnownRelays().Add("b:1", id, state.Pinned) }, ""},
		{"a relay less", func() error { _, err := folder.KnownRelays().Forget("b:1"); return err },
			"make a temporary file, write to it, make it durable, rename it, make the folder durable"},
		{"a key that is there", func() error { _, err := folder.Key("k"); return err }, "make the folder durable"}, // whoever has made it may have been killed
	} {
		var changes []string
		undo := state.SetBefore(func(what string) error { changes = append(changes, what); return nil })
		err := x.do()
		undo()
		if err != nil || strings.Join(changes, ", ") != x.want {
			t.Errorf("%s: %q, %v", x.name, changes, err)
		}
	}
}
