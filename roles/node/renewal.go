package node

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Renewal renews a lease over one family of addresses, so that the relay knows the node's address of
// that family. It works within a Membership. See RenewalTable.
type Renewal struct {
	core   roles.Core[RenewalState, RenewalEvent]
	relay  string
	id     protocol.PeerID // of the relay; zero: in plain
	only   roles.Family
	ask    *protocol.Renew
	answer *protocol.Renewed // nil: there is none
}

// The link and the timer of a Renewal, beside those of its Membership.
const (
	renewalLink  roles.Link  = 1
	renewalTimer roles.Timer = 1
)

func newRenewal() *Renewal {
	r := &Renewal{core: roles.NewCore(renewalGrammar)}
	r.core.Use(renewalLink, renewalTimer)
	return r
}

// reset prepares the machine for a renewal over a family.
func (r *Renewal) reset(relay string, id protocol.PeerID, only roles.Family, ask *protocol.Renew) {
	r.core.Reset()
	*r = Renewal{core: r.core, relay: relay, id: id, only: only, ask: ask}
}

// State returns the state that the machine is in.
func (r *Renewal) State() RenewalState { return r.core.State() }

// Final implements [roles.Machine].
func (r *Renewal) Final() bool { return r.core.Final() }

// Step implements [roles.Machine].
func (r *Renewal) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	r.core.Begin()
	switch in := in.(type) {
	case roles.Started:
		r.core.Fire(renewalStarted)
		r.core.Do(roles.Dial{Link: renewalLink, To: r.relay, ID: r.id, Only: r.only})
	case roles.Opened:
		r.core.Fire(renewalOpened)
		r.core.Do(roles.Send{Link: renewalLink, Message: r.ask}, roles.Hear{Link: renewalLink})
	case roles.Heard:
		r.heard(in.Message)
	case roles.Malformed:
		r.reject(renewalMalformed, in.Err)
	case roles.PeerEnded:
		r.end(renewalPeerEnded)
	case roles.Lost:
		r.end(renewalLost)
	case roles.TimerFired:
		if r.core.Due(in) {
			r.end(renewalExpired)
		}
	case roles.Stopped:
		r.end(renewalStopped)
	}
	return r.core.Effects()
}

func (r *Renewal) heard(m protocol.Message) {
	if !r.core.Accepts(m.Kind()) {
		r.reject(renewalUnexpected, roles.Unexpected(m.Kind(), string(r.State())))
		return
	}
	event := renewalRefused
	if renewed, is := m.(*protocol.Renewed); is {
		event, r.answer = renewalKept, renewed
	}
	r.core.Fire(event)
	r.core.Do(roles.HalfClose{Link: renewalLink}, roles.Discard{Link: renewalLink})
}

// reject refuses a relay that broke the protocol, and tells it so.
func (r *Renewal) reject(event RenewalEvent, err *protocol.Error) {
	err.By = protocol.Node
	r.core.Fire(event)
	r.core.Reject(renewalLink, err)
}

func (r *Renewal) end(event RenewalEvent) {
	r.core.Fire(event)
	r.core.Do(roles.HangUp{Link: renewalLink})
}
