package relay

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Proof is what was found out about an address at which a relay lists a node.
type Proof struct {
	ID    protocol.PeerID // the lease's
	Epoch uint64
	At    netip.AddrPort
	Reach protocol.Reach
	// Granted is the TTL of the lease whose REGISTER has waited for this: it runs from now. 0: none has.
	Granted time.Duration
}

// After returns what is known of an address of which something was known, after a proof or after none. A proof that
// is put off says nothing of what was found out before, and one failure of what could be reached may be a mishap: the
// node comes last until the next one.
func After(was, proof protocol.Reach) protocol.Reach {
	switch {
	case proof == protocol.ReachPending, proof == protocol.ReachQueued && was != protocol.ReachPending:
		return was
	case proof.Failed() && was == protocol.ReachDirect:
		return protocol.ReachPending
	}
	return proof
}

// proving is a Session's work on the address of a lease.
type proving struct {
	budget Budget        // nil: no address is proven
	probe  *Probe        // for one address after the other; nil: there was none yet
	begun  Proof         // what that is about: its node may register anew meanwhile
	lease  Proof         // of the node's latest request, that is to be proven
	ttl    time.Duration // of that lease, which must not lapse before it is granted
	open   bool          // a permit has been taken, and not been given back: there is, or will be, a link
	told   bool          // what the Probe has found out counts already
	// granted is the answer to a REGISTER that waits for the proof; nil: none does.
	granted *protocol.Registered
}

// Prove has the Session find out whether nodes can be reached, as the shared budget lets it. The directory
// says which addresses are to be proven.
func (s *Session) Prove(budget Budget) { s.proving.budget = budget }

// takes reports whether an input is for the Probe.
func (p *proving) takes(in roles.Input) bool {
	if fired, is := in.(roles.TimerFired); is {
		return fired.Timer == probeTimer
	}
	return roles.LinkOf(in) == probeLink
}

func (p *proving) runs() bool { return p.probe != nil && p.probe.runs() }

// registered answers a REGISTER once its address is proven, or cannot be now.
func (s *Session) registered(at roles.Moment, m *protocol.Register, granted *protocol.Registered) {
	s.proving.granted, s.proving.ttl, s.since = granted, roles.Millis(granted.TTL), at.Now
	s.proving.lease = Proof{ID: m.ID, Epoch: m.Epoch, At: netip.AddrPortFrom(granted.Host.Addr(), granted.Port), Reach: granted.Reach, Granted: roles.Millis(granted.TTL)}
	switch s.permit(at, granted.Reach) {
	case Now:
		s.core.Fire(sessionRegisterToProve)
		s.begin(at)
	case Later, Behind:
		s.core.Fire(sessionRegisterPutOff)
		s.core.Arm(roles.ProbeRetry/4 + time.Duration(at.Rand%uint64(roles.ProbeRetry*3/4))) // of many, some look all the time
	default:
		s.proving.lease.Reach = protocol.ReachQueued
		s.core.Fire(sessionRegisterHeard)
		s.grant(at)
	}
}

// permit asks whether to prove the address of the lease.
func (s *Session) permit(at roles.Moment, was protocol.Reach) Permit {
	p := &s.proving
	if p.runs() {
		return Later
	}
	permit := p.budget.Take(at, p.lease.At.Addr(), was.Failed())
	p.open = permit == Now
	return permit
}

// begin begins to prove the address of the lease, for which a permit has been taken.
func (s *Session) begin(at roles.Moment) {
	p := &s.proving
	if p.probe == nil {
		p.probe = newProbe()
	}
	p.begun, p.told = p.lease, false
	p.probe.reset(p.begun.At, s.from.ID, p.ttl/2)
	p.probe.core.Watch(s.watch)
	s.core.Do(p.probe.Step(at, roles.Started{})...)
}

// proveBeside proves the address of a lease that was renewed, beside everything else: no renewal waits
// for it.
func (s *Session) proveBeside(at roles.Moment, m *protocol.Renew, renewed *protocol.Renewed) {
	p := &s.proving
	unknown := renewed.Reach == protocol.ReachPending || renewed.Reach.Failed()
	again := renewed.Reach == protocol.ReachDirect && at.Rand%roles.ProveAgain == 1 // a firewall may have come since
	if p.budget == nil || p.runs() || !unknown && !again {
		return
	}
	to := netip.AddrPortFrom(renewed.Host.Addr(), renewed.Port)
	if to.Addr() != s.from.Peer && !(to.Addr().IsLoopback() && s.from.here()) { // an advertised address, from which it does not ask
		return
	}
	p.lease, p.ttl = Proof{ID: m.ID, Epoch: m.Epoch, At: to}, roles.Millis(renewed.TTL)
	switch permit := s.permit(at, renewed.Reach); {
	case permit == Now:
		s.begin(at)
	case permit != Later && unknown: // of one address no more are handed out unproven than the relay proves
		p.lease.Reach = protocol.ReachQueued
		s.directory.Proved(at, p.lease)
	}
}

// pass passes an input on to the Probe, if it runs.
func (s *Session) pass(at roles.Moment, in roles.Input) {
	p := &s.proving
	if !p.runs() {
		return
	}
	s.core.Do(p.probe.Step(at, in)...)
	if p.open && !p.probe.runs() {
		s.giveBack(at)
	}
	if p.told || p.probe.result == 0 { // not known yet, or stopped
		return
	}
	p.told = true
	p.begun.Reach = p.probe.result
	if s.State() == SessionProving {
		p.lease = p.begun
		s.core.Fire(sessionProved)
		s.grant(at)
		return
	}
	s.directory.Proved(at, p.begun)
}

// giveBack gives the permit of the Probe back.
func (s *Session) giveBack(at roles.Moment) {
	p := &s.proving
	p.open = false
	p.budget.Give(at, p.begun.At.Addr(), p.probe.result)
}

// awaitPermit answers a REGISTER that waits for a permit, or goes on waiting.
func (s *Session) awaitPermit(at roles.Moment) {
	permit := s.permit(at, s.proving.granted.Reach)
	switch {
	case permit == Now:
		s.core.Fire(sessionRoom)
		s.begin(at)
	case (permit == Later || permit == Behind) && at.Now-s.since < min(roles.ProbePatience, s.proving.ttl/4):
		s.core.Fire(sessionNoRoom)
		s.core.Arm(roles.ProbeRetry)
	default:
		if permit != Later {
			s.proving.lease.Reach = protocol.ReachQueued
		}
		s.core.Fire(sessionExpired)
		s.grant(at)
	}
}

// grant answers the REGISTER that has waited, if its peer is still admitted: the lease runs from now.
func (s *Session) grant(at roles.Moment) {
	p := &s.proving
	granted := p.granted
	if s.revoked(at, p.lease.ID, p.lease.Epoch) {
		p.granted, p.lease.Granted = nil, 0
		return
	}
	if is := s.directory.Proved(at, p.lease); is.Reach != 0 { // otherwise the lease is another one now, or gone
		granted.Reach, granted.Await = is.Reach, is.Await
	}
	p.granted, p.lease.Granted = nil, 0
	s.answer(granted)
}
