package client

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// TestAPipelineSetsAMark after so many files or bytes and not before; files that do not come have no
// bytes.
func TestAPipelineSetsAMark(t *testing.T) {
	for name, test := range map[string]struct {
		files int
		came  bool
		size  uint64
		marks bool
	}{
		"all files":     {roles.PacedFiles, false, protocol.GroupSize, true},
		"one file less": {roles.PacedFiles - 1, false, protocol.GroupSize, false},
		"all bytes":     {2, true, protocol.GroupSize / 2, true},
		"one byte less": {1, true, protocol.GroupSize - 1, false},
	} {
		var p pace
		for range test.files {
			p.brought(roles.Moment{Now: time.Second}, test.came, test.size)
		}
		if marks := p == (pace{since: time.Second}); marks != test.marks {
			t.Errorf("%s: %+v", name, p)
		}
	}
}
