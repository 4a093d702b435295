package sim

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// certainBugs are bugs that make a client certain of what is not so, or a relay that was restarted
// pass for one that knows all.
var certainBugs = []planted{
	{"a relay does not keep names without a hash", directory(func(b *before, d relayDirectory) {
		b.publish = func(at roles.Moment, m *protocol.Publish) protocol.Message {
			page := *m
			page.Changes = nil
			for _, e := range m.Changes {
				if e.Mark != protocol.Pending {
					page.Changes = append(page.Changes, e)
				}
			}
			return d.Publish(at, &page)
		}
	}), []ID{S2, S15}, "a node that hashes slowly", "", hashingStory},
	{"asked for a hash, a relay does not name nodes that are hashing", directory(func(b *before, d relayDirectory) {
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, from, m)
			if located, is := answer.(*protocol.Located); is && m.Name == "" && !m.Hash.IsZero() {
				located.Peers = withHashes(located.Peers)
			}
			return answer
		}
	}), []ID{S2, S15}, "a node that hashes slowly", "", hashingStory},
	{"a node that is hashing says not found", around(uploadKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if no, is := in.(roles.FileRefused); is && no.Code == protocol.Indexing {
				no.Code = protocol.NotFound
				return no
			}
			return in
		}
	}), []ID{S2}, "a node that hashes slowly", "", hashingStory},
	{"a client takes indexing for no", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if no := heardError(in); no != nil && no.Code == protocol.Indexing {
				return roles.Heard{Link: in.(roles.Heard).Link, Message: &protocol.Error{Code: protocol.NotFound, By: protocol.Node}}
			}
			return in
		}
	}), []ID{S2}, "a node that hashes slowly", "", hashingStory},
	{"a node publishes no name before its file is hashed", around(memberKind, func(b *bugged) {
		b.after = publishing(func(m *protocol.Publish) {
			for i := range m.Changes {
				if e := &m.Changes[i]; e.Mark == protocol.Pending {
					*e = protocol.Entry{Name: e.Name}
				}
			}
		})
	}), []ID{S2, L4}, "a node that hashes slowly", "", hashingStory},
	{"a node that is told of no changes does not say so", around(memberKind, func(b *bugged) {
		b.after = publishing(func(m *protocol.Publish) { m.Beyond = 0 })
	}), []ID{S2}, "a node that is told of no changes, and a new file", "", deafStory},
	{"what a node gathers is published late", around(memberKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			if _, is := in.(roles.Notified); is {
				return nil
			}
			return in
		}
	}), []ID{S2}, "a new file", "", appearing},
	{"a node with a burst of new names does not say that there are more", around(memberKind, func(b *bugged) {
		b.after = publishing(func(m *protocol.Publish) { m.Latest = m.To })
	}), []ID{S2, S8, S15}, "many new files", "", burst},
	{"a file that cannot be read is not there", Plant{Machine: nil, Directory: func(d relay.Directory) relay.Directory {
		b := &before{Directory: d}
		b.publish = func(at roles.Moment, m *protocol.Publish) protocol.Message {
			page := *m
			page.Changes = nil
			for _, e := range m.Changes {
				if e.Mark == protocol.Opaque {
					e = protocol.Entry{Name: e.Name}
				}
				page.Changes = append(page.Changes, e)
			}
			return d.Publish(at, &page)
		}
		return b
	}}, []ID{S2, S15}, "a file that cannot be read", "", opaqueStory},
	{"a restarted relay does not say that it is young", directory(func(b *before, d relayDirectory) {
		b.locate = young(d, func(*protocol.Locate, uint64) uint64 { return 0 })
	}), []ID{S21}, "a relay that restarts", "", youngStory},
	{"a relay says that it is young on the first page alone", directory(func(b *before, d relayDirectory) {
		b.locate = young(d, func(m *protocol.Locate, is uint64) uint64 {
			if m.Cursor != nil {
				return 0
			}
			return is
		})
	}), []ID{S21}, "a relay that restarts, and several pages", "", youngStory},
	{"a relay forgets how many nodes it had", Plant{Policy: func(p *relay.Policy) { p.Earlier = 0 }}, []ID{S21}, "a relay that restarts", "", youngStory},
	{"a relay is young for ever", directory(func(b *before, d relayDirectory) {
		ever := uint64(0)
		b.locate = young(d, func(_ *protocol.Locate, is uint64) uint64 { ever = max(ever, is); return ever })
	}), []ID{S21, S2, L3}, "a relay that restarts", "", youngStory},
	{"a client does not mind that nodes are named badly", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			heard, _ := in.(roles.Heard)
			if m, is := heard.Message.(*protocol.Located); is {
				good := *m
				good.LeftOut = 0
				return roles.Heard{Link: heard.Link, Message: &good}
			}
			return in
		}
	}), []ID{S2}, "a relay that names nodes badly", "", badlyNamed},
	{"a client follows a relay without an end", Plant{Machine: func(k machineKind, m roles.Machine) roles.Machine {
		if k != fetchKind {
			return m
		}
		return &bugged{Machine: m, before: fresh()}
	}}, []ID{S9, L1}, "a relay without an end", "", endlessRelay},
	{"a walk forgets which nodes have moved since it began", directory(func(b *before, d relayDirectory) {
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			first := *m
			first.Cursor, first.Limit = nil, 1
			newest, _ := d.Locate(at, from, &first).(*protocol.Located)
			if m.Cursor != nil && newest.Cursor != nil { // a cursor begins with the latest move of before its walk
				later := *m
				later.Cursor = append(newest.Cursor[:8:8], m.Cursor[8:]...)
				m = &later
			}
			return d.Locate(at, from, m)
		}
	}), []ID{S2}, "nodes that move during a walk", "", restlessStory},
	{"a relay does not count nodes that the client cannot reach", directory(func(b *before, d relayDirectory) {
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			answer := d.Locate(at, from, m)
			if located, is := answer.(*protocol.Located); is {
				located.Withheld = 0
			}
			return answer
		}
	}), []ID{S22, S2}, "a node that only the relay's machine reaches", "", loneStory},
	{"a relay sends clients to a node that only its own machine reaches", directory(func(b *before, d relayDirectory) {
		b.locate = func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
			return d.Locate(at, relay.From{Peer: from.Local, Local: from.Local}, m)
		}
	}), []ID{S3, S15, S22}, "a node that only the relay's machine reaches", "", loneStory},
	{"a client does not mind that nodes are withheld", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			heard, _ := in.(roles.Heard)
			if m, is := heard.Message.(*protocol.Located); is {
				open := *m
				open.Withheld = 0
				return roles.Heard{Link: heard.Link, Message: &open}
			}
			return in
		}
	}), []ID{S2}, "a node that only the relay's machine reaches", "", loneStory},
	{"a client does not mind that its relay is young", around(fetchKind, func(b *bugged) {
		b.before = func(in roles.Input) roles.Input {
			heard, _ := in.(roles.Heard)
			if m, is := heard.Message.(*protocol.Located); is {
				grown := *m
				grown.Young = 0
				return roles.Heard{Link: heard.Link, Message: &grown}
			}
			return in
		}
	}), []ID{S2}, "a relay that restarts", "", youngStory},
}

// fresh makes each page of nodes of a long walk look as if it named one that is new.
func fresh() func(in roles.Input) roles.Input {
	n := uint16(0)
	return func(in roles.Input) roles.Input {
		heard, _ := in.(roles.Heard)
		m, is := heard.Message.(*protocol.Located)
		if !is {
			return in
		}
		if n++; n < 20 { // no honest relay has so many pages here
			return in
		}
		other := *m
		other.Peers = append([]protocol.Peer{{Host: protocol.IP{10, 201, byte(n >> 8), byte(n)}, Port: 9}}, m.Peers...)
		return roles.Heard{Link: heard.Link, Message: &other}
	}
}

// withHashes returns the peers that are known to have the file.
func withHashes(peers []protocol.Peer) []protocol.Peer {
	var known []protocol.Peer
	for _, p := range peers {
		if !p.Hash.IsZero() {
			known = append(known, p)
		}
	}
	return known
}

// publishing returns effects with other pages of an index.
func publishing(alter func(m *protocol.Publish)) func(in roles.Input, effects []roles.Effect) []roles.Effect {
	return func(_ roles.Input, effects []roles.Effect) []roles.Effect {
		for i, e := range effects {
			send, _ := e.(roles.Send)
			if m, is := send.Message.(*protocol.Publish); is {
				other := *m
				other.Changes = append([]protocol.Entry{}, m.Changes...)
				alter(&other)
				effects[i] = roles.Send{Link: send.Link, Message: &other}
			}
		}
		return effects
	}
}

// young returns a Locate with another word on how young the relay is.
func young(d relay.Directory, says func(m *protocol.Locate, is uint64) uint64) func(roles.Moment, relay.From, *protocol.Locate) protocol.Message {
	return func(at roles.Moment, from relay.From, m *protocol.Locate) protocol.Message {
		answer := d.Locate(at, from, m)
		if located, is := answer.(*protocol.Located); is {
			located.Young = says(m, located.Young)
		}
		return answer
	}
}
