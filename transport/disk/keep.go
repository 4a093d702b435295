package disk

import (
	"io/fs"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// kept is a content that has been put in its place, and verified on its way there.
type kept struct {
	hash     protocol.Hash
	values   []protocol.Hash // of its groups
	modified int64           // the file, last
}

// Keep is the part's Keep, for one in the shared folder: what it puts there is not hashed again. It may take a moment
// longer.
func (s *Share) Keep(p *Part) error {
	k, err := p.keep(true)
	if err == nil && k != nil {
		s.learn(p.name, k)
	}
	return err
}

// learn notes what a file is, unless something has happened to it since it was put there.
func (s *Share) learn(name string, k *kept) {
	info, err := s.root.Lstat(name)
	if err != nil || info.Mode()&fs.ModeType != 0 {
		return
	}
	st := stampOf(name, info)
	if st.modified != k.modified || st.groups() != uint64(len(k.values)) {
		return
	}
	r := record{stamp: st, hash: k.hash}
	switch segments := content.Segments(st.groups()); {
	case segments > 1:
		r.tree = s.index.newTree()
		for number := range segments {
			values := k.values[number*content.SegmentGroups : min((number+1)*content.SegmentGroups, st.groups())]
			value, _ := content.Subtree(values)
			s.index.add(r.tree, number, value, values)
		}
	case st.groups() > 1:
		r.tree = s.index.newTree()
		s.index.add(r.tree, 0, k.hash, k.values)
	}
	s.index.put(r)
}
