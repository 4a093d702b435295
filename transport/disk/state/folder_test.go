package state_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// newFolder returns a new state folder.
func newFolder(t testing.TB) *state.Folder {
	t.Helper()
	return openFolder(t, filepath.Join(t.TempDir(), "state"))
}

func openFolder(t testing.TB, path string) *state.Folder {
	t.Helper()
	folder, err := state.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// put writes a file of the mode into a folder.
func put(t testing.TB, folder *state.Folder, name, text string, mode fs.FileMode) {
	t.Helper()
	path := folder.Path(name)
	if err := errors.Join(os.WriteFile(path, []byte(text), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

// text returns the content of a file in a folder.
func text(t testing.TB, folder *state.Folder, name string) string {
	t.Helper()
	got, err := os.ReadFile(folder.Path(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

// needsModes skips a test where modes mean nothing.
func needsModes(t *testing.T) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("no modes")
	}
}

// readOnly takes the right to change a folder away until the test ends.
func readOnly(t *testing.T, folder *state.Folder) {
	t.Helper()
	if err := os.Chmod(folder.Path("."), 0o500); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.Chmod(folder.Path("."), 0o700) })
}

func TestAFolderIsMadeForTheUserAlone(t *testing.T) {
	needsModes(t)
	top := t.TempDir()
	openFolder(t, filepath.Join(top, "a", "b"))
	for _, made := range []string{"a", "a/b"} {
		if info, err := os.Stat(filepath.Join(top, made)); err != nil || info.Mode() != fs.ModeDir|0o700 {
			t.Errorf("%s: %v, %v", made, info.Mode(), err)
		}
	}
	openFolder(t, filepath.Join(top, "a", "b")) // and is there the next time
}

func TestTheDefaultIsTheUsersStateFolder(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("its place is another one")
	}
	home := t.TempDir()
	t.Setenv("HOME", home)
	for xdg, want := range map[string]string{
		"":                       filepath.Join(home, ".local/state/relaypeer"),
		"not/absolute":           filepath.Join(home, ".local/state/relaypeer"), // counts as if it were not set
		filepath.Join(home, "x"): filepath.Join(home, "x/relaypeer"),
	} {
		t.Setenv("XDG_STATE_HOME", xdg)
		if got := openFolder(t, "").Path("."); got != want {
			t.Errorf("%q: %s in place of %s", xdg, got, want)
		}
		if info, err := os.Stat(want); err != nil || !info.IsDir() {
			t.Error(err)
		}
	}
}

// TestNoFolderIsToldFromOneThatCannotBeUsed: only without one a program may do without.
func TestNoFolderIsToldFromOneThatCannotBeUsed(t *testing.T) {
	top := t.TempDir()
	file := filepath.Join(top, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	disktest.Fifo(t, filepath.Join(top, "fifo"))
	for path, none := range map[string]bool{
		filepath.Join(file, "state"):    true,
		file:                            false,
		filepath.Join(top, "fifo"):      false,
		"/proc/self/no/such/folder":     true,
		filepath.Join(top, "a\x00zero"): false,
	} {
		if runtime.GOOS != "linux" && strings.HasPrefix(path, "/proc") {
			continue
		}
		if folder, err := state.Open(path); folder != nil || err == nil || errors.Is(err, state.ErrNoFolder) != none {
			t.Errorf("%s: %v, %v", path, folder, err)
		}
	}
	t.Setenv("XDG_STATE_HOME", "")
	for _, home := range []string{"", "not/absolute"} {
		t.Setenv("HOME", home)
		if runtime.GOOS == "linux" {
			if _, err := state.Open(""); !errors.Is(err, state.ErrNoFolder) {
				t.Errorf("with %q for a home: %v", home, err)
			}
		}
	}
}

func TestAFolderThatIsOnlyLookedAtIsNotMade(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if _, err := state.Existing(path); !errors.Is(err, fs.ErrNotExist) || !strings.HasPrefix(err.Error(), path+": ") {
		t.Error(err)
	}
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	openFolder(t, path)
	if _, err := state.Existing(path); err != nil {
		t.Error(err)
	}
}

func TestAFolderThatMayNotBeReadIsNotNone(t *testing.T) {
	if !isUser(t) {
		return
	}
	path := filepath.Join(t.TempDir(), "state")
	if err := os.Mkdir(path, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := state.Open(path); !errors.Is(err, fs.ErrPermission) || errors.Is(err, state.ErrNoFolder) {
		t.Error(err)
	}
}

// The user has typed the path, or has linked it to another disk.
func TestAFolderMayBeALink(t *testing.T) {
	top := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(top, "real"), 0o700), os.Symlink("real", filepath.Join(top, "link"))); err != nil {
		t.Fatal(err)
	}
	key, err := openFolder(t, filepath.Join(top, "link")).Key("k")
	if err != nil {
		t.Fatal(err)
	}
	if same, err := openFolder(t, filepath.Join(top, "real")).Key("k"); err != nil || !same.Equal(key) {
		t.Errorf("%v", err)
	}
}

func TestAFolderIsUsedAgainWhenItIsBack(t *testing.T) {
	folder := newFolder(t)
	if err := os.Remove(folder.Path(".")); err != nil {
		t.Fatal(err)
	}
	if err := folder.Replace("f", nil); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if err := os.Mkdir(folder.Path("."), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := folder.Replace("f", []byte("text")); err != nil || text(t, folder, "f") != "text" {
		t.Error(err)
	}
}

func TestOnlyFilesOfTheFolderAreReadAndReplaced(t *testing.T) {
	folder := newFolder(t)
	outside := filepath.Join(folder.Path(".."), "outside")
	if err := errors.Join(os.WriteFile(outside, []byte("outside"), 0o600), os.Symlink(outside, folder.Path("link")), os.Mkdir(folder.Path("folder"), 0o700)); err != nil {
		t.Fatal(err)
	}
	disktest.Fifo(t, folder.Path("fifo"))
	for _, name := range []string{"link", "folder", "fifo", "../outside", outside, "none"} {
		if got, err := folder.Read(name, 100); err == nil && name != "fifo" {
			t.Errorf("%s was read: %s", name, got)
		}
	}
	if err := folder.Replace("../outside", nil); err == nil {
		t.Error("a file outside was replaced")
	}
	if err := folder.Replace("link", []byte("new")); err != nil || text(t, folder, "link") != "new" {
		t.Errorf("a link is replaced, and not its file: %v", err)
	}
	if got, err := folder.Read("link", 2); err == nil {
		t.Errorf("more than was asked for: %s", got)
	}
	if got, err := os.ReadFile(outside); err != nil || string(got) != "outside" {
		t.Errorf("%s, %v", got, err)
	}
}
