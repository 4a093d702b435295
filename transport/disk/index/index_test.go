package index_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/index"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// A record and its tree are there at once, and in the next run if they have a file.
func TestARecordIsKept(t *testing.T) {
	folder := t.TempDir()
	x := disktest.NewText(3*protocol.GroupSize+1000, 1)
	path := filepath.Join(folder, "file")
	disktest.Lay(t, path, string(x.Data))
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	r := index.Record{Signature: index.SignatureOf("file", info), Hash: x.Hash}
	check := func(db *index.DB, want bool) {
		t.Helper()
		got, known := db.Lookup(r.Signature)
		if known != want || want && got != r {
			t.Fatalf("known %v as %v", known, got)
		}
		if !want {
			return
		}
		slice, err := db.Slice(got, 1, 2)
		if _, ok := content.Verify(x.Hash, x.Groups(), 1, 2, slice); err != nil || !ok {
			t.Errorf("its tree does not prove groups 1 and 2: %v", err)
		}
	}
	for _, file := range []string{"", filepath.Join(folder, "new", "index.db")} {
		db := index.Open(file, nil)
		r.Tree = db.NewTree()
		db.Add(r.Tree, 0, x.Hash, x.Values)
		db.Put(r)
		check(db, true)
		if err := errors.Join(db.Close(), db.Close()); err != nil {
			t.Error(err)
		}
		db = index.Open(file, nil)
		check(db, file != "")
		db.Remove(r)
		check(db, false)
		db.Close()
		db = index.Open(file, nil)
		check(db, false)
		db.Close()
	}
}

// A file that has changed has another signature.
func TestAChangeShowsInTheSignature(t *testing.T) {
	path := filepath.Join(t.TempDir(), "file")
	sign := func(text string) index.Signature {
		disktest.Lay(t, path, text)
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		return index.SignatureOf("file", info)
	}
	before := sign("before")
	if wait := before.RacyFor(time.Unix(0, before.Changed)); wait <= 0 {
		t.Error("it could not change unnoticed")
	}
	if after := sign("afterwards"); after == before || after.Groups() != 1 {
		t.Errorf("%v became %v", before, after)
	}
}
