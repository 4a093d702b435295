package share

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// lay puts a file of a size there, with some bytes of its own in each group.
func lay(t *testing.T, path string, size int) []byte {
	t.Helper()
	data := make([]byte, size)
	for at := 0; at < size; at += protocol.GroupSize {
		data[at] = byte(at/protocol.GroupSize) + 1
		data[min(size, at+protocol.GroupSize)-1] ^= 0x80
	}
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
	return data
}

func valuesOf(data []byte) (values []protocol.Hash, hash protocol.Hash) {
	for at := 0; at < len(data) || at == 0; at += protocol.GroupSize {
		group := data[at:min(len(data), at+protocol.GroupSize)]
		values = append(values, content.ChainingValue(uint64(at/protocol.GroupSize), group, len(data) <= protocol.GroupSize))
	}
	hash, _ = content.Build(values)
	return values, hash
}

// grown returns a file as what it is now, and what that is.
func grown(t *testing.T, still *Still, path string, size int) (*grownFile, []byte) {
	t.Helper()
	data := lay(t, path, size)
	opened, sig, err := still.scan.openFile(filepath.Base(path))
	if err != nil {
		t.Fatal(err)
	}
	p := &prefix{inode: sig.Inode, size: sig.Size, over: make(chan struct{})}
	still.scan.hashPrefix(filepath.Base(path), p)
	if p.err != nil || !p.isOver() || p.done.Load() != 2*uint64(size) {
		t.Fatalf("%v, %d bytes", p.err, p.done.Load())
	}
	f := &grownFile{file: opened, name: filepath.Base(path), prefix: p, groupAt: -1}
	t.Cleanup(func() { f.Close() })
	return f, data
}

// A file that has grown reads as what it began with, in whatever order, and proves that.
func TestAGrownFileReadsAsWhatItWas(t *testing.T) {
	folder := t.TempDir()
	still := NewStill(t, folder)
	for n, size := range []int{1, 1000, protocol.GroupSize, protocol.GroupSize + 1, 2*protocol.GroupSize + 7} {
		path := filepath.Join(folder, fmt.Sprint("file", n))
		f, data := grown(t, still, path, size)
		values, hash := valuesOf(data)
		log, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(log, strings.Repeat("more", 1000))
		log.Close()
		if f.Size() != uint64(size) || f.Hash() != hash || f.Changed() || f.Attributes().Executable || f.Attributes().Modified == 0 {
			t.Errorf("%d bytes: %d, %v, changed %v", size, f.Size(), f.Hash(), f.Changed())
		}
		slice, err := f.Slice(0, uint64(len(values)))
		if got, ok := content.Verify(hash, uint64(len(values)), 0, uint64(len(values)), slice); err != nil || !ok || !slices.Equal(got, values) && len(values) > 1 {
			t.Errorf("%d bytes: its tree does not prove it: %v", size, err)
		}
		draw := rand.New(rand.NewPCG(uint64(n), 5))
		at := int64(0)
		for range 60 {
			whence, to := draw.IntN(3), int64([]int{0, size / 2, size - 1, size, size + 5, protocol.GroupSize - 1, protocol.GroupSize, -1}[draw.IntN(8)])
			offset := to - []int64{0, at, int64(size)}[whence]
			got, err := f.Seek(offset, whence)
			if to < 0 {
				if err == nil || got != 0 {
					t.Fatalf("%d bytes: to %d it goes to %d", size, to, got)
				}
				continue
			}
			if err != nil || got != to {
				t.Fatalf("%d bytes: to %d it goes to %d, %v", size, to, got, err)
			}
			piece := make([]byte, []int{1, 100, protocol.GroupSize + 10}[draw.IntN(3)])
			read, err := io.ReadFull(f, piece)
			rest := data[min(int(to), size):]
			if want := min(len(piece), len(rest)); read != want || string(piece[:read]) != string(rest[:want]) || (err == nil) != (want == len(piece)) {
				t.Fatalf("%d bytes: at %d %d bytes are read, not %d: %v", size, to, read, want, err)
			}
			at = to + int64(read)
		}
	}
}

// Of a file that no longer is what it began with, nothing of what has changed is read.
func TestAGrownFileThatChangesIsNotRead(t *testing.T) {
	const size = 2*protocol.GroupSize + 7
	for name, test := range map[string]struct {
		change func(path string) error
		reads  int // bytes from the begin on
		shows  bool
	}{
		"nothing":                {func(string) error { return nil }, size, false},
		"a byte of group 1":      {func(path string) error { return poke(path, protocol.GroupSize+3) }, protocol.GroupSize, false},
		"the last byte":          {func(path string) error { return poke(path, size-1) }, 2 * protocol.GroupSize, false},
		"shorter by one":         {func(path string) error { return os.Truncate(path, size-1) }, 2 * protocol.GroupSize, true},
		"shorter by groups":      {func(path string) error { return os.Truncate(path, protocol.GroupSize-1) }, 0, true},
		"shorter, and long anew": {func(path string) error { return errors.Join(os.Truncate(path, 0), os.Truncate(path, 2*size)) }, 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			path := filepath.Join(folder, "file")
			f, data := grown(t, NewStill(t, folder), path, size)
			if err := test.change(path); err != nil {
				t.Fatal(err)
			}
			if f.Changed() != test.shows {
				t.Errorf("it shows: %v", !test.shows)
			}
			got, err := io.ReadAll(f)
			if err != nil || string(got) != string(data[:test.reads]) {
				t.Errorf("%d bytes are read, %v", len(got), err)
			}
			if f.Changed() != (test.reads < size) {
				t.Errorf("it shows then: %v", f.Changed())
			}
			f.Seek(0, io.SeekStart)
			if n, err := f.Read(make([]byte, 10)); test.reads < size && (n > 0 || err != io.EOF) {
				t.Errorf("it goes on: %d bytes, %v", n, err)
			}
		})
	}
}

func poke(path string, at int64) error {
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteAt([]byte{0x55}, at)
	return errors.Join(err, file.Close())
}

// A file that changes while its prefix is hashed has none, and says why.
func TestAPrefixIsHashedTwice(t *testing.T) {
	folder := t.TempDir()
	still := NewStill(t, folder)
	path := filepath.Join(folder, "file")
	for name, test := range map[string]struct {
		change func() error
		err    error
	}{
		"a byte":  {func() error { return poke(path, 3) }, errChanged},
		"shorter": {func() error { return os.Truncate(path, 10) }, errChanged},
		"longer":  {func() error { return os.Truncate(path, 5*protocol.GroupSize) }, nil},
		"gone":    {func() error { return os.Remove(path) }, fs.ErrNotExist},
		"another": {func() error {
			return errors.Join(os.Rename(path, path+"2"), os.WriteFile(path, make([]byte, 9*protocol.GroupSize), 0o644))
		}, errChanged},
	} {
		lay(t, path, 2*protocol.GroupSize)
		reads := 0
		still.scan.options = still.scan.options.OnRead(func() {
			if reads++; reads == 2 {
				if err := test.change(); err != nil {
					t.Error(err)
				}
			}
		})
		_, sig, err := still.scan.openFile("file")
		if err != nil {
			t.Fatal(err)
		}
		p := &prefix{inode: sig.Inode, size: sig.Size, over: make(chan struct{})}
		still.scan.hashPrefix("file", p)
		if !errors.Is(p.err, test.err) || p.isOver() != (test.err == nil) || p.err == nil && reads != 4 {
			t.Errorf("%s: %v after %d reads", name, p.err, reads)
		}
	}
}

// Prefixes, and what clients have got, are kept up to a number, the latest.
func TestTheLatestPrefixesAreKept(t *testing.T) {
	s := &Folder{}
	over := make(chan struct{})
	close(over)
	for n := range 3 * mostPrefixes {
		inode := index.Inode{Number: uint64(n)}
		s.keepPrefix(&prefix{inode: inode, size: 10, hash: protocol.Hash{byte(n), 1}, over: over, past: n%2 == 0})
		s.lend(inode)
		s.lend(inode)
		if len(s.prefixes) != min(n+1, mostPrefixes) || len(s.lent) != min(n+1, mostPrefixes) || s.lent[len(s.lent)-1] != inode {
			t.Fatalf("after %d: %d prefixes, %d lent", n+1, len(s.prefixes), len(s.lent))
		}
		for back := range min(n+1, mostPrefixes+1) {
			i := index.Signature{Inode: index.Inode{Number: uint64(n - back)}, Size: 10}
			kept, past := back < mostPrefixes, (n-back)%2 == 0
			for size, fits := range map[int64]bool{9: false, 10: true, 11: true} {
				i.Size = size
				if p := s.keptPrefix(i, protocol.Hash{byte(n - back), 1}); (p != nil) != (kept && fits) {
					t.Fatalf("after %d, the one %d back, of %d bytes: %v", n+1, back, size, p)
				}
				if p := s.keptPrefix(i, protocol.Hash{}); (p != nil) != (kept && fits && !past) {
					t.Fatalf("after %d, the one %d back, of %d bytes, by name: %v", n+1, back, size, p)
				}
				if p := s.keptPrefix(i, protocol.Hash{7, 7}); p != nil {
					t.Fatalf("another hash: %v", p)
				}
			}
		}
	}
}

// What a client hears of an error.
func TestEachErrorHasItsCode(t *testing.T) {
	for code, all := range map[protocol.Code][]error{
		protocol.Indexing: {errIndexing},
		protocol.Changed:  {errChanged},
		protocol.Limit:    {errTooLarge},
		protocol.Denied:   {fs.ErrPermission, syscall.EACCES, syscall.EPERM},
		protocol.Internal: {os.ErrClosed, context.Canceled, context.DeadlineExceeded, syscall.EIO, syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.ESTALE},
		protocol.NotFound: {fs.ErrNotExist, errElsewhere, errors.New("anything"), syscall.ENOTDIR, syscall.EISDIR, syscall.ELOOP, syscall.ENAMETOOLONG, syscall.EINVAL, syscall.EXDEV, syscall.ENXIO, syscall.ENODEV, syscall.ENOENT},
	} {
		for _, err := range all {
			refusal := refuse(&fs.PathError{Op: "open", Path: "secret", Err: err})
			var errno syscall.Errno
			if refusal.Code != code || refusal.Text == "" || strings.Contains(refusal.Text, "secret") {
				t.Errorf("%v: %v", err, refusal)
			}
			if fails := code == protocol.Internal && errors.As(err, &errno); isFailure(err) != fails {
				t.Errorf("%v is a failure of the disk: %v", err, !fails)
			}
		}
	}
}

// Stretches that are doubted are compared once within a time, and not too many of them.
func TestDoubtsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Folder{doubts: newDoubts()}
		doubt := func(n int) roles.CheckFile { return roles.CheckFile{Hash: protocol.Hash{byte(n), byte(n >> 8), 1}} }
		waiting := func(waits, known int) {
			t.Helper()
			if len(s.doubts.waiting) != waits || len(s.doubts.since) != known {
				t.Errorf("%d wait, %d are known, not %d, %d", len(s.doubts.waiting), len(s.doubts.since), waits, known)
			}
		}
		for n := range 2 * roles.MaxChecks {
			s.Check(doubt(n))
			s.Check(doubt(n))
		}
		waiting(roles.MaxChecks, roles.MaxChecks)
		for n := range 6 * roles.MaxChecks {
			select {
			case <-s.doubts.waiting:
			default:
			}
			s.Check(doubt(n))
		}
		known := len(s.doubts.since)
		if known != 4*roles.MaxChecks {
			t.Errorf("%d are known", known)
		}
		for len(s.doubts.waiting) > 0 {
			<-s.doubts.waiting
		}
		time.Sleep(recheckGap - 1)
		s.Check(doubt(0))
		waiting(0, known)
		time.Sleep(time.Nanosecond)
		s.Check(doubt(0))
		waiting(1, 1)
	})
}

// hand-made hints, of no watcher.
func handHints(late func()) *hints {
	h := &hints{arrived: make(chan struct{}, 1), over: make(chan struct{}), names: map[string]bool{}, folder: "/top", onLate: late, log: hclog.NewNullLogger()}
	h.lag = time.AfterFunc(time.Hour, h.fallBehind)
	h.lag.Stop()
	return h
}

// Hints are names, or all of them when they are many; those that wait are told of after a while.
func TestHintsAreNamesOrAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		lates := 0
		h := handHints(func() { lates++ })
		take := func(count int, all, arrived bool) {
			t.Helper()
			select {
			case <-h.arrived:
				if !arrived {
					t.Error("some are said to have come")
				}
			default:
				if arrived {
					t.Error("none are said to have come")
				}
			}
			if names, is := h.take(); len(names) != count || is != all {
				t.Errorf("%d names, all: %v", len(names), is)
			}
		}
		take(0, false, false)
		h.hear("/top/a/b")
		h.hear("/top/a/b")
		h.hear("/topper/c")
		h.hear("/top")
		h.hear("/other")
		take(1, false, true)
		h.done()
		for n := range mostHints {
			h.touch(fmt.Sprint(n))
		}
		take(mostHints, false, true)
		h.done()
		for n := range mostHints + 1 {
			h.touch(fmt.Sprint(n))
		}
		take(0, true, true)
		h.done()
		h.touch("x")
		h.miss()
		h.touch("y")
		take(0, true, true)
		h.done()
		h.touch("x")
		h.move("/new")
		take(0, false, true)
		h.done()
		h.hear("/top/x")
		take(0, false, false)
		if time.Sleep(time.Second); lates != 0 || h.isLate() {
			t.Errorf("told %d times that they are late", lates)
		}
		h.touch("x")
		time.Sleep(hintLag - 1)
		synctest.Wait()
		if lates != 0 || h.isLate() {
			t.Error("they are late too soon")
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if lates != 1 || !h.isLate() {
			t.Error("they are not late")
		}
		take(1, false, true)
		h.touch("y") // while the others are looked at
		h.done()
		if !h.isLate() {
			t.Error("they are not late, and one waits")
		}
		take(1, false, true)
		h.done()
		if time.Sleep(time.Second); h.isLate() || lates != 1 {
			t.Errorf("none waits, and they are late; told %d times", lates)
		}
	})
}

// bench is a share without files, whose queue is filled by hand.
func bench(t *testing.T) *Folder {
	s := &Folder{log: hclog.NewNullLogger(), entries: newEntries(), index: index.Open("", nil), hints: handHints(func() {})}
	s.ctx, s.cancel = context.WithCancel(t.Context())
	s.queue.open(&s.mu)
	return s
}

// due adds an entry of a size that is due.
func (s *Folder) due(name string, size int64) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.dirs) == 0 {
		s.enroll(&dir{})
	}
	e := s.add(s.dirs[0], name)
	e.queued, e.signature = true, index.Signature{Inode: index.Inode{Device: 1, Number: uint64(s.count)}, Size: size, Modified: 1, Changed: 1}
	s.ready(e)
	return e
}

// took takes work as a worker does, and says what; a job that is new gets its pieces.
func (s *Folder) took(hurried bool) string {
	taken := make(chan string, 1)
	go func() {
		j, piece, open := s.take(hurried)
		switch {
		case j == nil:
			taken <- "closed"
		case open:
			s.mu.Lock()
			j.opened, j.pieces, j.next = true, max(1, (j.signature.Groups()+pieceGroups-1)/pieceGroups), 1
			s.offer(j)
			s.mu.Unlock()
			taken <- j.name
		default:
			taken <- fmt.Sprint(j.name, piece)
		}
	}()
	synctest.Wait()
	select {
	case what := <-taken:
		return what
	default:
		s.mu.Lock()
		s.closed = true
		s.changed.Broadcast()
		s.mu.Unlock()
		<-taken
		s.mu.Lock()
		s.closed = false
		s.mu.Unlock()
		return "nothing"
	}
}

// Files that have not begun come by their size. A small one does not wait for a large one that has
// begun; a request's file comes before all others, in turns with that of another request.
func TestWorkComesInItsTurns(t *testing.T) {
	const piece = pieceGroups * protocol.GroupSize
	synctest.Test(t, func(t *testing.T) {
		s := bench(t)
		var got []string
		take := func(hurried bool, times int) {
			for range times {
				got = append(got, s.took(hurried))
			}
		}
		is := func(want string) {
			t.Helper()
			if all := strings.Join(got, " "); all != want {
				t.Errorf("the turns are %s, not %s", all, want)
			}
			got = nil
		}
		take(false, 1)
		take(true, 1)
		is("nothing nothing")
		s.due("b", 3*piece)
		s.due("a", 100)
		s.due("c", 9*piece)
		take(false, 8)
		is("a b b1 b2 c c1 c2 c3")
		s.due("d", 50)
		s.due("e", 10*piece)
		s.due("f", 60)
		take(false, 6)
		is("c4 d c5 f c6 c7")
		e, d := s.named("e"), s.due("g", 2*piece)
		one, two := s.wanted("e", e.signature), s.wanted("g", d.signature)
		take(false, 1)
		take(true, 7)
		is("nothing e g e1 g1 e2 e3 e4")
		s.due("h", 10)
		s.due("i", 2*piece)
		take(true, 4)
		is("h e5 e6 e7")
		s.forget(one)
		s.forget(two)
		take(true, 1)
		take(false, 7)
		is("nothing i c8 e8 i1 e9 nothing nothing")
		s.queue.close()
		if got := s.took(false); got != "closed" {
			t.Errorf("after the end: %s", got)
		}
		s.cancel()
		s.index.Close()
	})
}

// The pieces of a file may be hashed in any order, by any number of workers: the content is the same.
func TestPiecesMayComeInAnyOrder(t *testing.T) {
	folder := t.TempDir()
	for seed, size := range []int{0, 1, protocol.GroupSize, 2*protocol.GroupSize + 5, pieceGroups * protocol.GroupSize, 2*pieceGroups*protocol.GroupSize + 1} {
		still := NewStill(t, folder)
		name := fmt.Sprint("file", seed)
		_, want := valuesOf(lay(t, filepath.Join(folder, name), size))
		s := still.scan.Folder
		opened, sig, err := s.openFile(name)
		if err != nil {
			t.Fatal(err)
		}
		opened.Close()
		j := s.wanted(name, sig)
		var work []func()
		buffer := make([]byte, protocol.GroupSize)
		for j.left > 0 || !j.opened {
			if j.opened && j.next == j.pieces {
				break
			}
			j, piece, open := s.take(true)
			if open {
				var goesOn bool
				if piece, goesOn = s.prepare(j); !goesOn {
					t.Fatal("it does not go on")
				}
			}
			work = append(work, func() {
				values, err := j.hash(piece, buffer)
				if err == nil {
					err = j.check()
				}
				s.deliver(j, piece, values, err)
			})
		}
		rand.New(rand.NewPCG(uint64(seed), 9)).Shuffle(len(work), func(a, b int) { work[a], work[b] = work[b], work[a] })
		for n, do := range work {
			select {
			case <-j.over:
				t.Errorf("%d bytes: over after %d of %d pieces", size, n, len(work))
			default:
			}
			do()
		}
		s.forget(j)
		select {
		case <-j.over:
		default:
			t.Fatalf("%d bytes: it is not over", size)
		}
		r, known := s.index.Lookup(sig)
		if j.err != nil || !known || r.Hash != want || j.done.Load() != uint64(size) {
			t.Errorf("%d bytes: %v, known %v, right %v, %d bytes", size, j.err, known, r.Hash == want, j.done.Load())
		}
		if slice, err := s.index.Slice(r, 0, sig.Groups()); err != nil {
			t.Error(err)
		} else if _, ok := content.Verify(want, sig.Groups(), 0, sig.Groups(), slice); !ok && sig.Groups() > 0 {
			t.Errorf("%d bytes: its tree is wrong", size)
		}
		if len(s.jobs) != 0 || len(s.urgent)+len(s.calm) != 0 {
			t.Errorf("%d bytes: something is left", size)
		}
	}
}

// Who waits for something hears every second how far it is, until it is over, or nobody waits.
func TestWhoWaitsHearsEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for most, want := range map[time.Duration]error{10 * time.Second: nil, 2500 * time.Millisecond: context.DeadlineExceeded, 3500 * time.Millisecond: os.ErrClosed} {
			s := &Folder{}
			s.ctx, s.cancel = context.WithCancel(t.Context())
			ctx, cancel := context.WithTimeout(t.Context(), most)
			over := make(chan struct{})
			switch want {
			case nil:
				time.AfterFunc(3500*time.Millisecond, func() { close(over) })
			case os.ErrClosed:
				time.AfterFunc(2500*time.Millisecond, s.cancel)
			}
			reports, begin := 0, time.Now()
			err := s.await(ctx, over, func() { reports++ })
			if took := time.Since(begin); !errors.Is(err, want) || reports != int(took/time.Second) || took < 2*time.Second {
				t.Errorf("%v after %v, %d reports", err, took, reports)
			}
			cancel()
			s.cancel()
		}
	})
}

// Who asks for a growing file gets what others got a moment ago, or what is being hashed, and otherwise
// what it is now.
func TestAPrefixIsSharedWhileItIsFresh(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	lay(t, path, 100)
	closed := make(chan struct{})
	close(closed)
	for name, test := range map[string]struct {
		change func(p *prefix)
		shared bool
	}{
		"fresh":             {func(p *prefix) {}, true},
		"still fresh":       {func(p *prefix) { p.ended = time.Now().Add(time.Second - prefixFresh) }, true},
		"not fresh":         {func(p *prefix) { p.ended = time.Now().Add(-prefixFresh) }, false},
		"being hashed":      {func(p *prefix) { p.over, p.ended = make(chan struct{}), time.Time{} }, true},
		"failed":            {func(p *prefix) { p.err = errChanged }, false},
		"failed just now":   {func(p *prefix) { p.err, p.over = errChanged, make(chan struct{}) }, false},
		"of the past":       {func(p *prefix) { p.past = true }, false},
		"of another file":   {func(p *prefix) { p.inode.Number++ }, false},
		"of a longer file":  {func(p *prefix) { p.size = 101 }, false},
		"of a shorter file": {func(p *prefix) { p.size = 99 }, true},
	} {
		s := NewStill(t, folder).scan.Folder
		opened, sig, err := s.openFile("file")
		if err != nil {
			t.Fatal(err)
		}
		opened.Close()
		before := &prefix{inode: sig.Inode, size: sig.Size, over: closed, ended: time.Now()}
		test.change(before)
		s.keepPrefix(before)
		p, err := s.newPrefix("file", sig)
		if err != nil || (p == before) != test.shared {
			t.Errorf("%s: shared %v, %v", name, p == before, err)
		}
		if p != before {
			if <-p.over; p.err != nil || p.size != sig.Size || !p.isOver() {
				t.Errorf("%s: %v", name, p.err)
			}
			if again, err := s.newPrefix("file", sig); err != nil || again != p {
				t.Errorf("%s: it is hashed again, %v", name, err)
			}
		}
	}
	s := NewStill(t, folder).scan.Folder
	for size, want := range map[int64]error{0: errChanged, mostPrefix + 1: errChanged, 1: nil} {
		p, err := s.newPrefix("file", index.Signature{Inode: index.Inode{Number: 1}, Size: size})
		if err != want {
			t.Errorf("of %d bytes: %v", size, err)
		}
		if p != nil {
			<-p.over
		}
	}
	s.closed = true
	if _, err := s.newPrefix("file", index.Signature{Inode: index.Inode{Number: 2}, Size: 1}); err != os.ErrClosed {
		t.Errorf("after the end: %v", err)
	}
}
