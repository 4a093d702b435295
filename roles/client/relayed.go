package client

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// worthAWay reports whether a node that could not be dialed is to be asked through the relay.
func (f *Fetch) worthAWay(v Visited) bool {
	_, known := f.listed[v.Node.relayed()]
	return f.ways[v.Node] && !known && v.undialed()
}

// tickets are those of the last circuits to nodes, if they ended without our doing: then the relay can say why.
type tickets map[Node]protocol.Ticket

// note notes how a visit over a circuit has ended.
func (t tickets) note(node Node, ticket protocol.Ticket, code protocol.Code) {
	switch {
	case ticket.IsZero():
	case code == protocol.Lost:
		t[node] = ticket
	default:
		delete(t, node)
	}
}

// relay has a node that can be dialed asked through the relay as well.
func (f *Fetch) relay(node Node) {
	f.listed[node.relayed()] = f.listed[node]
	f.candidates = append(f.candidates, node.relayed())
}

// goAround has nodes asked through the relay that can be dialed and are silent: the path to them may be black.
func (f *Fetch) goAround(at roles.Moment) {
	for _, s := range f.sources {
		if due, has := f.wayAround(s); has && due <= at.Now {
			f.relay(s.tried.Node)
		}
	}
}

// wayAround returns when a node that was dialed is to be asked through the relay, if it brings nothing until then.
func (f *Fetch) wayAround(s *Source) (due time.Duration, has bool) {
	node := s.tried.Node
	_, known := f.listed[node.relayed()]
	if known || !s.awaited() || !f.ways[node] || f.most() == 1 {
		return 0, false
	}
	due = s.moved + f.patience.with(node, roles.GroupPatience)
	if s.pending() {
		due = min(due, s.since+roles.DialPatience)
	}
	return due, true
}

// wayGone reports whether there is no way through the relay any more to a node from which content has come so lately that
// the relay, or the node, may only have been started again, or have moved: then it is asked again after a while.
func (f *Fetch) wayGone(v Visited) bool {
	last, brought := f.brought[v.Node]
	if !brought || f.now.Now-last >= roles.WayPatience {
		return false
	}
	switch v.Code {
	case protocol.Refused, protocol.Unreachable, protocol.Timeout, protocol.Lost, protocol.PeerGone, protocol.Draining:
		return true
	}
	return false
}

// undialed reports whether a visit ended before its link was made.
func (v *Visited) undialed() bool {
	return !v.Over.IsValid() && (v.missed() || v.Code == protocol.Timeout || v.Code == protocol.Lost)
}

// sortOut drops the next candidates that are barred, and with several sources puts those behind that are reached through
// the relay: the others are asked before them. In the reference mode the order is that of LOCATED. Each is looked at once:
// a relay may name very many.
func (f *Fetch) sortOut() {
	several := f.most() > 1
	for len(f.candidates) > 0 {
		next := f.candidates[0]
		switch {
		case f.barred[next]:
		case several && next.Relayed():
			f.behind = append(f.behind, next)
		default:
			return
		}
		f.candidates = f.candidates[1:]
	}
	for len(f.behind) > 0 && f.barred[f.behind[0]] {
		f.behind = f.behind[1:]
	}
}

// relayedTurn reports whether a node that is reached through the relay may be asked, where no other is left: when those that
// are being dialed have been for CircuitPatience.
func (f *Fetch) relayedTurn() bool {
	if len(f.behind) == 0 {
		return false
	}
	due, waits := f.relayDue()
	return !waits && due <= f.now.Now
}

// passedOver reports whether a node that is being dialed has been for CircuitPatience, and the next one is reached through
// the relay, which costs no dial: it is asked beside it.
func (f *Fetch) passedOver(s *Source) bool {
	next, _ := f.candidate()
	return s.State() == SourceDialing && next.Relayed() && f.now.Now-s.since >= roles.CircuitPatience
}

// relayDue returns when a node may be asked through the relay, and whether it has to wait for other such visits, which
// have not had their time.
func (f *Fetch) relayDue() (due time.Duration, waits bool) {
	due = f.ceiling.due
	asked, led := 0, 0
	for _, s := range f.sources {
		switch {
		case !s.visiting(), f.late(f.now, s):
		case !s.tried.Node.Relayed():
			due = max(due, s.since+roles.CircuitPatience)
		case s.State() == SourceRelaying:
			asked++
			led++
		default:
			led++
		}
	}
	return due, asked >= f.ceiling.asks() || f.lone && led > 0
}

// held returns when a candidate that is to be asked through the relay has its turn, if it waits for a time.
func (f *Fetch) held() (due time.Duration, is bool) {
	due, waits := f.relayDue()
	return due, len(f.candidates) == 0 && len(f.behind) > 0 && due > f.now.Now && !waits
}

// displaces reports whether the next node can be dialed, and gets the place of a circuit if no other one is free: it is asked
// beside that, which goes on until it brings something.
func (f *Fetch) displaces() bool {
	next, some := f.candidate()
	return some && !next.Relayed() && f.most() > 1 && f.circuits() > 0
}

// relieve has the slowest circuit leave its place, where a node that was dialed beside it brings groups by now, and as fast.
func (f *Fetch) relieve() {
	giving, least, best := 0, (*Source)(nil), float64(0)
	for _, s := range f.sources {
		switch {
		case !s.visiting() || !s.visit.Gave || f.late(f.now, s):
			continue
		case s.yields:
			return
		case !s.tried.Node.Relayed():
			best = max(best, s.path.rate())
		case least == nil || s.path.rate() < least.path.rate():
			least = s
		}
		giving++
	}
	if giving > f.most() && least != nil && best >= least.path.rate() {
		least.yields = true
	}
}
