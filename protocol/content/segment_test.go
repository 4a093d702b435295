package content_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// numbered returns values that differ.
func numbered(n uint64) []protocol.Hash {
	values := make([]protocol.Hash, n)
	for i := range values {
		binary.LittleEndian.PutUint64(values[i][:], uint64(i)+1)
	}
	return values
}

// TestATreeInSegmentsIsTheSameTree: hash and slices do not depend on how the tree is kept.
func TestATreeInSegmentsIsTheSameTree(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const most = content.SegmentGroups
		groups := rapid.OneOf(rapid.Uint64Range(1, 5*most), rapid.SampledFrom([]uint64{most - 1, most, most + 1, 2 * most, 4*most + 1})).Draw(t, "groups")
		first := rapid.Uint64Range(0, groups).Draw(t, "first")
		count := rapid.Uint64Range(0, groups-first).Draw(t, "count")
		values := numbered(groups)
		hash, tree := content.Build(values)
		var tops []protocol.Hash
		var trees [][]byte
		for at := uint64(0); at < groups; at += most {
			top, tree := content.Subtree(values[at:min(at+most, groups)])
			tops, trees = append(tops, top), append(trees, tree)
		}
		joined, above := content.Build(tops)
		if len(tops) > 1 && joined != hash {
			t.Fatalf("the hash over segments is %v, not %v", joined, hash)
		}
		asked := uint64(0)
		slice, err := content.SliceSegments(above, groups, first, count, func(number uint64) ([]byte, error) {
			asked++
			return trees[number], nil
		})
		if err != nil || !bytes.Equal(slice, content.Slice(tree, groups, first, count)) {
			t.Fatalf("%d bytes, %v", len(slice), err)
		}
		if asked > count/most+2 {
			t.Errorf("%d segments were needed for %d groups", asked, count)
		}
	})
}

func TestASegmentThatIsNotThereIsTold(t *testing.T) {
	gone := errors.New("gone")
	_, above := content.Build(numbered(3))
	_, err := content.SliceSegments(above, 3*content.SegmentGroups, 0, 3*content.SegmentGroups, func(number uint64) ([]byte, error) {
		if number == 1 {
			return nil, gone
		}
		_, tree := content.Subtree(numbered(content.SegmentGroups))
		return tree, nil
	})
	if !errors.Is(err, gone) {
		t.Errorf("%v", err)
	}
}
