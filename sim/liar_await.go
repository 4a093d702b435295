package sim

import (
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// aboutCircuits reports whether a stranger's attack is one about circuits.
func (s *stranger) aboutCircuits() bool {
	return strings.HasPrefix(s.attack, "awaiting ") || s.attack == scenario.JoinUnknown || s.attack == scenario.JoinStolen || s.attack == scenario.InPlain
}

// inPlain reports whether a stranger speaks in plain, where TLS is spoken.
func (s *stranger) inPlain() bool {
	return s.attack == scenario.JoinUnknown || s.attack == scenario.JoinStolen || s.attack == scenario.InPlain
}

// steal has two strangers join with a ticket that a client or node is being given: they are there before it.
func (w *World) steal(a *actor, m protocol.Message) {
	if w.thief == nil || a.kind != sessionKind {
		return
	}
	var ticket protocol.Ticket
	switch m := m.(type) {
	case *protocol.Opened:
		ticket = m.Ticket
	case *protocol.Awaited:
		if len(m.Invitations) > 0 && w.thief.N > 0 {
			ticket = m.Invitations[0].Ticket
		}
	}
	if ticket.IsZero() || w.thief.N > 0 != (m.Kind() == protocol.KindAwaited) {
		return
	}
	p := w.byName["x"].proc
	for range 2 {
		s := &stranger{w: w, to: w.thief.who, attack: w.thief.Name, ticket: ticket}
		s.self = w.addActor(p, strangerKind, s)
		w.tell(s.self, roles.Started{})
	}
	w.thief = nil
}

// wait begins an attack about circuits: it joins, or registers.
func (s *stranger) wait(in roles.Opened) []roles.Effect {
	switch s.attack {
	case scenario.JoinUnknown:
		return say(&protocol.Join{Ticket: protocol.Ticket{66}})
	case scenario.JoinStolen:
		return say(&protocol.Join{Ticket: s.ticket})
	case scenario.InPlain:
		s.broke = true
		return say(&protocol.Locate{})
	}
	if s.w.gate != nil && s.to.role == relayRole {
		return say(inviteBy(strangersToken).Enter(in.Exporter, s.self.proc.host.key))
	}
	return say(sample(protocol.KindRegister))
}

// waitOn goes on with it: a stranger that has a lease awaits clients, and says something at once, or later.
func (s *stranger) waitOn(m protocol.Message) []roles.Effect {
	refusal, refused := m.(*protocol.Error)
	_, entered := m.(*protocol.Entered)
	_, registered := m.(*protocol.Registered)
	switch {
	case s.inPlain() && refused, s.inPlain() && s.broke:
		if s.broke && !refused && s.to.lie == scenario.Honest && s.to.role == relayRole && s.w.circuits() {
			s.w.check.fail(S8, "%s answered a request in plain with %s", s.to.name, describe(m))
		}
		return s.leave()
	case s.inPlain(): // it is the end of another's circuit
		return append([]roles.Effect{raw([]byte("what is no TLS"))}, roles.Hear{})
	case s.waits && !s.answered:
		s.answered = true
	case s.broke && s.to.lie == scenario.Honest && (!refused || !refusal.Code.Closes()):
		s.w.check.fail(S8, "%s answered %q with %s", s.to.name, s.attack, describe(m))
	case refused && refusal.Code.Closes():
		return s.leave()
	case entered && !s.inside:
		s.inside = true
		return say(sample(protocol.KindRegister))
	case registered && !s.waits:
		return s.awaits()
	}
	return []roles.Effect{roles.Hear{}}
}

// awaits sends an AWAIT, and what the attack says behind it.
func (s *stranger) awaits() []roles.Effect {
	s.waits = true
	first := roles.Send{Message: sample(protocol.KindAwait)}
	register := sample(protocol.KindRegister).(*protocol.Register)
	register.Epoch = 2
	switch _, what, _ := strings.Cut(s.attack, " "); what {
	case "theirs":
		return append([]roles.Effect{first}, say(&protocol.Renew{ID: numbered(nodeRole, 0), Epoch: 1})...)
	case "stale":
		return append([]roles.Effect{first}, say(&protocol.Await{ID: sampleKey, Epoch: 9, Wait: 1000})...)
	case "again": // while its address is being proven, as it is beside some AWAITs
		return append([]roles.Effect{first, first, first, first}, say(register)...)
	case "crowd":
		return append([]roles.Effect{first}, say(&protocol.Locate{Limit: protocol.MaxPage})...)
	case "late":
		return append([]roles.Effect{first, roles.Hear{}}, s.arm(4500*time.Millisecond)...)
	default:
		return append([]roles.Effect{first}, s.breakIt(what)...)
	}
}

// late reports whether a stranger that waits is to say something when its time is over.
func (s *stranger) late() bool {
	return s.attack == "awaiting late" && s.waits && !s.broke && s.drips == 0
}

// speaksLate registers anew, when the proof beside the AWAIT is over.
func (s *stranger) speaksLate() []roles.Effect {
	s.drips = 1
	register := sample(protocol.KindRegister).(*protocol.Register)
	register.Epoch = 2
	return append([]roles.Effect{roles.Send{Message: register}}, s.arm(patienceWithStrangers)...)
}
