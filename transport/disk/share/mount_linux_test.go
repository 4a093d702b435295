package share_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// inMounts is set where a test runs with mounts of its own.
const inMounts = "RELAYPEER_TEST_MOUNTS"

// withMounts runs a test as another process, which may mount what it likes and is seen by nobody.
func withMounts(t *testing.T, test func(t *testing.T)) {
	t.Helper()
	if os.Getenv(inMounts) != "" {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			t.Skip(err)
		}
		test(t)
		return
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.timeout=60s")
	cmd.Env = append(os.Environ(), inMounts+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	switch text, err := cmd.CombinedOutput(); {
	case cmd.ProcessState == nil:
		t.Skipf("no process with mounts of its own is allowed here: %v", err)
	case strings.Contains(string(text), "--- SKIP: "):
		t.Skipf("nothing can be mounted here: %s", text)
	case err != nil || !strings.Contains(string(text), "--- PASS: "+t.Name()):
		t.Errorf("%v\n%s", err, text)
	}
}

// TestAMountOverTheShareIsNoticed: what is mounted there is shared, and what lies below it again when it is unmounted,
// also lazily while files of it are open.
func TestAMountOverTheShareIsNoticed(t *testing.T) {
	withMounts(t, func(t *testing.T) {
		top := t.TempDir()
		at := func(name string) string { return filepath.Join(top, name) }
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for name, text := range map[string]string{"s/under": "under", "s/sub/deep": "deep", "disk/file": "disk", "other/sub": "other"} {
			disktest.Lay(t, at(name), text)
		}
		logger, lines := disktest.Log()
		told := newNews()
		share := openFollowed(t, at("s"), options{Rescan: time.Hour, Log: logger}, told)
		below := map[string]string{"under": "under", "sub/deep": "deep"}
		told.are(t, below)

		must(unix.Mount(at("disk"), at("s"), "", unix.MS_BIND, ""))
		told.are(t, map[string]string{"file": "disk"})
		open, err := os.Open(at("s/file"))
		must(err)
		defer open.Close()
		must(unix.Unmount(at("s"), unix.MNT_DETACH))
		told.are(t, below)

		must(unix.Mount("none", at("s"), "tmpfs", 0, ""))
		told.are(t, map[string]string{})
		disktest.Lay(t, at("s/new"), "new")
		told.are(t, map[string]string{"new": "new"})
		must(unix.Unmount(at("s"), unix.MNT_DETACH)) // the share is open there, and so the disk is busy
		told.are(t, below)
		share.Close()
		if n := strings.Count(lines.String(), "the shared "); n < 4 || n > 8 {
			t.Errorf("said %d times that another folder is there: %s", n, lines)
		}
	})
}

// TestAMountWithinTheShareIsNoticed at the next walk: over a folder, and over a file.
func TestAMountWithinTheShareIsNoticed(t *testing.T) {
	withMounts(t, func(t *testing.T) {
		top := t.TempDir()
		at := func(name string) string { return filepath.Join(top, name) }
		mount := func(from, to string) {
			t.Helper()
			if err := unix.Mount(at(from), at(to), "", unix.MS_BIND, ""); err != nil {
				t.Fatal(err)
			}
		}
		for name, text := range map[string]string{"s/file": "under", "s/sub/deep": "deep", "other/deep": "another", "other/more": "more"} {
			disktest.Lay(t, at(name), text)
		}
		told := newNews()
		share := openFollowed(t, at("s"), options{Rescan: 100 * time.Millisecond}, told)
		told.are(t, map[string]string{"file": "under", "sub/deep": "deep"})
		mount("other", "s/sub")
		told.are(t, map[string]string{"file": "under", "sub/deep": "another", "sub/more": "more"})
		mount("other/more", "s/file")
		told.are(t, map[string]string{"file": "more", "sub/deep": "another", "sub/more": "more"})
		if got := serves(t, share, "file"); got != hashOf("more") {
			t.Errorf("served as %v", got)
		}
		for _, name := range []string{"s/file", "s/sub"} {
			if err := unix.Unmount(at(name), unix.MNT_DETACH); err != nil {
				t.Fatal(err)
			}
		}
		told.are(t, map[string]string{"file": "under", "sub/deep": "deep"})
		share.Close()
	})
}
