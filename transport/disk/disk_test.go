package disk_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk"
)

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func openShare(t *testing.T, folder string, hidden bool) *disk.Share {
	t.Helper()
	share, err := disk.OpenShare(folder, hidden)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { share.Close() })
	return share
}

func TestOnlyRegularFilesOfTheShareAreServed(t *testing.T) {
	top := t.TempDir()
	shared := filepath.Join(top, "shared")
	write(t, filepath.Join(top, "secret"), "secret")
	write(t, filepath.Join(shared, "plain"), "plain")
	write(t, filepath.Join(shared, "sub/deep"), "deep")
	write(t, filepath.Join(shared, ".hidden"), "hidden")
	write(t, filepath.Join(shared, ".git/config"), "hidden")
	for link, to := range map[string]string{"out": "../secret", "absolute": filepath.Join(top, "secret"), "inside": "plain", "loop": "loop"} {
		if err := os.Symlink(to, filepath.Join(shared, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := syscall.Mkfifo(filepath.Join(shared, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	share := openShare(t, shared, false)
	for name, want := range map[string]protocol.Code{
		"plain": 0, "sub/deep": 0, "inside": 0,
		"nowhere": protocol.NotFound, "sub": protocol.NotFound, "plain/x": protocol.NotFound,
		".hidden": protocol.NotFound, ".git/config": protocol.NotFound,
		"out": protocol.NotFound, "absolute": protocol.NotFound, "loop": protocol.NotFound, "pipe": protocol.NotFound,
		"../secret": protocol.BadName, "/etc/passwd": protocol.BadName, "sub/../plain": protocol.BadName,
	} {
		file, _, _, refusal := share.Open(name)
		got := protocol.Code(0)
		if refusal != nil {
			got = refusal.Code
		} else {
			file.Close()
		}
		if got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	if file, _, _, refusal := openShare(t, shared, true).Open(".hidden"); refusal != nil {
		t.Errorf("a hidden file, asked for: %v", refusal)
	} else {
		file.Close()
	}
}

func TestTheVersionDiffersWhenTheFileDoes(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "f")
	share := openShare(t, folder, false)
	version := func() string {
		file, _, version, refusal := share.Open("f")
		if refusal != nil {
			t.Fatal(refusal)
		}
		defer file.Close()
		if len(version) == 0 || len(version) > protocol.VersionSize {
			t.Fatalf("a version of %d bytes", len(version))
		}
		return string(version)
	}
	write(t, path, "one")
	before := version()
	if version() != before {
		t.Error("the version of an untouched file differs")
	}
	kept, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(){
		"longer":       func() { write(t, path, "longer") },
		"other time":   func() { os.Chtimes(path, time.Time{}, kept.ModTime().Add(time.Second)) },
		"another file": func() { write(t, path+".new", "one"); os.Rename(path+".new", path) },
	} {
		change()
		if now := version(); now == before {
			t.Errorf("%s: the version is the same", what)
		} else {
			before = now
		}
	}
}

func fill(t *testing.T, spool *disk.Spool, offset uint64, content string) {
	t.Helper()
	w, err := spool.Writer(offset)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
}

func TestASpoolStandsUnderItsNameOnlyWhenKept(t *testing.T) {
	folder := t.TempDir()
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	write(t, filepath.Join(folder, "a/b/file"), "before")
	spool, err := disk.Beside(root, "a/b/file")
	if err != nil {
		t.Fatal(err)
	}
	fill(t, spool, 0, "wrong and long")
	if err := spool.Clear(); err != nil {
		t.Fatal(err)
	}
	fill(t, spool, 0, "right")
	fill(t, spool, 5, " and more")
	if got, _ := os.ReadFile(filepath.Join(folder, "a/b/file")); string(got) != "before" {
		t.Errorf("before Keep: %q", got)
	}
	if err := spool.Keep("a/b/file"); err != nil {
		t.Fatal(err)
	}
	if got, _ := os.ReadFile(filepath.Join(folder, "a/b/file")); string(got) != "right and more" {
		t.Errorf("after Keep: %q", got)
	}
	if spool, err = disk.Beside(root, "a/gone"); err != nil {
		t.Fatal(err)
	}
	if err := spool.Discard(); err != nil {
		t.Fatal(err)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "a/*")); len(left) != 1 {
		t.Errorf("left behind: %v", left)
	}
}

func TestASpoolStaysInItsFolder(t *testing.T) {
	top := t.TempDir()
	folder := filepath.Join(top, "folder")
	write(t, filepath.Join(folder, "is a file"), "")
	if err := os.Mkdir(filepath.Join(folder, "is a folder"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(top, filepath.Join(folder, "way out")); err != nil {
		t.Fatal(err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	for _, name := range []string{"../outside", "way out/outside", "is a folder", "is a file/below"} {
		if spool, err := disk.Beside(root, name); err == nil {
			t.Errorf("%s was accepted", name)
			spool.Discard()
		}
	}
	if left, _ := filepath.Glob(filepath.Join(top, "*")); len(left) != 1 {
		t.Errorf("escaped: %v", left)
	}
}

func TestATemporarySpoolHasNoName(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	spool, err := disk.Temporary()
	if err != nil {
		t.Fatal(err)
	}
	fill(t, spool, 0, "text")
	if left, _ := os.ReadDir(os.TempDir()); len(left) != 0 || spool.Size() != 4 {
		t.Errorf("%d bytes, and in the folder: %v", spool.Size(), left)
	}
	r, err := spool.Reader()
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(r); !bytes.Equal(got, []byte("text")) {
		t.Errorf("read back %q", got)
	}
	if err := spool.Discard(); err != nil {
		t.Fatal(err)
	}
}
