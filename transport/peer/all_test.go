package peer_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// into gets what arguments stand for into a new folder.
func into(t *testing.T, c *peer.Client, request peer.AllRequest) (folder string, r peer.AllResult) {
	t.Helper()
	folder = t.TempDir()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return folder, c.FetchAll(t.Context(), request, root)
}

// lies fails unless exactly these files lie in a folder.
func lies(t *testing.T, folder string, texts ...string) {
	t.Helper()
	want := tree(texts...)
	filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		got, _ := os.ReadFile(path)
		if want[name] == nil || string(want[name].Data) != string(got) {
			t.Errorf("%s holds %q", name, got)
		}
		delete(want, name)
		return nil
	})
	for name := range want {
		t.Errorf("%s is missing", name)
	}
}

// TestAFileOfOneNodeDoesNotHideAFolder: more nodes decide, and on a tie the folder comes; the file is named.
func TestAFileOfOneNodeDoesNotHideAFolder(t *testing.T) {
	c := connected(t, transport.NewMemory(), tree("photos/a", "A", "photos/b", "B"), tree("photos", "no folder"))
	folder, r := into(t, c, peer.AllRequest{Args: []string{"**"}})
	lies(t, folder, "photos/a", "A", "photos/b", "B")
	if !errors.Is(r.Err(), peer.ErrClash) || len(r.Chosen.Clashes) != 1 || r.Chosen.Clashes[0].Name != "photos" {
		t.Errorf("%v, %+v", r.Err(), r.Chosen.Clashes)
	}
	c = connected(t, transport.NewMemory(), tree("photos/a", "A"), tree("photos", "a file"), tree("photos", "another"))
	if _, r = into(t, c, peer.AllRequest{Args: []string{"**"}}); len(r.Chosen.Clashes) != 1 || r.Chosen.Clashes[0].Name != "photos/a" {
		t.Errorf("%+v", r.Chosen.Clashes)
	}
}

// unreadable is a file system whose files cannot be read once they have been hashed.
type unreadable struct {
	fstest.MapFS
	is bool
}

func (b *unreadable) Open(name string) (fs.File, error) {
	if info, err := b.MapFS.Stat(name); b.is && err == nil && !info.IsDir() {
		return nil, fs.ErrPermission
	}
	return b.MapFS.Open(name)
}

// TestTheFileComesIfTheFolderCannotBeDelivered.
func TestTheFileComesIfTheFolderCannotBeDelivered(t *testing.T) {
	bad := &unreadable{MapFS: tree("photos/a", "A", "photos/b", "B")}
	c := connected(t, transport.NewMemory(), bad, tree("photos", "no folder"))
	bad.is = true
	folder, r := into(t, c, peer.AllRequest{Args: []string{"**"}})
	lies(t, folder, "photos", "no folder")
	if len(r.Chosen.Clashes) != 0 || r.Err() == nil {
		t.Errorf("%v, %+v", r.Err(), r.Chosen.Clashes)
	}
}

// TestAStrangersHiddenFilesAreNotFetchedUnasked.
func TestAStrangersHiddenFilesAreNotFetchedUnasked(t *testing.T) {
	network := transport.NewMemory()
	files := fsshare.New(tree(".bashrc", "evil", ".ssh/authorized_keys", "key", "a/.b", "B", "a/c", "C"), fsshare.Options{Hidden: true})
	t.Cleanup(func() { files.Close() })
	relay := startRelay(t, network, &peer.Relay{})
	startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: files})
	c := &peer.Client{Network: network, Relay: relay}
	awaitPublished(t, c, 1)
	for _, want := range []struct {
		request peer.AllRequest
		hidden  int
		texts   []string
	}{
		{peer.AllRequest{Args: []string{"**"}}, 3, []string{"a/c", "C"}},
		{peer.AllRequest{Args: []string{"a"}}, 1, []string{"a/c", "C"}},
		{peer.AllRequest{Args: []string{"**", ".bashrc"}}, 2, []string{"a/c", "C", ".bashrc", "evil"}},
		{peer.AllRequest{Args: []string{".ssh/", "**/.b"}}, 0, []string{".ssh/authorized_keys", "key", "a/.b", "B"}},
		{peer.AllRequest{Args: []string{"**"}, Hidden: true}, 0, []string{".bashrc", "evil", ".ssh/authorized_keys", "key", "a/.b", "B", "a/c", "C"}},
	} {
		folder, r := into(t, c, want.request)
		lies(t, folder, want.texts...)
		if r.Err() != nil || r.Hidden != want.hidden {
			t.Errorf("%v: %v, %d were passed over", want.request.Args, r.Err(), r.Hidden)
		}
	}
	if _, r := into(t, c, peer.AllRequest{Args: []string{"?bashrc"}}); !errors.Is(r.Err(), peer.ErrNotFound) || r.Hidden != 1 {
		t.Errorf("%v, %d", r.Err(), r.Hidden)
	}
}
