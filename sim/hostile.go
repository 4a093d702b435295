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

// NodeLies are the ways of a lying node, apart from the say ones.
var NodeLies = []Lie{
	"not-found", "wrong-bytes", "wrong-size", "wrong-offset", "new-version", "at-end", "early-end", "too-much",
	"silent", "stall", "drip", "junk", "large", "version", "unknown",
}

// RelayLies are the ways of a lying relay, apart from the say ones and from "later KIND", which begins with the
// second request of a node.
var RelayLies = []Lie{"silent", "early-end", "junk", "large", "version", "ghosts", "pages", "denied", "no-lease", "superseded", "mute"}

// sendRaw sends bytes that are not a message.
type sendRaw struct {
	roles.Send
	seg segment
}

func raw(b []byte) sendRaw { return sendRaw{seg: literal(b)} }

// sample is a well-formed message of a kind.
func sample(kind protocol.Kind) protocol.Message {
	id, ip := nodeID(99), protocol.IP{10, 9, 9, 9}
	switch kind {
	case protocol.KindRegister:
		return &protocol.Register{ID: id, Epoch: 1, Port: 1}
	case protocol.KindRenew:
		return &protocol.Renew{ID: id, Epoch: 1}
	case protocol.KindLeave:
		return &protocol.Leave{ID: id, Epoch: 1}
	case protocol.KindLocate:
		return &protocol.Locate{}
	case protocol.KindGet:
		return &protocol.Get{Name: "x"}
	case protocol.KindRegistered:
		return &protocol.Registered{TTL: 90000, Renew: 30000, Host: ip, Port: 1}
	case protocol.KindRenewed:
		return &protocol.Renewed{TTL: 90000, Renew: 30000}
	case protocol.KindLeft:
		return &protocol.Left{}
	case protocol.KindLocated:
		return &protocol.Located{}
	case protocol.KindContent:
		return &protocol.Content{Size: 3, Length: 3, Version: []byte("x")}
	default:
		return &protocol.Error{Code: protocol.Denied, By: protocol.Node}
	}
}

// kindNamed is the kind with that name.
func kindNamed(name string) (protocol.Kind, bool) {
	for i := range protocol.Kinds {
		if protocol.Kinds[i].Name == name {
			return protocol.Kinds[i].Kind, true
		}
	}
	return 0, false
}

// nonsense is what is no message, by name.
func nonsense(name string) ([]byte, bool) {
	switch name {
	case "junk":
		return []byte("GET / HTTP/1.1\r\n\r\n"), true
	case "large":
		return []byte{'R', 'P', protocol.Version, byte(protocol.KindLeft), 0x7f, 0xff, 0xff, 0xff}, true
	case "version":
		return []byte{'R', 'P', 99, byte(protocol.KindLeft), 0, 0, 0, 1, 0xa0}, true
	case "unknown":
		return []byte{'R', 'P', protocol.Version, 0x55, 0, 0, 0, 1, 0xa0}, true
	case "badcbor":
		return []byte{'R', 'P', protocol.Version, byte(protocol.KindLeft), 0, 0, 0, 2, 0xa0, 0xa0}, true
	}
	return nil, false
}

// impostor is an accepted link at a liar.
type impostor struct {
	w     *World
	lie   Lie
	proc  *process
	peer  netip.AddrPort
	asked int
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
		return append([]roles.Effect{raw([]byte{7})}, i.arm()...)
	case roles.Garbled, roles.Ended, roles.Lost, roles.Stopped:
		i.done = true
		return []roles.Effect{roles.HangUp{}}
	}
	return nil
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
	case "say":
		kind, _ := kindNamed(name)
		return say(sample(kind))
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
	}
	if get, is := m.(*protocol.Get); is {
		return i.serve(get)
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

// relay answers as an honest relay would, but for the lie.
func (i *impostor) relay(at roles.Moment, m protocol.Message) []roles.Effect {
	d := i.proc.directory
	if d == nil {
		return refuse(protocol.Denied)
	}
	switch m := m.(type) {
	case *protocol.Register:
		switch i.lie {
		case "denied":
			return say(&protocol.Error{Code: protocol.Denied, By: protocol.Relay, Retry: 3000})
		case "superseded":
			return say(&protocol.Error{Code: protocol.Superseded, By: protocol.Relay, Epoch: m.Epoch + 5})
		}
		return say(d.Register(at, i.peer.Addr(), m))
	case *protocol.Renew:
		if i.lie == "no-lease" {
			return refuse(protocol.NoLease)
		}
		return say(d.Renew(at, m))
	case *protocol.Leave:
		if i.lie == "no-lease" {
			return refuse(protocol.NoLease)
		}
		return say(d.Leave(at, m))
	case *protocol.Locate:
		return say(i.located(at, d.Locate(at, m), len(m.Cursor)))
	}
	return refuse(protocol.Unexpected)
}

// located alters a page: with nodes that do not exist, or with empty pages after it.
func (i *impostor) located(at roles.Moment, m protocol.Message, pages int) protocol.Message {
	located, is := m.(*protocol.Located)
	switch {
	case is && i.lie == "ghosts":
		ghost := protocol.Peer{Host: protocol.IP{10, 8, 8, byte(at.Luck % 3)}, Port: 9}
		located.Peers = append([]protocol.Peer{ghost}, located.Peers...)
	case i.lie == "pages" && pages < 20:
		if !is || pages > 0 {
			located = &protocol.Located{}
		}
		located.Cursor = make([]byte, pages+1)
		return located
	}
	return m
}

// serve answers a GET as a lying node.
func (i *impostor) serve(get *protocol.Get) []roles.Effect {
	f := i.proc.host.file(get.Name)
	if f == nil || i.lie == "not-found" {
		return say(&protocol.Error{Code: protocol.NotFound, By: protocol.Node})
	}
	length := min(f.size-min(get.Offset, f.size), protocol.MaxRange)
	c := &protocol.Content{Size: f.size, Offset: min(get.Offset, f.size), Length: length, Version: f.tag()}
	body := segment{content: f.content, offset: c.Offset, size: int(length)}
	switch i.lie {
	case "wrong-bytes":
		body.content = 1 << 30
	case "wrong-size":
		c.Size += uint64(1 + i.asked)
		c.Length = min(c.Size-c.Offset, protocol.MaxRange)
		body.size = int(c.Length)
	case "wrong-offset":
		c.Size, c.Offset = c.Size+1, c.Offset+1
		c.Length = min(c.Size-c.Offset, protocol.MaxRange)
		body.size = int(c.Length)
	case "new-version":
		c.Version = []byte{byte(i.asked)}
	case "at-end":
		c.Size, c.Length, body.size = c.Offset, 0, 0
	case "too-much":
		body.size += 1000
	case "early-end":
		body.size /= 2
		return []roles.Effect{roles.Send{Message: c}, sendRaw{seg: body}, roles.HalfClose{}, roles.Hear{}}
	case "stall":
		body.size /= 2
	case "drip":
		body.size, i.drips = 0, 40
		return append([]roles.Effect{roles.Send{Message: c}}, i.arm()...)
	}
	return []roles.Effect{roles.Send{Message: c}, sendRaw{seg: body}, roles.Hear{}}
}
