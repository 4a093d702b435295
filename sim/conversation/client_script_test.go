package conversation

import (
	"fmt"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
)

// entry is a file of the conversations: byte i is i modulo 251.
func entry(name string, size int) protocol.Entry {
	return protocol.Entry{Name: name, Size: uint64(size), Hash: hashOf(size)}
}

func hashOf(size int) protocol.Hash {
	hash, _ := treeOfSize(size)
	return hash
}

func treeOfSize(size int) (protocol.Hash, []byte) {
	if size <= protocol.GroupSize {
		return content.ChainingValue(0, contentOf(0, size), true), nil
	}
	var values []protocol.Hash
	for at := 0; at < size; at += protocol.GroupSize {
		values = append(values, content.ChainingValue(uint64(len(values)), contentOf(at, min(protocol.GroupSize, size-at)), false))
	}
	return content.Build(values)
}

// clientGiven is the header of a client's conversation: what it does, what comes of it, and where
// the tester plays a relay and nodes.
func clientGiven(run, result string) []line {
	return given("run", run, "result", result, "address", "relay 192.0.2.100:4000", "address", "node1 192.0.2.1:40001", "address", "node2 192.0.2.2:40002")
}

// located has the client ask the relay, and hands out node1, node2 and so on, with the contents
// that they have published.
func located(link string, nodes ...protocol.Entry) []step {
	return steps(accepts(link, "relay"), hears(link, &protocol.Locate{Name: "verse.txt"}, free("2")), handsOut(link, 0, nil, nodes...), closed(link))
}

// handsOut is a page with nodes from one on, and a cursor if there is to be another page.
func handsOut(link string, from int, cursor []byte, nodes ...protocol.Entry) step {
	page := &protocol.Located{Peers: []protocol.Peer{}, Cursor: cursor}
	var notes []note
	for i, has := range nodes {
		n := from + i + 1
		page.Peers = append(page.Peers, protocol.Peer{Host: protocol.IP{192, 0, 2, byte(n)}, Port: 40000 + uint16(n), Hash: has.Hash, Size: has.Size})
		notes = append(notes, place(fmt.Sprintf("1.%d.1", i), fmt.Sprintf("node%d.host", n)), place(fmt.Sprintf("1.%d.2", i), fmt.Sprintf("node%d.port", n)))
	}
	return says(link, page, notes...)
}

// asksForTree has the client connect to a node and ask what the file is.
func asksForTree(link, node string) []step {
	return steps(accepts(link, node), hears(link, &protocol.Tree{Name: "verse.txt"}, free("2"), free("4")))
}

// tellsTree is a node's answer about a file of a size.
func tellsTree(link string, size int) step { return says(link, outboard(size)) }

func outboard(size int) *protocol.Outboard {
	hash, tree := treeOfSize(size)
	groups := uint64(size+protocol.GroupSize-1) / protocol.GroupSize
	return &protocol.Outboard{Size: uint64(size), Hash: hash, Count: groups, Nodes: tree}
}

// mayAskForTree has the client connect to a node of which the relay has told hash and size of a file of one
// group, so that it need not ask what the file is.
func mayAskForTree(link, node string, size int) []step {
	return steps(accepts(link, node), mayHear(link, &protocol.Tree{Name: "verse.txt"}, free("1"), free("2"), free("4")), answers(link, outboard(size)))
}

// asksFor has the client ask for a stretch, by hash or by name and hash.
func asksFor(link string, size, offset, length int) step {
	get := &protocol.Get{Hash: hashOf(size), Offset: uint64(offset), Length: uint64(length)}
	if offset == 0 { // it may be sent together with the TREE, when hash and size are not known
		return hears(link, get, free("1"), free("3"), free("4"))
	}
	return hears(link, get, free("1"))
}

// foresees is a GET of the first group that the client may have sent right behind its TREE.
func foresees(link string) step {
	return mayHear(link, &protocol.Get{Name: "verse.txt", Length: protocol.GroupSize}, free("1"), free("3"), free("4"))
}

func tells(link string, size, offset, length int) step {
	return says(link, &protocol.Content{Size: uint64(size), Offset: uint64(offset), Length: uint64(length), Hash: hashOf(size)})
}

// gives is a whole visit at a node that has the file of one group.
func gives(link, node string, size int) []step {
	return steps(asksForTree(link, node), tellsTree(link, size), asksFor(link, size, 0, size), tells(link, size, 0, size), body(link, 0, size), closed(link))
}

// givesTold is the same where the relay has told what the node has.
func givesTold(link, node string, size int) []step {
	return steps(mayAskForTree(link, node, size), asksFor(link, size, 0, size), tells(link, size, 0, size), body(link, 0, size), closed(link))
}

// refusesTo is a whole visit at a node that says no.
func refusesTo(link, node string, code protocol.Code) []step {
	return steps(asksForTree(link, node), says(link, &protocol.Error{Code: code, By: protocol.Node}), foresees(link), closed(link))
}

func clientScripts() []script {
	const fetchIt, got = "fetch verse.txt", "fetched 40"
	may := protocol.Entry{} // a node that has not said what it has
	fetches := func(name, about, result string, parts ...any) script {
		return script{"client-" + name, about, clientGiven(fetchIt, result), steps(parts...)}
	}
	lists := func(name, about, run, result string, parts ...any) script {
		return script{"client-" + name, about, clientGiven(run, result), steps(append([]any{accepts("A", "relay")}, parts...)...)}
	}
	onTime := func(s script) script {
		s.given = virtual(s.given)
		return s
	}
	const group = protocol.GroupSize
	item := func(e protocol.Entry) protocol.Item {
		return protocol.Item{Name: e.Name, Size: e.Size, Hash: e.Hash, Count: 1}
	}
	return []script{
		fetches("fetches-a-file", "second and third phase: ask the relay and close, ask the node and close", got,
			located("A", verse), givesTold("B", "node1", 40)),
		fetches("asks-who-may-have-it", "the node publishes nothing, and has it", got, located("A", may), gives("B", "node1", 40)),
		fetches("asks-one-after-the-other", "the first node has it not, the second has it", got,
			located("A", may, may), refusesTo("B", "node1", protocol.NotFound), gives("C", "node2", 40)),
		fetches("finds-nobody", "no node is listed", "not-found", located("A")),
		fetches("is-told-no-by-all", "each node was asked and said so: that is certain", "not-found",
			located("A", may, may), refusesTo("B", "node1", protocol.NotFound), refusesTo("C", "node2", protocol.NotFound)),
		fetches("cannot-reach-a-node", "one node says no, the other is not there: that is not certain", "unsure",
			refuses("node2"), located("A", may, may), refusesTo("B", "node1", protocol.NotFound)),
		fetches("passes-over-a-dead-node", "nothing listens at the first, the second has it", got,
			refuses("node1"), located("A", verse, verse), givesTold("B", "node2", 40)),
		fetches("walks-two-pages", "the relay has a second page, which is asked for when the first one has not helped", got,
			accepts("A", "relay"), hears("A", &protocol.Locate{Name: "verse.txt"}, free("2")), handsOut("A", 0, []byte{1, 2}, may), closed("A"),
			refusesTo("B", "node1", protocol.NotFound),
			accepts("C", "relay"), hears("C", &protocol.Locate{Name: "verse.txt", Cursor: []byte{1, 2}}, free("2")), handsOut("C", 1, nil, may), closed("C"),
			gives("D", "node2", 40)),
		fetches("fetches-three-groups", "a file of three groups: one GET is ahead, and a node is asked for more when it has delivered", fmt.Sprintf("fetched %d", large),
			located("A", entry("verse.txt", large)), asksForTree("B", "node1"), tellsTree("B", large),
			asksFor("B", large, 0, group), tells("B", large, 0, group), body("B", 0, group),
			asksFor("B", large, group, group), tells("B", large, group, group), body("B", group, group),
			asksFor("B", large, 2*group, 5), tells("B", large, 2*group, 5), body("B", 2*group, 5), closed("B")),
		fetches("fetches-an-empty-file", "an empty file is had with its OUTBOARD", "fetched 0",
			located("A", may), asksForTree("B", "node1"), says("B", &protocol.Outboard{Hash: hashOf(0)}), foresees("B"), closed("B")),
		fetches("waits-for-hashing", "the node is hashing the file, and says so", got,
			located("A", may), asksForTree("B", "node1"), says("B", &protocol.Hashing{Done: 16, Size: 40}), tellsTree("B", 40),
			asksFor("B", 40, 0, 40), tells("B", 40, 0, 40), body("B", 0, 40), closed("B")),
		fetches("meets-a-liar", "wrong bytes, and no word about it: the node is called a liar and left, another is asked", got,
			located("A", verse, verse), mayAskForTree("B", "node1", 40), asksFor("B", 40, 0, 40), tells("B", 40, 0, 40), wrong("B", 0, 40),
			asksFor("B", 40, 0, 40), tells("B", 40, 0, 40), wrong("B", 0, 40),
			hears("B", &protocol.Error{Code: protocol.BadHash, By: protocol.Client}, free("3"), free("4")), ended("B"), ends("B"), givesTold("C", "node2", 40)),
		fetches("meets-a-file-that-changed", "wrong bytes, and the node owns up", got,
			located("A", verse, verse), mayAskForTree("B", "node1", 40), asksFor("B", 40, 0, 40), tells("B", 40, 0, 40), wrong("B", 0, 40),
			asksFor("B", 40, 0, 40), says("B", &protocol.Error{Code: protocol.Changed, By: protocol.Node}), closed("B"), givesTold("C", "node2", 40)),
		fetches("meets-a-false-tree", "an OUTBOARD whose nodes are not those of its hash", got,
			located("A", may, may), asksForTree("B", "node1"),
			says("B", &protocol.Outboard{Size: large, Hash: hashOf(40), Count: 3, Nodes: make([]byte, 128)}), foresees("B"),
			hears("B", &protocol.Error{Code: protocol.BadHash, By: protocol.Client}, free("3"), free("4")), ended("B"), ends("B"), gives("C", "node2", 40)),
		fetches("loses-a-node", "a node is cut off in the middle, another goes on", got,
			located("A", verse, verse), mayAskForTree("B", "node1", 40), asksFor("B", 40, 0, 40), tells("B", 40, 0, 40), body("B", 0, 20), ends("B"), ended("B"),
			givesTold("C", "node2", 40)),
		fetches("is-answered-wrongly", "an answer to something else", got,
			located("A", may, may), asksForTree("B", "node1"), says("B", &protocol.Left{}), foresees("B"),
			refused("B", protocol.Client, protocol.Unexpected), ended("B"), ends("B"), gives("C", "node2", 40)),
		fetches("is-sent-away", "a node that is full, another that has it", got,
			located("A", may, may), asksForTree("B", "node1"), says("B", &protocol.Error{Code: protocol.Busy, By: protocol.Node}), ends("B"), foresees("B"), ended("B"), gives("C", "node2", 40)),
		onTime(fetches("comes-back-to-a-busy-node", "the only node is full, says for how long, and is asked again", got,
			located("A", may), asksForTree("B", "node1"), says("B", &protocol.Error{Code: protocol.Busy, By: protocol.Node, Retry: 2000}), ends("B"), foresees("B"), ended("B"),
			gives("C", "node1", 40))),
		onTime(fetches("comes-back-to-a-busy-relay", "the relay has no room for the link, says for how long, and is asked again", got,
			accepts("A", "relay"), hears("A", &protocol.Locate{Name: "verse.txt"}, free("2")),
			says("A", &protocol.Error{Code: protocol.Busy, By: protocol.Relay, Retry: 2000}), ends("A"), ended("A"), located("B", verse), givesTold("C", "node1", 40))),
		fetches("is-sent-away-by-the-relay", "the relay is stopping", "no-relay",
			accepts("A", "relay"), hears("A", &protocol.Locate{Name: "verse.txt"}, free("2")),
			says("A", &protocol.Error{Code: protocol.Draining, By: protocol.Relay}), ends("A"), ended("A")),
		fetches("finds-no-relay", "nothing listens there", "no-relay", refuses("relay")),
		onTime(fetches("finds-the-relay-silent", "the relay does not answer: the wait is bounded", "no-relay",
			accepts("A", "relay"), hears("A", &protocol.Locate{Name: "verse.txt"}, free("2")), ended("A"), ends("A"))),
		onTime(fetches("finds-a-node-silent", "the node does not answer: the wait is bounded, and another is asked", got,
			located("A", may, may), asksForTree("B", "node1"), foresees("B"), ended("B"), ends("B"), gives("C", "node2", 40))),
		{"client-fetches-by-content", "a hash alone is asked for", clientGiven("fetch - "+verse.Hash.String(), got), steps(
			accepts("A", "relay"), hears("A", &protocol.Locate{Hash: verse.Hash}, free("2")), handsOut("A", 0, nil, verse), closed("A"),
			mayAskForTree("B", "node1", 40),
			asksFor("B", 40, 0, 40), tells("B", 40, 0, 40), body("B", 0, 40), closed("B"))},
		lists("lists-names", "all names, in two pages", "list **", "photos/one.jpg 41, verse.txt 40",
			hears("A", &protocol.List{Pattern: "**"}, free("2"), free("4")), says("A", &protocol.Listed{Items: []protocol.Item{item(photo)}, Cursor: []byte{7}}),
			hears("A", &protocol.List{Pattern: "**", Cursor: []byte{7}}, free("2"), free("4")), says("A", &protocol.Listed{Items: []protocol.Item{item(verse)}}), closed("A")),
		lists("lists-nothing", "nothing is published", "list **", "",
			hears("A", &protocol.List{Pattern: "**"}, free("2"), free("4")), says("A", &protocol.Listed{Items: []protocol.Item{}}), closed("A")),
	}
}
