package conversation

import (
	"github.com/relaypeer/relaypeer/protocol"
)

const (
	epoch     = 1795409521243900
	index     = 24301
	ttl       = 90_000 // milliseconds
	nodePort  = 40123
	otherPort = 40124
)

// Each test file is content of byte i modulo 251; its hash is in protocol/testdata/trees or that of
// a file of one group.
var (
	verse = entry("verse.txt", 40)
	photo = entry("photos/one.jpg", 41)
)

func id(first byte) (id protocol.PeerID) {
	for i := range id {
		id[i] = first + byte(i)
	}
	return id
}

func register(of byte, epoch uint64, port uint16) *protocol.Register {
	return &protocol.Register{ID: id(of), Epoch: epoch, Port: port}
}

// granted is the relay's answer to a REGISTER over a link: times are its own choice.
func granted(link string, port uint16) step {
	return hears(link, &protocol.Registered{TTL: ttl, Renew: ttl / 3, Host: protocol.IP{192, 0, 2, 7}, Port: port},
		free("1"), free("2"), same("3", link+".host"))
}

// kept is the relay's answer to a RENEW over a link: the node is listed where it is now.
func kept(link string, held protocol.Held) step {
	return hears(link, &protocol.Renewed{TTL: ttl, Renew: ttl / 3, Host: protocol.IP{192, 0, 2, 7}, Port: nodePort, Held: held},
		free("1"), free("2"), same("3", link+".host"))
}

// joins registers a node with all that it shares over a link of its own.
func joins(link string, of byte, port uint16, shared ...protocol.Entry) []step {
	n := uint64(len(shared))
	if shared == nil {
		shared = []protocol.Entry{}
	}
	return steps(connects(link), says(link, register(of, epoch, port)), granted(link, port),
		says(link, &protocol.Publish{ID: id(of), Epoch: epoch, Index: index, To: n, Latest: n, Changes: shared}),
		hears(link, &protocol.Published{Index: index, Sequence: n}), closes(link))
}

// asks has a client ask and get the answer over a link of its own.
func asks(link string, request protocol.Message, answer step) []step {
	return steps(connects(link), says(link, request), answer, closes(link))
}

// listed is an entry of a LOCATED or LISTED, at the place of a node that has registered over a link.
func peerAt(port uint16, content protocol.Entry) protocol.Peer {
	return protocol.Peer{Host: protocol.IP{192, 0, 2, 7}, Port: port, Hash: content.Hash, Size: content.Size}
}

func relayScripts() []script {
	locate := &protocol.Locate{Name: "verse.txt"}
	nobody := &protocol.Located{Peers: []protocol.Peer{}}
	found := func(link string) step {
		return hears(link, &protocol.Located{Peers: []protocol.Peer{peerAt(nodePort, verse)}}, same("1.0.1", link+".host"))
	}
	junk := func(name, about string, b []byte, comment string, code protocol.Code) script {
		return script{"relay-" + name, about, nil, steps(connects("A"), raw("A", b, comment),
			refused("A", protocol.Relay, code), ended("A"), ends("A"))}
	}
	oneLink := func(name, about string, parts ...any) script {
		return script{"relay-" + name, about, nil, steps(append(append([]any{connects("A")}, parts...), closes("A"))...)}
	}
	renewed := kept("A", protocol.Held{})
	renew := &protocol.Renew{ID: id(1), Epoch: epoch}
	return []script{
		oneLink("registers-a-node", "the first phase: a node registers and closes",
			says("A", register(1, epoch, nodePort)), granted("A", nodePort)),
		{"relay-hands-out-a-node", "the second phase: a client asks for the active nodes and closes; one that publishes nothing may have anything", nil, steps(
			connects("A"), says("A", register(1, epoch, nodePort)), granted("A", nodePort), closes("A"),
			asks("B", locate, hears("B", &protocol.Located{Peers: []protocol.Peer{peerAt(nodePort, protocol.Entry{})}}, same("1.0.1", "B.host"))))},
		{"relay-knows-nobody", "no node has registered", nil, asks("A", locate, hears("A", nobody))},
		{"relay-names-a-holder", "a node has published the file: its hash and size stand with it", nil, steps(
			joins("A", 1, nodePort, verse), asks("B", locate, found("B")))},
		{"relay-finds-content", "a file is asked for by its content alone", nil, steps(
			joins("A", 1, nodePort, photo, verse), asks("B", &protocol.Locate{Hash: verse.Hash}, found("B")))},
		{"relay-leaves-out-who-has-it-not", "a node that has published everything, and not this", nil, steps(
			joins("A", 1, nodePort, photo), asks("B", locate, hears("B", nobody)))},
		{"relay-puts-holders-first", "one node has published the file, the other publishes nothing", nil, steps(
			connects("A"), says("A", register(1, epoch, otherPort)), granted("A", otherPort), closes("A"),
			joins("B", 2, nodePort, verse),
			asks("C", locate, hears("C", &protocol.Located{Peers: []protocol.Peer{peerAt(nodePort, verse), peerAt(otherPort, protocol.Entry{})}},
				same("1.0.1", "C.host"), same("1.1.1", "C.host"))))},
		{"relay-drops-a-name", "a change without content takes the name out", nil, steps(
			joins("A", 1, nodePort, verse), connects("B"), says("B", renew), kept("B", protocol.Held{Index: index, Sequence: 1}),
			says("B", &protocol.Publish{ID: id(1), Epoch: epoch, Index: index, From: 1, To: 2, Latest: 2, Changes: []protocol.Entry{{Name: "verse.txt"}}}),
			hears("B", &protocol.Published{Index: index, Sequence: 2}), closes("B"), asks("C", locate, hears("C", nobody)))},
		{"relay-hears-a-page-twice", "the answer was lost, and the node says the page again: nothing is applied twice", nil, steps(
			joins("A", 1, nodePort, verse), connects("B"), says("B", renew), kept("B", protocol.Held{Index: index, Sequence: 1}),
			says("B", &protocol.Publish{ID: id(1), Epoch: epoch, Index: index, To: 1, Latest: 1, Changes: []protocol.Entry{verse}}),
			hears("B", &protocol.Published{Index: index, Sequence: 1}), closes("B"), asks("C", locate, found("C")))},
		{"relay-wants-the-whole-again", "a page that does not follow what is held", nil, steps(
			joins("A", 1, nodePort, verse), connects("B"), says("B", renew), kept("B", protocol.Held{Index: index, Sequence: 1}),
			says("B", &protocol.Publish{ID: id(1), Epoch: epoch, Index: index, From: 7, To: 8, Latest: 8, Changes: []protocol.Entry{photo}}),
			refused("B", protocol.Relay, protocol.Resync), closes("B"))},
		{"relay-lists-names", "the names that match a pattern", nil, steps(
			joins("A", 1, nodePort, photo, verse),
			asks("B", &protocol.List{Pattern: "*.txt"}, hears("B", &protocol.Listed{Items: []protocol.Item{{Name: "verse.txt", Size: verse.Size, Hash: verse.Hash, Count: 1}}})))},
		{"relay-lists-holders", "with the nodes that have it", nil, steps(
			joins("A", 1, nodePort, photo, verse),
			asks("B", &protocol.List{Pattern: "photos/**", Holders: 1}, hears("B", &protocol.Listed{
				Items: []protocol.Item{{Name: "photos/one.jpg", Size: photo.Size, Hash: photo.Hash, Count: 1, Holders: []uint64{0}}},
				Peers: []protocol.Peer{peerAt(nodePort, protocol.Entry{})}}, same("2.0.1", "B.host"))))},
		oneLink("renews-on-the-same-link", "a node may ask again before it closes",
			says("A", register(1, epoch, nodePort)), granted("A", nodePort), says("A", renew), renewed),
		oneLink("has-no-lease", "a RENEW of a node that it does not know; the link serves on",
			says("A", renew), refused("A", protocol.Relay, protocol.NoLease),
			says("A", register(1, epoch+1, nodePort)), granted("A", nodePort)),
		oneLink("knows-a-newer-epoch", "a REGISTER that was overtaken is refused, with the epoch to go above",
			says("A", register(1, epoch, nodePort)), granted("A", nodePort),
			says("A", register(1, epoch-1, otherPort)),
			hears("A", &protocol.Error{Code: protocol.Superseded, By: protocol.Relay, Epoch: epoch}, free("3"), free("4"))),
		{"relay-takes-the-newest", "the same node registers anew, at another port", nil, steps(
			connects("A"), says("A", register(1, epoch, nodePort)), granted("A", nodePort), closes("A"),
			connects("B"), says("B", register(1, epoch+1, otherPort)), granted("B", otherPort), closes("B"),
			asks("C", locate, hears("C", &protocol.Located{Peers: []protocol.Peer{peerAt(otherPort, protocol.Entry{})}}, same("1.0.1", "C.host"))))},
		{"relay-forgets-who-leaves", "a node leaves, and is listed no longer", nil, steps(
			joins("A", 1, nodePort, verse), connects("B"), says("B", &protocol.Leave{ID: id(1), Epoch: epoch}), hears("B", &protocol.Left{}), closes("B"),
			asks("C", locate, hears("C", nobody)))},
		{"relay-forgets-who-is-silent", "a lease ends at its TTL", given("time", "virtual"), steps(
			joins("A", 1, nodePort, verse), waits(ttl+1000), asks("B", locate, hears("B", nobody)))},
		{"relay-hands-out-pages", "one node a page, in an order of the relay's, and a cursor that leads to the next page", nil, steps(
			joins("A", 1, nodePort, verse), joins("B", 2, otherPort, verse), connects("C"),
			says("C", &protocol.Locate{Name: "verse.txt", Limit: 1}),
			hears("C", &protocol.Located{Peers: []protocol.Peer{peerAt(nodePort, verse)}, Cursor: []byte{1}}, same("1.0.1", "C.host"), free("1.0.2"), keep("2", "cursor")),
			says("C", &protocol.Locate{Name: "verse.txt", Limit: 1, Cursor: []byte{1}}, place("3", "cursor")),
			hears("C", &protocol.Located{Peers: []protocol.Peer{peerAt(otherPort, verse)}}, same("1.0.1", "C.host"), free("1.0.2"), free("2")), closes("C"))},
		junk("meets-http", "a browser's request is no frame", []byte("GET / HTTP/1.1\r\n\r\n"), "GET / HTTP/1.1", protocol.Malformed),
		junk("meets-another-version", "a frame of version 9", []byte{0x52, 0x50, 9, 1, 0, 0, 0, 1, 0xa0}, "version 9", protocol.BadVersion),
		junk("meets-an-unknown-kind", "a request that no version 1 has", []byte{0x52, 0x50, 1, 0x7e, 0, 0, 0, 1, 0xa0}, "kind 0x7e", protocol.UnknownKind),
		junk("meets-a-giant", "a first frame of a claimed 4 GiB", []byte{0x52, 0x50, 1, 1, 0xff, 0xff, 0xff, 0xff}, "payload length 4294967295", protocol.TooLarge),
		junk("meets-broken-cbor", "a REGISTER that is a list", []byte{0x52, 0x50, 1, 1, 0, 0, 0, 1, 0x80}, "a list in place of the map", protocol.Malformed),
		junk("is-no-node", "a client's GET has come to the relay", protocol.Append(nil, &protocol.Get{Name: "verse.txt"}), "GET", protocol.Unexpected),
		junk("hears-an-answer", "an answer that nobody has asked for", protocol.Append(nil, &protocol.Left{}), "LEFT", protocol.Unexpected),
		{"relay-is-left-in-mid-frame", "half a frame, and the end: that is a broken link, and is not answered", nil, steps(
			connects("A"), raw("A", []byte{0x52, 0x50, 1, 1}, "half a header"), closes("A"))},
		{"relay-is-met-by-silence", "nobody says anything: it says so, and closes", given("time", "virtual"), steps(
			connects("A"), refused("A", protocol.Relay, protocol.Timeout), ended("A"), ends("A"))},
		{"relay-refuses-a-pattern", "a pattern that is none ends the link", nil, steps(
			connects("A"), raw("A", []byte{0x52, 0x50, 1, 6, 0, 0, 0, 5, 0xa1, 1, 0x62, 0x5b, 0x61}, "LIST of the pattern [a"),
			refused("A", protocol.Relay, protocol.BadName), ended("A"), ends("A"))},
		{"relay-admits-nobody-in-plain", "in plain nobody has a key that an invite could admit; the link goes on", nil, steps(
			connects("A"), says("A", &protocol.Enter{Token: protocol.TokenID{1, 2, 3, 4, 5}}), refused("A", protocol.Relay, protocol.Denied),
			says("A", register(1, epoch, nodePort)), granted("A", nodePort), closes("A"))},
	}
}
