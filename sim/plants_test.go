package sim

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// planted is a bug that the promises must catch.
type planted struct {
	name  string
	plant Plant
	kills []ID   // the invariants that may catch it
	needs string // what has to happen for it to show
	sweep Class  // if not empty: it is also swept with this class of faults
}

// bugged is a machine with a bug around it.
type bugged struct {
	roles.Machine
	before func(in roles.Input) roles.Input // nil result: the machine is not told
	after  func(in roles.Input, effects []roles.Effect) []roles.Effect
	ended  bool
}

func (b *bugged) Step(at roles.Moment, in roles.Input) []roles.Effect {
	told := in
	if b.before != nil {
		if told = b.before(in); told == nil {
			return nil
		}
	}
	effects := b.Machine.Step(at, told)
	if b.after != nil {
		effects = b.after(told, effects)
	}
	return effects
}

func (b *bugged) Final() bool { return b.ended || b.Machine.Final() }

// around plants a bug around each machine of a kind.
func around(kind machineKind, bug func(b *bugged)) Plant {
	return Plant{Machine: func(k machineKind, m roles.Machine) roles.Machine {
		if k != kind {
			return m
		}
		b := &bugged{Machine: m}
		bug(b)
		return b
	}}
}

// deaf is a machine that is not told certain things.
func deaf(kind machineKind, to func(in roles.Input) bool) Plant {
	return around(kind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if to(in) {
				return nil
			}
			return in
		}
	})
}

// without leaves effects out.
func without(effects []roles.Effect, which func(e roles.Effect) bool) []roles.Effect {
	var kept []roles.Effect
	for _, e := range effects {
		if !which(e) {
			kept = append(kept, e)
		}
	}
	return kept
}

func isRang(in roles.Input) bool    { _, is := in.(roles.Rang); return is }
func isStopped(in roles.Input) bool { _, is := in.(roles.Stopped); return is }

// heardError returns the refusal that an input brings, or nil.
func heardError(in roles.Input) *protocol.Error {
	heard, _ := in.(roles.Heard)
	refusal, _ := heard.Message.(*protocol.Error)
	return refusal
}

// before is a directory with a bug.
type before struct {
	relay.Directory
	locate   func(at roles.Moment, m *protocol.Locate) protocol.Message
	leave    func(at roles.Moment, m *protocol.Leave) protocol.Message
	renew    func(at roles.Moment, m *protocol.Renew) protocol.Message
	register func(at roles.Moment, from netip.Addr, m *protocol.Register) protocol.Message
}

func (b *before) Locate(at roles.Moment, m *protocol.Locate) protocol.Message {
	if b.locate != nil {
		return b.locate(at, m)
	}
	return b.Directory.Locate(at, m)
}

func (b *before) Leave(at roles.Moment, m *protocol.Leave) protocol.Message {
	if b.leave != nil {
		return b.leave(at, m)
	}
	return b.Directory.Leave(at, m)
}

func (b *before) Renew(at roles.Moment, m *protocol.Renew) protocol.Message {
	if b.renew != nil {
		return b.renew(at, m)
	}
	return b.Directory.Renew(at, m)
}

func (b *before) Register(at roles.Moment, from netip.Addr, m *protocol.Register) protocol.Message {
	if b.register != nil {
		return b.register(at, from, m)
	}
	return b.Directory.Register(at, from, m)
}

func directory(bug func(b *before, d relay.Directory)) Plant {
	return Plant{Directory: func(d relay.Directory) relay.Directory {
		b := &before{Directory: d}
		bug(b, d)
		return b
	}}
}

// clientBugs are planted around the fetch.
var clientBugs = []planted{
	{"a fetch stops at the first not-found", around(fetchKind, func(b *bugged) {
		denied := false
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if refusal := heardError(in); refusal != nil && refusal.Code == protocol.NotFound {
				denied = true
			}
			for i, e := range effects {
				if dial, is := e.(roles.Dial); is && dial.Link == 1 && denied {
					b.ended = true
					return append(effects[:i:i], roles.Disarm{}, roles.Report{Outcome: client.Result{Outcome: client.NobodyHad}})
				}
			}
			return effects
		}
	}), []ID{S2, S10, L3}, "several nodes", ""},
	{"a link is leaked on not-found", around(fetchKind, func(b *bugged) {
		denied := false
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if refusal := heardError(in); refusal != nil && refusal.Code == protocol.NotFound {
				denied = true
			}
			return without(effects, func(e roles.Effect) bool { _, is := e.(roles.HangUp); return is && denied })
		}
	}), []ID{S7}, "", ""},
	{"no reply timeout", deaf(fetchKind, isRang), []ID{L1}, "silence", ""},
	{"a result is delivered twice", around(fetchKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if n := len(effects); n > 0 && b.Machine.Final() {
				effects = append(effects, effects[n-1])
			}
			return effects
		}
	}), []ID{S5}, "", ""},
	{"what was received is kept across a retry", around(fetchKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			return without(effects, func(e roles.Effect) bool { _, is := e.(roles.ClearStore); return is })
		}
	}), []ID{S1}, "a node that fails in the middle", ""},
	{"the last page is taken for all", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if heard, is := in.(roles.Heard); is {
				if located, is := heard.Message.(*protocol.Located); is {
					return roles.Heard{Link: heard.Link, Message: &protocol.Located{Peers: located.Peers}}
				}
			}
			return in
		}
	}), []ID{S2, L3}, "pages", ""},
	{"a failed node is not named", around(fetchKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				if report, is := e.(roles.Report); is {
					if result, is := report.Outcome.(client.Result); is && len(result.Tried) > 1 {
						result.Tried = result.Tried[1:]
						effects[i] = roles.Report{Outcome: result}
					}
				}
			}
			return effects
		}
	}), []ID{S10}, "several nodes", ""},
	{"a fetch does not stop", deaf(fetchKind, isStopped), []ID{C5, C2}, "an impatient user", ""},
	{"something is sent after the half-close", around(fetchKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			for _, e := range effects {
				if half, is := e.(roles.HalfClose); is {
					return append(effects, roles.Send{Link: half.Link, Message: &protocol.Locate{}})
				}
			}
			return effects
		}
	}), []ID{S6}, "", ""},
	{"versions are mixed", Plant{Machine: func(k machineKind, m roles.Machine) roles.Machine {
		b := &bugged{Machine: m}
		var first *protocol.Content
		b.before = func(in roles.Input) roles.Input {
			heard, is := in.(roles.Heard)
			if !is {
				return in
			}
			switch m := heard.Message.(type) {
			case *protocol.Get:
				return roles.Heard{Link: heard.Link, Message: &protocol.Get{Name: m.Name, Offset: m.Offset}}
			case *protocol.Content:
				if first == nil || m.Offset == 0 {
					first = m
				}
				c := *m
				c.Version = first.Version
				return roles.Heard{Link: heard.Link, Message: &c}
			}
			return in
		}
		return b
	}}, []ID{S1, S8}, "a file that changes while it is sent", FileChange},
}

// nodeBugs are planted around a node's machines.
var nodeBugs = []planted{
	{"a node never registers again", around(memberKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if refusal := heardError(in); refusal != nil && refusal.Code == protocol.NoLease {
				return roles.Heard{Message: &protocol.Renewed{TTL: 90000, Renew: 30000}}
			}
			return in
		}
	}), []ID{L2, L3, S0}, "a relay that restarts", ""},
	{"a node renews too late", around(memberKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				if arm, is := e.(roles.Arm); is && arm.After > 20*time.Second {
					arm.After *= 5
					effects[i] = arm
				}
			}
			return effects
		}
	}), []ID{L2, L3}, "", ""},
	{"a node goes without LEAVE", around(memberKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if isStopped(in) {
				b.ended = true
				return nil
			}
			return in
		}
	}), []ID{C3, L2, S6, S7, C1, C2}, "", ""},
	{"a node does not stop", deaf(memberKind, isStopped), []ID{C2, C3, C5}, "", ""},
	{"a stalled reader is never let go", deaf(uploadKind, isRang), []ID{L1, C2}, "a stalled reader", ""},
	{"a node sends from the wrong offset", around(uploadKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			for i, e := range effects {
				if send, is := e.(roles.SendBody); is && send.Offset > 0 {
					send.Offset--
					effects[i] = send
				}
			}
			return effects
		}
	}), []ID{S1}, "a file of more than one stretch", ""},
	{"not-found is not answered", around(uploadKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if refused, is := in.(roles.FileRefused); is && refused.Code == protocol.NotFound {
				return without(effects, func(e roles.Effect) bool { _, is := e.(roles.Send); return is })
			}
			return effects
		}
	}), []ID{L3, L1}, "", ""},
	{"an ERROR is followed by more", around(uploadKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			return without(effects, func(e roles.Effect) bool { _, is := e.(roles.HalfClose); return is })
		}
	}), []ID{S8}, "an illegal message", ""},
}

// relayBugs are planted around a relay's sessions and before its registry.
var relayBugs = []planted{
	{"a lease never expires", directory(func(b *before, d relay.Directory) {
		var first time.Duration
		freeze := func(at roles.Moment) roles.Moment {
			if first == 0 {
				first = at.Now
			}
			at.Now = first
			return at
		}
		b.register = func(at roles.Moment, from netip.Addr, m *protocol.Register) protocol.Message {
			freeze(at) // the first one starts the clock that stands
			return d.Register(at, from, m)
		}
		b.locate = func(at roles.Moment, m *protocol.Locate) protocol.Message { return d.Locate(freeze(at), m) }
	}), []ID{S3}, "a node that dies", ""},
	{"a late LEAVE evicts the newer registration", directory(func(b *before, d relay.Directory) {
		b.leave = func(at roles.Moment, m *protocol.Leave) protocol.Message {
			return d.Leave(at, &protocol.Leave{ID: m.ID, Epoch: 1 << 60})
		}
	}), []ID{S4}, "two nodes with one id, or a late LEAVE", ""},
	{"a lost lease is still acknowledged", directory(func(b *before, d relay.Directory) {
		b.renew = func(at roles.Moment, m *protocol.Renew) protocol.Message {
			d.Renew(at, m)
			return &protocol.Renewed{TTL: 90000, Renew: 30000}
		}
	}), []ID{S4}, "a relay that restarts", ""},
	{"an old epoch is accepted", directory(func(b *before, d relay.Directory) {
		b.register = func(at roles.Moment, from netip.Addr, m *protocol.Register) protocol.Message {
			answer := d.Register(at, from, m)
			if refusal, is := answer.(*protocol.Error); is && refusal.Epoch > 0 {
				newer := *m
				newer.Epoch = refusal.Epoch + 1
				return d.Register(at, from, &newer)
			}
			return answer
		}
	}), []ID{S4}, "two nodes with one id, or a clock set back", ""},
	{"one node is left out of each page", directory(func(b *before, d relay.Directory) {
		b.locate = func(at roles.Moment, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, m)
			if located, is := answer.(*protocol.Located); is && len(located.Peers) > 1 {
				located.Peers = located.Peers[1:]
			}
			return answer
		}
	}), []ID{S4, L3}, "several nodes", ""},
	{"a node is listed at another port", directory(func(b *before, d relay.Directory) {
		b.register = func(at roles.Moment, from netip.Addr, m *protocol.Register) protocol.Message {
			other := *m
			other.Port++
			return d.Register(at, from, &other)
		}
	}), []ID{S4}, "", ""},
	{"an illegal message is ignored", around(sessionKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			heard, is := in.(roles.Heard)
			if is && (!heard.Message.Kind().IsRequest() || heard.Message.Kind() == protocol.KindGet) {
				return nil
			}
			return in
		}
	}), []ID{S8}, "an illegal message", ""},
	{"an idle link is never closed", deaf(sessionKind, isRang), []ID{L1, C2}, "silence", ""},
	{"a relay hangs up without saying why", around(sessionKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			for _, e := range effects {
				if _, is := e.(roles.HalfClose); is {
					return without(effects, func(e roles.Effect) bool { _, is := e.(roles.Send); return is })
				}
			}
			return effects
		}
	}), []ID{S8}, "an illegal message", ""},
}
