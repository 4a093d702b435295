package index_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/index"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// shelf is what an index was told, and what it has to tell.
type shelf struct {
	records []index.Record
	values  [][]protocol.Hash
}

// put tells an index of a file with so many groups.
func (s *shelf) put(db *index.DB, groups int) {
	random := rand.NewChaCha8([32]byte{byte(len(s.records)), byte(len(s.records) >> 8)})
	values := make([]protocol.Hash, groups)
	for i := range values {
		random.Read(values[i][:])
	}
	r := index.Record{Signature: index.Signature{
		Inode: index.Inode{Device: 1, Number: uint64(len(s.records))}, Size: int64(groups) * protocol.GroupSize, Modified: 3, Changed: 4,
	}}
	r.Hash, _ = content.Build(values)
	if groups > 1 {
		r.Tree = db.NewTree()
	}
	for first := 0; first < groups && groups > 1; first += content.SegmentGroups {
		segment := values[first:min(groups, first+content.SegmentGroups)]
		value := r.Hash
		if groups > content.SegmentGroups {
			value = segment[0]
			if len(segment) > 1 {
				value, _ = content.Subtree(segment)
			}
		}
		db.Add(r.Tree, uint64(first/content.SegmentGroups), value, segment)
	}
	db.Put(r)
	s.records, s.values = append(s.records, r), append(s.values, values)
}

// known checks that what the index knows of its files, from one on, is right, and returns how many
// it knows.
func (s *shelf) known(t interface {
	Helper()
	Fatalf(string, ...any)
}, db *index.DB, from int) (known int) {
	t.Helper()
	for i := from; i < len(s.records); i++ {
		r, there := db.Lookup(s.records[i].Signature)
		if !there {
			continue
		}
		if r != s.records[i] {
			t.Fatalf("file %d is known as %v", i, r)
		}
		groups := uint64(len(s.values[i]))
		slice, err := db.Slice(r, 0, groups)
		if err != nil {
			if err != index.ErrNoTree {
				t.Fatalf("the tree of file %d: %v", i, err)
			}
			continue
		}
		if _, ok := content.Verify(r.Hash, groups, 0, groups, slice); !ok {
			t.Fatalf("the tree of file %d is wrong", i)
		}
		known++
	}
	return known
}

// filled returns the file of an index with files of all kinds.
func filled(t testing.TB) (path string, s *shelf) {
	path, s = filepath.Join(t.TempDir(), "index"), &shelf{}
	db := index.Open(path, nil)
	for n := range 60 {
		s.put(db, []int{1, 2, 1, 17, 1, 3 + n/59*1022}[n%6])
		if n%20 == 0 {
			db.Flush()
		}
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path, s
}

// harm damages data as a disk may.
func harm(t *rapid.T, data []byte) []byte {
	const block = 512
	for range rapid.IntRange(1, 4).Draw(t, "damages") {
		if len(data) == 0 {
			return data
		}
		at := rapid.IntRange(0, len(data)-1).Draw(t, "at")
		end := min(len(data), at+rapid.SampledFrom([]int{1, block, 4096, 1 << 20}).Draw(t, "length"))
		switch rapid.IntRange(0, 4).Draw(t, "kind") {
		case 0:
			data[at] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		case 1:
			data = data[:at]
		case 2:
			clear(data[at:end])
		case 3:
			rand.NewChaCha8([32]byte{byte(at)}).Read(data[at:end])
		case 4: // a stretch is where another belongs
			copy(data[at:end], data[rapid.IntRange(0, len(data)-1).Draw(t, "from"):])
		}
	}
	return data
}

// Whatever happens to the file, at rest or while it is open, the index never tells anything wrong,
// takes new records, and has them at the next start.
func TestADamagedIndexTellsNothingWrong(t *testing.T) {
	path, template := filled(t)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rapid.Check(t, func(t *rapid.T) {
		folder, err := os.MkdirTemp("", "index")
		if err != nil {
			t.Fatal(err)
		}
		defer os.RemoveAll(folder)
		path, s := filepath.Join(folder, "index"), *template
		write := func(data []byte) {
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		running := rapid.Bool().Draw(t, "while it is open")
		if write(bytes.Clone(sound)); !running {
			write(harm(t, bytes.Clone(sound)))
		}
		db := index.Open(path, nil)
		if running {
			write(harm(t, bytes.Clone(sound)))
		}
		s.known(t, db, 0)
		db.Mend()
		before := len(s.records)
		s.put(db, 1)
		s.put(db, 3)
		db.Flush()
		all := s.known(t, db, 0)
		if s.known(t, db, before) != 2 {
			t.Fatalf("it takes no new records")
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
		db = index.Open(path, nil)
		defer db.Close()
		if again := s.known(t, db, 0); again != all || s.known(t, db, before) != 2 {
			t.Fatalf("%d files are known after a restart, %d before", again, all)
		}
	})
}

// What is damaged is kept for a look at it, a few times.
func TestADamagedIndexIsSetAside(t *testing.T) {
	path, s := filled(t)
	for n := range 5 {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		data[len(data)/2]++
		disktest.Lay(t, path, string(data))
		logger, lines := disktest.Log()
		db := index.Open(path, logger)
		if known := s.known(t, db, 0); known < len(s.records)-1-n || known == len(s.records) {
			t.Errorf("%d of %d files are known", known, len(s.records))
		}
		db.Close()
		if !strings.Contains(lines.String(), "damaged") || !strings.Contains(lines.String(), path) {
			t.Errorf("it was not said: %s", lines)
		}
		if kept, _ := filepath.Glob(path + ".damaged-*"); len(kept) != min(n+1, 3) {
			t.Errorf("after %d damages %d files are kept", n+1, len(kept))
		} else if info, err := os.Stat(kept[0]); err != nil || !db.Owns(index.SignatureOf("", info).Inode) {
			t.Errorf("what was set aside would be shared")
		}
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%v, %v", info, err)
		}
	}
}

// An index that cannot be one of ours at all, or of another version, is made anew.
func TestAnIndexOfAnotherKindIsMadeAnew(t *testing.T) {
	for name, text := range map[string]string{
		"a newer version": "relaypeer index 9\nwhatever", "zeros": strings.Repeat("\x00", 10_000), "garbage": strings.Repeat("garbage", 1000), "short": "x",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "index")
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			s := &shelf{}
			for range 2 {
				db := index.Open(path, nil)
				if s.known(t, db, 0) != len(s.records) {
					t.Error("it is not kept")
				}
				s.put(db, 2)
				db.Close()
			}
			kept, _ := filepath.Glob(path + ".damaged-*")
			if len(kept) != 1 {
				t.Fatalf("%d files are kept", len(kept))
			}
			disktest.Holds(t, kept[0], []byte(text))
		})
	}
}

// The size that a file claims costs no time: nothing is read behind many bytes without a record.
func TestAnIndexThatClaimsToBeHuge(t *testing.T) {
	for _, keep := range []bool{true, false} {
		path, s := filled(t)
		if !keep {
			disktest.Lay(t, path, "")
		}
		if err := os.Truncate(path, 1<<40); err != nil {
			t.Skip(err)
		}
		begin := time.Now()
		logger, lines := disktest.Log()
		db := index.Open(path, logger)
		if known := s.known(t, db, 0); keep && known != len(s.records) || !keep && known > 0 {
			t.Errorf("%d of %d files are known", known, len(s.records))
		}
		db.Close()
		if took := time.Since(begin); took > time.Minute { // to read all of it takes longer on every machine
			t.Errorf("it took %v", took)
		}
		if info, err := os.Stat(path); err != nil || info.Size() > 1<<30 || !strings.Contains(lines.String(), path) {
			t.Errorf("%v, %v: %s", info, err, lines)
		}
	}
}

// What lies at the place of an index and is no file is left alone.
func TestAnIndexIsARegularFile(t *testing.T) {
	folder := t.TempDir()
	fifo := filepath.Join(folder, "fifo")
	disktest.Fifo(t, fifo)
	for _, path := range []string{fifo, folder, os.DevNull} {
		logger, lines := disktest.Log()
		db := index.Open(path, logger)
		s := &shelf{}
		s.put(db, 2)
		if s.known(t, db, 0) != 1 {
			t.Error("it does not work")
		}
		if err := db.Close(); err != nil {
			t.Error(err)
		}
		if !strings.Contains(lines.String(), path) {
			t.Errorf("it was not said: %s", lines)
		}
	}
}

// An index that is removed while it is open is made anew.
func TestARemovedIndexIsMadeAnew(t *testing.T) {
	path, s := filled(t)
	db := index.Open(path, nil)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	s.put(db, 1)
	db.Flush()
	db.Mend()
	db.Close()
	db = index.Open(path, nil)
	defer db.Close()
	if known := s.known(t, db, 0); known != len(s.records) {
		t.Errorf("%d of %d files are known", known, len(s.records))
	}
}

// An index that is cut, or garbled, while it is open is made anew once: what was lost is as if it had
// never been told, and the rest is kept.
func TestAnIndexThatIsDamagedWhileItIsOpen(t *testing.T) {
	for name, harm := range map[string]func(path string, size int64) error{
		"cut":     func(path string, size int64) error { return os.Truncate(path, size/2) },
		"by one":  func(path string, size int64) error { return os.Truncate(path, size-1) },
		"emptied": func(path string, _ int64) error { return os.Truncate(path, 0) },
		"garbled": func(path string, size int64) error {
			data, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for i := len(data) / 3; i < len(data); i += 1 << 10 {
				data[i]++
			}
			file, err := os.OpenFile(path, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = file.WriteAt(data, 0)
			return errors.Join(err, file.Close())
		},
	} {
		t.Run(name, func(t *testing.T) {
			path, s := filled(t)
			logger, lines := disktest.Log()
			db := index.Open(path, logger)
			info, err := os.Stat(path)
			if err == nil {
				err = harm(path, info.Size())
			}
			if err != nil {
				t.Fatal(err)
			}
			before := s.known(t, db, 0)
			for range 3 {
				db.Mend()
				if known := s.known(t, db, 0); known < before || known == len(s.records) {
					t.Errorf("%d of %d files are known, and were %d", known, len(s.records), before)
				}
				if said := strings.Count(lines.String(), "damaged:"); said != 1 {
					t.Errorf("it was said %d times: %s", said, lines)
				}
			}
			if kept, _ := filepath.Glob(path + ".damaged-*"); len(kept) != 1 {
				t.Errorf("%d files are kept", len(kept))
			}
			at := len(s.records)
			s.put(db, 1025)
			db.Close()
			lines.Reset()
			db = index.Open(path, logger)
			defer db.Close()
			if known := s.known(t, db, at); known != 1 || s.known(t, db, 0) < before+1 || lines.Len() > 0 {
				t.Errorf("%d files are known of the one that came after, %d of all: %s", known, s.known(t, db, 0), lines)
			}
		})
	}
}

// What records have replaced does not make the file grow for ever.
func TestTheFileOfAnIndexStaysSmall(t *testing.T) {
	path, s := filled(t)
	db := index.Open(path, nil)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	most := 3*info.Size() + 4<<20
	for range 40 {
		old := *s
		s.records, s.values = nil, nil
		for i := range old.records {
			s.put(db, len(old.values[i]))
		}
		db.Flush()
		db.Mend()
		if info, err := os.Stat(path); err != nil || info.Size() > most {
			t.Fatalf("%v, more than %d: %v", info.Size(), most, err)
		}
	}
	db.Close()
	db = index.Open(path, nil)
	defer db.Close()
	if known := s.known(t, db, 0); known != len(s.records) {
		t.Errorf("%d of %d files are known", known, len(s.records))
	}
	if kept, _ := filepath.Glob(path + ".*"); len(kept) != 0 {
		t.Errorf("left: %v", kept)
	}
}

// A disk that fails costs no record, and one that hangs does not hold up the end.
func TestADiskThatFailsOrHangs(t *testing.T) {
	aSecond(t, failOrHang)
}

func failOrHang(t *testing.T) {
	path, s := filled(t)
	before := len(s.records)
	db := index.Open(path, nil)
	failing := db.Break(errors.New("no"))
	s.put(db, 3)
	db.Flush()
	if s.known(t, db, before) != 1 {
		t.Error("a record that could not be written is lost")
	}
	failing.Mend()
	db.Flush()
	db.Close()
	db = index.Open(path, nil)
	if known := s.known(t, db, 0); known != before+1 {
		t.Errorf("%d of %d files are known", known, before+1)
	}
	hanging := db.Break(nil)
	s.put(db, 3)
	begin := time.Now()
	if db.Close() == nil || time.Since(begin) > 2*time.Second {
		t.Errorf("closed after %v", time.Since(begin))
	}
	hanging.Mend()
	db.AwaitClosed()
}
