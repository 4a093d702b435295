package peer_test

import (
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func snapshot(t *testing.T, c *peer.Client) *peer.Snapshot {
	t.Helper()
	s, err := c.Snapshot(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// drawn returns files with short paths of few letters, so that folders, hidden ones and files meet.
func drawn(files int) fstest.MapFS {
	random := rand.New(rand.NewPCG(1, 2))
	all := fstest.MapFS{}
	for range files {
		path := []string{"a", "b!", ".c", "é", "d.e"}[random.IntN(5)]
		for range random.IntN(3) {
			path += "/" + []string{"x", "y", ".z"}[random.IntN(3)]
		}
		all[fmt.Sprint(path, "/", random.IntN(files))] = &fstest.MapFile{Data: make([]byte, random.IntN(9))}
	}
	return all
}

func TestTheTotalsOfASnapshotAreThoseOfItsFiles(t *testing.T) {
	all := drawn(3000)
	s := snapshot(t, connectedHidden(t, all))
	if s.Len() != len(all) || s.Taken.IsZero() || s.Covers.Err() != nil {
		t.Fatalf("%d names of %d, %+v", s.Len(), len(all), s.Covers)
	}
	for _, folder := range []string{"", "a", "a/x", ".c", "é/y/x", "nothing", "d.e"} {
		for _, hidden := range []bool{true, false} {
			var want peer.Sum
			for name, file := range all {
				if rest, is := strings.CutPrefix(name, folder+"/"); folder != "" && !is || !hidden && protocol.Hidden(name) {
					continue
				} else if folder == "" || rest != "" {
					want.Files++
					want.Bytes += uint64(len(file.Data))
				}
			}
			if got := s.Sum(folder, hidden); got != want {
				t.Errorf("%q, hidden %t: %+v in place of %+v", folder, hidden, got, want)
			}
			var sum peer.Sum
			for entry := range s.Entries(folder, hidden) {
				sum.Files += entry.Files
				sum.Bytes += entry.Bytes
				if !entry.Folder {
					sum.Files++
					sum.Bytes += entry.File.Size
				}
			}
			if inHidden := folder == ".c"; !inHidden && sum != want {
				t.Errorf("%q, hidden %t: entries of %+v in place of %+v", folder, hidden, sum, want)
			}
		}
	}
}

func TestASnapshotHasEachNameOnceWithWhatMostHave(t *testing.T) {
	most, least := tree("a", "most", "b/c", "below"), tree("a", "least!", "b", "in the way", ".h/x", "1", "n/.h", "2")
	s := snapshot(t, connectedHidden(t, least, most, most))
	if a, is := s.Find("a"); !is || a.Size != 4 || a.Nodes != 2 || a.Contents != 2 || a.Hash.IsZero() {
		t.Errorf("%t, %+v", is, a)
	}
	if _, is := s.Find("c"); is {
		t.Error("c is not there")
	}
	names := func(folder string, hidden bool) (names []string) {
		for entry := range s.Entries(folder, hidden) {
			if entry.Folder {
				entry.Name += "/"
			}
			names = append(names, entry.Name)
		}
		return names
	}
	for folder, want := range map[string][2][]string{
		"": {{"a", "b", "b/"}, {".h/", "a", "b", "b/", "n/"}}, "b": {{"c"}, {"c"}}, "n": {nil, {".h"}}, ".h": {{"x"}, {"x"}}, "a": {nil, nil},
	} {
		if visible, all := names(folder, false), names(folder, true); !slices.Equal(visible, want[0]) || !slices.Equal(all, want[1]) {
			t.Errorf("%q: %q, with hidden ones %q", folder, visible, all)
		}
	}
	if len(s.All()) != 5 || len(s.Below("b")) != 1 || len(s.Below("")) != 5 {
		t.Errorf("%d, %d, %d", len(s.All()), len(s.Below("b")), len(s.Below("")))
	}
}

func TestASnapshotOfMoreThanIsTakenFails(t *testing.T) {
	c := connected(t, transport.NewMemory(), tree("a", "1", "b", "2", "c", "3"))
	if _, err := c.Snapshot(t.Context(), 2); !errors.Is(err, peer.ErrTooMany) || !strings.Contains(err.Error(), "more than 2 names") {
		t.Error(err)
	}
	if s, err := c.Snapshot(t.Context(), 3); err != nil || s.Len() != 3 {
		t.Error(s, err)
	}
}

// connectedHidden does what connected does, with shares of hidden files as well.
func connectedHidden(t *testing.T, shares ...fs.FS) *peer.Client {
	t.Helper()
	network := transport.NewMemory()
	relay := startRelay(t, network, &peer.Relay{})
	for _, files := range shares {
		share := fsshare.New(files, fsshare.Options{Hidden: true})
		t.Cleanup(func() { share.Close() })
		startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share})
	}
	c := &peer.Client{Network: network, Relay: relay}
	awaitPublished(t, c, len(shares))
	return c
}
