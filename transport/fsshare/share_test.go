package fsshare_test

import (
	"archive/zip"
	"bytes"
	"embed"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
)

//go:embed testdata
var embedded embed.FS

var _ transport.Lister = (*fsshare.Share)(nil)

func share(t *testing.T, fsys fs.FS) *fsshare.Share {
	t.Helper()
	s := fsshare.New(fsys, fsshare.Options{})
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func never(done, size uint64) {}

func open(t *testing.T, s *fsshare.Share, name string, hash protocol.Hash) transport.File {
	t.Helper()
	f, refusal := s.Open(t.Context(), name, hash, never)
	if refusal != nil {
		t.Fatalf("%q: %v", name, refusal)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func refused(t *testing.T, s *fsshare.Share, name string, hash protocol.Hash, code protocol.Code) {
	t.Helper()
	f, refusal := s.Open(t.Context(), name, hash, never)
	if refusal == nil {
		f.Close()
		t.Errorf("%q was opened, not %v", name, code)
	} else if refusal.Code != code {
		t.Errorf("%q: %v, not %v", name, refusal, code)
	}
}

// hashOf returns the hash of a text.
func hashOf(text string) protocol.Hash {
	hash, _ := content.Build(valuesOf(text))
	return hash
}

func valuesOf(text string) (values []protocol.Hash) {
	for at := 0; at < len(text); at += protocol.GroupSize {
		group := text[at:min(at+protocol.GroupSize, len(text))]
		values = append(values, content.ChainingValue(uint64(at/protocol.GroupSize), []byte(group), len(text) <= protocol.GroupSize))
	}
	return values
}

func noise(size int) string {
	random := rand.NewChaCha8([32]byte{7})
	b := make([]byte, size)
	random.Read(b)
	return string(b)
}

func archive(t *testing.T, texts map[string]string) *zip.Reader {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, text := range texts {
		w, err := z.Create(name)
		if err == nil {
			_, err = io.WriteString(w, text)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAnyFSIsShared(t *testing.T) {
	texts := map[string]string{"empty": "", "folder/text": "the text", "group": noise(protocol.GroupSize), "large": noise(3*protocol.GroupSize + 5)}
	memory, folder := fstest.MapFS{}, t.TempDir()
	for name, text := range texts {
		memory[name] = &fstest.MapFile{Data: []byte(text)}
		path := filepath.Join(folder, name)
		os.MkdirAll(filepath.Dir(path), 0o755)
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for kind, fsys := range map[string]fs.FS{"memory": memory, "a zip": archive(t, texts), "a folder": os.DirFS(folder)} {
		t.Run(kind, func(t *testing.T) {
			s := share(t, fsys)
			for name, text := range texts {
				same(t, open(t, s, name, protocol.Hash{}), text)
				same(t, open(t, s, name, hashOf(text)), text)
				same(t, open(t, s, "", hashOf(text)), text)
				refused(t, s, name, protocol.Hash{1}, protocol.Changed)
			}
			refused(t, s, "", protocol.Hash{1}, protocol.NotFound)
			refused(t, s, "nowhere", protocol.Hash{}, protocol.NotFound)
			refused(t, s, "folder", protocol.Hash{}, protocol.NotFound)
			refused(t, s, "../text", protocol.Hash{}, protocol.BadName)
		})
	}
	s := share(t, embedded)
	same(t, open(t, s, "testdata/folder/text", protocol.Hash{}), "embedded text")
	same(t, open(t, s, "", hashOf("embedded text")), "embedded text")
}

// same demands that a file is a text, in whichever order it is read, and that its tree vouches for
// each group.
func same(t *testing.T, f transport.File, text string) {
	t.Helper()
	if f.Size() != uint64(len(text)) || f.Hash() != hashOf(text) || f.Changed() {
		t.Errorf("%d bytes, %s", f.Size(), f.Hash())
	}
	values := valuesOf(text)
	for i, value := range values {
		slice, err := f.Slice(uint64(i), 1)
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := content.Verify(f.Hash(), uint64(len(values)), uint64(i), 1, slice); !ok || got[0] != value {
			t.Errorf("group %d is not vouched for", i)
		}
	}
	for _, at := range []int{0, len(text) / 2, len(text)/2 + 10, len(text) / 3, len(text), len(text) - 1, 0} {
		at = min(max(at, 0), len(text))
		if _, err := f.Seek(int64(at), io.SeekStart); err != nil {
			t.Fatal(err)
		}
		data := make([]byte, min(1000, len(text)-at))
		if _, err := io.ReadFull(f, data); err != nil || string(data) != text[at:at+len(data)] {
			t.Errorf("at %d: %v, or other bytes", at, err)
		}
	}
	f.Seek(0, io.SeekStart)
	if all, err := io.ReadAll(f); err != nil || string(all) != text {
		t.Errorf("%d bytes, %v", len(all), err)
	}
}

func TestWhatIsHiddenOrMisnamedIsNotShared(t *testing.T) {
	fsys := fstest.MapFS{".git/config": {}, ".profile": {}, "a\nb": {}, "shown": {Data: []byte("x")}}
	s := share(t, fsys)
	told := follow(t, s)
	told.complete(t)
	told.are(t, map[string]string{"shown": "x"})
	refused(t, s, ".profile", protocol.Hash{}, protocol.NotFound)
	refused(t, s, ".git/config", protocol.Hash{}, protocol.NotFound)
	open := fsshare.New(fsys, fsshare.Options{Hidden: true})
	defer open.Close()
	if f, refusal := open.Open(t.Context(), ".profile", protocol.Hash{}, never); refusal != nil {
		t.Error(refusal)
	} else {
		f.Close()
	}
}

func TestLinksAreNotFollowedOutOfAFolder(t *testing.T) {
	outside, folder := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(outside, "secret"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if os.Symlink(outside, filepath.Join(folder, "out")) != nil || os.Symlink(filepath.Join(outside, "secret"), filepath.Join(folder, "file")) != nil {
		t.Skip("no symbolic links here")
	}
	s := share(t, os.DirFS(folder))
	refused(t, s, "out/secret", protocol.Hash{}, protocol.NotFound)
	refused(t, s, "file", protocol.Hash{}, protocol.NotFound)
	follow(t, s).complete(t)
	refused(t, s, "", hashOf("x"), protocol.NotFound)
}

func TestAClosedShareRefuses(t *testing.T) {
	s := share(t, fstest.MapFS{"a": {Data: []byte("x")}})
	told := follow(t, s)
	told.complete(t)
	s.Close()
	if err := told.err(t); err == nil {
		t.Error("following goes on")
	}
	refused(t, s, "", protocol.Hash{1}, protocol.Internal)
	refused(t, s, "a", protocol.Hash{}, protocol.Internal)
	if !strings.Contains(s.Follow(t.Context(), func(protocol.Entry) {}, func(roles.Extent) {}).Error(), "closed") {
		t.Error("it may be followed")
	}
}
