package index

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// Begun returns the tree of a file whose hashing was broken off, and the chaining values of the
// segments that were complete, from the first on.
func (x *DB) Begun(sig Signature) (tree uint64, done []protocol.Hash) {
	r, there := x.get(sig.Inode)
	if !there || r.Signature != sig || !r.Hash.IsZero() || r.Tree == 0 {
		return 0, nil
	}
	for number := range content.Segments(sig.Groups()) - 1 {
		value, err := x.value(segmentName{r.Tree, number})
		if err != nil {
			break
		}
		done = append(done, value)
	}
	return r.Tree, done
}

// Slice returns the part of a file's tree that verifies count groups from first on.
func (x *DB) Slice(r Record, first, count uint64) (slice []byte, err error) {
	groups := r.Signature.Groups()
	if groups < 2 {
		return nil, nil
	}
	above, err := x.above(r.Tree, content.Segments(groups))
	if err != nil {
		return nil, err
	}
	return content.SliceSegments(above, groups, first, count, func(number uint64) ([]byte, error) {
		return x.segment(segmentName{r.Tree, number})
	})
}

// above returns the part of the tree that is above its segments.
func (x *DB) above(tree, segments uint64) ([]byte, error) {
	if segments < 2 {
		return nil, nil
	}
	var values []protocol.Hash
	for number := range segments {
		value, err := x.value(segmentName{tree, number})
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	_, above := content.Build(values)
	return above, nil
}

// value returns the chaining value of a segment. It looks in memory first: what is not there any
// more is in the database by then.
func (x *DB) value(name segmentName) (value protocol.Hash, err error) {
	if s, there := x.held(name); there {
		return s.value, nil
	}
	if x.db != nil {
		if value, there := x.db.value(name); there {
			return value, nil
		}
	}
	return value, ErrNoTree
}

// segment returns the tree of a segment.
func (x *DB) segment(name segmentName) ([]byte, error) {
	if s, there := x.held(name); there {
		_, tree := content.Subtree(s.values)
		return tree, nil
	}
	if x.db != nil {
		if _, tree, there := x.db.segment(name); there {
			return tree, nil
		}
	}
	return nil, ErrNoTree
}
