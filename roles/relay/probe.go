package relay

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Probe finds out whether a node can be reached at an address: it dials it there, has it prove its id, and
// closes. No message is sent. It works within a Session. See ProbeTable.
type Probe struct {
	core   roles.Core[ProbeState, ProbeEvent]
	of     protocol.PeerID // that the node has to prove; zero: in plain connecting is all that there is to prove
	to     netip.AddrPort
	most   time.Duration  // for dialing, if that is less than roles.ProbeTimeout
	result protocol.Reach // 0: it is not known yet
}

// The link and the timer of a Probe, beside those of its Session.
const (
	probeLink  roles.Link  = 1
	probeTimer roles.Timer = 1
)

func newProbe() *Probe {
	p := &Probe{core: roles.NewCore(probeGrammar)}
	p.core.Use(probeLink, probeTimer)
	return p
}

// reset prepares the machine for an address. Its deadlines are numbered on, so that one of an earlier address
// that comes late is none of this one's.
func (p *Probe) reset(to netip.AddrPort, of protocol.PeerID, most time.Duration) {
	p.core.Reset()
	*p = Probe{core: p.core, of: of, to: to, most: most}
}

// State returns the state that the machine is in.
func (p *Probe) State() ProbeState { return p.core.State() }

// Final implements [roles.Machine].
func (p *Probe) Final() bool { return p.core.Final() }

// runs reports whether the machine has a link, or will have one.
func (p *Probe) runs() bool { return p.State() != ProbeNew && !p.Final() }

// Step implements [roles.Machine].
func (p *Probe) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	p.core.Begin()
	switch in := in.(type) {
	case roles.Started:
		p.core.Fire(probeStarted)
		if p.most < roles.ProbeTimeout {
			p.core.Arm(p.most)
		}
		p.core.Do(roles.Dial{Link: probeLink, To: p.to.String(), ID: p.of})
	case roles.Opened:
		p.result = protocol.ReachDirect
		p.core.Fire(probeOpened)
		p.core.Do(roles.HalfClose{Link: probeLink}, roles.Discard{Link: probeLink})
	case roles.PeerEnded:
		p.end(probePeerEnded, protocol.Lost)
	case roles.Lost:
		p.end(probeLost, in.Code)
	case roles.TimerFired:
		if p.core.Due(in) {
			p.end(probeExpired, protocol.Timeout)
		}
	case roles.Stopped:
		p.core.Fire(probeStopped)
		p.core.Do(roles.HangUp{Link: probeLink})
	}
	return p.core.Effects()
}

// end ends the link. Before it was open, that says that the node cannot be reached.
func (p *Probe) end(event ProbeEvent, code protocol.Code) {
	if p.result == 0 {
		p.result = protocol.ReachOf(code)
	}
	p.core.Fire(event)
	p.core.Do(roles.HangUp{Link: probeLink})
}
