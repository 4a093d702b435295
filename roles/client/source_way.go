package client

import (
	"github.com/relaypeer/relaypeer/roles"
)

// start dials the node, or makes a way to it through the relay.
func (s *Source) start(at roles.Moment) {
	node := s.tried.Node
	if !node.Relayed() {
		s.core.Fire(sourceStarted)
		s.core.Do(roles.Dial{Link: s.link, To: node.String(), ID: node.ID, Also: s.also, Last: s.last})
		return
	}
	s.core.Fire(sourceStartedRelayed)
	s.way.reset(s.broker, node, s.before)
	s.way.holds(s.grant)
	s.way.watch(s.watch)
	s.core.Do(s.way.Step(at, roles.Started{})...)
}

// passWay passes an input on to the way, and returns what that means for the visit: Opened, or nil.
func (s *Source) passWay(at roles.Moment, in roles.Input) roles.Input {
	making := s.way.making()
	s.core.Do(s.way.Step(at, in)...)
	switch {
	case !making || s.way.making():
		return nil
	case s.way.State() == WayThere:
		s.visit.Ticket = s.way.open.Ticket
		return s.way.there
	}
	s.wayFailed()
	return nil
}

// wayFailed ends a visit to which there is no way. Its link is hung up, but that of a relay that has been told what it
// did wrong is closed first.
func (s *Source) wayFailed() {
	why := s.way.failed
	s.visit.Busy, s.visit.Retry, s.visit.Broke = s.way.busy(), s.way.retry, s.way.broke()
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
