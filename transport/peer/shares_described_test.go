package peer_test

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/transport"
	disk "github.com/relaypeer/relaypeer/transport/disk/share"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestSeveralSharesSayTogetherHowFarTheyAre(t *testing.T) {
	folder := t.TempDir()
	lay := func(name, text string) {
		t.Helper()
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	lay("one/a", "123")
	lay("one/.b", "")
	lay("two/sub/c", "4567")
	lay("two/sub/.d", "")
	lay("two/sub/\\", "")
	lay("single", "89")
	shares := peer.Shares{"fs/": share(t, tree("e", "1"))}
	for key, path := range map[string]string{"one/": "one", "two/": "two", "single": "single"} {
		part, err := disk.Open(filepath.Join(folder, path), disk.Options{Rescan: time.Hour, Name: "single"})
		if err != nil {
			t.Fatal(err)
		}
		defer part.Close()
		shares[key] = part
	}
	n := &peer.Node{Share: shares}
	eventually(t, "all is indexed", func() bool {
		p := n.Overview().Share
		return p.Files == 3 && p.Known == 3 && !p.Walking && !p.Walked.IsZero() && p.Waiting == 0
	})
	o := n.Overview()
	if p := o.Share; !o.Described || p.Bytes != 9 || p.KnownBytes != 9 || p.Folders != 4 || p.Walks != 1 || p.Unshared != 3 || p.NextWalk.Before(time.Now()) {
		t.Errorf("%+v", p)
	}
	want := []transport.ReasonCount{{Reason: transport.ReasonHidden, Count: 2}, {Reason: transport.ReasonName, Count: 1}}
	if !slices.Equal(o.Share.Reasons, want) {
		t.Errorf("%v", o.Share.Reasons)
	}
	all, some, is := n.Unshared(2)
	if !is || all != 3 || len(some) != 2 || some[0].Path != "one/.b" || some[1].Path != "two/sub/.d" {
		t.Errorf("%v, %d: %v", is, all, some)
	}
	if _, _, is := (&peer.Node{Share: share(t, tree())}).Unshared(2); is {
		t.Error("a share that cannot say does")
	}
}
