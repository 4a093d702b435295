package main

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// wholeFetch has the real machines talk to each other, and writes down every byte.
func wholeFetch() string {
	const nodePort = 40123
	host := netip.MustParseAddr("192.0.2.7")
	id := protocol.NodeID{}
	for i := range id {
		id[i] = byte(i)
	}
	registry := relay.NewRegistry(relay.Policy{})
	stage := &stage{accept: func(to string) (roles.Machine, netip.AddrPort) {
		if to == "relay.example:4000" {
			return relay.NewSession(registry), netip.AddrPortFrom(host, 50001)
		}
		return node.NewUpload(), netip.MustParseAddrPort("198.51.100.2:50002")
	}}
	stage.play("node", node.NewMembership(node.Config{Relay: "relay.example:4000", ID: id, Epoch: 1795409521243900, Port: nodePort}))
	stage.play("client", client.NewFetch("relay.example:4000", "hello.txt"))
	return stage.out.String()
}

// stage is a network without time: what one machine sends the other hears at once.
type stage struct {
	accept func(to string) (machine roles.Machine, from netip.AddrPort)
	out    strings.Builder
	dumped strings.Builder // of the link that is open
}

const content = "hello\n" // of every file

// side is one end of the link, with what waits for its machine.
type side struct {
	machine roles.Machine
	link    roles.Link
	sign    string
	inbox   []any // protocol.Message, body, or end
	hearing bool
	awaits  uint64 // bytes of a body; 0: none
	inputs  []roles.Input
	open    bool
}

type (
	body []byte
	end  struct{}
)

// play runs a machine until it waits for nothing but time.
func (s *stage) play(name string, m roles.Machine) {
	here := &side{machine: m, sign: ">", inputs: []roles.Input{roles.Started{}}}
	var there *side
	for {
		switch {
		case len(here.inputs) > 0:
			there = s.step(name, here, there)
		case there != nil && len(there.inputs) > 0:
			s.step(name, there, here)
		case there != nil && (here.deliver() || there.deliver()):
		default:
			return
		}
	}
}

// deliver turns what waits into an input, if the machine is ready for it.
func (e *side) deliver() bool {
	if len(e.inbox) == 0 || !e.open {
		return false
	}
	switch first := e.inbox[0].(type) {
	case protocol.Message:
		if !e.hearing || e.awaits > 0 {
			return false
		}
		e.inputs = append(e.inputs, roles.Heard{Link: e.link, Message: first})
	case body:
		if e.awaits == 0 {
			return false
		}
		e.awaits = 0
		e.inputs = append(e.inputs, roles.BodyDone{Link: e.link})
	case end:
		if !e.hearing {
			return false
		}
		e.inputs = append(e.inputs, roles.Ended{Link: e.link})
	}
	e.hearing = false
	e.inbox = e.inbox[1:]
	return true
}

func (s *stage) step(name string, me, peer *side) *side {
	in := me.inputs[0]
	me.inputs = me.inputs[1:]
	for _, effect := range me.machine.Step(roles.Moment{Now: time.Second, Luck: 1}, in) {
		switch e := effect.(type) {
		case roles.Dial:
			peer = s.dial(name, me, e)
		case roles.Send:
			frame := protocol.Append(nil, e.Message)
			s.dump(me, annotate(frame, e.Message))
			peer.inbox = append(peer.inbox, e.Message)
		case roles.SendBody:
			raw := content[e.Offset : e.Offset+e.Length]
			a := &annotator{}
			a.line([]byte(raw), 0, fmt.Sprintf("%d raw bytes of the file: %q", len(raw), raw))
			s.dump(me, a.out.String())
			peer.inbox = append(peer.inbox, body(raw))
			me.inputs = append(me.inputs, roles.BodyDone{Link: me.link})
		case roles.OpenFile:
			me.inputs = append(me.inputs, roles.FileFound{Size: uint64(len(content)), Version: []byte{0xc0, 0xff, 0xee, 0x01}})
		case roles.Hear, roles.Discard:
			me.hearing = true
		case roles.ReceiveBody:
			me.awaits = e.Length
		case roles.HalfClose:
			s.dump(me, "(FIN)\n")
			peer.inbox = append(peer.inbox, end{})
		case roles.HangUp:
			s.hangUp(me, peer)
		}
	}
	return peer
}

func (s *stage) dial(name string, me *side, e roles.Dial) *side {
	machine, from := s.accept(e.To)
	to := e.To
	fmt.Fprintf(&s.out, "The %s connects to %s.\n\n", name, to)
	me.link, me.open, me.inbox = e.Link, true, nil
	me.inputs = append(me.inputs, roles.Opened{Link: e.Link})
	return &side{machine: machine, sign: "<", open: true, inputs: []roles.Input{roles.Opened{Link: 0, Peer: from}}}
}

func (s *stage) hangUp(me, peer *side) {
	me.open = false
	if peer.open {
		s.dump(me, "(FIN)\n")
		peer.inbox = append(peer.inbox, end{})
		return
	}
	s.out.WriteString(fence("", s.dumped.String()) + "\n")
	s.dumped.Reset()
}

func (s *stage) dump(who *side, lines string) {
	for line := range strings.Lines(lines) {
		s.dumped.WriteString(who.sign + " " + line)
	}
}
