package conversation

import (
	"fmt"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

const large = 2*protocol.GroupSize + 5 // bytes, three groups

// nodeGiven is the header of a node's conversation.
func nodeGiven(shared ...protocol.Entry) []line {
	header := given("address", "relay 192.0.2.100:4000")
	for _, e := range shared {
		header = append(header, line{"file", fmt.Sprintf("%s %d", e.Name, e.Size)})
	}
	return header
}

func virtual(header []line) []line { return append(header, line{"time", "virtual"}) }

// registers has the node register over a link that it keeps. Its id, epoch and index are its own.
func registers(link string) []step {
	return steps(accepts(link, "relay"), asksToBeListed(link), grants(link))
}

func asksToBeListed(link string) step {
	return hears(link, registerToPublish(epoch), keep("1", "id"), keep("2", "epoch"), same("3", "node.port"))
}

func registerToPublish(epoch uint64) protocol.Message {
	m := register(1, epoch, nodePort)
	m.Publishes = 1
	return m
}

func grants(link string) step {
	return says(link, &protocol.Registered{TTL: ttl, Renew: ttl / 3, Host: protocol.IP{192, 0, 2, 50}, Port: 40000},
		place("3", "node.host"), place("4", "node.port"))
}

// publishes has the node tell all that it shares, and close.
func publishes(link string, shared ...protocol.Entry) []step {
	n := uint64(len(shared))
	if shared == nil {
		shared = []protocol.Entry{}
	}
	return steps(hears(link, &protocol.Publish{ID: id(1), Epoch: epoch, Index: index, To: n, Latest: n, Changes: shared},
		same("1", "id"), same("2", "epoch"), keep("3", "index")),
		says(link, &protocol.Published{Index: index, Sequence: n}, place("1", "index")), closed(link))
}

// visit is the third phase: a client has connected to a node that is listed.
func visit(name, about string, shared []protocol.Entry, parts ...any) script {
	begin := []any{registers("A"), publishes("A", shared...), connects("B")}
	return script{"node-" + name, about, nodeGiven(shared...), steps(append(begin, parts...)...)}
}

func describes(link string, size int, first, count uint64) step {
	hash, tree := treeOfSize(size)
	groups := uint64(size+protocol.GroupSize-1) / protocol.GroupSize
	return hears(link, &protocol.Outboard{Size: uint64(size), Hash: hash, First: first, Count: count,
		Nodes: content.Slice(tree, groups, first, count)}, times("6", "7")...)
}

// times frees what a node may tell of a file beside its content.
func times(paths ...string) (notes []note) {
	for _, path := range paths {
		notes = append(notes, free(path))
	}
	return notes
}

func delivers(link string, size, offset, length int) []step {
	return steps(hears(link, &protocol.Content{Size: uint64(size), Hash: hashOf(size), Offset: uint64(offset), Length: uint64(length)}, times("5", "6")...),
		gets(link, offset, length))
}

func nodeScripts() []script {
	only := []protocol.Entry{verse}
	big := []protocol.Entry{entry("big.bin", large)}
	none := []protocol.Entry{entry("empty", 0)}
	get := &protocol.Get{Name: "verse.txt", Length: verse.Size, Hash: verse.Hash}
	renews := hears("B", &protocol.Renew{ID: id(1), Epoch: epoch}, same("1", "id"), same("2", "epoch"))
	held := protocol.Held{Index: index, Sequence: 1}
	renewed := says("B", &protocol.Renewed{TTL: ttl, Renew: ttl / 3, Held: held}, place("5", "index"))
	leaves := func(link string) []step {
		return steps(accepts(link, "relay"), hears(link, &protocol.Leave{ID: id(1), Epoch: epoch}, same("1", "id"), same("2", "epoch")),
			says(link, &protocol.Left{}), closed(link))
	}
	junk := func(name, about string, b []byte, comment string, code protocol.Code) script {
		return visit(name, about, only, raw("B", b, comment), refused("B", protocol.Node, code), ended("B"), ends("B"))
	}
	onTime := func(s script) script {
		s.given = virtual(s.given)
		return s
	}
	alone := func(name, about string, parts ...any) script {
		return script{"node-" + name, about, virtual(nodeGiven(verse)), steps(parts...)}
	}
	return []script{
		{"node-registers", "the first phase: a node that shares nothing registers, says so, and closes", nodeGiven(), steps(registers("A"), publishes("A"))},
		{"node-publishes", "a node tells what it shares on the link of its registration", nodeGiven(verse), steps(registers("A"), publishes("A", verse))},
		alone("renews", "the lease is renewed after the time that the relay gave; what the relay holds is not said again",
			registers("A"), publishes("A", verse), accepts("B", "relay"), renews, renewed, closed("B")),
		alone("registers-anew", "the relay has lost the lease: the node registers on the same link, with a larger epoch",
			registers("A"), publishes("A", verse), accepts("B", "relay"), renews, says("B", &protocol.Error{Code: protocol.NoLease, By: protocol.Relay}),
			hears("B", registerToPublish(epoch+1), same("1", "id"), keep("2", "epoch"), same("3", "node.port")), grants("B"), publishes("B", verse)),
		alone("publishes-the-whole-again", "the relay holds something else: the node begins from 0",
			registers("A"), hears("A", &protocol.Publish{ID: id(1), Epoch: epoch, Index: index, To: 1, Latest: 1, Changes: only}, same("1", "id"), same("2", "epoch"), keep("3", "index")),
			says("A", &protocol.Error{Code: protocol.Resync, By: protocol.Relay}), publishes("A", verse)),
		alone("is-told-to-wait", "a relay that is full says when to come again, and the node does",
			accepts("A", "relay"), asksToBeListed("A"), says("A", &protocol.Error{Code: protocol.Busy, By: protocol.Relay, Retry: 5000}), ends("A"), ended("A"),
			registers("B"), publishes("B", verse)),
		alone("finds-the-relay-silent", "a relay that does not answer is left after ReplyTimeout, and tried again",
			accepts("A", "relay"), asksToBeListed("A"), ended("A"), ends("A"), registers("B"), publishes("B", verse)),
		alone("leaves", "a node that is stopped ends its lease", registers("A"), publishes("A", verse), stops(), leaves("B")),
		visit("describes-a-file", "the third phase: what is this file, and its bytes", only,
			says("B", &protocol.Tree{Name: "verse.txt"}), describes("B", 40, 0, 1), says("B", get), delivers("B", 40, 0, 40), closes("B")),
		visit("serves-by-content", "a file is asked for by its hash", only,
			says("B", &protocol.Get{Hash: verse.Hash}), delivers("B", 40, 0, 40), closes("B")),
		visit("serves-by-name", "a file is asked for by its name alone", only,
			says("B", &protocol.Get{Name: "verse.txt"}), delivers("B", 40, 0, 40), closes("B")),
		visit("serves-from-the-middle", "the second and third group of three", big,
			says("B", &protocol.Tree{Name: "big.bin", First: 1, Count: 2}), describes("B", large, 1, 2),
			says("B", &protocol.Get{Name: "big.bin", Hash: hashOf(large), Offset: protocol.GroupSize, Length: large - protocol.GroupSize}),
			delivers("B", large, protocol.GroupSize, large-protocol.GroupSize), closes("B")),
		visit("describes-an-empty-file", "an empty file has no group", none,
			says("B", &protocol.Tree{Name: "empty"}), hears("B", &protocol.Outboard{Hash: hashOf(0)}, times("6", "7")...),
			says("B", &protocol.Get{Name: "empty"}), delivers("B", 0, 0, 0), closes("B")),
		visit("has-it-not", "no such file; the link serves on", only,
			says("B", &protocol.Get{Name: "nothing"}), refused("B", protocol.Node, protocol.NotFound),
			says("B", get), delivers("B", 40, 0, 40), closes("B")),
		visit("has-other-content", "by name and hash, and the file is another", only,
			says("B", &protocol.Get{Name: "verse.txt", Hash: hashOf(41)}), refused("B", protocol.Node, protocol.Changed), closes("B")),
		visit("has-not-that-content", "by hash alone", only,
			says("B", &protocol.Tree{Hash: hashOf(41)}), refused("B", protocol.Node, protocol.NotFound), closes("B")),
		visit("answers-in-order", "three requests are sent ahead, and answered in their order", only,
			says("B", &protocol.Get{Name: "verse.txt", Length: 40}), says("B", &protocol.Get{Name: "nothing"}), says("B", &protocol.Tree{Name: "verse.txt"}),
			delivers("B", 40, 0, 40), refused("B", protocol.Node, protocol.NotFound), describes("B", 40, 0, 1), closes("B")),
		visit("is-asked-beyond-the-end", "an offset above the size", only,
			says("B", &protocol.Get{Name: "verse.txt", Offset: 41}), refused("B", protocol.Node, protocol.Limit), closes("B")),
		visit("is-called-a-liar", "a client says bad-hash, half-closes, and the node closes", only,
			says("B", get), delivers("B", 40, 0, 40), says("B", &protocol.Error{Code: protocol.BadHash, By: protocol.Client}), ended("B"), ends("B")),
		junk("meets-http", "a browser's request is no frame", []byte("GET / HTTP/1.1\r\n\r\n"), "GET / HTTP/1.1", protocol.Malformed),
		junk("is-no-relay", "another node takes it for a relay", protocol.Append(nil, register(7, epoch, 1)), "REGISTER", protocol.Unexpected),
		junk("is-asked-for-a-bad-name", "a name that leads out of the share", []byte{0x52, 0x50, 1, 7, 0, 0, 0, 6, 0xa1, 1, 0x63, '.', '.', '/'}, "GET ../", protocol.BadName),
		onTime(visit("is-met-by-silence", "a client that asks nothing", only, refused("B", protocol.Node, protocol.Timeout), ended("B"), ends("B"))),
		onTime(visit("drains", "a node that stops tells an idle client, and leaves", only,
			says("B", get), delivers("B", 40, 0, 40), stops(), leaves("C"), refused("B", protocol.Node, protocol.Draining), ended("B"), ends("B"))),
	}
}
