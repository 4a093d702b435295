package peer

import (
	"encoding/hex"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

// pagePatience is for how long a page of an overview is filled. The registry is not held up meanwhile: it is looked through
// in slices.
const pagePatience = 150 * time.Millisecond

// served is a listener that a relay serves on.
type served struct {
	at       netip.AddrPort
	id       protocol.PeerID // that its links prove; zero: they are in plain
	server   *transport.Server
	draining bool
}

// serves notes that the relay serves on a listener until what it returns is called.
func (r *Relay) serves(one *served) (over func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.served = append(r.served, one)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.served = slices.DeleteFunc(r.served, func(other *served) bool { return other == one })
	}
}

// drains notes that a listener accepts no links any more.
func (r *Relay) drains(one *served) {
	r.mu.Lock()
	defer r.mu.Unlock()
	one.draining = true
}

// Overview returns what the relay is doing. It may be called at any time.
func (r *Relay) Overview() RelayOverview {
	r.begin.Do(r.open)
	is := RelayOverview{Started: r.start, Closed: r.Admission != nil, Foreign: r.registry == nil}
	is.Links.Limit = int64(r.linksAtOnce())
	r.mu.Lock()
	for _, one := range r.served {
		is.Listeners = append(is.Listeners, one.at)
		is.Links.Now += int64(one.server.Links())
		is.ID, is.Draining = one.id, is.Draining || one.draining
	}
	r.mu.Unlock()
	if r.Admission != nil {
		is.Members = r.Admission.Count()
	}
	awaits, circuits := r.circuits.Counts()
	limits := r.circuits.Limits()
	is.Awaits, is.Circuits = Use{int64(awaits), int64(limits.Awaits)}, Use{int64(circuits), int64(limits.Circuits)}
	if r.registry != nil {
		is.holds(r.registry.Counts(time.Since(r.start)))
	}
	return is
}

// holds takes what the registry holds.
func (is *RelayOverview) holds(c relay.Counts) {
	is.Young, is.Left, is.Publishing, is.Silent, is.Addresses, is.Contents = c.Young, c.Left, c.Publishing, c.Silent, c.Sources, c.Items
	is.Nodes = Use{int64(c.Leases), int64(c.MaxLeases)}
	is.Names, is.NameBytes = Use{int64(c.Names), int64(c.MaxNames)}, Use{int64(c.Bytes), int64(c.MaxNameBytes)}
}

// page is a PageQuery as the registry takes it.
type page struct {
	at     roles.Moment
	limit  int
	cursor []byte
	until  time.Time
}

// page begins a page.
func (r *Relay) page(q PageQuery) page {
	r.begin.Do(r.open)
	now := time.Now()
	p := page{at: roles.Moment{Now: now.Sub(r.start), Rand: rand.Uint64()}, limit: q.Limit, until: now.Add(pagePatience)}
	if p.limit <= 0 {
		p.limit = PageLimit
	}
	p.limit = min(p.limit, MostPageLimit)
	p.cursor, _ = hex.DecodeString(q.Cursor)
	return p
}

// fill fills a page with what calls of more return, each of which gets the room that is left, and returns the cursor of the
// next page.
func fill[T any](p page, more func(p page) ([]T, []byte)) (all []T, next string) {
	for room := p.limit; ; {
		p.limit = room - len(all)
		some, cursor := more(p)
		all = append(all, some...)
		if p.cursor = cursor; cursor == nil || len(all) >= room || !time.Now().Before(p.until) {
			return all, hex.EncodeToString(cursor)
		}
	}
}

// Nodes returns a page of the nodes. It looks for a text with which their ids begin, or that is in their
// addresses or, in a closed relay, in their members' names. A relay with a Directory of another kind has none.
func (r *Relay) Nodes(q PageQuery) (is NodesPage) {
	p := r.page(q)
	if r.registry == nil {
		return is
	}
	search := strings.ToLower(strings.TrimSpace(q.Search))
	keeps := func(n *relay.Node) bool { return search == "" || r.finds(n, search) }
	found, next := fill(p, func(p page) ([]relay.Node, []byte) { return r.registry.Nodes(p.at, p.cursor, p.limit, keeps) })
	is.Next = next
	for i := range found {
		is.Nodes = append(is.Nodes, r.listed(&found[i]))
	}
	return is
}

// finds reports whether a text in small letters is found in a node.
func (r *Relay) finds(n *relay.Node, text string) bool {
	return strings.HasPrefix(n.ID.String(), text) || strings.Contains(r.nameOf(n.ID), text) ||
		slices.ContainsFunc(addressesOf(n), func(one ReachedAddress) bool { return strings.Contains(one.At.String(), text) })
}

// nameOf returns the name of a member in small letters; "": there is none.
func (r *Relay) nameOf(id protocol.PeerID) string { return strings.ToLower(r.member(id)) }

// member returns the name of a member; "": it is not known.
func (r *Relay) member(id protocol.PeerID) string {
	if r.Admission == nil {
		return ""
	}
	return r.Admission.Name(id)
}

// addressesOf returns the addresses of a node.
func addressesOf(n *relay.Node) (all []ReachedAddress) {
	for _, one := range [...]struct {
		addr  netip.Addr
		reach protocol.Reach
	}{{n.At.Addr(), n.Reach}, {n.Also, n.AlsoReach}} {
		if !one.addr.IsValid() {
			continue
		}
		is := ReachedAddress{At: netip.AddrPortFrom(one.addr, n.At.Port())}
		if !n.Left {
			is.Reach = one.reach.String()
		}
		all = append(all, is)
	}
	return all
}

// listed returns a node as pages show it.
func (r *Relay) listed(n *relay.Node) ListedNode {
	is := ListedNode{
		ID: n.ID, Plain: n.Plain, Name: r.member(n.ID), Addresses: addressesOf(n), Way: string(n.Way), Why: n.Why,
		Heard: r.start.Add(n.Heard), Names: n.Names, Publishes: n.Publishes, Left: n.Left,
	}
	if !n.Left {
		is.Since, is.Until = r.start.Add(n.Since), r.start.Add(n.Until)
	}
	return is
}

// Files returns a page of the files. It looks for a pattern, see [protocol.IsPattern], or for words that are all in
// the name, in capitals or not. A relay with a Directory of another kind has none.
func (r *Relay) Files(q PageQuery) (is FilesPage) {
	p := r.page(q)
	if r.registry == nil {
		return is
	}
	search := relay.NewSearch(q.Search)
	found, next := fill(p, func(p page) ([]relay.File, []byte) { return r.registry.Files(p.at, p.cursor, p.limit, search) })
	is.Next = next
	for _, one := range found {
		is.Files = append(is.Files, ListedFile{
			Name: one.Name, Size: one.Size, Hash: one.Hash, Mark: markOf(one.Mark), Modified: protocol.TimeOf(one.Modified),
			Holders: one.Holders, Variants: one.Variants,
		})
	}
	return is
}

// markOf returns the name of a mark; "": there is none.
func markOf(mark protocol.Mark) string {
	switch mark {
	case protocol.Pending:
		return "pending"
	case protocol.Opaque:
		return "opaque"
	}
	return ""
}

// FileHolders returns a page of the nodes that have a file: any content of a name, or with a hash that content. Without a
// name it is the content under any name. Nothing is looked for among them.
func (r *Relay) FileHolders(name string, hash protocol.Hash, q PageQuery) (is HoldersPage) {
	p := r.page(q)
	if r.registry == nil {
		return is
	}
	found, next := fill(p, func(p page) ([]relay.Holder, []byte) { return r.registry.Holders(p.at, name, hash, p.cursor, p.limit) })
	is.Next = next
	for i := range found {
		one := &found[i]
		is.Holders = append(is.Holders, FileHolder{
			ListedNode: r.listed(&one.Node), File: one.Name, Size: one.Size, Hash: one.Hash, Mark: markOf(one.Mark), Modified: protocol.TimeOf(one.Modified),
		})
	}
	return is
}

// OpenCircuits returns what circuits take.
func (r *Relay) OpenCircuits() CircuitsOverview {
	r.begin.Do(r.open)
	v := r.circuits.View(time.Since(r.start), mostCircuits, mostUses)
	is := CircuitsOverview{On: v.On, ByMember: v.ByID, Limits: v.Limits, Awaits: v.Awaits, Circuits: v.Circuits, Clients: v.Clients}
	for _, one := range v.Open {
		is.Open = append(is.Open, OpenCircuit{one.Node, one.Client, one.From.String(), r.start.Add(one.Since), one.Bytes, one.Joined})
	}
	for _, one := range v.Used {
		use := CircuitUse{ID: one.From.ID, Name: r.member(one.From.ID), Open: one.Open, Bytes: one.Bytes, Left: one.Left, Refill: r.start.Add(one.Refill)}
		if one.From.ID.IsZero() {
			use.From = one.From.Host.String()
		}
		is.Used = append(is.Used, use)
	}
	return is
}
