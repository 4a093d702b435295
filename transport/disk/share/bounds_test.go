package share_test

import (
	"path/filepath"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/internal/disktest"
)

// TestFilesAtTheBoundsOfGroupsAreWhole: each has the hash of all its bytes, and a tree that proves
// its last group.
func TestFilesAtTheBoundsOfGroupsAreWhole(t *testing.T) {
	t.Parallel()
	const group = protocol.GroupSize
	folder := t.TempDir()
	texts := map[string]disktest.Text{}
	for name, size := range map[string]int{"below": group - 1, "one": group, "above": group + 1, "below2": 2*group - 1, "two": 2 * group, "above2": 2*group + 1} {
		texts[name] = disktest.NewText(size, uint64(size))
		disktest.Lay(t, filepath.Join(folder, name), string(texts[name].Data))
	}
	share := openShare(t, folder, options{})
	for name, x := range texts {
		file, refusal := open(t, share, name, x.Hash)
		if refusal != nil || file.Hash() != x.Hash || file.Size() != uint64(len(x.Data)) {
			t.Errorf("%s: %v", name, refusal)
			continue
		}
		slice, err := file.Slice(x.Groups()-1, 1)
		if proved, ok := content.Verify(x.Hash, x.Groups(), x.Groups()-1, 1, slice); err != nil || !ok || proved[0] != x.Values[x.Groups()-1] {
			t.Errorf("%s: its last group is %v, %v, %v", name, proved, ok, err)
		}
	}
}
