package share

import (
	"io/fs"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport/disk/index"
)

// Learn records the content of a file that was verified on its way into the folder, and last
// modified at that time, in nanoseconds since 1970; values are those of its chunk groups. The file
// is not hashed again, unless it has changed since. Learn fits store.Options.
func (s *Folder) Learn(name string, hash protocol.Hash, values []protocol.Hash, modified int64) {
	info, err := s.ground.Load().lstat(name)
	if err != nil || info.Mode()&fs.ModeType != 0 {
		return
	}
	sig := index.SignatureOf(name, info)
	if sig.Modified != modified || sig.Groups() != uint64(len(values)) {
		return
	}
	r := index.Record{Signature: sig, Hash: hash}
	switch segments := content.Segments(sig.Groups()); {
	case segments > 1:
		r.Tree = s.index.NewTree()
		for number := range segments {
			segment := values[number*content.SegmentGroups : min((number+1)*content.SegmentGroups, sig.Groups())]
			value, _ := content.Subtree(segment)
			s.index.Add(r.Tree, number, value, segment)
		}
	case sig.Groups() > 1:
		r.Tree = s.index.NewTree()
		s.index.Add(r.Tree, 0, hash, values)
	}
	s.index.Put(r)
}
