package share_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// The folder that a share's path leads to is looked at every second, and what is there is shared.
func TestASharedFolderThatIsReplacedIsNoticed(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	at := func(name string) string { return filepath.Join(top, name) }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	disktest.Lay(t, at("one/file"), "one")
	disktest.Lay(t, at("one/sub/file"), "one")
	disktest.Lay(t, at("two/file"), "two")
	link(t, "one", at("current"))
	logger, lines := disktest.Log()
	told := newNews()
	share := openFollowed(t, at("current"), options{Rescan: time.Hour, Log: logger}, told)
	told.are(t, map[string]string{"file": "one", "sub/file": "one"})

	link(t, "two", at("new")) // a link that is switched
	must(os.Rename(at("new"), at("current")))
	told.are(t, map[string]string{"file": "two"})
	if got := serves(t, share, "file"); got != hashOf("two") {
		t.Errorf("served as %v", got)
	}
	disktest.Lay(t, at("two/later"), "later") // which is noticed by a hint, as before
	told.are(t, map[string]string{"file": "two", "later": "later"})

	must(os.Rename(at("two"), at("three"))) // replaced by another of its name
	disktest.Lay(t, at("two/other"), "other")
	told.are(t, map[string]string{"other": "other"})

	must(os.RemoveAll(at("two"))) // gone, and back
	told.are(t, map[string]string{})
	isRefused(t, share, "other", protocol.NotFound)
	must(os.Mkdir(at("two"), 0o755))
	disktest.Lay(t, at("two/again"), "again")
	told.are(t, map[string]string{"again": "again"})
	share.Close()
	if n := strings.Count(lines.String(), "the shared "); n < 2 || n > 4 { // each once, and some may pass unseen
		t.Errorf("said %d times that another folder is there, or none: %s", n, lines)
	}
}
