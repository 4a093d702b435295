package sim

import (
	"encoding/binary"
	"net/netip"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// relay answers as an honest relay would, except for the lie.
func (i *impostor) relay(at roles.Moment, m protocol.Message) []roles.Effect {
	d := i.proc.directory
	if d == nil {
		return refuse(protocol.Denied)
	}
	if _, joins := m.(*protocol.Join); i.w.circuits() && i.id.IsZero() && !joins { // it has come in plain
		return refuse(protocol.TLSRequired)
	}
	from := relay.From{Peer: i.peer.Addr(), Local: i.proc.host.address.Addr(), ID: i.id}
	switch m := m.(type) {
	case *protocol.Enter:
		return say(&protocol.Entered{Role: protocol.BothRoles})
	case *protocol.Register:
		switch i.lie {
		case "denied":
			return say(&protocol.Error{Code: protocol.Denied, By: protocol.Relay, Retry: 3000})
		case "superseded":
			return say(&protocol.Error{Code: protocol.Superseded, By: protocol.Relay, Epoch: m.Epoch + 5})
		}
		return say(i.granted(at, d.Register(at, from, m)))
	case *protocol.Renew:
		if i.lie == "no-lease" {
			return refuse(protocol.NoLease)
		}
		return say(i.granted(at, d.Renew(at, from, m)))
	case *protocol.Leave:
		if i.lie == "no-lease" {
			return refuse(protocol.NoLease)
		}
		return say(d.Leave(at, m))
	case *protocol.Publish:
		switch i.lie {
		case "resync":
			return refuse(protocol.Resync)
		case "limit":
			return refuse(protocol.Limit)
		case "held":
			return say(&protocol.Published{Index: m.Index, Sequence: at.Rand % 5})
		}
		return say(d.Publish(at, m))
	case *protocol.Locate:
		answer := i.located(at, d.Locate(at, from, m), m.Cursor)
		if i.lie == "bad-entries" {
			return badEntries(answer)
		}
		return say(answer)
	case *protocol.Await:
		return i.await(at, from, m)
	case *protocol.Circuit:
		return say(&protocol.Opened{Ticket: protocol.Ticket{8}})
	case *protocol.Join:
		return refuse(protocol.PeerGone)
	case *protocol.List:
		if i.lie == "put-off" { // and does not end the link
			return say(&protocol.Error{Code: protocol.Busy, By: protocol.Relay, Retry: 1000})
		}
		answer := i.listed(d.List(at, from, m))
		if i.lie == "bad-entries" {
			return badEntries(answer)
		}
		return say(answer)
	}
	return refuse(protocol.Unexpected)
}

// await invites a node once, on behalf of nobody, and is silent then.
func (i *impostor) await(at roles.Moment, from relay.From, m *protocol.Await) []roles.Effect {
	renewed, is := i.proc.directory.Renew(at, from, &protocol.Renew{ID: m.ID, Epoch: m.Epoch}).(*protocol.Renewed)
	if !is || !i.w.circuits() {
		return refuse(protocol.NoLease)
	}
	if i.w.proves() && renewed.Host != nil { // nobody is sent to its address
		where := netip.AddrPortFrom(renewed.Host.Addr(), renewed.Port)
		i.proc.directory.Proved(at, relay.Proof{ID: m.ID, Epoch: m.Epoch, At: where, Reach: protocol.ReachTimeout})
	}
	i.proc.directory.Awaits(at, m.ID, at.Now+roles.LeaseTTL)
	if i.asked > 1 {
		return []roles.Effect{roles.Hear{}}
	}
	return say(&protocol.Awaited{Renewed: *renewed, Invitations: []protocol.Invitation{{Ticket: protocol.Ticket{7}}}})
}

// granted alters how much of a node's index the relay claims to hold.
func (i *impostor) granted(at roles.Moment, m protocol.Message) protocol.Message {
	if i.lie != "held" {
		return m
	}
	held := protocol.Held{Index: 1 + at.Rand%3, Sequence: at.Rand % 100}
	switch m := m.(type) {
	case *protocol.Registered:
		m.Held = held
	case *protocol.Renewed:
		m.Held = held
	}
	return m
}

// located alters a page of nodes: nodes that do not exist, wrong contents, or empty pages after it.
func (i *impostor) located(at roles.Moment, m protocol.Message, cursor []byte) protocol.Message {
	located, is := m.(*protocol.Located)
	pages := len(cursor)
	switch {
	case is && i.lie == "ghosts":
		ghost := protocol.Peer{Host: protocol.IP{10, 8, 8, byte(at.Rand % 3)}, Port: 9}
		located.Peers = append([]protocol.Peer{ghost}, located.Peers...)
	case is && i.lie == "wrong-holders":
		for j := range located.Peers {
			located.Peers[j].Hash, located.Peers[j].Size = protocol.Hash{byte(1 + at.Rand%2)}, at.Rand%(3*group)
		}
	case is && i.lie == "endless": // the same nodes, for longer than a client may go on
		if page := binary.BigEndian.Uint16(append(cursor, 0, 0)); page < 2*roles.MaxEmptyPages {
			located.Cursor = binary.BigEndian.AppendUint16(nil, page+1)
		}
	case i.lie == "pages" && pages < 20:
		if !is || pages > 0 {
			located = &protocol.Located{}
		}
		located.Cursor = make([]byte, pages+1)
		return located
	}
	return m
}

// badEntries says a page to which bad entries have been added: names that lead out of a folder, nodes
// that are nowhere.
func badEntries(m protocol.Message) []roles.Effect {
	nowhere := protocol.Peer{Host: protocol.IP("NOWH"), Port: 9}
	switch m := m.(type) {
	case *protocol.Located:
		m.Peers = append([]protocol.Peer{nowhere}, m.Peers...)
	case *protocol.Listed:
		m.Items = append([]protocol.Item{{Name: "xx/passwd", Size: 1, Hash: protocol.Hash{1}, Count: 1}}, m.Items...)
		m.Peers = append(m.Peers, nowhere)
	}
	spoil := strings.NewReplacer("NOWH", "\x00\x00\x00\x00", "xx/", "../")
	return []roles.Effect{raw([]byte(spoil.Replace(string(protocol.Append(nil, m))))), roles.Hear{}}
}

// listed adds a name to a page that does not match the pattern.
func (i *impostor) listed(m protocol.Message) protocol.Message {
	if listed, is := m.(*protocol.Listed); is && i.lie == "other-names" {
		listed.Items = append(listed.Items, protocol.Item{Name: "no/such", Size: 1, Hash: protocol.Hash{1}, Count: 3})
	}
	return m
}
