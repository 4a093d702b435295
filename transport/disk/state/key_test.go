package state_test

import (
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/state"
)

func TestAKeyIsMadeOnceAndKept(t *testing.T) {
	folder := newFolder(t)
	key, err := folder.Key("relay")
	if err != nil {
		t.Fatal(err)
	}
	if again, err := openFolder(t, folder.Path(".")).Key("relay"); err != nil || !again.Equal(key) {
		t.Errorf("it is another one the next time: %v", err)
	}
	if other, err := folder.Key("other"); err != nil || other.Equal(key) {
		t.Errorf("another name has the same: %v", err)
	}
	if info, err := os.Stat(folder.Path("relay.pem")); err != nil || info.Mode() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	disktest.Leaves(t, folder.Path("."), "other.pem", "relay.pem")
}

func TestAKeyThatOthersMayHaveReadIsRefused(t *testing.T) {
	needsModes(t)
	folder := newFolder(t)
	for _, mode := range []fs.FileMode{0o644, 0o640, 0o620, 0o602, 0o604, 0o610, 0o777} {
		put(t, folder, "k.pem", written, mode)
		for _, ask := range []func() error{
			func() error { _, err := folder.Key("k"); return err },
			func() error { _, _, err := folder.LockedKey("k"); return err },
		} {
			if err := ask(); err == nil || !strings.Contains(err.Error(), "chmod 600 "+folder.Path("k.pem")) {
				t.Errorf("%04o: %v", mode, err)
			}
		}
	}
	put(t, folder, "k.pem", written, 0o600)
	if _, err := folder.Key("k"); err != nil {
		t.Error(err)
	}
}

// TestAKeyInAFolderOfOthersIsRefused: they could put theirs in its place, and will not be asked again.
func TestAKeyInAFolderOfOthersIsRefused(t *testing.T) {
	needsModes(t)
	folder := newFolder(t)
	for _, mode := range []fs.FileMode{0o777, 0o770, 0o702} {
		if err := os.Chmod(folder.Path("."), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := folder.Key("k"); err == nil || !strings.Contains(err.Error(), "chmod go-w "+folder.Path(".")) {
			t.Errorf("%04o: %v", mode, err)
		}
	}
	modes := []fs.FileMode{0o755, 0o700, fs.ModeSticky | 0o777} // others cannot replace what is ours
	if os.Geteuid() == 0 {
		modes = modes[:2] // but could put there what is missing, and the superuser takes what belongs to others
	}
	for _, mode := range modes {
		if err := os.Chmod(folder.Path("."), mode); err != nil {
			t.Fatal(err)
		}
		if _, err := folder.Key("k"); err != nil {
			t.Errorf("%04o: %v", mode, err)
		}
	}
}

func TestAKeyIsAFileOfTheFolder(t *testing.T) {
	folder := newFolder(t)
	outside := filepath.Join(folder.Path(".."), "outside.pem")
	if err := errors.Join(os.WriteFile(outside, []byte(written), 0o600), os.Symlink(outside, folder.Path("out.pem")),
		os.Symlink("nothing", folder.Path("dangling.pem")), os.Symlink("real.pem", folder.Path("in.pem")), os.Mkdir(folder.Path("folder.pem"), 0o700)); err != nil {
		t.Fatal(err)
	}
	put(t, folder, "real.pem", written, 0o600)
	disktest.Fifo(t, folder.Path("fifo.pem"))
	for _, name := range []string{"out", "dangling", "in", "folder", "../outside"} {
		if key, err := folder.Key(name); err == nil {
			t.Errorf("%s: there is one, %v", name, state.IDOf(key))
		}
	}
	if _, err := folder.Key("fifo"); err == nil {
		if info, err := os.Lstat(folder.Path("fifo.pem")); err != nil || !info.Mode().IsRegular() {
			t.Errorf("a pipe: %v, %v", info.Mode(), err)
		}
	}
	if _, err := os.Lstat(folder.Path("nothing")); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a link to nothing was followed")
	}
}

func TestALockedKeyIsForOneProcess(t *testing.T) {
	folder := newFolder(t)
	key, lock, err := folder.LockedKey("k")
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := openFolder(t, folder.Path(".")).LockedKey("k"); !errors.Is(err, disk.ErrLocked) || !strings.Contains(err.Error(), folder.Path("k.pem")) {
		t.Errorf("another process: %v", err)
	}
	if same, err := folder.Key("k"); err != nil || !same.Equal(key) {
		t.Errorf("to look at it needs no lock: %v", err)
	}
	if _, other, err := folder.LockedKey("other"); err != nil || other.Close() != nil {
		t.Errorf("another key: %v", err)
	}
	if err := lock.Close(); err != nil {
		t.Error(err)
	}
	if same, lock, err := folder.LockedKey("k"); err != nil || !same.Equal(key) || lock.Close() != nil {
		t.Errorf("after it: %v", err)
	}
}

func TestOneKeyIsMadeByManyAtOnce(t *testing.T) {
	for range 30 {
		folder := newFolder(t)
		keys := make([]ed25519.PrivateKey, 8)
		var all sync.WaitGroup
		for i := range keys {
			all.Go(func() {
				var err error
				if keys[i], err = openFolder(t, folder.Path(".")).Key("k"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for _, key := range keys {
			if !key.Equal(keys[0]) {
				t.Fatal("two have two keys")
			}
		}
		disktest.Leaves(t, folder.Path("."), "k.pem")
	}
}

// TestAKeyNeedsNoLinks: there are file systems without.
func TestAKeyNeedsNoLinks(t *testing.T) {
	defer state.SetBefore(func(what string) error {
		if what == "link it" {
			return fs.ErrPermission
		}
		return nil
	})()
	folder := newFolder(t)
	keys := make([]ed25519.PrivateKey, 8)
	var all sync.WaitGroup
	for i := range keys {
		all.Go(func() {
			var err error
			if keys[i], err = folder.Key("k"); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	for _, key := range keys {
		if !key.Equal(keys[0]) {
			t.Fatal("two have two keys")
		}
	}
	disktest.Leaves(t, folder.Path("."), "k.pem", "k.pem.lock")
}

func TestAFolderThatCannotBeWrittenHasTheKeysThatAreThere(t *testing.T) {
	if !isUser(t) {
		return
	}
	folder := newFolder(t)
	put(t, folder, "k.pem", written, 0o600)
	readOnly(t, folder)
	if key, lock, err := folder.LockedKey("k"); err != nil || !key.Equal(writtenKey()) || lock.Close() != nil {
		t.Error(err)
	}
	if _, err := folder.Key("other"); !errors.Is(err, fs.ErrPermission) {
		t.Error(err)
	}
}

// TestAFileSystemWithoutModesGetsNoKey: each of its files has the same mode, whatever is asked for.
func TestAFileSystemWithoutModesGetsNoKey(t *testing.T) {
	needsModes(t)
	folder := newFolder(t)
	defer state.SetBefore(func(what string) error {
		made, err := filepath.Glob(folder.Path(".*.new"))
		for _, path := range made {
			err = errors.Join(err, os.Chmod(path, 0o755))
		}
		return err
	})()
	if _, err := folder.Key("k"); err == nil || !strings.Contains(err.Error(), "another state folder") {
		t.Error(err)
	}
	disktest.Leaves(t, folder.Path("."))
}
