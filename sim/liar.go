package sim

import (
	"net/netip"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// sendRaw sends bytes that are not a message.
type sendRaw struct {
	roles.Send
	seg segment
}

func raw(b []byte) sendRaw { return sendRaw{seg: literal(b)} }

// impostor is the machine of a liar for an accepted link.
type impostor struct {
	w     *World
	lie   scenario.Lie
	proc  *process
	peer  netip.AddrPort
	id    protocol.PeerID // of the peer
	asked int
	wrong bool // it has sent a wrong group
	drips int
	rest  segment // of a body that trickles
	ring  uint64
	done  bool
}

func newImpostor(lie scenario.Lie, w *World, p *process) *impostor {
	return &impostor{w: w, lie: lie, proc: p}
}

// Final implements [roles.Machine].
func (i *impostor) Final() bool { return i.done }

// Step implements [roles.Machine].
func (i *impostor) Step(at roles.Moment, in roles.Input) []roles.Effect {
	switch in := in.(type) {
	case roles.Opened:
		i.peer, i.id = in.Peer, in.ID
		return []roles.Effect{roles.Hear{}}
	case roles.Heard:
		i.asked++
		return i.answer(at, in.Message)
	case roles.TimerFired:
		if i.drips--; i.drips < 0 {
			return nil
		}
		return append(i.progress(), i.arm()...)
	case roles.Malformed, roles.PeerEnded, roles.Lost, roles.Stopped:
		if _, ended := in.(roles.PeerEnded); ended && i.lie == "lingers" {
			return nil
		}
		i.done = true
		return []roles.Effect{roles.HangUp{}}
	}
	return nil
}

// progress returns the message that keeps a peer waiting.
func (i *impostor) progress() []roles.Effect {
	const size = 64 << 20
	switch _, act, _ := strings.Cut(string(i.lie), " "); {
	case i.lie == "hash-forever" || act == scenario.ActProgress:
		return []roles.Effect{roles.Send{Message: &protocol.Hashing{Done: uint64(100-i.drips) * size / 128, Size: size}}}
	case i.lie == "hash-stuck" || act == scenario.ActStuck:
		return []roles.Effect{roles.Send{Message: &protocol.Hashing{Done: 1, Size: size}}}
	}
	if i.lie == "trickle" {
		return i.trickle()
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
	case scenario.StageAsking, scenario.StageDoubting, scenario.StageJudging:
		return i.staged(word, name, m)
	case "say":
		kind, _ := kindNamed(name)
		return say(sample(kind))
	case "publishing":
		if m.Kind() == protocol.KindPublish {
			return i.act(name)
		}
	case "later":
		if m.Kind() == protocol.KindRenew || m.Kind() == protocol.KindLeave {
			return i.act(name)
		}
	case scenario.StageAwaiting, scenario.StageOpening, scenario.StageJoining:
		if is := m.Kind(); is == protocol.KindAwait && word == scenario.StageAwaiting || is == protocol.KindCircuit && word == scenario.StageOpening || is == protocol.KindJoin && word == scenario.StageJoining {
			return i.act(name)
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
			i.drips = 100
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
