//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package web

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// socketPath returns the path of a socket in a folder of its own: short, as the system wants it.
func socketPath(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "door")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return filepath.Join(dir, "web.sock")
}

// entries returns the names in the folder of a path.
func entries(t *testing.T, path string) (names []string) {
	t.Helper()
	all, err := os.ReadDir(filepath.Dir(path))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range all {
		names = append(names, entry.Name())
	}
	return names
}

func TestASocketIsForItsUserAloneAndGoneAtTheEnd(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0))
	path := socketPath(t)
	s := serve(t, Options{Listen: unixPrefix + path, Base: "/p/"}, text, nil)
	if info, err := os.Lstat(path); err != nil || info.Mode() != os.ModeSocket|0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if names := entries(t, path); len(names) != 1 {
		t.Errorf("beside it there is something: %v", names)
	}
	if s.URL() != unixPrefix+path {
		t.Error(s.URL())
	}
	for host, code := range map[string]int{"localhost": 200, "rebound.example": 421} {
		if got := s.ask("GET", "/", host); got.code != code {
			t.Errorf("%s: %+v", host, got)
		}
	}
	s.end()
	if names := entries(t, path); len(names) != 0 {
		t.Errorf("left: %v", names)
	}
}

func TestASocketThatADeadProcessHasLeftIsReplaced(t *testing.T) {
	path := socketPath(t)
	dead, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	dead.(*net.UnixListener).SetUnlinkOnClose(false)
	dead.Close()
	s := serve(t, Options{Listen: unixPrefix + path}, text, nil)
	if got := s.get("/"); got.code != 200 {
		t.Errorf("%+v", got)
	}
}

func TestASocketInUseIsAnError(t *testing.T) {
	path := socketPath(t)
	s := serve(t, Options{Listen: unixPrefix + path}, text, nil)
	if d, err := Open(t.Context(), Options{Listen: unixPrefix + path}, nil); d != nil || cli.ExitCode(err) != cli.ExitUsage || !strings.Contains(err.Error(), "another program listens") {
		t.Errorf("%v", err)
	}
	if got := s.get("/"); got.code != 200 {
		t.Errorf("the first one is hurt: %+v", got)
	}
}

func TestNothingButASocketIsReplaced(t *testing.T) {
	path := socketPath(t)
	target := filepath.Join(filepath.Dir(path), "target")
	if err := os.WriteFile(target, []byte("precious"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
	for _, at := range []string{path, target, filepath.Dir(path), filepath.Join(filepath.Dir(path), "no", "folder")} {
		if d, err := Open(t.Context(), Options{Listen: unixPrefix + at}, nil); d != nil || err == nil || !strings.HasPrefix(err.Error(), "--http: ") {
			t.Errorf("%s: %v", at, err)
		}
	}
	if content, err := os.ReadFile(target); string(content) != "precious" || err != nil {
		t.Errorf("%q, %v", content, err)
	}
	if names := entries(t, path); len(names) != 2 {
		t.Errorf("left: %v", names)
	}
}

// A socket that has taken the place of the door's is another's.
func TestAnothersSocketIsNotRemoved(t *testing.T) {
	path := socketPath(t)
	s := serve(t, Options{Listen: unixPrefix + path}, text, nil)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	other, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	s.end()
	if _, err := os.Lstat(path); err != nil {
		t.Error(err)
	}
}
