package content

import "github.com/relaypeer/relaypeer/protocol"

// SegmentGroups is the number of groups in a segment of a tree: a power of two, so that a segment
// is the subtree of one parent. The last segment of a file may have fewer. The trees of large files
// are kept by segments.
const SegmentGroups = 1024

// depth bounds the number of parents on the path from the root to a group.
const depth = 64

// Segments returns how many segments the tree of a file of that many groups has.
func Segments(groups uint64) uint64 { return (groups + SegmentGroups - 1) / SegmentGroups }

// Subtree returns the chaining value and the tree of a segment whose groups have these values; the
// file has several segments. Build of the segments' values then returns the file's hash and the
// tree above them.
func Subtree(values []protocol.Hash) (value protocol.Hash, tree []byte) {
	tree = make([]byte, 0, (len(values)-1)*NodeSize)
	return build(values, false, &tree), tree
}

// SliceSegments is Slice for a tree that is kept by segments: above is the tree above them, and
// segment returns the tree of a segment. Its first error ends the call.
func SliceSegments(above []byte, groups, first, count uint64, segment func(number uint64) ([]byte, error)) ([]byte, error) {
	if count == 0 || first >= groups {
		return nil, nil
	}
	from, to := first/SegmentGroups, Segments(first+count)
	slice := make([]byte, 0, (count+2*depth)*NodeSize)
	var down func(at, lo, hi uint64) error
	down = func(at, lo, hi uint64) error {
		switch {
		case hi <= from || lo >= to:
			return nil
		case hi-lo == 1:
			tree, err := segment(lo)
			if err != nil {
				return err
			}
			begin := lo * SegmentGroups
			start, end, all := max(first, begin)-begin, min(first+count-begin, SegmentGroups), min(groups-begin, SegmentGroups)
			if end-start < all {
				tree = Slice(tree, all, start, end-start)
			}
			slice = append(slice, tree...)
			return nil
		}
		slice = append(slice, above[at*NodeSize:(at+1)*NodeSize]...)
		half := left(hi - lo)
		if err := down(at+1, lo, lo+half); err != nil {
			return err
		}
		return down(at+half, lo+half, hi)
	}
	err := down(0, 0, Segments(groups))
	return slice, err
}
