package state_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

// TestWhatCannotBeReadIsNotUnknown: of each of the methods the error says the file, and the line.
func TestWhatCannotBeReadIsNotUnknown(t *testing.T) {
	folder, id := newFolder(t), newID(t)
	good := lineOf("a:1", id)
	for bad, where := range map[string]string{
		"a:1 x " + date + " pinned\n":                             ":1:",
		good + "b:1 " + id.String() + "\n":                        ":2:",
		good + "\nb:1  " + id.String() + " " + date + " pinned\n": ":3:",
		" " + good: ":1:",
		"b " + id.String() + " " + date + " pinned\n":                    ":1:",
		"b:1 " + strings.ToUpper(id.String()) + " " + date + " pinned\n": ":1:",
		"b:1 " + id.String() + " yesterday pinned\n":                     ":1:",
		"b:1 " + id.String() + " 2026-11-27T12:00:00+01:00 pinned\n":     ":1:",
		"b:1 " + id.String() + " 2026-02-30T12:00:00Z pinned\n":          ":1:",
		"b:1 " + id.String() + " " + date + " two words\n":               ":1:",
		"b:1 " + id.String() + " " + date + " \n":                        ":1:",
		"\x00\x00\x00\n" + good:                                          ":1:",
		"# \xff\n" + good:                                                ":1:",
		"# \x1b[2J\n":                                                    ":1:",
		"\ufeff" + good:                                                  ":1:",
		"#" + strings.Repeat("x", state.MostLine) + "\n":                 ":1:",
		good + strings.Repeat("x", state.MostLine+1):                     ":2:",
		good + strings.Repeat("#\n", state.MostFile/2):                   ": it is larger",
	} {
		put(t, folder, "known_relays", bad, 0o600)
		failsClosed(t, folder, where)
		if text(t, folder, "known_relays") != bad {
			t.Errorf("%.100q was changed", bad)
		}
	}
	if err := errors.Join(os.Remove(folder.Path("known_relays")), os.Mkdir(folder.Path("known_relays"), 0o700)); err != nil {
		t.Fatal(err)
	}
	failsClosed(t, folder, "no regular file")
	if err := os.Remove(folder.Path("known_relays")); err != nil {
		t.Fatal(err)
	}
	if disktest.Fifo(t, folder.Path("known_relays")); runtime.GOOS != "windows" {
		failsClosed(t, folder, "no regular file")
	}
}

// failsClosed demands that each method fails, and says the file and where in it.
func failsClosed(t *testing.T, folder *state.Folder, where string) {
	t.Helper()
	known := folder.KnownRelays()
	_, _, found := known.Find("z:1")
	_, all := known.All()
	_, forgotten := known.Forget("a:1")
	for i, err := range []error{found, all, forgotten, known.Add("z:1", newID(t), state.Pinned)} {
		if err == nil || !strings.Contains(err.Error(), where) || !strings.Contains(err.Error(), folder.Path("known_relays")) {
			t.Errorf("%s: the method %d says %v", where, i, err)
		}
	}
}

func TestWhatOthersCanChangeIsRefused(t *testing.T) {
	needsModes(t)
	folder, id := newFolder(t), newID(t)
	put(t, folder, "known_relays", lineOf("a:1", id), 0o664)
	failsClosed(t, folder, "chmod go-w "+folder.Path("known_relays"))
	put(t, folder, "known_relays", lineOf("a:1", id), 0o644) // what others can read is no secret
	finds(t, folder.KnownRelays(), "a:1", id)
	if err := os.Chmod(folder.Path("."), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, _, err := folder.KnownRelays().Find("a:1"); err == nil || !strings.Contains(err.Error(), "chmod go-w "+folder.Path(".")) {
		t.Error(err)
	}
}

func TestWhatMayNotBeReadIsNotUnknown(t *testing.T) {
	if !isUser(t) {
		return
	}
	folder := newFolder(t)
	put(t, folder, "known_relays", "", 0)
	failsClosed(t, folder, "permission denied")
}

func TestAReadOnlyFolderKnowsWhatItKnows(t *testing.T) {
	if !isUser(t) {
		return
	}
	folder, id := newFolder(t), newID(t)
	known := folder.KnownRelays()
	put(t, folder, "known_relays", lineOf("a:1", id), 0o400)
	readOnly(t, folder)
	finds(t, known, "a:1", id)
	finds(t, known, "b:1", protocol.PeerID{})
	add(t, known, "a:1", id)
	if err := known.Add("a:1", newID(t), state.Pinned); !errors.Is(err, state.ErrChanged) {
		t.Error(err)
	}
	if err := known.Add("b:1", id, state.Pinned); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
	if n, err := known.Forget("b:1"); n != 0 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := known.Forget("a:1"); n != 0 || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%d, %v", n, err)
	}
}

// TestALinkOfTheUserLeadsToTheFile: as those have it who keep such files elsewhere. It stays a link.
func TestALinkOfTheUserLeadsToTheFile(t *testing.T) {
	folder, id := newFolder(t), newID(t)
	other := openFolder(t, filepath.Join(folder.Path(".."), "dotfiles"))
	put(t, other, "relays", lineOf("a:1", id), 0o644)
	if err := os.Symlink(other.Path("relays"), folder.Path("known_relays")); err != nil {
		t.Fatal(err)
	}
	known := folder.KnownRelays()
	if got := finds(t, known, "a:1", id); got.File != other.Path("relays") {
		t.Errorf("%+v", got)
	}
	add(t, known, "b:1", id)
	if n, err := known.Forget("a:1"); n != 1 || err != nil || !strings.HasPrefix(text(t, other, "relays"), "b:1 ") {
		t.Errorf("%d, %v", n, err)
	}
	if info, err := os.Lstat(folder.Path("known_relays")); err != nil || info.Mode()&fs.ModeSymlink == 0 {
		t.Errorf("%v, %v", info, err)
	}
	if runtime.GOOS != "windows" {
		os.Chmod(other.Path("."), 0o777)
		if _, _, err := known.Find("b:1"); err == nil || !strings.Contains(err.Error(), "chmod go-w "+other.Path(".")) {
			t.Errorf("a link to where others can write: %v", err)
		}
	}
	if err := os.RemoveAll(other.Path(".")); err != nil {
		t.Fatal(err)
	}
	failsClosed(t, folder, "leads nowhere")
}
