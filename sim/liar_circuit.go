package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// The lies of nodes about circuits.
const (
	neverJoins   scenario.Lie = "never-joins"    // it waits for clients, and does not come
	joinsTwice   scenario.Lie = "joins-twice"    // it uses each ticket a second time, on another link
	joinsAndEnds scenario.Lie = "joins-and-ends" // it half-closes the circuit in place of the handshake
)

// guest is the machine of a liar for a client that comes through the relay: it joins the circuit, and lies there.
type guest struct {
	*impostor
	to     roles.Invited
	inside bool // TLS with the client is there
}

// Step implements [roles.Machine].
func (g *guest) Step(at roles.Moment, in roles.Input) []roles.Effect {
	switch in := in.(type) {
	case roles.Invited:
		return g.invited(in)
	case roles.Opened:
		if in.Link == 0 && in.ID.IsZero() {
			return []roles.Effect{roles.Send{Message: &protocol.Join{Ticket: g.to.Ticket}}, roles.Hear{}}
		}
		if in.Link == 0 {
			g.inside = true
		}
	case roles.Heard:
		if in.Link == twiceLink {
			return []roles.Effect{roles.HangUp{Link: twiceLink}}
		}
		if _, is := in.Message.(*protocol.Joined); is && !g.inside {
			return g.joined()
		}
		if _, is := in.Message.(*protocol.Error); is && in.Link == 0 { // two liars would never come to an end
			g.done = true
			return []roles.Effect{roles.HangUp{}, roles.HangUp{Link: twiceLink}}
		}
	}
	if roles.LinkOf(in) == twiceLink {
		return g.twice(in)
	}
	return g.impostor.Step(at, in)
}

func (g *guest) invited(in roles.Invited) []roles.Effect {
	g.to = in
	if g.lie == neverJoins {
		g.done = true
		return nil
	}
	return []roles.Effect{roles.Dial{To: in.Relay, Plain: true}}
}

// twiceLink is a second link with the same ticket.
const twiceLink roles.Link = 1

func (g *guest) joined() []roles.Effect {
	switch g.lie {
	case joinsTwice:
		return []roles.Effect{roles.Secure{Accepts: true}, roles.Dial{Link: twiceLink, To: g.to.Relay, Plain: true}}
	case joinsAndEnds:
		return []roles.Effect{roles.HalfClose{}, roles.Discard{}}
	}
	return []roles.Effect{roles.Secure{Accepts: true}}
}

// twice uses the ticket again.
func (g *guest) twice(in roles.Input) []roles.Effect {
	switch in.(type) {
	case roles.Opened:
		return []roles.Effect{roles.Send{Link: twiceLink, Message: &protocol.Join{Ticket: g.to.Ticket}}, roles.Hear{Link: twiceLink}}
	case roles.PeerEnded, roles.Lost, roles.Malformed:
		return []roles.Effect{roles.HangUp{Link: twiceLink}}
	}
	return []roles.Effect{roles.Hear{Link: twiceLink}}
}
