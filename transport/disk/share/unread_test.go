package share_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

func TestFilesThatCannotBeReadAreNamedOnceAndThenCounted(t *testing.T) {
	t.Parallel()
	const most, files = share.MostUnread, share.MostUnread + 7
	folder := t.TempDir()
	for i := range files {
		disktest.Lay(t, filepath.Join(folder, fmt.Sprintf("file %d", i)), "text")
	}
	logger, lines := disktest.Log()
	share := openShare(t, folder, options{Log: logger})
	awaitIndexed(t, share)
	for range 3 {
		for i := range files {
			share.FailToRead(fmt.Sprintf("file %d", i))
		}
		share.TellUnread()
	}
	share.FailToEnter("shut", 3)
	share.Close()
	said := lines.String()
	if n := strings.Count(said, "a file cannot be read"); n != most {
		t.Errorf("%d files are named", n)
	}
	for i := range files {
		named := strings.Count(said, fmt.Sprintf(`name="file %d" why="permission denied"`, i))
		if named > 1 || i < most && named == 0 {
			t.Errorf("file %d is named %d times", i, named)
		}
	}
	if n := strings.Count(said, fmt.Sprintf("more files cannot be read, and so cannot be had: count=%d", files)); n != 1 || strings.Count(said, "count=") != 1 {
		t.Errorf("how many they are is told %d times", n)
	}
	if n := strings.Count(said, `a folder cannot be read, and so nothing in it can be had: name=shut why="permission denied"`); n != 1 {
		t.Errorf("a folder that cannot be entered is named %d times", n)
	}
	if t.Failed() {
		t.Log(said)
	}
}
