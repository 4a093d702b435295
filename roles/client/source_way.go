package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// start dials the node, or makes a way to it through the relay.
func (s *Source) start(at roles.Moment) {
	if s.tried.Node.Relayed() {
		s.core.Fire(sourceStartedRelayed)
	} else {
		s.core.Fire(sourceStarted)
	}
	s.meter.need = s.needs()
	s.core.Do(s.connect(at, s.tried.Node)...)
}

// passWay passes an input on to the way, and returns what that means for the visit: Opened, or nil.
func (s *Source) passWay(at roles.Moment, in roles.Input) roles.Input {
	effects, is, failed := s.pass(at, in)
	s.core.Do(effects...)
	if failed {
		s.wayless()
	}
	return is
}

// wayless ends a visit to which there is no way. Its link is hung up, but that of a relay that has been told what it did
// wrong is closed first.
func (s *Source) wayless() {
	why := s.way.failed
	s.visit.Busy, s.visit.Spent, s.visit.Retry, s.visit.Broke = s.way.busy(), s.way.spent(), s.way.retry, s.way.broke()
	s.blame(why.Code, why.By, why.Text)
	if s.way.told {
		s.core.Fire(sourceRelayWrong)
	} else {
		s.core.Fire(sourceLost)
	}
}

// on returns the name of the table that governs a link of the visit, and the state there.
func (s *Source) on(link roles.Link) (table, state string) {
	if table, state = s.way.on(link); table != "" {
		return table, state
	}
	return s.core.Name(), string(s.State())
}

// take takes groups from the picker, no more than may pass.
func (s *Source) take(underway uint64) (Range, bool) {
	pace, some := s.path.pace(s.tried.Node.Relayed()), false
	if pace.Most, some = s.meter.groups(s.picker.name, s.unit()); !some {
		return Range{}, false
	}
	return s.picker.Take(int(s.link), pace, underway)
}

// size returns that of the content that the node is to send, as far as it is known; 0: it is not.
func (s *Source) size() uint64 { return s.picker.size(s.told) }

// size returns that of the content, as far as it is known, or of the one that was told.
func (p *Picker) size(told Identity) uint64 {
	if is, known := p.Identity(); known {
		return is.Size
	}
	return told.Size
}

// unit returns how many bytes a missing group has at most.
func (s *Source) unit() uint64 { return s.picker.largest(s.size()) }

// pageOf returns the first group of the page of the tree that a group is in.
func pageOf(group uint64) uint64 { return group / protocol.MaxGroups * protocol.MaxGroups }

// tree returns how many bytes pass for a part of the tree.
func (s *Source) tree(first uint64) uint64 {
	return exchange(s.picker.name, described(s.size(), first))
}

// needs returns how many bytes have to pass for the visit to be of use.
func (s *Source) needs() uint64 { return s.picker.needs(s.size()) }

// needs returns how many bytes have to pass for a visit to be of use where a content has that size: to describe it, and for
// one group.
func (p *Picker) needs(size uint64) uint64 {
	need := openingBytes + exchange(p.name, described(size, 0))
	if unit := p.largest(size); unit > 0 {
		need += exchange(p.name, unit)
	}
	return need
}

// scant reports whether something is missing, and the relay lets too little pass for it.
func (s *Source) scant() bool {
	_, some := s.meter.groups(s.picker.name, s.unit())
	return !s.picker.Done() && (s.wanted.Count > 0 || !some && s.picker.Work(true))
}
