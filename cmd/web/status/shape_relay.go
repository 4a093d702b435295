package status

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// The answers of a relay's API. The tags of a field say what it means, and of what unit it is: the
// tables of README.md are made from them. Pages show the same values, so that both tell the same.
type (
	// Use is how much of something is in use.
	use struct {
		Now   int64  `json:"now" doc:"in use now"`
		Limit *int64 `json:"limit" doc:"at most; null: any number"`
	}

	relayOverview struct {
		Time      time.Time `json:"time" doc:"of the answer"`
		ID        string    `json:"id,omitempty" doc:"of the relay, if its links prove one"`
		Started   time.Time `json:"started,omitzero" doc:"when the relay started"`
		Listeners []string  `json:"listeners" doc:"the addresses on which it serves"`
		YoungMS   int64     `json:"young_ms" unit:"ms" doc:"for so long it may lack nodes that it had before it started again; 0: it lacks none"`
		Draining  bool      `json:"draining" doc:"it is stopping, and serves nobody new"`
		Closed    bool      `json:"closed" doc:"it serves those alone whom it has admitted"`
		Members   int       `json:"members" doc:"so many, in a closed relay"`
		Foreign   bool      `json:"foreign" doc:"its list is kept elsewhere: the numbers of nodes and names are not known, and 0"`

		Nodes      use  `json:"nodes" doc:"that are listed"`
		Ways       ways `json:"ways" doc:"how clients come to the nodes; counted now and then"`
		Left       int  `json:"left" doc:"nodes that have left, or were not heard of any more, and are remembered"`
		Publishing int  `json:"publishing" doc:"nodes that are telling what they share"`
		Silent     int  `json:"silent" doc:"nodes that may have more than they tell"`
		Addresses  int  `json:"addresses" doc:"from which nodes have registered, apart from those of the relay's machine"`
		Contents   int  `json:"contents" doc:"under names: a name with two contents counts twice"`
		Names      use  `json:"names" doc:"of all nodes: one that two nodes have counts twice"`
		NameBytes  use  `json:"name_bytes" unit:"bytes" doc:"of these names"`
		Awaits     use  `json:"awaits" doc:"nodes to which clients can come through the relay"`
		Circuits   use  `json:"circuits" doc:"ways through the relay"`
		Links      use  `json:"links" doc:"connections; limit is that of each listener"`
	}

	ways struct {
		Direct   int `json:"direct" doc:"nodes that the relay has reached"`
		Circuit  int `json:"circuit" doc:"nodes that are reached through the relay alone"`
		Pending  int `json:"pending" doc:"nodes of which that is not known yet"`
		Unproven int `json:"unproven" doc:"nodes of which the relay does not find out"`
		Nowhere  int `json:"nowhere" doc:"nodes to which nobody is sent"`
		Counted  int `json:"counted" doc:"nodes that were counted: all, or 10,000"`
	}

	reachedAddress struct {
		Address string `json:"address" doc:"host:port"`
		Reach   string `json:"reach" doc:"direct, pending, refused, timeout, wrong-peer, queued or unproven"`
	}

	listedNode struct {
		ID        string           `json:"id" doc:"of the node; in plain a digest of it, since the id itself is a secret there"`
		Plain     bool             `json:"plain" doc:"its link proves no id"`
		Member    string           `json:"member,omitempty" doc:"its name in a closed relay"`
		Addresses []reachedAddress `json:"addresses" doc:"where it is listed"`
		Way       string           `json:"way,omitempty" doc:"how clients come to it: direct, circuit, pending, unproven or nowhere"`
		Why       string           `json:"why,omitempty" doc:"it is so, for people"`
		Since     time.Time        `json:"since,omitzero" doc:"when it was listed, without a gap since"`
		Heard     time.Time        `json:"heard,omitzero" doc:"when the relay heard of it last"`
		Until     time.Time        `json:"until,omitzero" doc:"when its lease ends unless it is renewed"`
		Names     int              `json:"names" doc:"that it has published"`
		Publishes bool             `json:"publishes" doc:"it tells all that it has"`
		Left      bool             `json:"left" doc:"it is not listed any more"`
	}

	nodesPage struct {
		Nodes []listedNode `json:"nodes" doc:"those that are listed, then those that have left, the latest first"`
		Next  string       `json:"next,omitempty" doc:"the cursor of the next page, if there is one"`
	}

	listedFile struct {
		Name     string    `json:"name" doc:"as it was published"`
		Bytes    uint64    `json:"bytes" unit:"bytes" doc:"of the file; 0 without a hash"`
		Hash     string    `json:"hash,omitempty" doc:"of the content (BLAKE3), as hexadecimal digits"`
		Mark     string    `json:"mark,omitempty" doc:"why there is no hash: pending (the node has yet to hash the file) or opaque"`
		Modified time.Time `json:"modified,omitzero" doc:"when the file was changed, as its node says"`
		Nodes    int       `json:"nodes" doc:"that have it"`
		Contents int       `json:"contents" doc:"under this name"`
	}

	filesPage struct {
		Files []listedFile `json:"files" doc:"contents under names, about in the order of publication"`
		Next  string       `json:"next,omitempty" doc:"the cursor of the next page, if there is one; a page may have few files, or none, and be followed by others"`
	}

	fileHolder struct {
		listedNode
		File  string `json:"file" doc:"the name under which it has the file"`
		Bytes uint64 `json:"bytes" unit:"bytes" doc:"of the file there"`
		Hash  string `json:"hash,omitempty" doc:"of the content there"`
		Mark  string `json:"mark,omitempty" doc:"why there is no hash"`

		Modified time.Time `json:"modified,omitzero" doc:"when the file was changed there, as the node says"`
	}

	holdersPage struct {
		Name    string       `json:"name,omitempty" doc:"that was asked for"`
		Hash    string       `json:"hash,omitempty" doc:"that was asked for"`
		Holders []fileHolder `json:"holders" doc:"nodes that have the file"`
		Next    string       `json:"next,omitempty" doc:"the cursor of the next page, if there is one"`
	}

	circuitLimits struct {
		Circuits     *int64 `json:"circuits" doc:"at once; null: any number"`
		CircuitsFrom *int64 `json:"circuits_from" doc:"of these, those of one client"`
		BytesFrom    *int64 `json:"bytes_from" unit:"bytes" doc:"that one client may pass in a day, both ways together; null: any number"`
		Rate         *int64 `json:"bytes_per_second" unit:"bytes/s" doc:"of one client; null: any number"`
		Awaits       *int64 `json:"awaits" doc:"nodes that wait for clients at once"`
	}

	openCircuit struct {
		Node   string    `json:"node" doc:"its id"`
		Client string    `json:"client,omitempty" doc:"its id"`
		From   string    `json:"from,omitempty" doc:"the client's address, of IPv6 its /64"`
		Since  time.Time `json:"since,omitzero" doc:"when it was opened"`
		Bytes  int64     `json:"bytes" unit:"bytes" doc:"that have passed, both ways together"`
		Joined bool      `json:"joined" doc:"both ends are there"`
	}

	circuitUse struct {
		From   string    `json:"from,omitempty" doc:"the client's address, of IPv6 its /64"`
		ID     string    `json:"id,omitempty" doc:"of the member, in a closed relay"`
		Member string    `json:"member,omitempty" doc:"its name"`
		Open   int       `json:"open" doc:"circuits now"`
		Bytes  int64     `json:"bytes" unit:"bytes" doc:"of the day"`
		Left   *int64    `json:"left_bytes" unit:"bytes" doc:"that may still pass; null: any number"`
		Refill time.Time `json:"refill,omitzero" doc:"when the day is over"`
	}

	circuitsPage struct {
		On       bool          `json:"on" doc:"the relay makes circuits"`
		ByMember bool          `json:"by_member" doc:"limits count for a member, and not for an address"`
		Limits   circuitLimits `json:"limits" doc:"what circuits may take"`
		Awaits   int           `json:"awaits" doc:"nodes that wait for clients"`
		Circuits int           `json:"circuits" doc:"now"`
		Open     []openCircuit `json:"open" doc:"of these, the latest first, a bounded number"`
		Clients  int           `json:"clients" doc:"that have passed something today, or have a circuit"`
		Used     []circuitUse  `json:"used" doc:"of these, those that passed most, a bounded number"`
	}
)

// limit returns what an answer has for a limit.
func limit(n int64) *int64 {
	if n >= peer.NoCircuitLimit {
		return nil
	}
	return &n
}

func useOf(u peer.Use) use { return use{u.Now, limit(u.Limit)} }

func idText(id protocol.PeerID) string {
	if id.IsZero() {
		return ""
	}
	return id.String()
}

func hashText(hash protocol.Hash) string {
	if hash.IsZero() {
		return ""
	}
	return hash.String()
}

func relayOverviewOf(o peer.RelayOverview, w ways, now time.Time) relayOverview {
	answer := relayOverview{
		Time: now, ID: idText(o.ID), Started: o.Started, Listeners: []string{}, YoungMS: o.Young.Milliseconds(), Draining: o.Draining,
		Closed: o.Closed, Members: o.Members, Foreign: o.Foreign, Nodes: useOf(o.Nodes), Ways: w, Left: o.Left, Publishing: o.Publishing, Silent: o.Silent,
		Addresses: o.Addresses, Contents: o.Contents, Names: useOf(o.Names), NameBytes: useOf(o.NameBytes), Awaits: useOf(o.Awaits),
		Circuits: useOf(o.Circuits), Links: useOf(o.Links),
	}
	for _, at := range o.Listeners {
		answer.Listeners = append(answer.Listeners, at.String())
	}
	return answer
}

func listedNodeOf(n peer.ListedNode) listedNode {
	answer := listedNode{
		ID: idText(n.ID), Plain: n.Plain, Member: n.Name, Addresses: []reachedAddress{}, Way: n.Way, Why: n.Why, Since: n.Since, Heard: n.Heard, Until: n.Until,
		Names: n.Names, Publishes: n.Publishes, Left: n.Left,
	}
	for _, a := range n.Addresses {
		answer.Addresses = append(answer.Addresses, reachedAddress{a.At.String(), a.Reach})
	}
	return answer
}

func nodesPageOf(p peer.NodesPage) nodesPage {
	return nodesPage{each(p.Nodes, listedNodeOf), p.Next}
}

func filesPageOf(p peer.FilesPage) filesPage {
	return filesPage{each(p.Files, func(f peer.ListedFile) listedFile {
		return listedFile{f.Name, f.Size, hashText(f.Hash), f.Mark, f.Modified, f.Holders, f.Variants}
	}), p.Next}
}

func holdersPageOf(name string, hash protocol.Hash, p peer.HoldersPage) holdersPage {
	return holdersPage{name, hashText(hash), each(p.Holders, func(h peer.FileHolder) fileHolder {
		return fileHolder{listedNodeOf(h.ListedNode), h.File, h.Size, hashText(h.Hash), h.Mark, h.Modified}
	}), p.Next}
}

func circuitsPageOf(c peer.CircuitsOverview) circuitsPage {
	l := c.Limits
	return circuitsPage{
		On: c.On, ByMember: c.ByMember, Awaits: c.Awaits, Circuits: c.Circuits, Clients: c.Clients,
		Limits: circuitLimits{limit(int64(l.Circuits)), limit(int64(l.CircuitsFrom)), limit(l.BytesFrom), limit(l.Rate), limit(int64(l.Awaits))},
		Open: each(c.Open, func(o peer.OpenCircuit) openCircuit {
			return openCircuit{idText(o.Node), idText(o.Client), o.From, o.Since, o.Bytes, o.Joined}
		}),
		Used: each(c.Used, func(u peer.CircuitUse) circuitUse {
			return circuitUse{u.From, idText(u.ID), u.Name, u.Open, u.Bytes, limit(u.Left), u.Refill}
		}),
	}
}

// each returns what a function makes of each value: an empty list, not null, of none.
func each[A, B any](all []A, of func(A) B) []B {
	made := make([]B, 0, len(all))
	for _, one := range all {
		made = append(made, of(one))
	}
	return made
}
