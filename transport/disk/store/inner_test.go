package store

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"syscall"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// A journal says of which content it is, or nothing if any bit of that is another; and claims the
// groups that were noted, as far as the file goes and the content has them.
func TestAJournalSaysWhatWasNoted(t *testing.T) {
	root := disktest.OpenRoot(t, t.TempDir())
	j, err := openJournal(root, "journal")
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	if _, _, ok, err := j.of(); ok || err != nil || j.claimsAny() {
		t.Errorf("a new one is %v, %v", ok, err)
	}
	hash, size := protocol.Hash{1, 31: 2}, uint64(1<<40+5)
	if err := j.begin(hash, size); err != nil {
		t.Fatal(err)
	}
	is := func(want bool) {
		t.Helper()
		gotHash, gotSize, ok, err := j.of()
		if err != nil || ok != want || ok && (gotHash != hash || gotSize != size) {
			t.Errorf("it is of %v, %d: %v, %v", gotHash, gotSize, ok, err)
		}
	}
	if is(true); j.claimsAny() {
		t.Error("it claims something")
	}
	for at := range int64(headerSize) {
		var b [1]byte
		j.file.ReadAt(b[:], at)
		j.file.WriteAt([]byte{b[0] ^ 1<<(at%8)}, at)
		is(false)
		j.file.WriteAt(b[:], at)
	}
	is(true)
	values := map[uint64]protocol.Hash{0: {1}, 3: {2}, 4: {3}}
	for group, value := range values {
		if err := j.note(group, value); err != nil {
			t.Fatal(err)
		}
	}
	for _, test := range []struct {
		most uint64
		cut  int64
		want int
	}{{0, 0, 0}, {1, 0, 1}, {4, 0, 4}, {5, 0, 5}, {6, 0, 5}, {9, 1, 4}, {9, protocol.HashSize, 4}, {9, protocol.HashSize + 1, 3}, {9, 5 * protocol.HashSize, 0}, {9, 5*protocol.HashSize + 1, 0}} {
		info, _ := j.file.Stat()
		whole := make([]byte, info.Size())
		j.file.ReadAt(whole, 0)
		j.file.Truncate(info.Size() - test.cut)
		got, err := j.claims(test.most)
		if err != nil || len(got) != test.want || j.claimsAny() != (test.cut < 5*protocol.HashSize) {
			t.Errorf("%+v: %d claims, %v", test, len(got), err)
		}
		for i, value := range got {
			if value != values[uint64(i)] {
				t.Errorf("%+v: group %d is %v", test, i, value)
			}
		}
		j.file.WriteAt(whole, 0)
	}
	if err := j.begin(protocol.Hash{9}, 1); err != nil || j.claimsAny() {
		t.Errorf("a new content has the claims of the one before: %v", err)
	}
	if err := j.remove(); err != nil {
		t.Error(err)
	}
	if _, err := root.Lstat("journal"); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// A place in the spill is one group's until it is free, and then another's: the file is no larger than
// the most groups that lay there at once.
func TestAPlaceInTheSpillIsForOneGroup(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var s spill
	defer s.close()
	draw := rand.New(rand.NewPCG(1, 2))
	there := map[int]parked{}
	most, last := 0, protocol.Hash{}
	for n := range 60 {
		if len(there) > 0 && draw.IntN(2) == 0 {
			for slot, p := range there {
				data := make([]byte, p.size)
				if err := s.get(data, p); err != nil || data[0] != byte(p.number) {
					t.Fatalf("slot %d: %v", slot, err)
				}
				p.value = last
				if err := s.get(data, p); err != errSpoiled {
					t.Fatalf("another group is there: %v", err)
				}
				s.free(slot)
				delete(there, slot)
				break
			}
			continue
		}
		data := bytes.Repeat([]byte{byte(n)}, 100+n)
		slot, ok := s.put(data)
		if _, taken := there[slot]; taken || !ok {
			t.Fatalf("slot %d is taken: %v", slot, taken)
		}
		there[slot] = parked{number: uint64(n), value: content.ChainingValue(uint64(n), data, n%2 == 0), size: len(data), slot: slot}
		if most = max(most, len(there)); s.slots != most {
			t.Fatalf("%d slots for %d groups", s.slots, most)
		}
		last = protocol.Hash{byte(n)}
	}
}

// Where there is no room for a group, none of the places is lost.
func TestASpillWithoutRoom(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	var s spill
	defer s.close()
	full := false
	defer SetBefore(func(what string) error {
		if full && what == "write to the spill" {
			return syscall.ENOSPC
		}
		return nil
	})()
	var slots []int
	for n := range 6 {
		if n == 3 {
			s.free(slots[1])
		}
		for _, full = range []bool{true, false} {
			slot, ok := s.put([]byte("x"))
			if ok == full {
				t.Fatalf("full %v: %v", full, ok)
			}
			if ok {
				slots = append(slots, slot)
			}
		}
	}
	if want := []int{0, 1, 2, 1, 3, 4}; !slices.Equal(slots, want) {
		t.Errorf("the places are %v, not %v", slots, want)
	}
}

// Each group that is wanted is hashed once, one is told at a time, and those that cannot be read are
// left out, with a reason unless the file just ends.
func TestGroupsAreHashedOnce(t *testing.T) {
	const groups, size = 7, 6*protocol.GroupSize + 10
	data := make([]byte, size)
	for at := 0; at < size; at += protocol.GroupSize {
		data[at] = byte(at/protocol.GroupSize) + 1
	}
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for name, test := range map[string]struct {
		want   func(uint64) bool
		length int64
		fails  bool // each read
		told   string
	}{
		"all":   {func(uint64) bool { return true }, size, false, "[0 1 2 3 4 5 6]"},
		"odd":   {func(n uint64) bool { return n%2 == 1 }, size, false, "[1 3 5]"},
		"none":  {func(uint64) bool { return false }, size, false, "[]"},
		"cut":   {func(uint64) bool { return true }, 3*protocol.GroupSize + 1, false, "[0 1 2]"},
		"fails": {func(uint64) bool { return true }, size, true, "[]"},
	} {
		os.Truncate(path, 0)
		os.WriteFile(path, data[:test.length], 0o600)
		undo := SetBefore(func(string) error {
			if test.fails {
				return syscall.EIO
			}
			return nil
		})
		told, busy := []uint64{}, sync.Mutex{}
		unread, err := hashGroups(t.Context(), file, size, groups, test.want, func(number uint64, value protocol.Hash) {
			if !busy.TryLock() {
				t.Error("two are told at once")
			}
			runtime.Gosched()
			begin := number * protocol.GroupSize
			if value != content.ChainingValue(number, data[begin:min(begin+protocol.GroupSize, size)], false) {
				t.Errorf("%s: group %d has another value", name, number)
			}
			told = append(told, number)
			busy.Unlock()
		})
		undo()
		slices.Sort(told)
		if fmt.Sprint(told) != test.told || err != nil || (unread != nil) != test.fails {
			t.Errorf("%s: told %v, unread %v, %v", name, told, unread, err)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := hashGroups(ended, file, size, groups, func(uint64) bool { return true }, func(uint64, protocol.Hash) { t.Error("told after the end") }); err != context.Canceled {
		t.Error(err)
	}
}

// Names that a disk may take for the same are twins.
func TestTwinsAreTheSameFolded(t *testing.T) {
	for _, all := range [][]string{{"a/B", "A/b", "a/b"}, {"\u00e9", "e\u0301", "\u00c9", "E\u0301"}, {"stra\u00dfe", "STRASSE", "strasse"}, {"K", "k", "\u212a"}} {
		for _, name := range all {
			if folded(name) != folded(all[0]) {
				t.Errorf("%q is no twin of %q", name, all[0])
			}
		}
	}
	twins := newTwins(disktest.OpenRoot(t, t.TempDir()), [][]string{{"a", "b"}, {"A"}, {"c"}, nil}, []string{"C", "d"})
	if got := fmt.Sprint(twins.all, twins.there, twins.places.names); got != "map[a:[a A] c:[c C]] map[C:true d:true] [C d]" {
		t.Error(got)
	}
	for _, names := range [][2]string{{"a", "b"}, {"a", "aa"}, {"\u00e9", "e"}} {
		if folded(names[0]) == folded(names[1]) {
			t.Errorf("%q and %q are twins", names[0], names[1])
		}
	}
}
