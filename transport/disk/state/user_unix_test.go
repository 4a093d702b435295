//go:build unix

package state_test

import (
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

const (
	aUser   = 65534 // nobody
	another = 65533
)

// isUser reports whether this process may not do all, as the superuser may. If it may, the test runs
// once more, as another user.
func isUser(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return true
	}
	runAsUser(t)
	return false
}

// runAsUser runs the test as a user who is not the superuser.
func runAsUser(t *testing.T, env ...string) {
	t.Helper()
	if runtime.GOOS != "linux" {
		t.Skip("the superuser may do all")
	}
	run := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	run.Args[0] = os.Args[0]
	run.Dir = "/"
	run.Env = append(os.Environ(), append(env, "TMPDIR=/tmp", "GOCOVERDIR=/tmp")...)
	run.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: aUser, Gid: aUser}}
	if out, err := run.CombinedOutput(); err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()) {
		t.Errorf("as another user: %v, %s", err, out)
	}
}

// TestWhatBelongsToAnotherUserIsRefused: a file and a folder, for they can change it when they like. What
// belongs to the superuser is taken.
func TestWhatBelongsToAnotherUserIsRefused(t *testing.T) {
	const in = "RELAYPEER_TEST_OWNED"
	if top := os.Getenv(in); top != "" {
		for name, refused := range map[string]bool{"own": false, "root": false, "folder": true, "file": true} {
			folder := openFolder(t, filepath.Join(top, name))
			_, err := folder.Key("k")
			_, _, finding := folder.KnownRelays().Find("a:1")
			for _, err := range []error{err, finding} {
				if (err != nil) != refused || refused && !strings.Contains(err.Error(), "another user") && !errors.Is(err, fs.ErrPermission) {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
		return
	}
	if os.Geteuid() != 0 {
		t.Skip("only the superuser can give files to others")
	}
	top, err := os.MkdirTemp("/tmp", "relaypeer-test-*")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(top)
	os.Chmod(top, 0o755)
	for name, owner := range map[string][2]int{"own": {aUser, aUser}, "root": {0, aUser}, "folder": {another, aUser}, "file": {aUser, another}} {
		folder := openFolder(t, filepath.Join(top, name))
		put(t, folder, "k.pem", written, 0o600)
		put(t, folder, "known_relays", "", 0o644)
		if err := errors.Join(os.Chmod(folder.Path("."), 0o755), os.Chown(folder.Path("."), owner[0], 0),
			os.Chown(folder.Path("k.pem"), owner[1], 0), os.Chown(folder.Path("known_relays"), owner[1], 0)); err != nil {
			t.Fatal(err)
		}
		if _, err := folder.Key("k"); err != nil {
			t.Errorf("the superuser takes what it is told to: %v", err)
		}
	}
	runAsUser(t, in+"="+top)
}
