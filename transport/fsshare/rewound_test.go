package fsshare_test

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/fsshare"
)

// forward is a tree whose files cannot seek. It counts those that are open, how often one was opened,
// and the bytes that were read.
type forward struct {
	fs.FS
	opened, open, read int
	piece              int   // bytes that a Read gives at most; 0: all
	failing            error // of each Open and Read
	unclosed           error // of each Close
}

type forwardFile struct {
	fs.File
	tree *forward
}

func (f *forward) Open(name string) (fs.File, error) {
	if f.failing != nil {
		return nil, f.failing
	}
	file, err := f.FS.Open(name)
	if err != nil || name == "." {
		return file, err
	}
	f.opened++
	f.open++
	return forwardFile{file, f}, nil
}

func (f forwardFile) Read(p []byte) (int, error) {
	if f.tree.failing != nil {
		return 0, f.tree.failing
	}
	if f.tree.piece > 0 {
		p = p[:min(len(p), f.tree.piece)]
	}
	n, err := f.File.Read(p)
	f.tree.read += n
	return n, err
}

func (f forwardFile) Close() error {
	f.tree.open--
	return errors.Join(f.File.Close(), f.tree.unclosed)
}

// ready returns a share of a tree of which all is hashed.
func ready(t *testing.T, fsys fs.FS) *fsshare.Share {
	t.Helper()
	s := share(t, fsys)
	follow(t, s).complete(t)
	return s
}

const last = 64 << 10 // bytes that an open file that cannot seek keeps

// A file that cannot seek reads as one that can, however it is read, in whatever pieces.
func TestAFileThatCannotSeekReadsAsOneThatCan(t *testing.T) {
	text := noise(3*last + 77)
	tree := &forward{FS: fstest.MapFS{"file": {Data: []byte(text)}}}
	s := ready(t, tree)
	rapid.Check(t, func(t *rapid.T) {
		tree.piece = rapid.SampledFrom([]int{0, 0, 1000, last}).Draw(t, "piece")
		f, refusal := s.Open(t.Context(), "file", protocol.Hash{}, never)
		if refusal != nil {
			t.Fatal(refusal)
		}
		defer func() {
			if f.Close(); tree.open != 0 {
				t.Fatalf("%d files are open", tree.open)
			}
		}()
		at := int64(0)
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			offset, whence := int64(0), io.SeekStart
			switch rapid.IntRange(0, 4).Draw(t, "seek") {
			case 0:
				offset = int64(rapid.IntRange(-10, len(text)+10).Draw(t, "to"))
			case 1:
				offset, whence = int64(rapid.IntRange(-2*last, 2*last).Draw(t, "by")), io.SeekCurrent
			case 2:
				offset, whence = int64(rapid.IntRange(-200, 200).Draw(t, "by")), io.SeekCurrent
			case 3:
				offset, whence = 0, io.SeekCurrent
			case 4:
				offset = int64(len(text) + rapid.IntRange(-100, 10).Draw(t, "near the end"))
			}
			want := offset
			if whence == io.SeekCurrent {
				want += at
			}
			got, err := f.Seek(offset, whence)
			if want < 0 {
				if err == nil || got != 0 {
					t.Fatalf("to %d it goes to %d", want, got)
				}
			} else if at = want; err != nil || got != at {
				t.Fatalf("to %d it goes to %d, %v", want, got, err)
			}
			data := make([]byte, rapid.SampledFrom([]int{1, 100, 5000, last - 1, last, last + 1, 2 * last}).Draw(t, "size"))
			rest := text[min(int(at), len(text)):]
			n, err := io.ReadFull(f, data)
			if n != min(len(rest), len(data)) || string(data[:n]) != rest[:n] || n == len(data) != (err == nil) || n < len(data) && err != io.EOF && err != io.ErrUnexpectedEOF {
				t.Fatalf("at %d: %d bytes of %d, %v", at, n, len(rest), err)
			}
			at += int64(n)
			if tree.open != 1 {
				t.Fatalf("%d files are open", tree.open)
			}
		}
		if got, err := f.Seek(0, io.SeekEnd); err == nil || got != 0 {
			t.Fatal("it knows its end")
		}
	})
}

// To go back a little, as far as a sender does, opens nothing anew and reads nothing twice; to go back
// further does so once.
func TestGoingBackALittleIsCheap(t *testing.T) {
	text := noise(4 * last)
	tree := &forward{FS: fstest.MapFS{"file": {Data: []byte(text)}}}
	s := ready(t, tree)
	for _, test := range []struct{ read, back, opened, more int }{
		{last, last, 0, 0}, {last, 1, 0, 0}, {1000, 1000, 0, 0}, {2 * last, last, 0, 0},
		{2 * last, last + 1, 1, last}, {3 * last, 3 * last, 1, last},
	} {
		f := open(t, s, "file", protocol.Hash{})
		if _, err := io.ReadFull(f, make([]byte, test.read)); err != nil {
			t.Fatal(err)
		}
		opened, read := tree.opened, tree.read
		if _, err := f.Seek(-int64(test.back), io.SeekCurrent); err != nil {
			t.Fatal(err)
		}
		data := make([]byte, min(test.back, last))
		from := test.read - test.back
		if _, err := io.ReadFull(f, data); err != nil || string(data) != text[from:from+len(data)] {
			t.Errorf("%d back from %d: %v", test.back, test.read, err)
		}
		want := 0
		if test.opened > 0 {
			want = from + len(data)
		}
		if tree.opened-opened != test.opened || tree.read-read != want {
			t.Errorf("%d back from %d: opened %d times, %d bytes are read", test.back, test.read, tree.opened-opened, tree.read-read)
		}
		f.Close()
	}
}

// What fails while a file is gone back in is said, and leaves nothing open.
func TestWhatFailsInGoingBackIsSaid(t *testing.T) {
	failure := errors.New("no")
	for name, harm := range map[string]func(*forward){
		"opening": func(f *forward) { f.failing = failure },
		"closing": func(f *forward) { f.unclosed = failure },
	} {
		tree := &forward{FS: fstest.MapFS{"file": {Data: []byte(noise(3 * last))}}}
		s := ready(t, tree)
		f := open(t, s, "file", protocol.Hash{})
		io.ReadFull(f, make([]byte, 2*last))
		f.Seek(0, io.SeekStart)
		harm(tree)
		if n, err := f.Read(make([]byte, 10)); n > 0 || !errors.Is(err, failure) {
			t.Errorf("%s: %d bytes, %v", name, n, err)
		}
		f.Close()
		if tree.open != 0 {
			t.Errorf("%s: %d files are open", name, tree.open)
		}
	}
}

// An open file says that it has changed as soon as its size or its time is another, or that cannot be
// told, and what it was.
func TestAnOpenFileSaysWhatItWas(t *testing.T) {
	then := time.Unix(1000, 5)
	for name, test := range map[string]struct {
		now     fstest.MapFile
		changed bool
	}{
		"as it was":       {fstest.MapFile{Data: []byte("text"), ModTime: then.UTC()}, false},
		"another time":    {fstest.MapFile{Data: []byte("text"), ModTime: then.Add(1)}, true},
		"another size":    {fstest.MapFile{Data: []byte("texts"), ModTime: then}, true},
		"another content": {fstest.MapFile{Data: []byte("TEXT"), ModTime: then}, false}, // nothing says so
	} {
		files := fstest.MapFS{"file": {Data: []byte("text"), ModTime: then, Mode: 0o644}, "program": {Data: []byte("x"), ModTime: then, Mode: 0o710}}
		s := ready(t, files)
		f, program := open(t, s, "file", protocol.Hash{}), open(t, s, "program", protocol.Hash{})
		if got := f.Attributes(); got != protocol.AttributesOf(then, false) || f.Size() != 4 || f.Changed() {
			t.Errorf("%+v", got)
		}
		if got := program.Attributes(); got != protocol.AttributesOf(then, true) {
			t.Errorf("a program: %+v", got)
		}
		*files["file"] = test.now
		if f.Changed() != test.changed || f.Hash() != hashOf("text") {
			t.Errorf("%s: changed %v", name, f.Changed())
		}
	}
}

// What is refused is said by the code that it has for the reason, and no more.
func TestEachReasonHasItsCode(t *testing.T) {
	for code, reasons := range map[protocol.Code][]error{
		protocol.NotFound: {fs.ErrNotExist, fs.ErrInvalid, &fs.PathError{Op: "open", Path: "secret", Err: fs.ErrNotExist}},
		protocol.Denied:   {fs.ErrPermission, &fs.PathError{Op: "open", Path: "secret", Err: fs.ErrPermission}},
		protocol.Internal: {errors.New("secret"), fs.ErrClosed, io.ErrUnexpectedEOF},
	} {
		for _, reason := range reasons {
			tree := &forward{FS: fstest.MapFS{"file": {Data: []byte("text")}}}
			s := ready(t, tree)
			tree.failing = reason
			_, refusal := s.Open(t.Context(), "file", protocol.Hash{}, never)
			if refusal == nil || refusal.Code != code || bytes.Contains([]byte(refusal.Text), []byte("secret")) || refusal.Text == "" {
				t.Errorf("%v: %v", reason, refusal)
			}
		}
	}
}
