package sim

import (
	"net/netip"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Lie is how a node or relay that does not keep to the protocol behaves: Honest, or one of NodeLies or RelayLies.
// "say KIND" answers every request with a message of that kind.
type Lie string

// Honest is no lie.
const Honest Lie = ""

// NodeLies are the ways of a lying node, apart from the say ones and from the [Staged]. A forger serves a content of its own, whole and under
// its own hash; with wrong-index a node publishes what it has not.
var NodeLies = []Lie{
	"not-found", "wrong-bytes", "late-wrong", "wrong-size", "wrong-offset", "wrong-hash", "wrong-tree", "no-tree", "fewer-groups",
	"forger", "wrong-index", "new-hash", "confess", "at-end", "early-end", "too-much", "hash-forever", "hash-stuck",
	"silent", "stall", "drip", "junk", "large", "version", "unknown",
}

// RelayLies are the ways of a lying relay, apart from the say ones and from "later KIND", which begins with the
// second request of a node, and "publishing KIND", which answers what is published.
var RelayLies = []Lie{
	"silent", "early-end", "junk", "large", "version", "ghosts", "pages", "denied", "no-lease", "superseded", "mute",
	"wrong-holders", "resync", "limit", "held", "other-names", "publishing junk",
}

// sendRaw sends bytes that are not a message.
type sendRaw struct {
	roles.Send
	seg segment
}

func raw(b []byte) sendRaw { return sendRaw{seg: literal(b)} }

// impostor is an accepted link at a liar.
type impostor struct {
	w     *World
	lie   Lie
	proc  *process
	peer  netip.AddrPort
	asked int
	wrong bool // it has sent a wrong group
	drips int
	ring  uint64
	done  bool
}

func newImpostor(lie Lie, w *World, p *process) *impostor {
	return &impostor{w: w, lie: lie, proc: p}
}

// Final is [roles.Machine]'s.
func (i *impostor) Final() bool { return i.done }

// Step is [roles.Machine]'s.
func (i *impostor) Step(at roles.Moment, in roles.Input) []roles.Effect {
	switch in := in.(type) {
	case roles.Opened:
		i.peer = in.Peer
		return []roles.Effect{roles.Hear{}}
	case roles.Heard:
		i.asked++
		return i.answer(at, in.Message)
	case roles.Rang:
		if i.drips--; i.drips < 0 {
			return nil
		}
		return append(i.progress(), i.arm()...)
	case roles.Garbled, roles.Ended, roles.Lost, roles.Stopped:
		i.done = true
		return []roles.Effect{roles.HangUp{}}
	}
	return nil
}

// progress is what a liar keeps its peer waiting with.
func (i *impostor) progress() []roles.Effect {
	const size = 64 << 20
	switch _, act, _ := strings.Cut(string(i.lie), " "); {
	case i.lie == "hash-forever" || act == actProgress:
		return []roles.Effect{roles.Send{Message: &protocol.Hashing{Done: uint64(100-i.drips) * size / 128, Size: size}}}
	case i.lie == "hash-stuck" || act == actStuck:
		return []roles.Effect{roles.Send{Message: &protocol.Hashing{Done: 1, Size: size}}}
	}
	return []roles.Effect{raw([]byte{7})}
}

func (i *impostor) arm() []roles.Effect {
	i.ring++
	return []roles.Effect{roles.Arm{Number: i.ring, After: time.Second}}
}

func (i *impostor) answer(at roles.Moment, m protocol.Message) []roles.Effect {
	if bytes, is := nonsense(string(i.lie)); is {
		return []roles.Effect{raw(bytes), roles.Hear{}}
	}
	switch word, name, _ := strings.Cut(string(i.lie), " "); word {
	case stageAsking, stageDoubting, stageJudging:
		return i.staged(word, name, m)
	case "say":
		kind, _ := kindNamed(name)
		return say(sample(kind))
	case "publishing":
		if m.Kind() == protocol.KindPublish {
			if bytes, is := nonsense(name); is {
				return []roles.Effect{raw(bytes), roles.Hear{}}
			}
			kind, _ := kindNamed(name)
			return say(sample(kind))
		}
	case "later":
		if kind, _ := kindNamed(name); m.Kind() == protocol.KindRenew || m.Kind() == protocol.KindLeave {
			return say(sample(kind))
		}
	case "silent":
		return []roles.Effect{roles.Hear{}}
	case "mute":
		if m.Kind() != protocol.KindRegister {
			return []roles.Effect{roles.Hear{}}
		}
	case "early-end":
		if _, is := m.(*protocol.Get); !is {
			return []roles.Effect{roles.HalfClose{}, roles.Hear{}}
		}
	case "hash-forever", "hash-stuck":
		if i.proc.host.role == nodeRole {
			i.drips = 60
			return append(i.progress(), i.arm()...)
		}
	}
	switch m := m.(type) {
	case *protocol.Get:
		return i.serve(m)
	case *protocol.Tree:
		return i.describe(m)
	}
	return i.relay(at, m)
}

func say(m protocol.Message) []roles.Effect {
	if refusal, is := m.(*protocol.Error); is && refusal.By == 0 {
		refusal.By = protocol.Relay
	}
	return []roles.Effect{roles.Send{Message: m}, roles.Hear{}}
}

func refuse(code protocol.Code) []roles.Effect {
	return say(&protocol.Error{Code: code, By: protocol.Relay, Text: "so says a liar"})
}
