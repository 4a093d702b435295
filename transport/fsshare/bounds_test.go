package fsshare_test

import (
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/protocol"
)

// TestFilesAtTheBoundsOfGroupsAreWhole: each is served whole, under the hash of all its bytes.
func TestFilesAtTheBoundsOfGroupsAreWhole(t *testing.T) {
	const group = protocol.GroupSize
	for _, size := range []int{group - 1, group, group + 1, 2*group - 1, 2 * group, 2*group + 1} {
		text := noise(size)
		s := share(t, fstest.MapFS{"file": &fstest.MapFile{Data: []byte(text)}})
		same(t, open(t, s, "file", hashOf(text)), text)
		spoiled := text[:size-1] + string(text[size-1]^1)
		refused(t, s, "file", hashOf(spoiled), protocol.Changed)
	}
}
