package share_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
	"github.com/relaypeer/relaypeer/transport/disk/share"
)

// A hole takes no room and may be of any size: it costs the node nothing, and the log says so.
func TestAHoleOfAnySizeCostsNothing(t *testing.T) {
	folder, err := os.MkdirTemp("/dev/shm", "share") // a file system that has files of any size
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	for name, size := range map[string]int64{"largest": 7 << 60, "large": share.MaxSize + 1} {
		if file, err := os.Create(filepath.Join(folder, name)); err != nil || file.Truncate(size) != nil || file.Close() != nil {
			t.Skipf("no file of %d bytes: %v", size, err)
		}
	}
	disktest.Lay(t, filepath.Join(folder, "small"), "text")
	logger, lines := disktest.Log()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	told := newNews()
	share := openFollowed(t, folder, options{Log: logger, Rescan: time.Millisecond}, told)
	told.are(t, map[string]string{"small": "text"})
	for _, name := range []string{"largest", "large"} {
		if _, refusal := open(t, share, name, protocol.Hash{}); refusal == nil || refusal.Code != protocol.Limit {
			t.Errorf("%s: %v", name, refusal)
		}
	}
	disktest.Lay(t, filepath.Join(folder, "later"), "text")
	told.are(t, map[string]string{"small": "text", "later": "text"}) // it has walked again
	if err := os.Truncate(filepath.Join(folder, "large"), 128<<40); err != nil {
		t.Fatal(err)
	}
	for share.Hashed() < 30 { // it has been begun
		pause(t.Context(), time.Millisecond)
	}
	runtime.ReadMemStats(&after)
	if took := after.TotalAlloc - before.TotalAlloc; took > 100<<20 {
		t.Errorf("%d MiB were allocated", took>>20)
	}
	share.Close()
	if strings.Count(lines.String(), "too large to be shared") != 2 {
		t.Errorf("told: %s", lines)
	}
}
