package client

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// lacking reports whether another node should be asked now.
func (f *Fetch) lacking(at roles.Moment) bool {
	if !f.roomy(at) {
		return false
	}
	want, have, late := 1, 0, 0
	if f.large() {
		want = f.most()
	}
	for _, s := range f.sources {
		switch {
		case f.late(at, s):
			late++
		case s.visiting() && !(s.pending() && at.Now-s.since >= roles.DialPatience || f.passedOver(s)):
			have++
		}
	}
	if want > 1 && f.displaces() {
		have--
	}
	return have < max(want, late)
}

// large reports whether there is work for several nodes. Before one of them has said so, the relay's word counts if
// nothing of the content can be here, and if all nodes that are asked are said to have the same: they are dialed
// together, which saves all but the first a round trip.
func (f *Fetch) large() bool {
	if f.picker.open {
		return f.picker.groups >= roles.ManyGroups
	}
	node, _ := f.candidate()
	is := f.listed[node]
	other := func(s *Source) bool { return s.visiting() && s.told != is }
	return !is.Hash.IsZero() && protocol.Groups(is.Size) >= roles.ManyGroups && f.none() && !slices.ContainsFunc(f.sources, other)
}

// roomy reports whether another node could be asked.
func (f *Fetch) roomy(at roles.Moment) bool {
	node, some := f.candidate()
	return some && f.spacious(at, node.Relayed()) && !f.tooManyClosing()
}

// spacious reports whether another node could be asked if there were one, be it through the relay or not.
func (f *Fetch) spacious(at roles.Moment, relayed bool) bool {
	if f.State() != FetchSeeking && f.State() != FetchFetching || f.picker.open && !f.picker.Work(relayed) {
		return false
	}
	return f.live() < f.places(at)
}

// insistsOn returns the hash that a node is asked for besides the name. A node whose file has changed
// may still give what it was to a client that asks for that: where some of it has been handed on,
// nothing else is of use.
func (f *Fetch) insistsOn(node Node) protocol.Hash {
	if is, known := f.picker.Identity(); known && f.request.Once && f.gave && f.latest[node] == is {
		return is.Hash
	}
	return protocol.Hash{}
}

// none reports whether nothing of the content that is being fetched can be in the store.
func (f *Fetch) none() bool {
	is, known := f.picker.Identity()
	return f.prefer == Identity{} || known && is != f.prefer
}

// visit begins a visit to the next node.
func (f *Fetch) visit(at roles.Moment) {
	node, _ := f.candidate()
	if len(f.candidates) > 0 {
		f.candidates = f.candidates[1:]
	} else {
		f.behind = f.behind[1:]
	}
	free := slices.IndexFunc(f.sources, func(s *Source) bool { return !s.working() })
	if free < 0 {
		free = len(f.sources)
		f.sources = append(f.sources, NewSource(0, node, nil))
	}
	s, link := f.sources[free], f.first+firstSource+roles.Link(free)
	s.Reset(link, node, f.picker)
	s.item, s.insists, s.guesses, s.told = f.item, f.insistsOn(node), f.none(), f.listed[node]
	s.also, s.last = f.alternates.of(node), f.redials.last(node)
	s.meter.all = f.allowance
	s.broker, s.before = Broker{f.request.Relay, f.request.RelayID, f.request.Entry}, f.tickets[node]
	s.grant = f.take(node)
	s.core.Use(link, timerOf(link))
	s.Watch(f.watch)
	f.absorb(s.Step(at, roles.Started{}))
}
