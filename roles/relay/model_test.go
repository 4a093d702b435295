package relay_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// model is a relay's registry in the plainest way: a map of nodes, and no work that is put off.
type model struct {
	policy relay.Policy
	at     roles.Moment
	nodes  map[byte]*modelNode // all that ever registered
	said   uint64              // entries that were published
}

// modelNode is the state of one node id.
type modelNode struct {
	epoch uint64
	port  uint16
	says  bool          // that it publishes
	until time.Duration // of its lease, or when it left
	index modelIndex
}

// modelIndex is the published index of a node.
type modelIndex struct {
	protocol.Held
	names    map[string]protocol.Entry
	said     map[string]uint64 // when each was published, by the count of all
	complete bool              // it has said that this is all, since it registered
	beyond   bool              // but for what it has not noticed
	full     bool              // and for names that found no room
	doubt    int               // renewals until it is dropped, since it is of an earlier registration; 0: it is of this one
}

// live returns the node if its lease runs, or nil. An index does not outlive its lease.
func (m *model) live(id byte) *modelNode {
	n := m.nodes[id]
	if n == nil || n.until > m.at.Now {
		return n
	}
	n.index = modelIndex{}
	return nil
}

func (m *model) everybody() (ids []byte) {
	for id := byte(1); id <= modelIDs; id++ {
		if m.live(id) != nil {
			ids = append(ids, id)
		}
	}
	return ids
}

// known returns the newest epoch of an id that is listed or remembered, or 0.
func (m *model) known(id byte) uint64 {
	n := m.nodes[id]
	if n == nil || m.at.Now-n.until >= roles.LastSeenKeep {
		return 0
	}
	return n.epoch
}

func (m *model) held() (names int) {
	for _, id := range m.everybody() {
		names += len(m.nodes[id].index.names)
	}
	return names
}

// located returns the nodes that hold a file and the nodes that may, each as sorted ports.
func (m *model) located(name string, hash protocol.Hash) (holders, others []string) {
	for _, id := range m.everybody() {
		n := m.nodes[id]
		all := name == "" && hash.IsZero()
		for _, e := range n.index.names {
			has := hash.IsZero() || e.Hash == hash || name != "" && e.Mark > 0
			switch {
			case all || name != "" && e.Name != name || !has:
			case e.Mark > 0:
				others = append(others, fmt.Sprint(n.port))
			default:
				holders = append(holders, fmt.Sprintf("%d %x", n.port, e.Hash[:2]))
			}
		}
		if all || !n.index.complete || n.index.beyond || name == "" && n.index.pending() {
			others = append(others, fmt.Sprint(n.port))
		}
	}
	return sortedPeers(name, holders), sortedPeers("", others)
}

// pending reports whether there is a name whose content is not known yet.
func (x *modelIndex) pending() bool {
	for _, e := range x.names {
		if e.Mark == protocol.Pending {
			return true
		}
	}
	return false
}

// unindexed returns the ports of the nodes that are publishing still, and of those that do not publish
// all that they have.
func (m *model) unindexed() (publishing, silent []string) {
	for _, id := range m.everybody() {
		switch n := m.nodes[id]; {
		case n.index.beyond || n.index.full || n.index.Index == 0 && !n.says:
			silent = append(silent, fmt.Sprint(n.port))
		case !n.index.complete:
			publishing = append(publishing, fmt.Sprint(n.port))
		}
	}
	return publishing, sortedPeers("", silent)
}

// listed returns the items under the names that a pattern stands for, by how many they are held, and
// the date that one of these has published last.
func (m *model) listed(pattern string) (items []string) {
	count, last, date := map[string]int{}, map[string]uint64{}, map[string]uint64{}
	matching := protocol.NewPattern(pattern)
	for _, id := range m.everybody() {
		index := &m.nodes[id].index
		for name, e := range index.names {
			if !matching.Match([]byte(name)) {
				continue
			}
			what := fmt.Sprintf("%s %x %d %d", name, e.Hash[:2], e.Size, e.Mark)
			if count[what]++; index.said[name] > last[what] {
				last[what], date[what] = index.said[name], e.Modified
			}
		}
	}
	for what, n := range count {
		items = append(items, fmt.Sprintf("%s by %d of %d", what, n, date[what]))
	}
	slices.Sort(items)
	return items
}

// modelIDs is how many node ids there are: no more than a registry sweeps in one call, so that it
// puts nothing off.
const modelIDs = 6

// twins are a registry and its model, which get the same calls.
type twins struct {
	*model
	real *relay.Registry
}

var modelHost = netip.MustParseAddr("192.0.2.9")

// TestWhatIsPublishedIsFoundAndListed compares the registry with its model after each of many
// random requests: every answer, who is listed, who is remembered, and what each of them holds.
func TestWhatIsPublishedIsFoundAndListed(t *testing.T) {
	rolestest.Check(t, 2000, func(t *rapid.T) {
		policy := relay.Policy{
			TTL: roles.LeaseTTL, AnnounceRate: rapid.SampledFrom([]float64{1000, 0.1}).Draw(t, "announces"),
			MaxLeases:  rapid.SampledFrom([]int{100, 4}).Draw(t, "leases"),
			MaxEntries: rapid.SampledFrom([]int{100, 3}).Draw(t, "entries"), MaxIndex: rapid.SampledFrom([]int{100, 8}).Draw(t, "index"),
		}
		w := &twins{&model{policy, roles.Moment{Rand: rapid.Uint64().Draw(t, "random")}, map[byte]*modelNode{}, 0}, relay.NewRegistry(policy)}
		t.Repeat(map[string]func(*rapid.T){
			"register": w.register,
			"renew":    w.renew,
			"leave":    w.leave,
			"publish":  w.publish,
			"add":      w.add,
			"wait":     w.wait,
			"":         w.compare,
		})
	})
}

// next draws a node and an epoch: most often the one that it has.
func (w *twins) next(t *rapid.T, from uint64) (id byte, epoch uint64) {
	w.at.Rand = w.at.Rand*6364136223846793005 + 1
	id = byte(rapid.IntRange(1, modelIDs).Draw(t, "node"))
	if n := w.nodes[id]; n != nil {
		from += n.epoch
	}
	return id, from + rapid.SampledFrom([]uint64{0, 0, 0, 1, 2, 0xffffffffffffffff}).Draw(t, "epoch")
}

func (w *twins) wait(t *rapid.T) {
	w.at.Now += rapid.SampledFrom([]time.Duration{time.Second, 20 * time.Second, roles.LeaseTTL, roles.LastSeenKeep}).Draw(t, "for")
}

// ttl returns for how long a lease runs that is granted now.
func (m *model) ttl() time.Duration {
	spaced := time.Duration(float64(len(m.everybody())) / m.policy.AnnounceRate * float64(time.Second))
	return max(m.policy.TTL, 3*spaced)
}

func (w *twins) register(t *rapid.T) {
	id, epoch := w.next(t, 1)
	says := uint8(rapid.IntRange(0, 1).Draw(t, "publishes"))
	port := uint16(4000 + int(id) + 10*rapid.IntRange(0, 1).Draw(t, "port"))
	answer := w.real.Register(w.at, relay.From{Peer: modelHost}, &protocol.Register{ID: rolestest.Node(id), Epoch: epoch, Port: port, Publishes: says})
	n := w.live(id)
	switch {
	case epoch <= w.known(id):
		w.refused(t, answer, protocol.Superseded, w.known(id))
		return
	case n == nil && len(w.everybody()) >= w.policy.MaxLeases:
		w.refused(t, answer, protocol.Limit, 0)
		return
	case n == nil:
		n = &modelNode{}
		w.nodes[id] = n
	}
	if n.index.doubt = 0; n.index.Index > 0 || says > 0 {
		n.index.doubt = roles.MaxDoubt
	}
	n.says = says > 0
	n.epoch, n.port, n.until, n.index.complete = epoch, port, w.at.Now+1, false
	n.until = w.at.Now + w.ttl() // it counts itself
	if r, is := answer.(*protocol.Registered); !is || r.Port != port || r.Host.Addr() != modelHost || r.Held != n.index.Held {
		t.Fatalf("node %d registers epoch %d, and is told %s", id, epoch, rolestest.Say(answer))
	}
}

// refused holds an answer against the refusal that is due.
func (w *twins) refused(t *rapid.T, answer protocol.Message, code protocol.Code, epoch uint64) {
	if e, is := answer.(*protocol.Error); !is || e.Code != code || e.Epoch != epoch {
		t.Fatalf("%s, where ERROR %s is due, with epoch %d", rolestest.Say(answer), code, epoch)
	}
}

// without reports whether a node holds no lease of an epoch, and the answer says so.
func (w *twins) without(t *rapid.T, id byte, epoch uint64, answer protocol.Message) bool {
	switch n := w.live(id); {
	case w.known(id) > epoch:
		w.refused(t, answer, protocol.Superseded, w.known(id))
	case n == nil || n.epoch != epoch:
		w.refused(t, answer, protocol.NoLease, 0)
	default:
		return false
	}
	return true
}

func (w *twins) renew(t *rapid.T) {
	id, epoch := w.next(t, 0)
	answer := w.real.Renew(w.at, relay.From{Peer: modelHost}, &protocol.Renew{ID: rolestest.Node(id), Epoch: epoch})
	if w.without(t, id, epoch, answer) {
		return
	}
	n := w.live(id)
	n.until = w.at.Now + w.ttl()
	if n.index.doubt > 0 {
		if n.index.doubt--; n.index.doubt == 0 {
			n.index, n.says = modelIndex{}, false
		}
	}
	if r, is := answer.(*protocol.Renewed); !is || r.Held != n.index.Held {
		t.Fatalf("node %d renews and is told %s, and %v is held", id, rolestest.Say(answer), n.index.Held)
	}
}

func (w *twins) leave(t *rapid.T) {
	id, epoch := w.next(t, 0)
	if _, is := w.real.Leave(w.at, &protocol.Leave{ID: rolestest.Node(id), Epoch: epoch}).(*protocol.Left); !is {
		t.Fatalf("a LEAVE is not answered with LEFT")
	}
	if n := w.live(id); n != nil && n.epoch <= epoch {
		n.epoch, n.until = epoch, w.at.Now
	} else if n == nil && w.nodes[id] != nil {
		w.nodes[id].epoch = max(epoch, w.nodes[id].epoch)
	}
}

// publish sends a page that may or may not follow the changes that are held.
func (w *twins) publish(t *rapid.T) {
	id, epoch := w.next(t, 0)
	m := &protocol.Publish{ID: rolestest.Node(id), Epoch: epoch, Index: uint64(rapid.IntRange(1, 2).Draw(t, "index"))}
	if n := w.live(id); n != nil && rapid.IntRange(0, 3).Draw(t, "from") > 0 {
		m.From = n.index.Sequence + rapid.SampledFrom([]uint64{0, 0, 0, 1}).Draw(t, "beyond")
	}
	w.send(t, id, m)
}

// add sends a page that follows the changes that are held.
func (w *twins) add(t *rapid.T) {
	ids := w.everybody()
	if len(ids) == 0 {
		t.Skip("nobody is listed")
	}
	id := rapid.SampledFrom(ids).Draw(t, "node")
	n := w.nodes[id]
	w.send(t, id, &protocol.Publish{ID: rolestest.Node(id), Epoch: n.epoch, Index: max(1, n.index.Index), From: n.index.Sequence})
}

func (w *twins) send(t *rapid.T, id byte, m *protocol.Publish) {
	for range rapid.IntRange(0, 4).Draw(t, "changes") {
		e := protocol.Entry{Name: rapid.SampledFrom(names).Draw(t, "name")}
		if c := rapid.IntRange(0, 3).Draw(t, "content"); c > 0 {
			e.Hash, e.Size = content(c), uint64(c)
		} else if e.Mark = protocol.Mark(rapid.IntRange(0, 2).Draw(t, "mark")); e.Mark > 0 {
			e.Size = uint64(rapid.IntRange(0, 1).Draw(t, "size"))
		}
		if !e.Removes() {
			e.Modified = rapid.SampledFrom([]uint64{0, 1, protocol.MaxModified - 1}).Draw(t, "modified")
		}
		m.Changes = append(m.Changes, e)
	}
	m.To = m.From + uint64(len(m.Changes))
	m.Beyond = uint8(rapid.IntRange(0, 1).Draw(t, "may have more"))
	m.Latest = m.To + uint64(rapid.IntRange(0, 1).Draw(t, "more"))
	answer := w.real.Publish(w.at, m)
	if w.without(t, id, m.Epoch, answer) {
		return
	}
	if code := w.take(w.live(id), m); code != 0 {
		w.refused(t, answer, code, 0)
	} else if p, is := answer.(*protocol.Published); !is || p.Index != m.Index || p.Sequence != m.To {
		t.Fatalf("a page up to %d of index %d is answered with %s", m.To, m.Index, rolestest.Say(answer))
	}
}

// take applies a page, and returns the code with which it is refused, or 0.
func (m *model) take(n *modelNode, page *protocol.Publish) protocol.Code {
	x := &n.index
	again := x.Index == page.Index && x.Sequence == page.To && page.To > page.From
	switch {
	case again: // its answer was lost
	case page.From == 0:
		*x = modelIndex{Held: protocol.Held{Index: page.Index}, names: map[string]protocol.Entry{}, said: map[string]uint64{}}
	case x.Index != page.Index || x.Sequence != page.From:
		return protocol.Resync
	}
	all := true
	for _, e := range page.Changes {
		if again || x.names[e.Name] == e {
			continue
		}
		delete(x.names, e.Name)
		switch {
		case e.Removes():
		case len(x.names) >= m.policy.MaxEntries || m.held() >= m.policy.MaxIndex:
			all = false
		default:
			m.said++
			x.names[e.Name], x.said[e.Name] = e, m.said
		}
	}
	x.full = x.full && again || !all
	x.doubt, x.beyond, n.says = 0, page.Beyond > 0, true
	x.complete = page.To == page.Latest && !x.full
	if !all {
		return protocol.Limit
	}
	x.Sequence = page.To
	return 0
}

// compare holds all that can be asked of the registry against the model.
func (w *twins) compare(t *rapid.T) {
	w.compareLeases(t)
	limit := uint64(rapid.IntRange(1, 4).Draw(t, "limit"))
	for _, ask := range []protocol.Locate{{}, {Name: names[0]}, {Name: names[1]}, {Name: names[2]}, {Hash: content(1)}, {Name: names[0], Hash: content(1)}} {
		wantHolders, wantOthers := w.located(ask.Name, ask.Hash)
		ask.Limit = limit
		holders, others := walkLocate(t, w.real, w.at, ask)
		if !slices.Equal(holders, wantHolders) || !slices.Equal(others, wantOthers) {
			t.Fatalf("%q, content %.4s: %v, then %v; want %v, then %v", ask.Name, ask.Hash, holders, others, wantHolders, wantOthers)
		}
	}
	w.compareUnindexed(t)
	for _, pattern := range []string{"", "dir/", "*", "a"} {
		got := walkList(t, w.real, w.at, protocol.List{Pattern: pattern, Limit: limit, Holders: 2})
		if want := w.listed(pattern); !slices.Equal(got, want) {
			t.Fatalf("%q lists %v, want %v", pattern, got, want)
		}
	}
}

// compareUnindexed compares what a LISTED says of the nodes whose files are not all in it.
func (w *twins) compareUnindexed(t *rapid.T) {
	publishing, silent := w.unindexed()
	m := w.real.List(w.at, relay.From{}, &protocol.List{}).(*protocol.Listed)
	var at []string
	for _, peer := range m.Named {
		at = append(at, fmt.Sprint(peer.Port))
	}
	if slices.Sort(at); m.Publishing != uint64(len(publishing)) || m.Silent != uint64(len(silent)) || !slices.Equal(at, silent) {
		t.Fatalf("%d publish and %d are silent, at %v; want %v and %v", m.Publishing, m.Silent, at, publishing, silent)
	}
}

// compareLeases compares the listed and the remembered nodes with the model.
func (w *twins) compareLeases(t *rapid.T) {
	var leases []relay.Lease
	var seen []relay.Sighting
	for id := byte(1); id <= modelIDs; id++ {
		n := w.nodes[id]
		switch {
		case w.live(id) != nil:
			leases = append(leases, relay.Lease{ID: rolestest.Node(id), Epoch: n.epoch, At: netip.AddrPortFrom(modelHost, n.port), Until: n.until})
		case w.known(id) > 0:
			seen = append(seen, relay.Sighting{ID: rolestest.Node(id), Epoch: n.epoch, At: netip.AddrPortFrom(modelHost, n.port), When: n.until})
		}
	}
	got, active := w.real.Leases(w.at.Now), w.real.Active(w.at.Now)
	gotSeen := w.real.LastSeen(w.at.Now)
	slices.SortFunc(got, func(a, b relay.Lease) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	slices.SortFunc(gotSeen, func(a, b relay.Sighting) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	if !slices.Equal(got, leases) {
		t.Fatalf("the registry lists %v, want %v", got, leases)
	}
	if !slices.Equal(gotSeen, seen) {
		t.Fatalf("the registry remembers %v, want %v", gotSeen, seen)
	}
	if active != len(leases) {
		t.Fatalf("%d are active, want %d", active, len(leases))
	}
}
