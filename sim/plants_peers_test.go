package sim

import (
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
)

// clientBugs are bugs around the fetch.
var clientBugs = []planted{
	{"a fetch stops at the first not-found", around(fetchKind, func(b *bugged) {
		denied := false
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if refusal := heardError(in); refusal != nil && refusal.Code == protocol.NotFound {
				denied = true
			}
			for i, e := range effects {
				if dial, is := e.(roles.Dial); is && dial.Link > 0 && denied {
					b.ended = true
					return append(effects[:i:i], roles.Disarm{}, roles.Report{Outcome: client.Result{Outcome: client.NobodyHad}})
				}
			}
			return effects
		}
	}), []ID{S2, S7, S10, L3}, "several nodes", "", nil},
	{"a link is leaked on not-found", around(fetchKind, func(b *bugged) {
		denied := false
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if refusal := heardError(in); refusal != nil && refusal.Code == protocol.NotFound {
				denied = true
			}
			return without(effects, func(e roles.Effect) bool { _, is := e.(roles.HangUp); return is && denied })
		}
	}), []ID{S7, S8}, "", "", nil},
	{"a link that broke is not made again", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if lost, is := in.(roles.Lost); is && lost.Code == protocol.Lost {
				lost.Code = protocol.Unreachable
				return lost
			}
			return in
		}
	}), []ID{L5}, "a link that is reset once", "", resetOnce},
	{"a link to the relay that broke is not made again", around(queryKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if lost, is := in.(roles.Lost); is && lost.Code == protocol.Lost {
				lost.Code = protocol.Unreachable
				return lost
			}
			return in
		}
	}), []ID{L5}, "a link to the relay that is reset once", "", resetAtRelay},
	{"no reply timeout", deaf(fetchKind, isTimerFired), []ID{L1}, "silence", "", nil},
	{"a result is delivered twice", around(fetchKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if n := len(effects); n > 0 && b.Machine.Final() {
				effects = append(effects, effects[n-1])
			}
			return effects
		}
	}), []ID{S5}, "", "", nil},
	{"the last page is taken for all", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if heard, is := in.(roles.Heard); is {
				if located, is := heard.Message.(*protocol.Located); is {
					return roles.Heard{Link: heard.Link, Message: &protocol.Located{Peers: located.Peers}}
				}
			}
			return in
		}
	}), []ID{S2, L3}, "pages", "", nil},
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
	}), []ID{S10}, "several nodes", "", nil},
	{"a fetch does not stop", deaf(fetchKind, isStopped), []ID{C5, C2}, "an impatient user", "", nil},
	{"the next node is dialled before the half-close", around(fetchKind, func(b *bugged) {
		b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
			dials := slices.IndexFunc(effects, func(e roles.Effect) bool { _, is := e.(roles.Dial); return is })
			half := slices.IndexFunc(effects, func(e roles.Effect) bool { _, is := e.(roles.HalfClose); return is })
			if half >= 0 && half < dials {
				effects[half], effects[dials] = effects[dials], effects[half]
			}
			return effects
		}
	}), []ID{S7}, "", "", nil},
	{"a link is forgotten while it closes", around(fetchKind, forgetful), []ID{S7, S0}, "", "", nil},
	{"a result comes before the links are closed", around(fetchKind, func(b *bugged) {
		told := false
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			result := b.Machine.(*client.Fetch).Result()
			if _, is := in.(roles.StoreCommitted); is && result.Outcome == client.Fetched && !told {
				told = true
				return append(effects, roles.Report{Outcome: result})
			}
			return effects
		}
	}), []ID{S7}, "", "", nil},
	{"something is sent after the half-close", around(fetchKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			for _, e := range effects {
				if half, is := e.(roles.HalfClose); is {
					return append(effects, roles.Send{Link: half.Link, Message: &protocol.Locate{}})
				}
			}
			return effects
		}
	}), []ID{S6}, "", "", nil},
}

// forgetful has a fetch believe that a link is closed once it is half-closed.
func forgetful(b *bugged) {
	b.after = func(_ roles.Input, effects []roles.Effect) []roles.Effect {
		effects = slices.Clone(effects)
		for i := 0; i < len(effects); i++ {
			if half, is := effects[i].(roles.HalfClose); is {
				link := half.Link
				more := b.Machine.Step(roles.Moment{}, roles.PeerEnded{Link: link})
				effects = append(effects, without(more, func(e roles.Effect) bool { up, is := e.(roles.HangUp); return is && up.Link == link })...)
			}
		}
		return effects
	}
}

// nodeBugs are bugs around a node's machines.
var nodeBugs = []planted{
	{"a node never registers again", around(memberKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if refusal := heardError(in); refusal != nil && refusal.Code == protocol.NoLease {
				return roles.Heard{Message: &protocol.Renewed{TTL: 90000, Renew: 30000}}
			}
			return in
		}
	}), []ID{L2, L3, S0, S8}, "a relay that restarts", "", nil},
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
	}), []ID{L2, L3}, "", "", nil},
	{"a node goes without LEAVE", around(memberKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if isStopped(in) {
				b.ended = true
				return nil
			}
			return in
		}
	}), []ID{C3, L2, S6, S7, C1, C2}, "", "", nil},
	{"a node does not stop", deaf(memberKind, isStopped), []ID{C2, C3, C5}, "", "", nil},
	{"a stalled reader is never let go", deaf(uploadKind, isTimerFired), []ID{L1, C2}, "a stalled reader", "", nil},
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
	}), []ID{S13, L3}, "a file of several groups", "", nil},
	{"not-found is not answered", around(uploadKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			if refused, is := in.(roles.FileRefused); is && refused.Code == protocol.NotFound {
				return without(effects, func(e roles.Effect) bool { _, is := e.(roles.Send); return is })
			}
			return effects
		}
	}), []ID{L3, L1, S8}, "", "", nil},
	{"an ERROR is followed by more", around(uploadKind, func(b *bugged) {
		b.after = func(in roles.Input, effects []roles.Effect) []roles.Effect {
			return without(effects, func(e roles.Effect) bool { _, is := e.(roles.HalfClose); return is })
		}
	}), []ID{S8}, "an illegal message", "", nil},
}
