package fsshare_test

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"maps"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/fsshare"
)

// news is what a share has told.
type news struct {
	mu    sync.Mutex
	names map[string]protocol.Hash
	marks map[string]protocol.Mark
	more  chan struct{} // full: something was told
	whole chan struct{}
	ended chan error
}

// follow follows a share until the test ends.
func follow(t *testing.T, s *fsshare.Share) *news {
	t.Helper()
	n := &news{names: map[string]protocol.Hash{}, marks: map[string]protocol.Mark{}, more: make(chan struct{}, 1), whole: make(chan struct{}), ended: make(chan error, 1)}
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		n.ended <- s.Follow(ctx, n.tell, func(roles.Extent) { close(n.whole) })
	}()
	t.Cleanup(func() {
		cancel()
		<-over
	})
	return n
}

func (n *news) tell(e protocol.Entry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.names[e.Name] = e.Hash; e.Hash.IsZero() {
		delete(n.names, e.Name)
	}
	if n.marks[e.Name] = e.Mark; e.Mark == 0 {
		delete(n.marks, e.Name)
	}
	select {
	case n.more <- struct{}{}:
	default:
	}
}

// marked returns how many names have a mark.
func (n *news) marked(mark protocol.Mark) (names int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, is := range n.marks {
		if is == mark {
			names++
		}
	}
	return names
}

// complete waits until all has been told, with hashes where there are some.
func (n *news) complete(t *testing.T) {
	t.Helper()
	late := time.After(20 * time.Second)
	for whole := n.whole; whole != nil || n.marked(protocol.Pending) > 0; {
		select {
		case <-whole:
			whole = nil
		case <-n.more:
		case <-late:
			t.Fatal("what was there has not been told")
		}
	}
}

func (n *news) err(t *testing.T) error {
	t.Helper()
	select {
	case err := <-n.ended:
		return err
	case <-time.After(20 * time.Second):
		t.Fatal("following does not end")
		return nil
	}
}

// are demands that these names have been told, with these texts.
func (n *news) are(t *testing.T, texts map[string]string) {
	t.Helper()
	want := map[string]protocol.Hash{}
	for name, text := range texts {
		want[name] = hashOf(text)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if !maps.Equal(n.names, want) {
		t.Errorf("told of %v, not of %v", n.names, texts)
	}
}

// mutable is a tree in memory that changes.
type mutable struct {
	mu    sync.Mutex
	files fstest.MapFS
}

func (m *mutable) Open(name string) (fs.File, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.files.Open(name)
}

func (m *mutable) put(name, text string, at time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	files := maps.Clone(m.files)
	delete(files, name)
	if text != "" {
		files[name] = &fstest.MapFile{Data: []byte(text), ModTime: at}
	}
	m.files = files
}

func TestAChangedFileIsHashedAnewWhenItIsAskedFor(t *testing.T) {
	then := time.Unix(1000, 0)
	tree := &mutable{files: fstest.MapFS{}}
	tree.put("file", "old", then)
	tree.put("copy", "old", then)
	s := share(t, tree)
	first, second := follow(t, s), follow(t, s)
	first.complete(t)
	second.complete(t)
	tree.put("file", "new", then.Add(1))
	tree.put("late", "late", then)
	same(t, open(t, s, "file", protocol.Hash{}), "new")
	same(t, open(t, s, "late", protocol.Hash{}), "late")
	same(t, open(t, s, "", hashOf("old")), "old")
	first.are(t, map[string]string{"file": "new", "copy": "old", "late": "late"})
	tree.put("copy", "", then)
	refused(t, s, "", hashOf("old"), protocol.NotFound)
	refused(t, s, "copy", protocol.Hash{}, protocol.NotFound)
	for _, told := range []*news{first, second, follow(t, s)} {
		told.complete(t)
		told.are(t, map[string]string{"file": "new", "late": "late"})
	}
}

// slow is a tree whose files take a while for each read, change meanwhile, or fail.
type slow struct {
	fs.FS
	wait    time.Duration
	restive bool
	err     error
}

func (s slow) Open(name string) (fs.File, error) {
	f, err := s.FS.Open(name)
	if err != nil || name == "." {
		return f, err
	}
	return &slowFile{File: f, slow: s}, nil
}

type slowFile struct {
	fs.File
	slow
	reads int
}

func (f *slowFile) Read(p []byte) (int, error) {
	f.reads++
	time.Sleep(f.wait)
	if f.err != nil {
		return 0, f.err
	}
	return f.File.Read(p)
}

type restive struct {
	fs.FileInfo
	reads int
}

func (r restive) ModTime() time.Time { return time.Unix(int64(r.reads), 0) }

func (f *slowFile) Stat() (fs.FileInfo, error) {
	info, err := f.File.Stat()
	if f.restive && err == nil {
		info = restive{info, f.reads}
	}
	return info, err
}

func TestWhoWaitsIsToldHowFarTheHashingIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := noise(5 * protocol.GroupSize)
		s := fsshare.New(slow{FS: fstest.MapFS{"file": {Data: []byte(text)}}, wait: 1500 * time.Millisecond}, fsshare.Options{})
		defer s.Close()
		refused(t, s, "", hashOf(text), protocol.Indexing)
		var told []uint64
		f, refusal := s.Open(t.Context(), "file", protocol.Hash{}, func(done, size uint64) {
			if size != uint64(len(text)) || len(told) > 0 && done < told[len(told)-1] {
				t.Errorf("%d of %d after %v", done, size, told)
			}
			told = append(told, done)
		})
		if refusal != nil {
			t.Fatal(refusal)
		}
		defer f.Close()
		if len(told) < 5 {
			t.Errorf("told of %v", told)
		}
		refused(t, s, "", protocol.Hash{1}, protocol.NotFound)
	})
}

func TestWhatCannotBeHashedIsRefused(t *testing.T) {
	files := fstest.MapFS{"file": {Data: []byte("text")}}
	for code, tree := range map[protocol.Code]slow{
		protocol.Internal: {FS: files, err: errors.New("bad sector")},
		protocol.Denied:   {FS: files, err: fs.ErrPermission},
		protocol.Changed:  {FS: files, restive: true},
	} {
		s := share(t, tree)
		told := follow(t, s)
		told.complete(t)
		told.are(t, nil)
		if told.marked(protocol.Opaque) != 1 {
			t.Errorf("%v: what cannot be hashed is marked %v", code, told.marks)
		}
		refused(t, s, "", protocol.Hash{1}, protocol.NotFound)
		refused(t, s, "file", protocol.Hash{}, code)
	}
}

func TestAFileThatChangesWhileItIsReadSaysSo(t *testing.T) {
	const size = 200_000
	tree := &mutable{files: fstest.MapFS{}}
	tree.put("file", noise(size), time.Unix(1000, 0))
	s := share(t, slow{FS: tree}) // that cannot seek
	f := open(t, s, "file", protocol.Hash{})
	all := make([]byte, size)
	if _, err := io.ReadFull(f, all); err != nil {
		t.Fatal(err)
	}
	tree.put("file", noise(size), time.Unix(2000, 0))
	f.Seek(-1000, io.SeekCurrent)
	if _, err := io.ReadFull(f, all[:1000]); err != nil { // remembered
		t.Error(err)
	}
	f.Seek(0, io.SeekStart)
	if _, err := io.ReadFull(f, all); err == nil {
		t.Error("another file has been read on")
	}
}

// lateWalk is a file system that lists no folder before it may.
type lateWalk struct {
	fstest.MapFS
	may chan struct{}
}

func (l lateWalk) ReadDir(name string) ([]fs.DirEntry, error) {
	<-l.may
	return l.MapFS.ReadDir(name)
}

// TestAWalkTakesNothingBack: a file that a client has asked for before the walk has met it is known,
// and stays so.
func TestAWalkTakesNothingBack(t *testing.T) {
	fsys := lateWalk{fstest.MapFS{"a": {Data: []byte("the text")}, "b": {Data: []byte("another")}}, make(chan struct{})}
	s := share(t, fsys)
	same(t, open(t, s, "a", protocol.Hash{}), "the text")
	var told []protocol.Entry
	ctx, cancel := context.WithCancel(t.Context())
	whole, over := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(over)
		s.Follow(ctx, func(e protocol.Entry) { told = append(told, e) }, func(roles.Extent) { close(whole) })
	}()
	close(fsys.may)
	<-whole
	same(t, open(t, s, "", hashOf("the text")), "the text")
	cancel()
	<-over
	for _, e := range told {
		if e.Name == "a" && e.Hash != hashOf("the text") {
			t.Errorf("it was told %+v", e)
		}
	}
}
