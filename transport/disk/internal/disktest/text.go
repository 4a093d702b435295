// Package disktest is what the tests of the disk have in common: contents, and looks at folders.
package disktest

import (
	"bytes"
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// Text is a content with its groups' values.
type Text struct {
	Data   []byte
	Values []protocol.Hash // of its groups
	Hash   protocol.Hash
}

// NewText makes a content of so many bytes, another one for each seed.
func NewText(size int, seed uint64) Text {
	x := Text{Data: make([]byte, size)}
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range x.Data {
		x.Data[i] = byte(random.Uint32())
	}
	for number := range protocol.Groups(uint64(size)) {
		x.Values = append(x.Values, content.ChainingValue(number, x.Group(number), size <= protocol.GroupSize))
	}
	x.Hash, _ = content.Build(x.Values)
	return x
}

func (x Text) Group(number uint64) []byte {
	at := int(number * protocol.GroupSize)
	return x.Data[at:min(len(x.Data), at+protocol.GroupSize)]
}

func (x Text) Groups() uint64 { return uint64(len(x.Values)) }

func (x Text) Open(t testing.TB, store transport.Store) (has roles.Groups, other bool) {
	t.Helper()
	has, other, err := store.Open(context.Background(), roles.OpenStore{Hash: x.Hash, Size: uint64(len(x.Data))}, func(_, _ uint64) {})
	if err != nil {
		t.Fatal(err)
	}
	return has, other
}

// Bring brings groups as a link does, each as a stretch of its own.
func (x Text) Bring(store transport.Store, numbers ...uint64) error {
	for _, number := range numbers {
		sink, err := store.Receive(0, number*protocol.GroupSize, protocol.Attributes{})
		if err != nil {
			return err
		}
		if err := x.Put(sink, number); err != nil {
			return err
		}
	}
	return nil
}

func (x Text) Put(sink transport.Sink, number uint64) error {
	return sink(number, x.Values[number], x.Group(number))
}

func (x Text) MustBring(t testing.TB, store transport.Store, numbers ...uint64) {
	t.Helper()
	if err := x.Bring(store, numbers...); err != nil {
		t.Fatal(err)
	}
}

func OpenRoot(t testing.TB, folder string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// Lay puts a file there.
func Lay(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// Holds checks a file's content.
func Holds(t testing.TB, path string, want []byte) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes, not the %d that were wanted: %v", path, len(got), len(want), err)
	}
}

// Leaves checks which files are in a folder.
func Leaves(t testing.TB, folder string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	got := []string{}
	for _, entry := range entries {
		got = append(got, entry.Name())
	}
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("in the folder: %v, not %v", got, want)
	}
}
