package store_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/store"
)

// light returns a content that is quickly written: of a few bytes in each group, and zeros.
func light(size int, seed byte) (x disktest.Text) {
	x.Data = make([]byte, size)
	for number := range protocol.Groups(uint64(size)) {
		group := x.Group(number)
		group[0], group[len(group)-1] = seed, byte(number)+1
		x.Values = append(x.Values, content.ChainingValue(number, group, size <= protocol.GroupSize))
	}
	x.Hash, _ = content.Build(x.Values)
	return x
}

// target is a place beside what must be there: of which content which groups have come.
type target struct {
	*testing.T
	folder string
	root   *os.Root
	part   *store.Part
	random *rand.Rand

	of     int // the content of the groups; -1: none
	has    map[uint64]bool
	open   bool // for that content
	placed int  // the content that is under the name; -1: none
}

// lights are made when they are needed: the processes that are killed do not.
var lights = sync.OnceValue(func() []disktest.Text {
	return []disktest.Text{light(threeAndABit, 1), light(threeAndABit, 2), light(protocol.GroupSize, 3), light(10, 4)}
})

// opens opens the part for a content, and checks what it says of it.
func (p *target) opens(of int) {
	p.Helper()
	x := lights()[of]
	has, other := x.Open(p, p.part)
	wantOther := p.of >= 0 && p.of != of && len(p.has) > 0
	if p.of != of {
		p.of, p.has = of, map[uint64]bool{}
	}
	if p.placed == of && len(p.has) == 0 {
		for number := range x.Groups() {
			p.has[number] = true
		}
	}
	p.open = true
	got := map[uint64]bool{}
	for number := range x.Groups() {
		if has.Has(number) {
			got[number] = true
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(p.has) || other != wantOther {
		p.Fatalf("content %d: it has %v, not %v; another: %v", of, got, p.has, other)
	}
}

// Holds reports whether the file under the name is whole.
func (p *target) Holds() bool {
	data, err := os.ReadFile(filepath.Join(p.folder, "file"))
	return err == nil && p.placed >= 0 && bytes.Equal(data, lights()[p.placed].Data)
}

// step does something with the part.
func (p *target) step() {
	switch p.random.IntN(7) {
	case 0:
		p.opens(p.random.IntN(len(lights())))
	case 1, 2, 3:
		if !p.open {
			p.opens(max(p.of, 0))
		}
		number := p.random.Uint64N(lights()[p.of].Groups())
		if err := lights()[p.of].Bring(p.part, number); err == nil {
			p.has[number] = true
		} else if p.placed != p.of {
			p.Fatalf("group %d of content %d: %v", number, p.of, err)
		}
	case 4:
		p.closes()
	case 5:
		p.commits()
	case 6:
		p.closes()
		hash, size, err := p.part.Holds(p.Context(), roles.InspectStore{})
		if want := p.of >= 0; err != nil || want && (hash != lights()[p.of].Hash || size != uint64(len(lights()[p.of].Data))) || !want && (!hash.IsZero() || size != 0) {
			p.Fatalf("it holds %v, %d, %v; of content %d", hash, size, err, p.of)
		}
	}
}

// closes ends the part, twice, as the end of a process does. The next one is another, or the same.
func (p *target) closes() {
	if err := errors.Join(p.part.Close(), p.part.Close()); err != nil {
		p.Fatal(err)
	}
	inPlace := p.placed >= 0 && p.placed == p.of && p.open && len(p.has) == int(lights()[p.of].Groups())
	if p.of >= 0 && len(p.has) > 0 && !inPlace {
		disktest.Leaves(p, p.folder, slices.Concat(p.file(), []string{disk.Beside("file", disk.PartSuffix), disk.Beside("file", disk.JournalSuffix)})...)
	} else {
		p.of, p.has = -1, map[uint64]bool{}
		disktest.Leaves(p, p.folder, p.file()...)
	}
	p.open = false
	if p.random.IntN(2) == 0 {
		p.part = store.NewPart(p.root, "file")
	}
}

// file returns the name, if something is under it.
func (p *target) file() []string {
	if p.placed >= 0 {
		return []string{"file"}
	}
	return nil
}

// commits puts the content in its place, if it has come.
func (p *target) commits() {
	whole := p.open && len(p.has) == int(lights()[p.of].Groups())
	if err := p.part.Commit(p.Context()); (err == nil) != whole {
		p.Fatalf("with %v of content %d: %v", p.has, p.of, err)
	}
	if whole {
		p.placed, p.of, p.has, p.open = p.of, -1, map[uint64]bool{}, false
		disktest.Leaves(p, p.folder, "file")
	}
	if p.placed >= 0 && !p.Holds() {
		p.Fatalf("content %d is not under the name", p.placed)
	}
}

// A part has the groups that came for its content, over any number of tries, and nothing else; only
// what is whole comes under the name.
func TestAPartHasWhatCame(t *testing.T) {
	for seed := range uint64(30) {
		folder := t.TempDir()
		root := disktest.OpenRoot(t, folder)
		p := &target{T: t, folder: folder, root: root, part: store.NewPart(root, "file"), random: rand.New(rand.NewPCG(seed, 0)), of: -1, has: map[uint64]bool{}, placed: -1}
		for range 25 {
			p.step()
		}
		p.closes()
	}
}

// paced is a reader who pauses before some of the writes.
type paced struct {
	bytes.Buffer
	random *rand.Rand
}

func (p *paced) Write(data []byte) (int, error) {
	time.Sleep([]time.Duration{0, 0, 0, time.Second, 5 * time.Second}[p.random.IntN(5)])
	return p.Buffer.Write(data)
}

// A stream prints a content from its begin to its end, in whatever order its groups come, over however
// many links, and however slowly it is read.
func TestAStreamPrintsWhatComesInAnyOrder(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	x := light(7*protocol.GroupSize+5, 1)
	for seed := range uint64(12) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			to := &paced{random: rand.New(rand.NewPCG(seed, 2))}
			stream := store.NewStream(to)
			x.Open(t, stream)
			links := 1 + random.IntN(4)
			brought := make(chan error, links)
			for range links {
				order := random.Perm(int(x.Groups()))
				go func() {
					var err error
					for _, number := range order {
						err = errors.Join(err, x.Bring(stream, uint64(number)))
					}
					brought <- err
				}()
			}
			for range links {
				if err := <-brought; err != nil {
					t.Error(err)
				}
			}
			if has, _ := x.Open(t, stream); has.Count() != x.Groups() {
				t.Errorf("seed %d: it has %d groups", seed, has.Count())
			}
			if err := errors.Join(stream.Commit(t.Context()), stream.Flush(t.Context())); err != nil {
				t.Error(err)
			}
			if !bytes.Equal(to.Bytes(), x.Data) {
				t.Errorf("seed %d: %d bytes were printed", seed, to.Len())
			}
			if err := stream.Close(); err != nil {
				t.Error(err)
			}
			if x.Bring(stream, 0) == nil || stream.Commit(t.Context()) == nil {
				t.Errorf("seed %d: it goes on after its end", seed)
			}
		})
	}
}

// What is asked of an item that is none of a store's is an error, and has no result.
func TestAnItemThatIsNoneIsAnError(t *testing.T) {
	root := disktest.OpenRoot(t, t.TempDir())
	names := [][]string{{"a"}, {"b"}}
	folder := store.NewFolder(root, append(names, nil), store.Options{})
	defer folder.Close()
	batch, err := store.NewBatch(root, names, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer batch.Close()
	for _, item := range []int{-1, 2, 3} {
		if hash, size, err := folder.Holds(t.Context(), roles.InspectStore{Item: item}); err == nil || !hash.IsZero() || size != 0 {
			t.Errorf("item %d: %v, %d, %v", item, hash, size, err)
		}
		if has, other, err := folder.Open(t.Context(), roles.OpenStore{Item: item}, nil); err == nil || has != nil || other {
			t.Errorf("item %d: %v, %v, %v", item, has, other, err)
		}
		for _, to := range []transport.Store{folder, batch} {
			if item == 2 && to == transport.Store(folder) {
				continue // it has no names: nothing is asked
			}
			if _, err := to.Receive(item, 0, protocol.Attributes{}); err == nil {
				t.Errorf("item %d is received", item)
			}
			if err := to.Commit(t.Context(), roles.Placement{Item: item}); item != 2 && err == nil {
				t.Errorf("item %d is committed", item)
			}
		}
	}
	for _, item := range []int{0, 1} {
		if hash, size, err := batch.Holds(t.Context(), roles.InspectStore{Item: item}); err != nil || !hash.IsZero() || size != 0 {
			t.Errorf("item %d: %v, %d, %v", item, hash, size, err)
		}
		if _, err := batch.Receive(item, protocol.GroupSize, protocol.Attributes{}); err == nil {
			t.Errorf("item %d has a second group", item)
		}
		sink, err := batch.Receive(item, 0, protocol.Attributes{})
		if err != nil || sink(1, protocol.Hash{}, []byte("x")) == nil {
			t.Errorf("item %d has a second group, %v", item, err)
		}
	}
}

// What is present is a regular file of the size and the content, wherever its group bounds are.
func TestWhatIsPresentIsTheContent(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	var files []protocol.Entry
	var want []bool
	add := func(name string, hash protocol.Hash, size int, present bool) {
		files, want = append(files, protocol.Entry{Name: name, Hash: hash, Size: uint64(size)}), append(want, present)
	}
	for n, size := range append([]int{0, 1}, boundSizes...) {
		x, name := light(max(size, 1), byte(n+1)), fmt.Sprint("sub/file", n)
		if size == 0 {
			x = disktest.NewText(0, 1)
		}
		disktest.Lay(t, filepath.Join(folder, name), string(x.Data))
		add(name, x.Hash, size, true)
		add(name, x.Hash, size+1, false)
		add(name, protocol.Hash{}, size, false)
		add(name, protocol.Hash{1}, size, false)
		add("sub/none", x.Hash, size, false)
		add("none/none", x.Hash, size, false)
	}
	x := disktest.NewText(10, 1)
	disktest.Lay(t, filepath.Join(folder, "there"), string(x.Data))
	os.Symlink("there", filepath.Join(folder, "link"))
	add("link", x.Hash, 10, false)
	add("sub", x.Hash, 10, false)
	for n := range 150 {
		name := fmt.Sprint("there", n)
		if n%3 == 0 {
			name = "there"
		}
		add(name, x.Hash, 10, n%3 == 0)
	}
	if got := store.Present(t.Context(), root, files); !slices.Equal(got, want) {
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%+v is present: %v", files[i], got[i])
			}
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if got := store.Present(ended, root, files); slices.Contains(got, true) {
		t.Error("it looks on after its end")
	}
}

// The folders of batches that were killed are removed, however many files lie beside them; those of
// batches that are at work, and all else, stay.
func TestLeftFoldersAreFoundAmongManyFiles(t *testing.T) {
	folder := t.TempDir()
	root := disktest.OpenRoot(t, folder)
	var want []string
	for n := range 600 {
		name := fmt.Sprintf("file%03d", n)
		want = append(want, name)
		if err := os.WriteFile(filepath.Join(folder, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := disk.BatchPrefix + "file"
	if err := os.WriteFile(filepath.Join(folder, at), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	want = append(want, at)
	working := newBatch(t, root, "working")
	for n := range 3 {
		disktest.Lay(t, filepath.Join(folder, fmt.Sprint(disk.BatchPrefix, n), "0/1"), "left")
	}
	newBatch(t, root, "next").Close()
	bringItem(t, working, 0, "text")
	commit(t, working, roles.Placement{})
	if err := working.Close(); err != nil {
		t.Error(err)
	}
	disktest.Leaves(t, folder, append(want, "working")...)
}
