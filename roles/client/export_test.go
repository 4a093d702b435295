package client

import (
	"net/netip"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Dismiss leaves a node for others that wait, as the owner of a Source does where something is awaited of the node.
func Dismiss(s *Source, at roles.Moment) []roles.Effect {
	if s.awaited() {
		return s.dismiss(at)
	}
	return s.Step(at, roles.Updated{})
}

// On returns the name of the table that governs a link of the visit, and the state there.
func (s *Source) On(link roles.Link) (table, state string) { return s.on(link) }

// On returns the name of the table that governs a link of the visit, and the state there.
func (h *Pipeline) On(link roles.Link) (table, state string) { return h.on(link) }

// Then has a query ask for a circuit behind the last page of nodes.
func (q *Query) Then(circuit *protocol.Circuit) {
	q.then = func(*protocol.Located) *protocol.Circuit { return circuit }
}

// Holds has a way begin with a ticket.
func (l *LoneWay) Holds(open *protocol.Opened, at netip.AddrPort) { l.holds(grant{open: open, at: at}) }

// LoneWay is a Way with what its owner does for it: at its end the link is hung up.
type LoneWay struct {
	*Way
	over bool
}

// NewLoneWay returns a Way to a node on link 1.
func NewLoneWay(broker Broker, node Node, before protocol.Ticket) *LoneWay {
	l := &LoneWay{Way: newWay(1)}
	l.Reset(broker, node, before)
	return l
}

// Reset prepares the machine for another node.
func (l *LoneWay) Reset(broker Broker, node Node, before protocol.Ticket) {
	l.over = false
	l.reset(broker, node, before)
	l.meter = &meter{all: &allowance{}, need: 1000}
}

// Watch calls f for each fired row.
func (l *LoneWay) Watch(f func(roles.Transition)) { l.watch(f) }

// On returns the name of the table that governs a link, and the state there.
func (l *LoneWay) On(link roles.Link) (table, state string) { return l.on(link) }

// Failed returns why there is no way.
func (l *LoneWay) Failed() QueryResult { return l.failed }

// Step implements [roles.Machine].
func (l *LoneWay) Step(at roles.Moment, in roles.Input) []roles.Effect {
	if _, stopped := in.(roles.Stopped); l.core.Final() && !stopped && !l.takes(in) {
		return nil
	}
	effects := slices.Clone(l.Way.Step(at, in))
	if l.core.Final() && !l.over {
		l.over = true
		if l.dialed {
			effects = append(effects, roles.HangUp{Link: l.link})
		}
	}
	return effects
}
