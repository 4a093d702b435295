package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/annotate"
	"github.com/relaypeer/relaypeer/roles"
)

// stage is a network without time, with one file on every node's disk: what one machine sends the other hears at once.
type stage struct {
	accept func(to string) (machine roles.Machine, from netip.AddrPort)
	file   []byte // of one group
	hash   protocol.Hash
	out    strings.Builder
}

// actor is a machine with the ends of its links.
type actor struct {
	name    string
	machine roles.Machine
	ends    []*end
	inputs  []roles.Input
}

// end is one end of a link, with what waits for its machine.
type end struct {
	of      *actor
	link    roles.Link
	peer    *end
	sign    string
	lines   *strings.Builder // by both ends
	inbox   []any            // protocol.Message, body, or fin
	hearing bool
	body    *roles.ReceiveBody // that is awaited
	gone    bool
}

type (
	body []byte
	fin  struct{}
)

// play runs a machine, and those that it connects to, until they wait for nothing but time.
func (s *stage) play(name string, m roles.Machine) {
	first := &actor{name: name, machine: m, inputs: []roles.Input{roles.Started{}}}
	for s.step(first) || s.stepPeers(first) || first.deliver() {
	}
}

func (s *stage) stepPeers(first *actor) bool {
	for _, e := range first.ends {
		if s.step(e.peer.of) || e.peer.of.deliver() {
			return true
		}
	}
	return false
}

// deliver turns what waits at an end into an input, if the machine is ready for it.
func (a *actor) deliver() bool {
	for _, e := range a.ends {
		if len(e.inbox) > 0 && !e.gone && e.take(e.inbox[0]) {
			e.inbox = e.inbox[1:]
			return true
		}
	}
	return false
}

func (e *end) take(what any) bool {
	_, raw := what.(body)
	if raw != (e.body != nil) || !raw && !e.hearing {
		return false
	}
	switch what := what.(type) {
	case protocol.Message:
		e.of.tell(roles.Heard{Link: e.link, Message: what})
	case body:
		e.of.tell(roles.Verified{Link: e.link}, roles.BodyDone{Link: e.link})
	case fin:
		e.of.tell(roles.PeerEnded{Link: e.link})
	}
	e.hearing, e.body = false, nil
	return true
}

func (a *actor) tell(in ...roles.Input) { a.inputs = append(a.inputs, in...) }

func (a *actor) end(link roles.Link) *end {
	for i := len(a.ends) - 1; i >= 0; i-- {
		if a.ends[i].link == link {
			return a.ends[i]
		}
	}
	panic(fmt.Sprintf("%s has no link %d", a.name, link)) // a bug of the machine
}

func (s *stage) step(a *actor) bool {
	if len(a.inputs) == 0 {
		return false
	}
	in := a.inputs[0]
	a.inputs = a.inputs[1:]
	for _, effect := range a.machine.Step(roles.Moment{Now: time.Second, Rand: 1}, in) {
		s.do(a, effect)
	}
	return true
}

func (s *stage) do(a *actor, effect roles.Effect) {
	switch e := effect.(type) {
	case roles.Dial:
		s.dial(a, e)
	case roles.Send:
		a.end(e.Link).send(e.Message, annotate.Frame(protocol.Append(nil, e.Message), e.Message))
	case roles.SendBody:
		raw := s.file[e.Offset : e.Offset+e.Length]
		a.end(e.Link).send(body(raw), annotate.Bytes(raw, fmt.Sprintf("%d raw bytes of the file: %q", len(raw), raw)))
		a.tell(roles.BodyDone{Link: e.Link})
	case roles.OpenFile:
		a.tell(roles.FileFound{Size: uint64(len(s.file)), Hash: s.hash})
	case roles.AskTurn:
		a.tell(roles.TurnGiven{})
	case roles.InspectStore:
		a.tell(roles.StoreInspected{Item: e.Item})
	case roles.OpenStore:
		a.tell(roles.StoreReady{Item: e.Item})
	case roles.CommitStore:
		a.tell(roles.StoreCommitted{Items: []roles.Placed{{Item: e.Items[0].Item}}})
	case roles.Hear:
		a.end(e.Link).hearing = true
	case roles.Discard:
		a.end(e.Link).hearing = true
	case roles.ReceiveBody:
		a.end(e.Link).body = &e
	case roles.HalfClose:
		a.end(e.Link).send(fin{}, "(FIN)\n")
	case roles.HangUp:
		s.hangUp(a.end(e.Link))
	}
}

func (s *stage) dial(a *actor, e roles.Dial) {
	machine, from := s.accept(e.To)
	fmt.Fprintf(&s.out, "The %s connects to %s.\n\n", a.name, e.To)
	here := &end{of: a, link: e.Link, sign: "> ", lines: &strings.Builder{}}
	there := &end{of: &actor{name: e.To, machine: machine}, sign: "< ", lines: here.lines, peer: here}
	here.peer, there.of.ends = there, []*end{there}
	a.ends = append(a.ends, here)
	a.tell(roles.Opened{Link: e.Link})
	there.of.tell(roles.Opened{Peer: from})
}

func (e *end) send(what any, lines string) {
	for line := range strings.Lines(lines) {
		e.lines.WriteString(e.sign + line)
	}
	e.peer.inbox = append(e.peer.inbox, what)
}

func (s *stage) hangUp(e *end) {
	e.gone = true
	if !e.peer.gone {
		e.send(fin{}, "(FIN)\n")
		return
	}
	s.out.WriteString(fence("", e.lines.String()) + "\n")
}
