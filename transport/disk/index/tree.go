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
	x.reading(func(read reader) error {
		done = done[:0]
		for number := range content.Segments(sig.Groups()) - 1 {
			value, _, err := x.segment(read, segmentName{r.Tree, number})
			if err != nil {
				return nil
			}
			done = append(done, value)
		}
		return nil
	})
	return r.Tree, done
}

// Slice returns the part of a file's tree that verifies count groups from first on.
func (x *DB) Slice(r Record, first, count uint64) (slice []byte, err error) {
	groups := r.Signature.Groups()
	if groups < 2 {
		return nil, nil
	}
	err = x.reading(func(read reader) error {
		above, err := x.above(read, r.Tree, content.Segments(groups))
		if err != nil {
			return err
		}
		slice, err = content.SliceSegments(above, groups, first, count, func(number uint64) ([]byte, error) {
			_, tree, err := x.segment(read, segmentName{r.Tree, number})
			return tree, err
		})
		return err
	})
	return slice, err
}

// above returns the part of the tree that is above its segments.
func (x *DB) above(read reader, tree, segments uint64) ([]byte, error) {
	if segments < 2 {
		return nil, nil
	}
	var values []protocol.Hash
	for number := range segments {
		value, _, err := x.value(read, segmentName{tree, number})
		if err != nil {
			return nil, err
		}
		values = append(values, value)
	}
	_, above := content.Build(values)
	return above, nil
}

// reading calls f with a reader of the database. f may miss a segment that moves from memory to the
// database meanwhile: then reading calls it once more, and the segment is found.
func (x *DB) reading(f func(reader) error) error {
	if x.db == nil {
		return f(nil)
	}
	err := x.db.read(f)
	if err == ErrNoTree {
		err = x.db.read(f)
	}
	return err
}

// value returns the chaining value of a segment, and the rest of it if that is in the database.
func (x *DB) value(read reader, name segmentName) (value protocol.Hash, rest []byte, err error) {
	if s, there := x.held(name); there {
		return s.value, nil, nil
	}
	if read == nil {
		return value, nil, ErrNoTree
	}
	b := read(name)
	if len(b) < protocol.HashSize || (len(b)-protocol.HashSize)%content.NodeSize != 0 {
		return value, nil, ErrNoTree
	}
	return protocol.Hash(b[:protocol.HashSize]), b[protocol.HashSize:], nil
}

// segment returns a segment's value and tree. They are valid while f of reading runs.
func (x *DB) segment(read reader, name segmentName) (value protocol.Hash, tree []byte, err error) {
	if s, there := x.held(name); there {
		_, tree = content.Subtree(s.values)
		return s.value, tree, nil
	}
	return x.value(read, name)
}
