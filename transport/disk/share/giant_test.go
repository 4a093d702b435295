package share_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// While a giant is hashed, whether a request waits for it or not, smaller files have their turns. The share can be closed
// meanwhile.
func TestAGiantKeepsNoSmallFileWaiting(t *testing.T) {
	for _, asked := range []bool{false, true} {
		t.Run(fmt.Sprintf("asked for %v", asked), func(t *testing.T) {
			t.Parallel()
			folder := quickDir(t)
			sparse(t, filepath.Join(folder, "giant"), 1<<40)
			sparse(t, filepath.Join(folder, "giant, too"), 1<<40)
			told := newNews()
			share := openFollowed(t, folder, options{Rescan: time.Hour}, told)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if asked {
				go share.Open(ctx, "giant", protocol.Hash{}, func(uint64, uint64) {})
			}
			for share.Hashed() == 0 {
				pause(t.Context(), time.Millisecond)
			}
			texts := map[string]string{}
			for n := range 50 {
				name := fmt.Sprint("small ", n)
				texts[name] = name
				disktest.Lay(t, filepath.Join(folder, name), name)
			}
			told.are(t, texts)
			begin := time.Now()
			share.Close()
			if took := time.Since(begin); took > 3*time.Second {
				t.Errorf("closed in %v", took)
			}
		})
	}
}
