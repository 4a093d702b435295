package index_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/index"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// syncs has the syncs of the file of an index counted.
func syncs(db *index.DB) *atomic.Int64 {
	done := &atomic.Int64{}
	db.Hook(func(operation string) error {
		if operation == "sync" {
			done.Add(1)
		}
		return nil
	})
	return done
}

// New records are written every two seconds, however many they are, and never for nothing; many
// bytes at once. All are written at the end.
func TestNewRecordsAreWrittenNowAndThen(t *testing.T) {
	aSecond(t, func(t *testing.T) {
		path, s := filepath.Join(t.TempDir(), "index"), &shelf{}
		db := index.Open(path, nil)
		done := syncs(db)
		sleep := func(d time.Duration, want int64) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			if got := done.Load(); got != want {
				t.Errorf("%d syncs, want %d", got, want)
			}
		}
		sleep(10*time.Second+time.Millisecond, 0)
		for range 50 {
			s.put(db, 3)
		}
		sleep(1900*time.Millisecond, 0)
		sleep(100*time.Millisecond, 1)
		sleep(10*time.Second, 1)
		s.put(db, 1)
		sleep(2*time.Second, 2)
		for n := range 16 { // 64 KiB each, and as many records
			db.Add(1000, uint64(n), protocol.Hash{1}, make([]protocol.Hash, content.SegmentGroups))
			if n == 14 {
				sleep(time.Millisecond, 2)
			}
		}
		sleep(time.Millisecond, 3)
		s.put(db, 2)
		if err := db.Close(); err != nil || done.Load() != 4 {
			t.Errorf("%v, %d syncs", err, done.Load())
		}
		db = index.Open(path, nil)
		if known := s.known(t, db, 0); known != len(s.records) {
			t.Errorf("%d of %d files are known", known, len(s.records))
		}
		db.Close()
	})
}

// A disk that fails is tried again with the next records, every two seconds; that is said once each
// time that it begins to.
func TestADiskThatFailsIsTriedAgain(t *testing.T) {
	for _, operation := range []string{"write", "sync"} {
		aSecond(t, func(t *testing.T) {
			path, s := filepath.Join(t.TempDir(), "index"), &shelf{}
			logger, lines := disktest.Log()
			db := index.Open(path, logger)
			var fails atomic.Bool
			var tries atomic.Int64
			db.Hook(func(now string) error {
				if now == operation {
					if tries.Add(1); fails.Load() {
						return errors.New("no")
					}
				}
				return nil
			})
			for said := 1; said <= 2; said++ {
				fails.Store(true)
				s.put(db, 3)
				for n := range 20 { // much, which is no reason to try at once now
					db.Add(1000, uint64(n), protocol.Hash{1}, make([]protocol.Hash, content.SegmentGroups))
				}
				begin := tries.Load()
				time.Sleep(8*time.Second + time.Millisecond)
				synctest.Wait()
				if n := tries.Load() - begin; n < 4 || n > 6 {
					t.Errorf("%s: %d tries in 8 s", operation, n)
				}
				if got := strings.Count(lines.String(), "cannot be written"); got != said {
					t.Errorf("%s: it was said %d times, not %d", operation, got, said)
				}
				fails.Store(false)
				time.Sleep(2 * time.Second)
				synctest.Wait()
				if known := s.known(t, db, 0); known != len(s.records) {
					t.Errorf("%s: %d of %d files are known", operation, known, len(s.records))
				}
			}
			if err := db.Close(); err != nil {
				t.Error(err)
			}
			db = index.Open(path, logger)
			if known := s.known(t, db, 0); known != len(s.records) || strings.Contains(lines.String(), "damaged") {
				t.Errorf("%s: %d of %d files are known: %s", operation, known, len(s.records), lines)
			}
			db.Close()
		})
	}
}

// Whichever write of a large batch fails, nothing of it is lost, and no damage comes of it.
func TestAnyWriteMayFail(t *testing.T) {
	for fails := 0; ; fails++ {
		path, s := few(t)
		logger, lines := disktest.Log()
		db := index.Open(path, logger)
		var at atomic.Int64
		db.Hook(func(operation string) error {
			if operation != "write" && operation != "sync" {
				return nil
			}
			if at.Add(1) == int64(fails+1) {
				return errors.New("no")
			}
			return nil
		})
		for range 3 {
			s.put(db, 20*content.SegmentGroups)
		}
		db.Flush()
		failed := at.Load() > int64(fails)
		if known := s.known(t, db, 0); known != len(s.records) {
			t.Errorf("operation %d: %d of %d files are known", fails, known, len(s.records))
		}
		db.Flush()
		db.Close()
		if size, waste, live := db.Room(); size != live+waste {
			t.Errorf("operation %d: %d bytes, %d are waste and %d count", fails, size, waste, live)
		}
		db = index.Open(path, logger)
		if known := s.known(t, db, 0); known != len(s.records) || strings.Contains(lines.String(), "damaged") {
			t.Errorf("operation %d: %d of %d files are known then: %s", fails, known, len(s.records), lines)
		}
		db.Close()
		if !failed {
			return
		}
	}
}

// A record that the disk does not give is lost, and no other: when the file has been made anew, what
// is left is what could be read, and a later hash of the file is kept.
func TestAnyReadMayFail(t *testing.T) {
	for fails := range 6 { // as many as there are
		path, s := few(t)
		db := index.Open(path, nil)
		at := -1
		db.Hook(func(operation string) error {
			if operation == "read" {
				if at++; at == fails {
					return errors.New("no")
				}
			}
			return nil
		})
		before := s.known(t, db, 0)
		if before != 3 {
			t.Errorf("read %d: %d files are known", fails, before)
		}
		db.Mend()
		if known := s.known(t, db, 0); known < before || len(kept(path)) != 1 {
			t.Errorf("read %d: %d files are known, and were %d: %v", fails, known, before, kept(path))
		}
		for i, r := range s.records {
			if _, there := db.Lookup(r.Signature); !there {
				again := &shelf{records: s.records[:i:i], values: s.values[:i:i]}
				again.put(db, len(s.values[i]))
			}
		}
		db.Close()
		db = index.Open(path, nil)
		if known := s.untouched(db, 0); known < before {
			t.Errorf("read %d: %d files are known then", fails, known)
		}
		db.Close()
	}
}

// A file that cannot be made anew is tried again a minute later, and said each time. Nothing is left
// of the try.
func TestAFileThatCannotBeMadeAnew(t *testing.T) {
	aSecond(t, func(t *testing.T) {
		path, s := few(t)
		logger, lines := disktest.Log()
		db := index.Open(path, logger)
		if err := os.Remove(path); err != nil {
			t.Fatal(err)
		}
		obstacle := filepath.Join(path+".new", "obstacle")
		if err := os.MkdirAll(obstacle, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5*time.Minute + time.Second)
		synctest.Wait()
		if said := strings.Count(lines.String(), "cannot be made anew"); said < 5 || said > 6 {
			t.Errorf("in five minutes it was said %d times", said)
		}
		os.RemoveAll(path + ".new")
		time.Sleep(time.Minute)
		synctest.Wait()
		db.Close()
		db = index.Open(path, nil)
		if known := s.known(t, db, 0); known != len(s.records) {
			t.Errorf("%d of %d files are known", known, len(s.records))
		}
		db.Close()
		if left, _ := filepath.Glob(path + "*"); len(left) != 1 {
			t.Errorf("left: %v", left)
		}
	})
}

// The end of an index does not wait until its file is made anew: that is given up, and leaves nothing.
func TestMendingIsGivenUpAtTheEnd(t *testing.T) {
	path, s := few(t)
	logger, lines := disktest.Log()
	db := index.Open(path, logger)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	db.MendStopped()
	if known := s.known(t, db, 0); known != len(s.records) || lines.Len() > 0 {
		t.Errorf("%d of %d files are known: %s", known, len(s.records), lines)
	}
	if left, _ := filepath.Glob(path + "*"); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
	db.Mend()
	db.Close()
	if left, _ := filepath.Glob(path + "*"); len(left) != 1 {
		t.Errorf("there is %v", left)
	}
}

// A file that somebody has put in the place of an open index is left alone.
func TestAnotherFileInThePlaceIsLeftAlone(t *testing.T) {
	path, s := few(t)
	db := index.Open(path, nil)
	if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("mine"), 0o600)); err != nil {
		t.Fatal(err)
	}
	db.Hook(func(operation string) error {
		if operation == "read" {
			return errors.New("no")
		}
		return nil
	})
	if known := s.known(t, db, 0); known > 0 {
		t.Errorf("%d files are known", known)
	}
	db.Mend()
	db.Close()
	if data, err := os.ReadFile(path); err != nil || string(data) != "mine" || len(kept(path)) > 0 {
		t.Errorf("%q, %v: %v", data, err, kept(path))
	}
}

// The file is made anew once more than half of it is waste, and more than a MiB is: no sooner, and
// then at once.
func TestAFileIsMadeAnewForItsWaste(t *testing.T) {
	path, s := filepath.Join(t.TempDir(), "index"), &shelf{}
	db := index.Open(path, nil)
	defer db.Close()
	sizes := []int{2 * content.SegmentGroups, 1, 3 * content.SegmentGroups, 1500, 17}
	anew := 0
	for n := range 40 {
		old := *s
		s.records, s.values = s.records[:min(len(s.records), n%5)], s.values[:min(len(s.values), n%5)]
		s.put(db, sizes[(n+n/7)%5])
		if n%5+1 < len(old.records) {
			s.records, s.values = append(s.records, old.records[n%5+1:]...), append(s.values, old.values[n%5+1:]...)
		}
		db.Flush()
		before, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		size, waste, live := db.Room()
		if size != before.Size() || size != live+waste {
			t.Fatalf("%d of %d bytes: %d are waste, %d count", before.Size(), size, waste, live)
		}
		db.Mend()
		after, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		due := waste > 1<<20 && waste > size/2
		if os.SameFile(before, after) == due {
			t.Fatalf("%d of %d bytes are waste, made anew: %v", waste, size, !due)
		}
		if due {
			anew++
			if size, waste, now := db.Room(); waste != 0 || size != now || now != live || after.Size() != now {
				t.Fatalf("%d bytes after %d: %d are waste, %d of %d count", size, after.Size(), waste, now, live)
			}
		}
	}
	if known := s.known(t, db, 0); known != len(s.records) {
		t.Fatalf("%d of %d files are known", known, len(s.records))
	}
	if anew == 0 || anew > 20 {
		t.Errorf("it was made anew %d times", anew)
	}
}

// Records of files that are gone stay, as many as there are names twice over and a thousand more.
// One more, and all of them go.
func TestOldRecordsStayUntilTheyAreMany(t *testing.T) {
	for names, all := range map[int]int{0: 1000, 1: 1002, 7: 1014} {
		for more := range 2 {
			path := filepath.Join(t.TempDir(), "index")
			db := index.Open(path, nil)
			s := &shelf{}
			for range all + more {
				s.put(db, 1)
			}
			db.Flush()
			asked := 0
			live := func() map[index.Inode]bool {
				asked++
				return map[index.Inode]bool{s.records[3].Inode: true, s.records[8].Inode: true, {Device: 5}: true}
			}
			db.Prune(names, live)
			want := all
			if more > 0 {
				want = 2
			}
			for range 2 {
				if known := s.known(t, db, 0); known != want || asked != more {
					t.Errorf("%d names, %d records: %d are known, asked %d times", names, all+more, known, asked)
				}
				db.Close()
				db = index.Open(path, nil)
			}
			db.Close()
		}
	}
}

// A tree of which a segment is not there proves nothing, and its record does not count.
func TestATreeWithoutASegment(t *testing.T) {
	for _, path := range []string{"", filepath.Join(t.TempDir(), "index")} {
		for missing := range 3 {
			db := index.Open(path, nil)
			values := make([]protocol.Hash, 2*content.SegmentGroups+2)
			for i := range values {
				values[i] = protocol.Hash{byte(i), byte(i >> 8), 1}
			}
			r := index.Record{Signature: index.Signature{Inode: index.Inode{Device: 1, Number: uint64(missing)}, Size: int64(len(values)) * protocol.GroupSize}}
			r.Hash, _ = content.Build(values)
			r.Tree = db.NewTree()
			for n := range 3 {
				segment := values[n*content.SegmentGroups : min(len(values), (n+1)*content.SegmentGroups)]
				if value, _ := content.Subtree(segment); n != missing {
					db.Add(r.Tree, uint64(n), value, segment)
				}
			}
			db.Put(r)
			if path != "" {
				db.Flush()
			}
			if _, known := db.Lookup(r.Signature); known {
				t.Errorf("without segment %d it is known", missing)
			}
			if slice, err := db.Slice(r, 0, 1); err != index.ErrNoTree {
				t.Errorf("without segment %d it proves by %d bytes, %v", missing, len(slice), err)
			}
			if tree, done := db.Begun(r.Signature); tree != 0 || done != nil {
				t.Errorf("without segment %d it is begun: %d, %d", missing, tree, len(done))
			}
			r.Hash = protocol.Hash{} // as if it were hashed still
			db.Put(r)
			if tree, done := db.Begun(r.Signature); tree != r.Tree || len(done) != min(missing, 2) {
				t.Errorf("without segment %d %d are done", missing, len(done))
			}
			db.Close()
		}
	}
}

// An index owns its file, those that were set aside, and no other. One in memory owns none.
func TestAnIndexOwnsItsFiles(t *testing.T) {
	path, _ := few(t)
	aside := path + ".damaged-1"
	other := filepath.Join(filepath.Dir(path), "other")
	for _, name := range []string{aside, other} {
		if err := os.WriteFile(name, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	db, memory := index.Open(path, nil), index.Open("", nil)
	check := func() {
		t.Helper()
		for name, owns := range map[string]bool{path: true, aside: true, other: false} {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			if i := index.SignatureOf(name, info).Inode; db.Owns(i) != owns || memory.Owns(i) {
				t.Errorf("%s is owned: %v", name, !owns)
			}
		}
	}
	check()
	os.Remove(path)
	db.Mend()
	check()
	if err := errors.Join(db.Close(), db.Close(), memory.Close(), memory.Close()); err != nil {
		t.Error(err)
	}
}

// What is set aside has a name that was free.
func TestSetAsideTwiceInASecond(t *testing.T) {
	aSecond(t, func(t *testing.T) {
		path, _ := few(t)
		now := time.Now().UTC().Format("20060102T150405")
		for n, want := range []string{path + ".damaged-" + now, path + ".damaged-" + now + "-1", path + ".damaged-" + now + "-1-2"} {
			text := fmt.Sprintf("garbage %d", n)
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			index.Open(path, nil).Close()
			if data, err := os.ReadFile(want); err != nil || string(data) != text || len(kept(path)) != n+1 {
				t.Errorf("%s: %q, %v of %v", want, data, err, kept(path))
			}
		}
	})
}
