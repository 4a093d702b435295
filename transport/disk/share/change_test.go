package share_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// overwrite writes a text over a file's, in place.
func overwrite(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if _, err := file.WriteString(text); err != nil {
		t.Fatal(err)
	}
}

// Size, inode and modification time are the same; only the system knows better.
func TestAFileIsNeverServedUnderAnOldHash(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path, index := filepath.Join(folder, "file"), filepath.Join(t.TempDir(), "index.db")
	disktest.Lay(t, path, "before")
	share := openShare(t, folder, options{Index: index})
	awaitIndexed(t, share)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	overwrite(t, path, "after!")
	if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	if got := serves(t, share, "file"); got != hashOf("after!") {
		t.Errorf("served as %v", got)
	}
	if _, refusal := open(t, share, "file", hashOf("before")); refusal == nil || refusal.Code != protocol.Changed {
		t.Errorf("asked for what it was: %v", refusal)
	}
	if _, refusal := open(t, share, "", hashOf("before")); refusal == nil || refusal.Code != protocol.NotFound && refusal.Code != protocol.Indexing {
		t.Errorf("asked for what it was by content: %v", refusal)
	}
	share.Close()
	overwrite(t, path, "again!")
	if err := os.Chtimes(path, time.Time{}, info.ModTime()); err != nil {
		t.Fatal(err)
	}
	share = openShare(t, folder, options{Index: index})
	if got := serves(t, share, "file"); got != hashOf("again!") {
		t.Errorf("served after a restart as %v", got)
	}
}

// A file system's clock stands still for some milliseconds. What is written twice in that time may have one signature, so a
// file is left alone until the clock has passed it.
func TestAFileIsHashedOnlyWhenItsSignatureSaysWhichContentItIs(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	share := openShare(t, folder, options{})
	awaitIndexed(t, share)
	for round := range 4 {
		disktest.Lay(t, path, fmt.Sprintf("first %d", round))
		began := make(chan struct{})
		go func() {
			defer close(began)
			file, refusal := share.Open(context.Background(), "file", protocol.Hash{}, func(uint64, uint64) {})
			if refusal != nil {
				t.Error(refusal)
				return
			}
			file.Close()
		}()
		second := fmt.Sprintf("other %d", round)
		overwrite(t, path, second)
		written := time.Now()
		<-began
		if got := serves(t, share, "file"); got != hashOf(second) {
			t.Fatalf("round %d: %v", round, got)
		}
		if took := time.Since(written); took < disk.Tick-time.Second/100 {
			t.Errorf("hashed %v after the last change", took)
		}
	}
}

func TestAnOpenFileKnowsThatItHasChanged(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	for what, change := range map[string]func(){
		"overwritten": func() { overwrite(t, path, "after!") },
		"cut off":     func() { os.Truncate(path, 1) },
		"removed":     func() { os.Remove(path) },
		"replaced":    func() { disktest.Lay(t, path+".new", "after"); os.Rename(path+".new", path) },
	} {
		t.Run(what, func(t *testing.T) {
			disktest.Lay(t, path, "before")
			share := openShare(t, folder, options{})
			file, refusal := open(t, share, "file", protocol.Hash{})
			if refusal != nil {
				t.Fatal(refusal)
			}
			if file.Changed() {
				t.Error("changed before")
			}
			change()
			if !file.Changed() {
				t.Error("not changed")
			}
		})
	}
}

func TestAFileThatChangesAllTheTimeIsRefused(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	disktest.Lay(t, path, strings.Repeat("x", 8<<20))
	var still atomic.Bool
	var round atomic.Int64
	share := openShare(t, folder, options{}.OnRead(func() {
		if !still.Load() {
			overwrite(t, path, fmt.Sprint(round.Add(1)))
		}
	}))
	_, refusal := open(t, share, "file", protocol.Hash{})
	still.Store(true)
	if refusal == nil || refusal.Code != protocol.Changed {
		t.Errorf("%v", refusal)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	values := []protocol.Hash{}
	for at := 0; at < len(text); at += protocol.GroupSize {
		values = append(values, content.ChainingValue(uint64(at/protocol.GroupSize), text[at:at+protocol.GroupSize], false))
	}
	if want, _ := content.Build(values); serves(t, share, "file") != want {
		t.Error("when it has come to rest it is not what it is")
	}
}

// Whoever copies a file into the share does so in many steps; that does not make it restless.
func TestAFileIsHashedSoonAfterItWasWritten(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	told := newNews()
	share := openFollowed(t, folder, options{}, told)
	awaitIndexed(t, share)
	path, text := filepath.Join(folder, "file"), ""
	beat := time.NewTicker(30 * time.Millisecond) // more than hints are gathered for
	defer beat.Stop()
	for range 15 {
		text += "more and "
		disktest.Lay(t, path, text)
		<-beat.C
	}
	told.are(t, map[string]string{"file": text})
}
