package disk_test

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

// text is a content with its groups' values.
type text struct {
	data   []byte
	values []protocol.Hash
	hash   protocol.Hash
}

// newText makes a content of so many bytes, another one for each seed.
func newText(size int, seed uint64) text {
	x := text{data: make([]byte, size)}
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range x.data {
		x.data[i] = byte(random.Uint32())
	}
	for number := range protocol.Groups(uint64(size)) {
		x.values = append(x.values, content.ChainingValue(number, x.group(number), size <= protocol.GroupSize))
	}
	x.hash, _ = content.Build(x.values)
	return x
}

func (x text) group(number uint64) []byte {
	at := int(number * protocol.GroupSize)
	return x.data[at:min(len(x.data), at+protocol.GroupSize)]
}

func (x text) groups() uint64 { return uint64(len(x.values)) }

func (x text) open(t testing.TB, store transport.Store) (has roles.Groups, other bool) {
	t.Helper()
	has, other, err := store.Open(context.Background(), roles.OpenStore{Hash: x.hash, Size: uint64(len(x.data))}, func(_, _ uint64) {})
	if err != nil {
		t.Fatal(err)
	}
	return has, other
}

// bring brings groups as a link does, each as a stretch of its own.
func (x text) bring(store transport.Store, numbers ...uint64) error {
	for _, number := range numbers {
		sink, err := store.Receive(0, number*protocol.GroupSize)
		if err != nil {
			return err
		}
		if err := x.put(sink, number); err != nil {
			return err
		}
	}
	return nil
}

func (x text) put(sink transport.Sink, number uint64) error {
	return sink(number, x.values[number], x.group(number))
}

func (x text) mustBring(t testing.TB, store transport.Store, numbers ...uint64) {
	t.Helper()
	if err := x.bring(store, numbers...); err != nil {
		t.Fatal(err)
	}
}

func openRoot(t testing.TB, folder string) *os.Root {
	t.Helper()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { root.Close() })
	return root
}

// lay puts a file there.
func lay(t testing.TB, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// holds checks a file's content.
func holds(t testing.TB, path string, want []byte) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s has %d bytes, not the %d that were wanted: %v", path, len(got), len(want), err)
	}
}

// leaves checks which files are in a folder.
func leaves(t testing.TB, folder string, want ...string) {
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
