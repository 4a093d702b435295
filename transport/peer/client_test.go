package peer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// shared are the files of the nodes in these tests.
func shared() fstest.MapFS {
	files := fstest.MapFS{
		"hello.txt": {Data: []byte("hello\n")}, "empty": {}, "photos/a.jpg": {Data: []byte("a picture")},
		"photos/b.jpg": {Data: []byte("another")}, "photos/copy.jpg": {Data: []byte("a picture")},
		"large": {Data: bytes.Repeat([]byte("0123456789abcdef"), 10<<16)}, "large copy": {Data: bytes.Repeat([]byte("0123456789abcdef"), 10<<16)},
	}
	return files
}

func TestAFileIsFetchedToAWriterAndToAFile(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		c := connected(t, network, shared(), shared())
		var out bytes.Buffer
		if err := c.Fetch(t.Context(), peer.Request{Name: "large"}, &out).Err(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(out.Bytes(), shared()["large"].Data) {
			t.Error("other bytes came")
		}
		path := filepath.Join(t.TempDir(), "here")
		r := c.FetchFile(t.Context(), peer.Request{Name: "large"}, path)
		if got, err := os.ReadFile(path); r.Err() != nil || err != nil || !bytes.Equal(got, out.Bytes()) {
			t.Error(r.Err(), err)
		}
	})
}

func TestErrorsAreKnown(t *testing.T) {
	network := transport.NewMemory()
	c := connected(t, network, shared())
	var out bytes.Buffer
	over, cancel := context.WithCancel(t.Context())
	cancel()
	none := peer.Client{Network: network, Relay: "nowhere:1"}
	for name, check := range map[string]struct{ err, want error }{
		"not found":    {c.Fetch(t.Context(), peer.Request{Name: "nothing"}, &out).Err(), peer.ErrNotFound},
		"bad name":     {c.Fetch(t.Context(), peer.Request{Name: "../x"}, &out).Err(), peer.ErrBadName},
		"its code":     {c.Fetch(t.Context(), peer.Request{Name: "../x"}, &out).Err(), protocol.BadName},
		"no relay":     {none.Fetch(t.Context(), peer.Request{Name: "x"}, &out).Err(), peer.ErrNoRelay},
		"interrupted":  {c.Fetch(over, peer.Request{Name: "hello.txt"}, &out).Err(), peer.ErrInterrupted},
		"no folder":    {c.FetchFile(t.Context(), peer.Request{Name: "x"}, filepath.Join(t.TempDir(), "no/x")).Err(), os.ErrNotExist},
		"a full pipe":  {c.Fetch(t.Context(), peer.Request{Name: "hello.txt"}, broken{}).Err(), errBroken},
		"our own disk": {c.Fetch(t.Context(), peer.Request{Name: "hello.txt"}, broken{}).Err(), peer.ErrDisk},
	} {
		if !errors.Is(check.err, check.want) {
			t.Errorf("%s: %v", name, check.err)
		}
	}
}

var errBroken = errors.New("broken")

type broken struct{}

func (broken) Write([]byte) (int, error) { return 0, errBroken }

func TestAllOfAPatternComesIntoAFolder(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		c := connected(t, network, shared(), shared())
		folder := t.TempDir()
		root, err := os.OpenRoot(folder)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		r := c.FetchAll(t.Context(), peer.AllRequest{Args: []string{"**"}}, root)
		if r.Err() != nil || len(r.Files) != len(shared())-2 || r.Here != 0 { // two names have one content each with another
			t.Errorf("%v, %+v", r.Err(), r)
		}
		for name, file := range shared() {
			if got, err := os.ReadFile(filepath.Join(folder, name)); err != nil || !bytes.Equal(got, file.Data) {
				t.Errorf("%s: %v", name, err)
			}
		}
		r = c.FetchAll(t.Context(), peer.AllRequest{Args: []string{"photos/", "nothing*/", "large"}}, root)
		if !errors.Is(r.Err(), peer.ErrNotFound) || r.Here != 4 || len(r.Files) != 0 || len(r.Unknown) != 1 {
			t.Errorf("%v, %+v", r.Err(), r)
		}
	})
}

func TestNamesAndHoldersAreIterated(t *testing.T) {
	c := connected(t, transport.NewMemory(), shared(), shared())
	var listed []string
	for offer, err := range c.List(t.Context(), "photos/*", true) {
		if err != nil || offer.Count != 2 || len(offer.Holders) != 2 {
			t.Errorf("%+v, %v", offer, err)
		}
		listed = append(listed, offer.Name)
	}
	if len(listed) != 3 {
		t.Errorf("listed %v", listed)
	}
	for range c.List(t.Context(), "", false) {
		break // which ends the conversation
	}
	holders := 0
	for holder, err := range c.Who(t.Context(), peer.Request{Name: "hello.txt"}) {
		if err != nil || holder.Size != 6 {
			t.Errorf("%+v, %v", holder, err)
		}
		holders++
	}
	if holders != 2 {
		t.Errorf("%d holders", holders)
	}
	refused := 0
	for _, err := range c.List(t.Context(), "a[", false) {
		if refused++; !errors.Is(err, peer.ErrBadName) {
			t.Error(err)
		}
	}
	if refused != 1 {
		t.Errorf("a bad pattern has %d errors", refused)
	}
	if r := c.Resolve(t.Context(), "photos"); !r.Folder || len(r.Offers) != 3 || r.Err != nil {
		t.Errorf("%+v", r)
	}
	if text := fmt.Sprint(c.Resolve(t.Context(), "none*/").Err); !strings.Contains(text, "no published name matches") {
		t.Error(text)
	}
}
