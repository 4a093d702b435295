package index_test

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/index"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// few returns the file of an index with four files.
func few(t *testing.T) (path string, s *shelf) {
	path, s = filepath.Join(t.TempDir(), "index"), &shelf{}
	db := index.Open(path, nil)
	for n := range 4 {
		s.put(db, 1+n%3)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return path, s
}

// kept returns the files that were set aside.
func kept(path string) []string {
	found, _ := filepath.Glob(path + ".damaged-*")
	return found
}

// aSecond runs a test of a second or more in no time.
func aSecond(t *testing.T, test func(t *testing.T)) { synctest.Test(t, test) }

// An index is open once at a time. Another process waits for it, for a second, and then does without.
func TestAnIndexIsOpenOnce(t *testing.T) {
	path, s := filled(t)
	for wait, gets := range map[time.Duration]bool{0: true, 300 * time.Millisecond: true, 900 * time.Millisecond: true, 3 * time.Second: false} {
		aSecond(t, func(t *testing.T) {
			first := index.Open(path, nil)
			time.AfterFunc(wait, func() { first.Close() })
			begin := time.Now()
			logger, lines := disktest.Log()
			second := index.Open(path, logger)
			if took := time.Since(begin); gets && took > wait+100*time.Millisecond || !gets && (took < time.Second || took > 1100*time.Millisecond) {
				t.Errorf("after %v: it took %v", wait, took)
			}
			if known := s.known(t, second, 0); gets != (known == len(s.records)) || !gets && known > 0 {
				t.Errorf("after %v: %d of %d files are known", wait, known, len(s.records))
			}
			if gets != (lines.Len() == 0) || !gets && !strings.Contains(lines.String(), "another process has locked it") {
				t.Errorf("after %v: %s", wait, lines)
			}
			if err := second.Close(); err != nil {
				t.Error(err)
			}
			time.Sleep(wait)
			synctest.Wait()
		})
	}
}

// The index that another process has put in place of the one that was waited for is the one that is
// opened.
func TestAnIndexThatIsReplacedWhileItIsWaitedFor(t *testing.T) {
	path, s := filled(t)
	old := filepath.Join(t.TempDir(), "old")
	if err := os.Rename(path, old); err != nil {
		t.Fatal(err)
	}
	disktest.Lay(t, path, "")
	aSecond(t, func(t *testing.T) {
		holder, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			err = disk.Lock(holder)
		}
		if err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(320*time.Millisecond, func() {
			os.Rename(old, path)
			holder.Close()
		})
		db := index.Open(path, nil)
		if known := s.known(t, db, 0); known != len(s.records) {
			t.Errorf("%d of %d files are known", known, len(s.records))
		}
		db.Close()
	})
}

// A file that is no index is moved away only if it can be nothing else: one of another version, a
// private one, one among the caches. Any other may be a user's, who has named a wrong file.
func TestAUsersFileIsNoIndex(t *testing.T) {
	for _, test := range []struct {
		name, text string
		mode       os.FileMode
		caches     bool
		moved      bool
	}{
		{"a letter", "Dear", 0o644, false, false},
		{"a long letter", strings.Repeat("Dear ", 5000), 0o640, false, false},
		{"a program", "#!/bin/sh\n", 0o700, false, false},
		{"a private one", "Dear", 0o600, false, true},
		{"another version", "relaypeer index 1\nwhatever", 0o644, false, true},
		{"another version, shorter", "relaypeer index ", 0o644, false, true},
		{"nearly one", "relaypeer index", 0o644, false, false},
		{"a cache", "Dear", 0o644, true, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			t.Setenv("XDG_CACHE_HOME", folder)
			t.Setenv("HOME", folder)
			path, err := index.DefaultPath("x")
			if err != nil {
				t.Fatal(err)
			}
			if !test.caches {
				path = filepath.Join(folder, "file")
			}
			disktest.Lay(t, path, test.text)
			if err := os.Chmod(path, test.mode); err != nil {
				t.Fatal(err)
			}
			logger, lines := disktest.Log()
			s := &shelf{}
			for range 2 {
				db := index.Open(path, logger)
				if known := s.known(t, db, 0); test.moved && known != len(s.records) || !test.moved && known > 0 {
					t.Errorf("%d of %d files are known", known, len(s.records))
				}
				s.put(db, 2)
				db.Close()
			}
			if !strings.Contains(lines.String(), path) {
				t.Errorf("it was not said: %s", lines)
			}
			if !test.moved {
				disktest.Holds(t, path, []byte(test.text))
				return
			}
			if aside := kept(path); len(aside) != 1 {
				t.Errorf("%d files are kept", len(aside))
			} else {
				disktest.Holds(t, aside[0], []byte(test.text))
			}
		})
	}
}

// A link to an index stays one, and what it leads to is the index, through all that is made anew.
func TestALinkToAnIndex(t *testing.T) {
	path, s := filled(t)
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(path, link); err != nil {
		t.Skip(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2]++
	disktest.Lay(t, path, string(data))
	db := index.Open(link, nil)
	if known := s.known(t, db, 0); known < len(s.records)-1 {
		t.Errorf("%d of %d files are known", known, len(s.records))
	}
	info, err := os.Stat(path)
	if err != nil || !db.Owns(index.SignatureOf("", info).Inode) {
		t.Errorf("it does not own its file: %v", err)
	}
	db.Close()
	if info, err := os.Lstat(link); err != nil || info.Mode().Type() != os.ModeSymlink || len(kept(path)) != 1 || len(kept(link)) != 0 {
		t.Errorf("%v, %v: %v, %v", info, err, kept(path), kept(link))
	}
}

// What a power failure leaves at the end of a file is no damage, up to a few MiB: what was there
// before is, and nothing is set aside. More than that is.
func TestATornEndIsNoDamage(t *testing.T) {
	path, s := few(t)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	one := index.EncodeRecord(1, [2]uint64{1, 0}, protocol.Hash{1}, make([]byte, 32))
	for name, test := range map[string]struct {
		tail    []byte
		damaged bool
	}{
		"a byte":               {[]byte("x"), false},
		"half a head":          {one[:40], false},
		"a head":               {one[:64], false},
		"nearly a record":      {one[:len(one)-1], false},
		"a mark":               {one[:3], false},
		"zeros":                {make([]byte, index.MostTorn), false},
		"more zeros":           {make([]byte, index.MostTorn+1), true},
		"a record behind them": {append(make([]byte, 5000), index.EncodeRecord(3, [2]uint64{9, 9}, protocol.Hash{}, nil)...), true},
	} {
		disktest.Lay(t, path, string(sound)+string(test.tail))
		os.Chmod(path, 0o600)
		logger, lines := disktest.Log()
		db := index.Open(path, logger)
		if known := s.known(t, db, 0); known != len(s.records) {
			t.Errorf("%s: %d of %d files are known", name, known, len(s.records))
		}
		now := *s
		now.put(db, 3)
		db.Close()
		db = index.Open(path, nil)
		if known := now.known(t, db, 0); known != len(now.records) {
			t.Errorf("%s: %d of %d files are known then", name, known, len(now.records))
		}
		db.Close()
		if aside := kept(path); (len(aside) == 1) != test.damaged || (lines.Len() > 0) != test.damaged {
			t.Errorf("%s: %v: %s", name, aside, lines)
		}
		for _, aside := range kept(path) {
			os.Remove(aside)
		}
	}
}

// An index that is cut anywhere has all that was written before the cut, and is not damaged by that.
func TestACutIndexHasWhatWasBefore(t *testing.T) {
	path, s := filepath.Join(t.TempDir(), "index"), &shelf{}
	db := index.Open(path, nil)
	var ends []int64
	for n := range 8 {
		s.put(db, 1+n%3)
		db.Flush()
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		ends = append(ends, info.Size())
	}
	db.Close()
	sound, err := os.ReadFile(path)
	if err != nil || int64(len(sound)) != ends[7] {
		t.Fatal(err)
	}
	for cut := range int64(len(sound)) {
		if cut%11 > 0 && cut != index.HeadSize && !slices.Contains(ends, cut) {
			continue
		}
		disktest.Lay(t, path, string(sound[:cut]))
		os.Chmod(path, 0o600)
		want := 0
		for want < len(ends) && ends[want] <= cut {
			want++
		}
		db := index.Open(path, nil)
		if known := s.known(t, db, 0); known != want {
			t.Fatalf("cut at %d: %d files are known, want %d", cut, known, want)
		}
		trees := 0
		for _, values := range s.values[:want] {
			trees += min(1, len(values)-1)
		}
		if got := db.Segments(); got != trees {
			t.Fatalf("cut at %d: %d segments are held, %d are of a file", cut, got, trees)
		}
		db.Close()
		if aside := kept(path); (len(aside) > 0) != (cut > 0 && cut < index.HeadSize) {
			t.Fatalf("cut at %d: %v", cut, aside)
		} else if len(aside) > 0 {
			os.Remove(aside[0])
		}
	}
}

// A byte that has flipped costs no more than the file whose record or tree it is in, wherever it is.
func TestAByteCostsOneFile(t *testing.T) {
	path, s := few(t)
	sound, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for at := range sound {
		if at%31 > 0 {
			continue
		}
		data := bytes.Clone(sound)
		data[at] ^= 0x40
		disktest.Lay(t, path, string(data))
		os.Chmod(path, 0o600)
		db := index.Open(path, nil)
		least := len(s.records) - 1
		if at < int(index.HeadSize) {
			least++
		}
		if known := s.known(t, db, 0); known < least {
			t.Fatalf("at %d: %d files are known, want %d", at, known, least)
		}
		db.Close()
		for _, aside := range kept(path) {
			disktest.Holds(t, aside, data)
			os.Remove(aside)
		}
	}
}

// A record counts if it lies behind no more than so many bytes without one.
func TestRecordsBehindAGap(t *testing.T) {
	const buffer = 128<<10 - int64(index.HeadSize) // what is read in one go; the first record begins there
	for gap, counts := range map[int64]bool{
		buffer: true, buffer - 1: true, buffer - 2: true, buffer - 3: true,
		index.MostPassed - 200<<10: true, index.MostPassed + 200<<10: false,
	} {
		path, s := few(t)
		sound, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		disktest.Lay(t, path, "")
		file, err := os.OpenFile(path, os.O_RDWR, 0)
		if err == nil {
			_, err = file.WriteAt(sound, gap)
			file.Close()
		}
		if err != nil {
			t.Fatal(err)
		}
		os.Chmod(path, 0o600)
		db := index.Open(path, nil)
		if known := s.known(t, db, 0); counts && known != len(s.records) || !counts && known > 0 {
			t.Errorf("behind %d bytes %d of %d files are known", gap, known, len(s.records))
		}
		db.Close()
	}
}

// A record that is none of those that are written is as if it were not there, whatever its
// checksums say.
func TestARecordOfAnotherKindDoesNotCount(t *testing.T) {
	value := protocol.Hash{1}
	key := [2]uint64{1, 0}
	for _, test := range []struct {
		kind   byte
		size   int
		counts bool
	}{
		{1, 32, true}, {1, 31, false}, {1, 33, false}, {1, 0, false}, {1, 64, false},
		{2, 0, true}, {2, 64, true}, {2, 65, false}, {2, 63, false}, {2, 32, false},
		{2, (content.SegmentGroups - 1) * content.NodeSize, true}, {2, content.SegmentGroups * content.NodeSize, false},
		{3, 0, true}, {3, 1, false}, {3, 32, false}, {0, 0, false}, {0, 32, false}, {4, 0, false}, {4, 64, false},
	} {
		path, s := few(t)
		file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
		if err != nil {
			t.Fatal(err)
		}
		_, err = file.Write(append(index.EncodeRecord(test.kind, key, value, make([]byte, test.size)), index.EncodeRecord(3, [2]uint64{9, 9}, protocol.Hash{}, nil)...))
		if err != nil || file.Close() != nil {
			t.Fatal(err)
		}
		db := index.Open(path, nil)
		want := len(s.records)
		if test.counts && test.kind != 2 {
			want-- // another record of file 0, or none
		}
		if known := s.untouched(db, 0); known != want {
			t.Errorf("kind %d, %d bytes: %d of %d files are known", test.kind, test.size, known, want)
		}
		db.Close()
		if (len(kept(path)) == 0) != test.counts {
			t.Errorf("kind %d, %d bytes: kept are %v", test.kind, test.size, kept(path))
		}
	}
}

// untouched returns how many files have the record that they were given.
func (s *shelf) untouched(db *index.DB, from int) (known int) {
	for _, r := range s.records[from:] {
		if got, there := db.Lookup(r.Signature); there && got == r {
			known++
		}
	}
	return known
}

// The place of a folder's index is the same each time, and its own.
func TestAFolderHasAPlaceForItsIndex(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", filepath.Join(folder, "caches"))
	t.Setenv("HOME", folder)
	t.Chdir(folder)
	here, err := index.DefaultPath(".")
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for name, same := range map[string]bool{folder: true, folder + "/": true, folder + "/x/..": true, folder + "/x": false, "x": false, "/": false} {
		path, err := index.DefaultPath(name)
		if err != nil || (path == here) != same {
			t.Errorf("%s: %s, %v", name, path, err)
		}
		if caches, _ := os.UserCacheDir(); filepath.Dir(path) != filepath.Join(caches, "relaypeer") || filepath.Ext(path) != ".db" {
			t.Errorf("%s: %s", name, path)
		}
		seen[path] = true
	}
	if len(seen) != 3 {
		t.Errorf("three folders have %v", seen)
	}
	t.Setenv("XDG_CACHE_HOME", "")
	t.Setenv("HOME", "")
	if path, err := index.DefaultPath("."); err == nil {
		t.Errorf("without caches it is %s", path)
	}
}
