package share_test

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// deaf returns a share of a folder that notices nothing by itself once it has hashed all.
func deaf(t *testing.T, path string, options share.Options) *share.Folder {
	t.Helper()
	options.Rescan = time.Hour
	s, err := share.Open(path, options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Indexed(ctx); err != nil {
		t.Fatal(err)
	}
	s.Deafen()
	return s
}

// reads reads a file whole, or else returns false.
func reads(t *testing.T, s *share.Folder, name string, hash protocol.Hash) (text string, ok bool) {
	t.Helper()
	buffer := make([]byte, 1000)
	found, ok := s.Read(name, hash, buffer)
	if !ok {
		return "", false
	}
	text = string(buffer[:found.Size])
	if hashOf(text) != found.Hash {
		t.Errorf("%q was read as what has the hash %v", text, found.Hash)
	}
	return text, true
}

// TestASmallKnownFileIsReadWhole: by its name, its content or both, with its attributes, as Open would
// find it; a file that is too large for the buffer, or not known as that, is for Open.
func TestASmallKnownFileIsReadWhole(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("other systems open each file")
	}
	folder := t.TempDir()
	for name, text := range map[string]string{"a": "some text", "sub/b": "other text", "empty": "", "large": strings.Repeat("x", 1001)} {
		disktest.Lay(t, filepath.Join(folder, name), text)
	}
	if err := os.Chmod(filepath.Join(folder, "a"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := deaf(t, folder, share.Options{})
	for _, c := range []struct{ name, by, want string }{
		{"a", "some text", "some text"}, {"sub/b", "other text", "other text"}, {"", "other text", "other text"}, {"empty", "", ""},
	} {
		for _, hash := range []protocol.Hash{{}, hashOf(c.by)} {
			if got, ok := reads(t, s, c.name, hash); (!ok || got != c.want) && (c.name != "" || !hash.IsZero()) {
				t.Errorf("%q with %v: %q, %v", c.name, hash, got, ok)
			}
		}
	}
	for name, hash := range map[string]protocol.Hash{"large": {}, "a": hashOf("other text"), "nowhere": {}, "../a": {}, "": hashOf("nowhere")} {
		if got, ok := reads(t, s, name, hash); ok {
			t.Errorf("%q with %v was read: %q", name, hash, got)
		}
	}
	for _, name := range []string{"a", "sub/b"} {
		found, _ := s.Read(name, protocol.Hash{}, make([]byte, 1000))
		file, refusal := s.Open(t.Context(), name, protocol.Hash{}, func(uint64, uint64) {})
		if refusal != nil {
			t.Fatal(refusal)
		}
		if found.Attributes != file.Attributes() || found.Size != file.Size() || found.Hash != file.Hash() {
			t.Errorf("%s: %+v, opened %+v", name, found, file.Attributes())
		}
		file.Close()
	}
}

// TestASingleFileIsReadWhole: under the name that it is shared by, and no other.
func TestASingleFileIsReadWhole(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "file")
	disktest.Lay(t, path, "some text")
	disktest.Lay(t, path+"2", "other text")
	s := deaf(t, path, share.Options{Name: "shared"})
	if got, ok := reads(t, s, "shared", protocol.Hash{}); runtime.GOOS == "linux" && (!ok || got != "some text") {
		t.Errorf("%q, %v", got, ok)
	}
	for _, name := range []string{"file", "file2"} {
		if got, ok := reads(t, s, name, protocol.Hash{}); ok {
			t.Errorf("%s was read: %q", name, got)
		}
	}
}

// TestAFileThatWasReplacedIsNotRead: what came in its place since the last walk is for Open to judge,
// and nothing is taken out of a named pipe.
func TestAFileThatWasReplacedIsNotRead(t *testing.T) {
	t.Parallel()
	outside := filepath.Join(t.TempDir(), "secret")
	disktest.Lay(t, outside, "some text")
	for what, replace := range map[string]func(path string) error{
		"nothing":              func(string) error { return nil },
		"a link out":           func(path string) error { return os.Symlink(outside, path) },
		"a link to a twin":     func(path string) error { return os.Symlink("twin", path) },
		"a link to nothing":    func(path string) error { return os.Symlink("nowhere", path) },
		"a folder":             func(path string) error { return os.Mkdir(path, 0o755) },
		"a named pipe":         func(path string) error { disktest.Fifo(t, path); return nil },
		"the same text":        func(path string) error { return os.WriteFile(path, []byte("some text"), 0o644) },
		"a text of its length": func(path string) error { return os.WriteFile(path, []byte("same size"), 0o644) },
		"a shorter text":       func(path string) error { return os.WriteFile(path, []byte("some"), 0o644) },
		"a longer text":        func(path string) error { return os.WriteFile(path, []byte("some text and more"), 0o644) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			folder := t.TempDir()
			path := filepath.Join(folder, "file")
			disktest.Lay(t, path, "some text")
			disktest.Lay(t, filepath.Join(folder, "twin"), "twin text")
			s := deaf(t, folder, share.Options{})
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if err := replace(path); err != nil {
				t.Fatal(err)
			}
			for _, by := range []struct {
				name string
				hash protocol.Hash
			}{{"file", protocol.Hash{}}, {"file", hashOf("some text")}, {"", hashOf("some text")}} {
				if got, ok := reads(t, s, by.name, by.hash); ok {
					t.Errorf("%q with %v was read: %q", by.name, by.hash, got)
				}
			}
		})
	}
}

// TestWhatIsReadWhileAFileChangesIsWhatItsHashSays: whatever is written to it meanwhile.
func TestWhatIsReadWhileAFileChangesIsWhatItsHashSays(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	path := filepath.Join(folder, "file")
	disktest.Lay(t, path, "some text")
	s := deaf(t, folder, share.Options{})
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for n := 1; ; n++ {
			select {
			case <-stop:
				return
			default:
				os.WriteFile(path, []byte(strings.Repeat("another ", n%100)), 0o644)
			}
		}
	}()
	for range 300 {
		reads(t, s, "file", protocol.Hash{})
		if file, refusal := s.Open(t.Context(), "file", hashOf("some text"), func(uint64, uint64) {}); refusal == nil {
			file.Close()
		}
	}
	close(stop)
	<-stopped
}
