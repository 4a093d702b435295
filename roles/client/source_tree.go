package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
)

// begin makes the first requests of a link.
func (s *Source) begin() {
	if s.direct = s.treeless(); s.direct {
		s.core.Fire(sourceOpenedDirect)
		s.first, s.page = 0, []protocol.Hash{s.told.Hash}
		s.request(Range{0, 1}, s.told.Hash, s.told.Size)
	} else {
		s.core.Fire(sourceOpened)
		s.describe(0)
		s.foresee()
	}
	s.core.Do(roles.Hear{Link: s.link})
}

// treeless reports whether the file can be asked for without its tree, and takes its group: the relay
// says what it is, it is what is wanted, and the hash of its one group is its own.
func (s *Source) treeless() bool {
	is, known := s.picker.Identity()
	switch {
	case protocol.Groups(s.told.Size) != 1 || known && is != s.told || !s.must().IsZero() && s.told.Hash != s.must():
		return false
	case !s.meter.affords(exchange(s.picker.name, s.told.Size)):
		return false
	case s.picker.open:
		_, ok := s.picker.Take(int(s.link), Pace{Window: 1, Relayed: s.tried.Node.Relayed()}, 0)
		return ok
	}
	return s.guesses && s.picker.Guess(int(s.link))
}

// believed checks the head of a file that was asked for without its tree, and reports whether its
// body can be received: the fetch is of it, and the store is ready.
func (s *Source) believed(m *protocol.Content) bool {
	s.direct = false
	if m.Hash != s.told.Hash || m.Size != s.told.Size || m.Offset > 0 || m.Length < m.Size {
		s.visit.Barred = true
		s.reject(sourceContentWrong, &protocol.Error{Code: protocol.BadHash, Text: "not the content that was asked for"})
		return false
	}
	s.about = m.Attributes()
	if !s.agrees(s.told, sourceContentOther) {
		return false
	}
	if s.picker.open {
		return true
	}
	s.early = m
	s.core.Fire(sourceContentLearnt)
	s.core.Do(roles.Report{Outcome: Learned{s.tried.Node, s.about}})
	return false
}

// agrees makes what a node has the content of the fetch, if that has none yet, and reports whether it
// is. A node with another one is left.
func (s *Source) agrees(is Identity, other SourceEvent) bool {
	s.tried.Had = true
	s.picker.Fix(is)
	known, _ := s.picker.Identity()
	if known == is {
		return true
	}
	s.visit.Other = is
	s.blame(protocol.Variant, protocol.Client, "other content under that name")
	s.leave(other)
	return false
}

// outdated reports whether the relay told what the node has no more, or not yet, while any content of
// the name will do; the node is then asked what the file is.
func (s *Source) outdated(err *protocol.Error) bool {
	if !s.direct || !s.must().IsZero() || err.Code != protocol.Changed && err.Code != protocol.Indexing {
		return false
	}
	s.direct, s.asked = false, s.asked[:0]
	s.picker.Drop(int(s.link))
	s.core.Fire(sourceOutdated)
	s.describe(0)
	s.foresee()
	s.core.Do(roles.Hear{Link: s.link})
	return true
}

// describe asks for a part of the tree.
func (s *Source) describe(first uint64) {
	s.first, s.page, s.hashed, s.treed = first, nil, hashing{}, s.path.sends(s.now)
	if first > 0 {
		s.insists = s.picker.identity.Hash
	}
	s.treeIs = s.tree(first)
	s.meter.spend(s.treeIs)
	s.core.Do(roles.Send{Link: s.link, Message: &protocol.Tree{Name: s.picker.name, Hash: s.must(), First: first}})
}

// foresee sends a GET right behind the first TREE, which saves a round trip: for groups of the first
// part of the tree that are missing, or for the first group of a content that is not known yet.
func (s *Source) foresee() {
	if s.guesses && s.meter.affords(exchange(s.picker.name, protocol.GroupSize)) && s.picker.Guess(int(s.link)) {
		is, known := s.picker.Identity()
		if !known {
			is = Identity{s.must(), protocol.GroupSize}
		}
		s.request(Range{0, 1}, is.Hash, min(is.Size, protocol.GroupSize))
		return
	}
	taken, ok := s.take(0)
	if ok && taken.First+taken.Count <= protocol.MaxGroups {
		s.get(taken)
	} else if ok {
		s.wanted = taken
	}
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
	if s.size() == 0 {
		s.meter.spend(carried(uint64(len(m.Nodes))))
	}
	s.meter.passed(s.treeIs)
	if !s.agrees(is, sourceOutboardOther) {
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
	s.meter.spend(hashingBytes)
	if s.hashed.further(m) {
		s.core.Fire(sourceHashing)
	} else {
		s.core.Fire(sourceHashingStuck)
	}
	s.core.Do(roles.Hear{Link: s.link}, roles.Report{Outcome: Hashing{s.tried.Node, m.Done, m.Size}})
}
