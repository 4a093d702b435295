package disk_test

import (
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
