package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
)

// describe asks for a part of the tree.
func (s *Source) describe(first uint64) {
	s.first, s.page, s.hashed, s.treed = first, nil, hashing{}, s.path.sends(s.now)
	if first > 0 {
		s.insists = s.picker.identity.Hash
	}
	s.core.Do(roles.Send{Link: s.link, Message: &protocol.Tree{Name: s.picker.name, Hash: s.must(), First: first}}, roles.Hear{Link: s.link})
}

// must returns what the file's hash must be; zero: any.
func (s *Source) must() protocol.Hash {
	if s.picker.want.IsZero() {
		return s.insists
	}
	return s.picker.want
}

// outboard verifies the node's description of the file.
func (s *Source) outboard(m *protocol.Outboard) {
	groups := protocol.Groups(m.Size)
	is := Identity{m.Hash, m.Size}
	values, ok := content.Verify(m.Hash, groups, m.First, m.Count, m.Nodes)
	asked := m.First == s.first && m.Count == min(protocol.MaxGroups, groups-min(groups, s.first))
	if !ok || !asked || !s.must().IsZero() && m.Hash != s.must() {
		s.visit.Barred = true
		s.reject(sourceOutboardWrong, &protocol.Error{Code: protocol.BadHash, Text: "the tree is not what its hash vouches for, or not what was asked for"})
		return
	}
	s.answers(s.treed)
	s.tried.Had = true
	s.picker.Fix(is)
	if known, _ := s.picker.Identity(); known != is {
		s.visit.Other = is
		s.blame(protocol.Variant, protocol.Client, "other content under that name")
		s.leave(sourceOutboardOther)
		return
	}
	s.page, s.hashed, s.about = values, hashing{}, m.Attributes()
	s.core.Fire(sourceOutboardFits)
	if !s.picker.open {
		s.core.Do(roles.Report{Outcome: Learned{s.tried.Node, s.about}})
		return
	}
	s.work()
}

// hashing continues to wait; progress restarts the deadline.
func (s *Source) hashing(m *protocol.Hashing) {
	if s.hashed.further(m) {
		s.core.Fire(sourceHashing)
	} else {
		s.core.Fire(sourceHashingStuck)
	}
	s.core.Do(roles.Hear{Link: s.link}, roles.Report{Outcome: Hashing{s.tried.Node, m.Done, m.Size}})
}
