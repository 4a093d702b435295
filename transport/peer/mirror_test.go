package peer_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/store"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// openRoot opens a new folder until the test ends.
func openRoot(t *testing.T) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

func TestAMirrorFetchesWhatIsMissing(t *testing.T) {
	t.Parallel()
	network := transport.NewMemory()
	large := strings.Repeat("0123456789abcdef", 4<<16)
	c := connected(t, network, tree("a/1", "one", "a/2", large, "a/.hidden", "h", "b/3", "three", "a/mine", "theirs"))
	root := openRoot(t)
	if err := errors.Join(root.Mkdir("a", 0o755), root.WriteFile("a/mine", []byte("mine"), 0o644)); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	learned := map[string]protocol.Hash{}
	log := &journal{}
	mirror := peer.Mirror{
		Client: c, Folder: root, Patterns: []string{"a/*", "a/**", "nothing*"}, Log: log.logger(hclog.Info),
		Learn: func(name string, hash protocol.Hash, values []protocol.Hash, modified int64) {
			mu.Lock()
			defer mu.Unlock()
			learned[name] = hash
		},
	}
	end := background(t, mirror.Run)
	eventually(t, "two files are mirrored", func() bool { return log.count("test.mirror", "mirrored", "files=2") == 1 })
	for name, want := range map[string]string{"a/1": "one", "a/2": large, "a/mine": "mine"} {
		if got, err := root.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	for _, name := range []string{"a/.hidden", "b/3"} {
		if _, err := root.Lstat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// What is published later is found by a later look.
	startNode(t, &peer.Node{Network: network, Relay: c.Relay, Listen: "127.0.0.1:0", Share: share(t, tree("a/later", "later"))})
	eventually(t, "a later file is mirrored", func() bool {
		got, _ := root.ReadFile("a/later")
		return string(got) == "later"
	})
	if err := end(); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if learned["a/2"].IsZero() {
		t.Errorf("learned %v", learned)
	}
}

func TestAMirrorSaysWhatIsInItsWay(t *testing.T) {
	t.Parallel()
	c := connected(t, transport.NewMemory(), tree("a/1", "one"))
	root := openRoot(t)
	if err := os.Symlink("nowhere", filepath.Join(root.Name(), "a")); err != nil { // where a folder must be
		t.Skip(err)
	}
	log := &journal{}
	failing := peer.Mirror{Client: c, Folder: root, Patterns: []string{"a/1"}, Log: log.logger(hclog.Info)}
	away := peer.Mirror{Client: &peer.Client{Network: c.Network, Relay: "nowhere:1"}, Folder: root, Patterns: []string{"*"}, Log: failing.Log}
	background(t, failing.Run)
	background(t, away.Run)
	eventually(t, "that no relay is there is logged", func() bool { return log.count("WARN", "could not be listed") > 0 })
	eventually(t, "that the folder cannot be made is logged", func() bool { return log.count("WARN", "not fetched, for now", "a/1") > 0 })
}

// A name that can never be put into the folder is no silence: it is said once, and again when the
// names change.
func TestAMirrorSaysWhichNamesAreObstructed(t *testing.T) {
	t.Parallel()
	c := connected(t, transport.NewMemory(), tree("a/1", "one", "a/2", "two", "b/1", "three", "c", "see"))
	root := openRoot(t)
	if err := errors.Join(root.Symlink("..", "a"), root.WriteFile("b", nil, 0o644)); err != nil {
		t.Skip(err)
	}
	log := &journal{}
	mirror := peer.Mirror{Client: c, Folder: root, Patterns: []string{"**"}, Log: log.logger(hclog.Info)}
	background(t, mirror.Run)
	eventually(t, "what can be mirrored is", func() bool { return log.count("mirrored: files=1") == 1 })
	// The first look may come when not all names are published.
	t.Cleanup(func() {
		if t.Failed() {
			t.Log(log.whole.String())
		}
	})
	eventually(t, "what is in the way is said", func() bool { return log.count("WARN", "something is in the way", "files=3", "first=a/1") == 1 })
	if err := root.Remove("b"); err != nil {
		t.Fatal(err)
	}
	eventually(t, "what is in the way still is said", func() bool { return log.count("WARN", "something is in the way", "files=2", "first=a/1") == 1 })
}

func TestAMirrorThatCannotBeUsedSaysWhy(t *testing.T) {
	root := openRoot(t)
	for _, mirror := range []peer.Mirror{
		{}, {Client: &peer.Client{}}, {Folder: root}, {Client: &peer.Client{}, Folder: root, Patterns: []string{"a["}},
	} {
		if err := mirror.Run(t.Context()); err == nil {
			t.Errorf("%+v ran", mirror)
		}
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	idle := peer.Mirror{Client: &peer.Client{Network: transport.NewMemory(), Relay: "nowhere:1"}, Folder: root, Patterns: []string{"*"}}
	if err := idle.Run(over); err != nil {
		t.Error(err)
	}
}

// What lies under a name by the time its content has come stays, and is said.
func TestWhatIsKeptIsLeftAlone(t *testing.T) {
	t.Parallel()
	large := strings.Repeat("0123456789abcdef", 4<<16)
	names := []string{"large", "small", "empty", "folder/copy"}
	c := connected(t, transport.NewMemory(), tree("large", large, "small", "s", "empty", "", "folder/copy", large, "other", "other"))
	root := openRoot(t)
	put := func([]client.Offer) {
		for _, name := range names {
			if err := errors.Join(root.MkdirAll("folder", 0o755), root.WriteFile(name, []byte("mine"), 0o644)); err != nil {
				t.Error(err)
			}
		}
	}
	result := c.FetchAll(t.Context(), peer.AllRequest{Args: []string{"**"}, Missing: put, Options: store.Options{NoReplace: true}}, root)
	if err := result.Err(); !errors.Is(err, store.ErrTaken) {
		t.Errorf("%v", err)
	}
	for _, name := range names {
		if got, err := root.ReadFile(name); err != nil || string(got) != "mine" {
			t.Errorf("%s: %d bytes, %v", name, len(got), err)
		}
	}
	if got, err := root.ReadFile("other"); err != nil || string(got) != "other" {
		t.Errorf("%q, %v", got, err)
	}
}
