package fsshare_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"
	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/fsshare"
)

// told is what a follower knows from what it was told, which must be news each time.
type told struct {
	mu    sync.Mutex
	names map[string]protocol.Entry
	twice string // an entry that was no news
}

func (n *told) change(e protocol.Entry) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if before, there := n.names[e.Name]; there && before == e || !there && e.Hash.IsZero() && e.Mark == 0 {
		n.twice = fmt.Sprintf("%+v", e)
	}
	if n.names[e.Name] = e; e.Hash.IsZero() && e.Mark == 0 {
		delete(n.names, e.Name)
	}
}

// is returns how what was told differs from what is so.
func (n *told) is(want map[string]protocol.Entry) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.twice != "" {
		return "no news: " + n.twice
	}
	if !maps.Equal(n.names, want) {
		return fmt.Sprintf("told of %v, not of %v", n.names, want)
	}
	return ""
}

// bad is the text of a file that cannot be read.
const bad = "bad"

// moody is a tree that changes, and some files of which cannot be read.
type moody struct{ *mutable }

func (m moody) Open(name string) (fs.File, error) {
	f, err := m.mutable.Open(name)
	if err == nil && name != "." {
		if info, err := f.Stat(); err == nil && info.Size() == int64(len(bad)) {
			return &slowFile{File: f, slow: slow{err: errors.New("no")}}, nil
		}
	}
	return f, err
}

// shared is a share beside what it must know: what each file was when it was last asked for.
type shared struct {
	*rapid.T
	ctx       context.Context
	tree      *mutable
	share     *fsshare.Share
	texts     map[string]string // of the tree
	dates     map[string]int64  // of its files
	known     map[string]protocol.Entry
	followers []*told
	clock     int64
}

// ask opens a file by its name, its content, or both.
func (s *shared) ask(name string, hash protocol.Hash) (got string, code protocol.Code) {
	f, refusal := s.share.Open(s.ctx, name, hash, never)
	if refusal != nil {
		return "", refusal.Code
	}
	defer f.Close()
	data := make([]byte, f.Size()+1)
	n, _ := f.Read(data)
	if f.Hash() != hashOf(string(data[:n])) {
		s.Fatalf("%q has another hash", data[:n])
	}
	return string(data[:n]), 0
}

// looked notes that a file has been looked at.
func (s *shared) looked(name string) {
	if text, there := s.texts[name]; text == bad {
		s.known[name] = protocol.Entry{Name: name, Mark: protocol.Opaque}
	} else if there {
		s.known[name] = protocol.Entry{Name: name, Size: uint64(len(text)), Hash: hashOf(text), Modified: uint64(s.dates[name])}
	} else {
		delete(s.known, name)
	}
}

func (s *shared) follow() {
	n := &told{names: map[string]protocol.Entry{}}
	s.followers = append(s.followers, n)
	go s.share.Follow(s.ctx, n.change, func(roles.Extent) {})
}

// TestAShareKnowsWhatItHasSeen compares a share with a model of it, whatever becomes of its files.
func TestAShareKnowsWhatItHasSeen(t *testing.T) {
	names, texts := []string{"a", "b", "c/d", "c/e"}, []string{"text", "text2", "twelve", bad}
	rapid.Check(t, func(rt *rapid.T) {
		var failed any
		synctest.Test(t, func(t *testing.T) {
			defer func() { failed = recover() }()
			s := &shared{T: rt, ctx: t.Context(), tree: &mutable{files: fstest.MapFS{}}, texts: map[string]string{}, dates: map[string]int64{}, known: map[string]protocol.Entry{}}
			s.run(names, texts)
		})
		if failed != nil {
			panic(failed)
		}
	})
}

// run draws the files and what becomes of them.
func (s *shared) run(names, texts []string) {
	for _, name := range names[:rapid.IntRange(0, 4).Draw(s.T, "files")] {
		s.put(name, rapid.SampledFrom(texts).Draw(s.T, "text"))
		s.looked(name)
	}
	s.share = fsshare.New(moody{s.tree}, fsshare.Options{})
	defer s.share.Close()
	s.follow()
	synctest.Wait()
	for range rapid.IntRange(1, 20).Draw(s.T, "steps") {
		name, text := rapid.SampledFrom(names).Draw(s.T, "name"), rapid.SampledFrom(texts).Draw(s.T, "text")
		switch rapid.IntRange(0, 4).Draw(s.T, "what") {
		case 0:
			s.put(name, text)
		case 1:
			s.put(name, "")
		case 2:
			s.askName(name, text, rapid.Bool().Draw(s.T, "by hash, too"))
		case 3:
			s.askContent(text)
		case 4:
			s.follow()
		}
		synctest.Wait()
		for _, n := range s.followers {
			if why := n.is(s.known); why != "" {
				s.Fatal(why)
			}
		}
	}
}

// put gives a file a text, or removes it.
func (s *shared) put(name, text string) {
	s.clock++
	s.dates[name] = s.clock
	if s.tree.put(name, text, time.Unix(s.clock, 0)); text == "" {
		delete(s.texts, name)
	} else {
		s.texts[name] = text
	}
}

// askName asks for a file by its name, and may say which text it is to have.
func (s *shared) askName(name, text string, hashed bool) {
	want, hash, code := s.texts[name], protocol.Hash{}, protocol.Code(0)
	if hashed {
		hash = hashOf(text)
	}
	switch {
	case want == "":
		code = protocol.NotFound
	case want == bad:
		want, code = "", protocol.Internal
	case hashed && want != text:
		want, code = "", protocol.Changed
	}
	if got, why := s.ask(name, hash); got != want || why != code {
		s.Fatalf("%s is %q, %v, not %q, %v", name, got, why, want, code)
	}
	s.looked(name)
}

// askContent asks for a file by its content. Of those that had it, some are looked at: the others may
// have changed.
func (s *shared) askContent(text string) {
	hash := hashOf(text)
	code := protocol.NotFound
	for name, e := range s.known {
		if e.Hash == hash && s.texts[name] == text {
			code = 0
		}
	}
	got, why := s.ask("", hash)
	if why != code || code == 0 && got != text {
		s.Fatalf("%q is %q, %v, not %v", text, got, why, code)
	}
	synctest.Wait()
	n := s.followers[0]
	n.mu.Lock()
	defer n.mu.Unlock()
	for name, e := range maps.Clone(s.known) {
		if e.Hash == hash && n.names[name] != e {
			s.looked(name) // it has changed, and was looked at
		} else if e.Hash == hash && code != 0 {
			s.Fatalf("%s is still said to be %q", name, text)
		}
	}
}

// counted is a tree that notes which folders are listed, and of which one cannot be.
type counted struct {
	fstest.MapFS
	listed map[string]int
}

func (c counted) ReadDir(name string) ([]fs.DirEntry, error) {
	if c.listed[name]++; name == "closed" {
		return nil, fs.ErrPermission
	}
	return c.MapFS.ReadDir(name)
}

// What is not shared is not looked at, and what cannot be looked at is said, and keeps nothing else
// from being shared.
func TestAWalkSeesWhatIsShared(t *testing.T) {
	files := fstest.MapFS{}
	for _, name := range []string{"a/b/c", "closed/x", ".hidden/y/z", "z/.hidden", "z/last", "a\nb/x", "link", "pipe"} {
		files[name] = &fstest.MapFile{Data: []byte(name)}
	}
	files["link"].Mode, files["pipe"].Mode = fs.ModeSymlink, fs.ModeNamedPipe
	for hidden, want := range map[bool]string{false: "a/b/c z/last", true: ".hidden/y/z a/b/c z/.hidden z/last"} {
		var lines strings.Builder
		tree := counted{files, map[string]int{}}
		s := fsshare.New(tree, fsshare.Options{Hidden: hidden, Log: hclog.New(&hclog.LoggerOptions{Level: hclog.Warn, Output: &lines})})
		n := follow(t, s)
		n.complete(t)
		texts := map[string]string{}
		for name := range strings.FieldsSeq(want) {
			texts[name] = name
		}
		n.are(t, texts)
		s.Close()
		if strings.Count(lines.String(), "[WARN]") != 1 || !strings.Contains(lines.String(), "closed") {
			t.Errorf("it was said: %s", lines.String())
		}
		for folder, looked := range map[string]bool{".": true, "a/b": true, "z": true, "closed": true, ".hidden": hidden, ".hidden/y": hidden, "a\nb": false} {
			if (tree.listed[folder] == 1) != looked || tree.listed[folder] > 1 {
				t.Errorf("hidden %v: %q is looked at %d times", hidden, folder, tree.listed[folder])
			}
		}
	}
}

// linked is a tree with a link at one place.
type linked struct {
	fstest.MapFS
	link string
}

func (l linked) Lstat(name string) (fs.FileInfo, error) {
	info, err := l.MapFS.Stat(name)
	if err == nil && name == l.link {
		info = asLink{info}
	}
	return info, err
}

func (l linked) ReadLink(string) (string, error) { return "elsewhere", nil }

type asLink struct{ fs.FileInfo }

func (asLink) Mode() fs.FileMode { return fs.ModeSymlink | 0o777 }

// A file behind a link at any place of its name is not there.
func TestALinkAnywhereInANameIsNotFollowed(t *testing.T) {
	for link, found := range map[string]bool{"aa": false, "aa/b": false, "aa/b/ccc": false, "aa/b/ccc/d": false, "a": true, "b": true, "aa/b/cc": true, "aa/x": true, "d": true} {
		s := share(t, linked{fstest.MapFS{"aa/b/ccc/d": {Data: []byte("text")}, "aa/b/cc": {}, "aa/x": {}, "a": {}, "d": {}, "b": {}}, link})
		if found {
			same(t, open(t, s, "aa/b/ccc/d", protocol.Hash{}), "text")
		} else {
			refused(t, s, "aa/b/ccc/d", protocol.Hash{}, protocol.NotFound)
		}
	}
}

// Whether a client that has asked for a file stays or leaves, the file is hashed once; as many files
// are hashed at once as there are processors; and Close waits for none of them.
func TestAClientMayLeaveWhileAFileIsHashed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		text := noise(2*protocol.GroupSize + 1)
		tree := slow{FS: fstest.MapFS{"file": {Data: []byte(text)}}, wait: time.Second}
		s := fsshare.New(tree, fsshare.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		begin := time.Now()
		if _, refusal := s.Open(ctx, "file", protocol.Hash{}, nil); refusal == nil || refusal.Code != protocol.Internal || time.Since(begin) != 1500*time.Millisecond {
			t.Errorf("%v after %v", refusal, time.Since(begin))
		}
		f, refusal := s.Open(t.Context(), "file", protocol.Hash{}, nil)
		if took := time.Since(begin); refusal != nil || took > 6*time.Second {
			t.Fatalf("%v after %v", refusal, took)
		}
		f.Close()
		s.Close()
		again := fsshare.New(tree, fsshare.Options{})
		time.Sleep(100 * time.Millisecond)
		begin = time.Now()
		if again.Close(); time.Since(begin) > time.Second {
			t.Errorf("it is closed after %v", time.Since(begin))
		}
		again.Close()
	})
}
