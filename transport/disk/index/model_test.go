package index_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// library is an index beside what it must know: of each inode the latest record, and the values of
// its groups.
type library struct {
	*rapid.T
	path    string // empty: the index is in memory
	db      *index.DB
	records map[uint64]index.Record
	values  map[uint64][]protocol.Hash
	clock   int64
	random  *rand.ChaCha8
	fails   bool // nothing can be written just now
	removed int  // files
}

const inodes = 6

// draw returns the record of a new content, which has no tree yet, and the values of its groups.
func (l *library) draw(number uint64) (r index.Record, values []protocol.Hash) {
	groups := rapid.SampledFrom([]int{1, 1, 2, 2, 3, 3, 17, content.SegmentGroups, content.SegmentGroups + 1, 2*content.SegmentGroups + 5}).Draw(l.T, "groups")
	values = make([]protocol.Hash, groups)
	for i := range values {
		l.random.Read(values[i][:])
	}
	l.clock++
	r.Signature = index.Signature{
		Inode: index.Inode{Device: 1, Number: number}, Size: int64(groups) * protocol.GroupSize, Modified: l.clock, Changed: l.clock + 1,
	}
	return r, values
}

// add adds the segments of a tree up to a number.
func (l *library) add(tree uint64, hash protocol.Hash, values []protocol.Hash, from, to int) {
	for number := from; number < to; number++ {
		segment := values[number*content.SegmentGroups : min(len(values), (number+1)*content.SegmentGroups)]
		value := hash
		switch {
		case len(segment) == 1:
			value = segment[0]
		case len(values) > content.SegmentGroups:
			value, _ = content.Subtree(segment)
		}
		l.db.Add(tree, uint64(number), value, segment)
	}
}

func segments(values []protocol.Hash) int {
	return (len(values) + content.SegmentGroups - 1) / content.SegmentGroups
}

// put gives a file a new content. It may have been hashed in two steps, between which the index is
// written, or opened anew.
func (l *library) put(number uint64) {
	r, values := l.draw(number)
	all := segments(values)
	hash, _ := content.Build(values)
	if len(values) > 1 {
		r.Tree = l.db.NewTree()
		if done := rapid.IntRange(0, all-1).Draw(l.T, "done"); done > 0 {
			l.add(r.Tree, hash, values, 0, done)
			l.db.Put(r)
			l.records[number], l.values[number] = r, values
			l.step(rapid.SampledFrom([]string{"", "flush", "reopen"}).Draw(l.T, "between"))
			if l.records[number] != r {
				return // it was in memory
			}
			if tree, had := l.db.Begun(r.Signature); tree != r.Tree || len(had) != done {
				l.Fatalf("of file %d %d of %d segments are there", number, len(had), done)
			}
			l.add(r.Tree, hash, values, done, all)
		} else {
			l.add(r.Tree, hash, values, 0, all)
		}
	}
	r.Hash = hash
	l.db.Put(r)
	l.records[number], l.values[number] = r, values
}

// step does something that changes nothing of what the index knows, but for one in memory that is
// opened anew.
func (l *library) step(what string) {
	switch what {
	case "flush":
		if l.path != "" {
			l.db.Flush()
			l.keeps()
		}
	case "mend":
		if l.path != "" {
			l.db.Flush()
			l.db.Mend()
			l.stays()
		}
	case "fail":
		if l.path != "" {
			failing := l.db.Break(errors.New("full"))
			l.fails = true
			l.db.Flush()
			l.check()
			if number := uint64(rapid.IntRange(1, inodes).Draw(l.T, "meanwhile")); rapid.Bool().Draw(l.T, "removed") {
				l.remove(number)
			} else {
				l.put(number)
			}
			l.check()
			failing.Mend()
			l.fails = false
		}
	case "reopen":
		if l.fails {
			return
		}
		if err := l.db.Close(); l.path != "" && err != nil {
			l.Fatal(err)
		}
		l.db = index.Open(l.path, nil)
		if l.path == "" {
			clear(l.records)
			clear(l.values)
		}
	}
}

// keeps fails if the index keeps segments that no file has, or does not know how much of its file is
// waste. The marks of files that are gone are not counted as such.
func (l *library) keeps() {
	if l.fails {
		return
	}
	want := 0
	for number, r := range l.records {
		switch all := segments(l.values[number]); {
		case r.Tree != 0 && r.Hash.IsZero():
			_, done := l.db.Begun(r.Signature)
			want += len(done)
		case r.Tree != 0:
			want += all
		}
	}
	if got := l.db.Segments(); got != want {
		l.Fatalf("%d segments are held, want %d", got, want)
	}
	if l.path == "" {
		return
	}
	size, waste, live := l.db.Room()
	if unknown := size - live - waste; unknown < 0 || unknown > int64(l.removed*100) {
		l.Fatalf("of %d bytes %d count, and %d are waste; %d files were removed", size, live, waste, l.removed)
	}
}

// stays fails if the file has more waste than is kept.
func (l *library) stays() {
	live := int64(0)
	for number := range l.records {
		live += int64(len(l.values[number])*content.NodeSize + (1+segments(l.values[number]))*256)
	}
	if info, err := os.Stat(l.path); err != nil || info.Size() > 2*live+1<<20+4096 {
		l.Fatalf("the file has %d bytes for %d, %v", info.Size(), live, err)
	}
}

func (l *library) remove(number uint64) {
	r := l.records[number]
	other := r
	other.Signature.Modified--
	l.db.Remove(other) // another record is in its place
	l.check()
	l.db.Remove(r)
	l.removed++
	delete(l.records, number)
	delete(l.values, number)
}

// check compares all that the index says with what it must know.
func (l *library) check() {
	for number := uint64(1); number <= inodes; number++ {
		want, there := l.records[number]
		complete := there && !want.Hash.IsZero()
		inode := index.Inode{Device: 1, Number: number}
		if r, known := l.db.Latest(inode); known != complete || known && r != want {
			l.Fatalf("file %d: latest is %v, %v, want %v", number, r, known, want)
		}
		if !there {
			continue
		}
		if r, known := l.db.Lookup(want.Signature); known != complete || known && r != want {
			l.Fatalf("file %d is %v, %v, want %v", number, r, known, want)
		}
		for _, other := range []index.Signature{
			{Inode: inode, Size: want.Signature.Size + 1, Modified: want.Signature.Modified, Changed: want.Signature.Changed},
			{Inode: inode, Size: want.Signature.Size, Modified: want.Signature.Modified + 1, Changed: want.Signature.Changed},
			{Inode: inode, Size: want.Signature.Size, Modified: want.Signature.Modified, Changed: want.Signature.Changed + 1},
		} {
			if _, known := l.db.Lookup(other); known {
				l.Fatalf("file %d is known although it has changed", number)
			}
			if tree, _ := l.db.Begun(other); tree != 0 {
				l.Fatalf("file %d is gone on with although it has changed", number)
			}
		}
		if tree, _ := l.db.Begun(want.Signature); complete && tree != 0 {
			l.Fatalf("file %d is hashed, and is to be gone on with", number)
		}
		if complete {
			l.prove(number, want)
		}
	}
}

// prove checks some of a file's tree.
func (l *library) prove(number uint64, r index.Record) {
	groups := uint64(len(l.values[number]))
	first := uint64(l.random.Uint64() % groups)
	count := min(groups-first, 1+l.random.Uint64()%3)
	slice, err := l.db.Slice(r, first, count)
	values, ok := content.Verify(r.Hash, groups, first, count, slice)
	if err != nil || !ok {
		l.Fatalf("file %d: groups %d to %d of %d are not proved: %v", number, first, first+count, groups, err)
	}
	for i, value := range values {
		if value != l.values[number][first+uint64(i)] && groups > 1 {
			l.Fatalf("file %d: group %d has another value", number, first+uint64(i))
		}
	}
}

// TestAnIndexKnowsWhatItWasTold compares an index with a model of it, whatever happens to it.
func TestAnIndexKnowsWhatItWasTold(t *testing.T) {
	folder := t.TempDir()
	n := 0
	rapid.Check(t, func(t *rapid.T) {
		l := &library{T: t, records: map[uint64]index.Record{}, values: map[uint64][]protocol.Hash{}, random: rand.NewChaCha8([32]byte{})}
		if n++; rapid.IntRange(0, 4).Draw(t, "in memory") > 0 {
			l.path = filepath.Join(folder, "index", string(rune('a'+n%26)))
			os.Remove(l.path)
		}
		l.db = index.Open(l.path, nil)
		defer func() { l.db.Close() }()
		for range rapid.IntRange(1, 30).Draw(t, "steps") {
			number := uint64(rapid.IntRange(1, inodes).Draw(t, "file"))
			switch what := rapid.SampledFrom([]string{"put", "put", "put", "remove", "flush", "mend", "fail", "reopen", "prune"}).Draw(t, "what"); what {
			case "put":
				l.put(number)
			case "remove":
				l.remove(number)
			case "prune":
				l.prune(number)
			default:
				l.step(what)
			}
			l.check()
			if l.path == "" {
				l.keeps()
			}
		}
	})
}

// prune has all files but one disappear. An index in memory forgets them; one in a file keeps some.
func (l *library) prune(number uint64) {
	l.db.Prune(1, func() map[index.Inode]bool { return map[index.Inode]bool{{Device: 1, Number: number}: true} })
	if l.path != "" {
		return
	}
	for other := range l.records {
		if other != number {
			delete(l.records, other)
			delete(l.values, other)
		}
	}
}
