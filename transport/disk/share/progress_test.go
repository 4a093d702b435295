package share_test

import (
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// becomes waits until something is so.
func becomes(t *testing.T, is func() bool) {
	t.Helper()
	for over := time.Now().Add(patience); !is(); pause(t.Context(), time.Millisecond) {
		if time.Now().After(over) {
			t.Fatal("it has not become so")
		}
	}
}

// excludes waits until these are the paths that are not shared, with the reasons.
func excludes(t *testing.T, shared *share.Folder, want map[string]transport.Reason) {
	t.Helper()
	got := map[string]transport.Reason{}
	for over := time.Now().Add(patience); ; pause(t.Context(), time.Millisecond) {
		all, some := shared.Unshared(transport.MaxUnshared)
		clear(got)
		for _, path := range some {
			got[path.Path] = path.Reason
		}
		if all == len(want) && maps.Equal(got, want) {
			break
		}
		if time.Now().After(over) {
			t.Fatalf("not shared are %d: %v\nnot %v", all, got, want)
		}
	}
	counts := map[transport.Reason]int{}
	for _, of := range want {
		counts[of]++
	}
	progress := shared.Progress()
	for _, of := range progress.Reasons {
		if counts[of.Reason] != of.Count {
			t.Errorf("%d of %q, not %d", of.Count, of.Reason, counts[of.Reason])
		}
		delete(counts, of.Reason)
	}
	if len(counts) > 0 || progress.Unshared != len(want) {
		t.Errorf("%d are not shared, without %v", progress.Unshared, counts)
	}
}

func TestEachPathThatIsNotSharedIsToldWithItsReasonUntilTheReasonIsGone(t *testing.T) {
	t.Parallel()
	for mode, rescan := range map[string]time.Duration{"by hints": time.Hour, "by walking": 5 * time.Millisecond} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			at := func(name string) string { return filepath.Join(folder, name) }
			for _, name := range []string{
				"good", ".hidden", ".git/config", "sub/.env", "bad\x01folder/file", "back\\slash", "e\u0301", "\u00e9", "not\xffutf8", ".x.relaypeer-part",
			} {
				disktest.Lay(t, at(name), "text")
			}
			deep := strings.TrimSuffix(strings.Repeat(strings.Repeat("d", 200)+"/", 5), "/")
			disktest.Lay(t, at(deep+"/"+strings.Repeat("f", 100)), "text")
			disktest.Fifo(t, at("pipe"))
			link(t, "/etc/passwd", at("outside"))
			link(t, "nowhere", at("dangling"))
			link(t, ".", at("loop"))
			want := map[string]transport.Reason{
				".hidden": transport.ReasonHidden, ".git/": transport.ReasonHidden, "sub/.env": transport.ReasonHidden, ".x.relaypeer-part": transport.ReasonHidden,
				"bad?folder/": transport.ReasonName, "back\\slash": transport.ReasonName, "not\ufffdutf8": transport.ReasonName,
				"e\u0301": transport.ReasonClash, deep + "/" + strings.Repeat("f", 100): transport.ReasonLong,
				"pipe": transport.ReasonKind, "outside": transport.ReasonLink, "dangling": transport.ReasonLink, "loop": transport.ReasonLink,
			}
			if _, err := os.Lstat(at("pipe")); err != nil { // this system has none
				delete(want, "pipe")
			}
			shared := openShare(t, folder, options{Rescan: rescan})
			awaitIndexed(t, shared)
			excludes(t, shared, want)
			if _, some := shared.Unshared(2); len(some) != 2 || some[0].Path != ".git/" || some[1].Path != ".hidden" || some[1].Why != "its name begins with a dot" {
				t.Errorf("the first two are %v", some)
			}
			for _, gone := range []string{".hidden", "bad\x01folder", "pipe", "outside", "e\u0301", "sub", strings.Split(deep, "/")[0]} {
				if err := os.RemoveAll(at(gone)); err != nil {
					t.Fatal(err)
				}
			}
			disktest.Lay(t, at("nowhere"), "the link leads here")
			disktest.Lay(t, at("later\n"), "text")
			if err := os.Rename(at("dangling"), at("found")); err != nil { // nothing tells that what it leads to has come
				t.Fatal(err)
			}
			excludes(t, shared, map[string]transport.Reason{
				".git/": transport.ReasonHidden, ".x.relaypeer-part": transport.ReasonHidden, "loop": transport.ReasonLink,
				"back\\slash": transport.ReasonName, "not\ufffdutf8": transport.ReasonName, "later?": transport.ReasonName,
			})
		})
	}
}

func TestPathsThatAreNotSharedAreNamedInBoundsAndCountedWithout(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	const each = 700
	for n := range each {
		disktest.Lay(t, filepath.Join(folder, fmt.Sprintf("a/.%04d", n)), "")
		disktest.Lay(t, filepath.Join(folder, fmt.Sprintf("b/\\%04d", n)), "")
	}
	shared := openShare(t, folder, options{Rescan: time.Millisecond})
	awaitIndexed(t, shared)
	is := func(hidden, bad, named int) {
		t.Helper()
		becomes(t, func() bool {
			counts := map[transport.Reason]int{}
			for _, of := range shared.Progress().Reasons {
				counts[of.Reason] = of.Count
			}
			all, some := shared.Unshared(1 << 30)
			return counts[transport.ReasonHidden] == hidden && counts[transport.ReasonName] == bad && all == hidden+bad && len(some) == named
		})
	}
	is(each, each, transport.MaxUnshared)
	disktest.Lay(t, filepath.Join(folder, "b/\\one more"), "")
	is(each, each+1, transport.MaxUnshared)
	if err := os.RemoveAll(filepath.Join(folder, "a")); err != nil {
		t.Fatal(err)
	}
	is(0, each+1, each+1)
	if _, some := shared.Unshared(-1); len(some) != 0 {
		t.Errorf("of fewer than none %d are told", len(some))
	}
}

func TestFilesThatCannotBeReadAreToldUntilTheyCan(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	for _, name := range []string{"good", "secret", "broken", "shut/file"} {
		disktest.Lay(t, filepath.Join(folder, name), name)
	}
	var mended atomic.Bool
	ask := func(what, name string) error {
		switch refused := fs.ErrPermission; {
		case mended.Load():
		case what == "open" && name == "secret", what == "enter" && name == "shut":
			return refused
		case what == "read" && name == "broken":
			return syscall.EIO
		}
		return nil
	}
	shared := openShare(t, folder, options{Rescan: 5 * time.Millisecond}.OnAsk(ask))
	awaitIndexed(t, shared)
	excludes(t, shared, map[string]transport.Reason{
		"secret": transport.ReasonDenied, "broken": transport.ReasonUnreadable, "shut/": transport.ReasonDenied,
	})
	if p := shared.Progress(); p.Files != 3 || p.Known != 1 || p.Unread != 2 || p.Waiting != 0 || p.Bytes != 16 || p.KnownBytes != 4 {
		t.Errorf("%+v", p)
	}
	mended.Store(true)
	excludes(t, shared, map[string]transport.Reason{})
	becomes(t, func() bool { return shared.Progress().Known == 4 })
	if p := shared.Progress(); p.Bytes != 25 || p.KnownBytes != 25 || p.Unread != 0 {
		t.Errorf("%+v", p)
	}
}

func TestAFileThatChangesAllTheTimeIsToldAsSuch(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "log")
	disktest.Lay(t, path, "0")
	var writes atomic.Int64
	var over atomic.Bool
	shared := openShare(t, folder, options{Rescan: time.Millisecond}.OnRead(func() {
		if !over.Load() {
			disktest.Lay(t, path, strings.Repeat("x", int(writes.Add(1))))
		}
	}))
	excludes(t, shared, map[string]transport.Reason{"log": transport.ReasonChanging})
	over.Store(true)
	excludes(t, shared, map[string]transport.Reason{})
	becomes(t, func() bool { return shared.Progress().Known == 1 })
	if p := shared.Progress(); p.Bytes != uint64(writes.Load()) || p.KnownBytes != p.Bytes {
		t.Errorf("%+v after %d writes", p, writes.Load())
	}
}

// What is hashed is seen while it is, and gone afterwards.
func TestProgressTellsWhatIsBeingHashed(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	const size = 3 * 16 * protocol.GroupSize
	disktest.Lay(t, filepath.Join(folder, "small"), "small")
	disktest.Lay(t, filepath.Join(folder, "sub/large"), strings.Repeat("x", size))
	begun, goOn := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var read atomic.Int64
	shared := openShare(t, folder, options{Rescan: time.Hour}.OnRead(func() {
		if read.Add(1) < 2 {
			return // the small one comes first
		}
		once.Do(func() { close(begun) })
		<-goOn
	}))
	<-begun
	becomes(t, func() bool { return shared.Progress().Known == 1 })
	p := shared.Progress()
	is := func(h share.Hashing) bool {
		return h.Name == "sub/large" && h.Size == size && h.Done > 0 && h.Done <= size && !h.Asked
	}
	if p.Files != 2 || p.Bytes != size+5 || p.KnownBytes != 5 || p.Waiting != 1 || p.AllHashing != 1 || len(p.Hashing) != 1 || !is(p.Hashing[0]) {
		t.Errorf("%+v", p)
	}
	close(goOn)
	awaitIndexed(t, shared)
	becomes(t, func() bool { return !shared.Progress().Walking })
	p = shared.Progress()
	if p.Known != 2 || p.KnownBytes != p.Bytes || p.Waiting != 0 || p.AllHashing != 0 || len(p.Hashing) != 0 {
		t.Errorf("%+v", p)
	}
	if p.Folders != 2 || p.Watched != 2 || p.Walks != 1 || time.Since(p.Walked) > time.Hour || time.Until(p.NextWalk) < 50*time.Minute || p.Away {
		t.Errorf("%+v", p)
	}
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	becomes(t, func() bool { return shared.Progress().Away })
	if p = shared.Progress(); p.Files != 0 || p.Bytes != 0 || p.KnownBytes != 0 {
		t.Errorf("%+v", p)
	}
}

func TestProgressNamesTheLargestOfManyFilesUnderWay(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	const files = transport.MaxHashing + 5
	for n := range files {
		disktest.Lay(t, filepath.Join(folder, fmt.Sprintf("%02d", n)), strings.Repeat("x", n+1))
	}
	shared := openShare(t, folder, options{Rescan: time.Hour})
	awaitIndexed(t, shared)
	names := shared.HashAtOnce()
	p := shared.Progress()
	got := make([]string, 0, len(p.Hashing))
	for _, h := range p.Hashing {
		got = append(got, h.Name)
	}
	slices.Reverse(names)
	if p.AllHashing != files || !slices.Equal(got, names[:transport.MaxHashing]) {
		t.Errorf("%d are hashed, %v", p.AllHashing, got)
	}
}

func TestFoldersThatAreWalkedOnlyAreCounted(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	disktest.Lay(t, filepath.Join(folder, "sub/file"), "text")
	shared := openShare(t, folder, options{}.OnWatch(func() error { return fs.ErrPermission }))
	awaitIndexed(t, shared)
	if p := shared.Progress(); p.Folders != 2 || p.Watched != 0 {
		t.Errorf("%+v", p)
	}
}
