package sim

import (
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// gathering is the state of an operation that fetches many files.
type gathering struct {
	picks []client.Offer
	names [][]string                // by item
	told  map[string]client.Outcome // of each name that has a result
	lost  map[client.Node]bool      // nodes that have failed on a link for many files
	busy  map[client.Node]int       // times in a row that nodes were busy, and brought nothing, on links for many files
	idle  map[client.Node]bool      // nodes whose last link for many files broke and brought nothing
	had   map[int]*hadItem
	asked map[protocol.Hash]int // how many nodes have been asked for a content over links for many files
	slow  map[protocol.Hash]bool
}

// hadItem is the part of an item that has come in this run.
type hadItem struct {
	hash    protocol.Hash
	landing *landing
	groups  roles.Groups
}

// beginGather goes on from the names that the relay has listed to fetching the files. It reports
// whether there is something to fetch for a client that still wants it. If the relay lists nothing,
// the client knows of the files that were placed at the start from elsewhere.
func (w *World) beginGather(o *operation) bool {
	p := o.actor.proc
	if o.answer.Code == protocol.Interrupted || p.stopping || p.doomed {
		return false
	}
	offers := listedOffers(o.pages)
	if len(offers) == 0 {
		offers = w.placedOffers(o.op.Name)
	}
	choice := client.Choose(offers)
	if len(choice.Clashes) > 0 {
		w.coverage.sometimes(GatherClash)
	}
	if len(choice.Variants) > 0 {
		w.coverage.sometimes(GatherVariant)
	}
	machine := client.NewGather(client.GatherRequest{Relay: w.relay.dialledAs(), RelayID: p.host.pin, Entry: w.entry(p), Sources: o.op.Sources, Wanted: choice.Picks})
	o.gather = &gathering{
		picks: choice.Picks, names: machine.Names(), told: map[string]client.Outcome{}, lost: map[client.Node]bool{}, idle: map[client.Node]bool{}, busy: map[client.Node]int{}, had: map[int]*hadItem{},
		asked: map[protocol.Hash]int{}, slow: map[protocol.Hash]bool{},
	}
	if o.tries > 0 {
		w.coverage.sometimes(GatherAgain)
	}
	o.actor = w.addActor(p, gatherKind, machine)
	o.actor.operation = o
	w.tell(o.actor, roles.Started{})
	return true
}

// listedOffers returns the contents on the pages of a relay.
func listedOffers(pages []protocol.Message) (offers []client.Offer) {
	for _, page := range pages {
		listed, is := page.(*protocol.Listed)
		if !is {
			continue
		}
		alternates := client.AlternatesOf(listed.Peers)
		for _, item := range listed.Items {
			offer := client.Offer{Name: item.Name, Identity: client.Identity{Hash: item.Hash, Size: item.Size}, Count: item.Count, Alternates: alternates, Modified: item.Modified}
			for _, at := range item.Holders {
				offer.Holders = append(offer.Holders, client.NodeOf(&listed.Peers[at]))
			}
			offers = append(offers, offer)
		}
	}
	return offers
}

// placedOffers returns the files that nodes had from the start and whose names match a pattern.
func (w *World) placedOffers(pattern string) (offers []client.Offer) {
	for i := range w.scenario.Nodes {
		for _, f := range w.scenario.Nodes[i].Files {
			if pattern != "" && !protocol.Match(pattern, f.Name) {
				continue
			}
			id := w.identity(f.Content, f.Size)
			holder := w.named(w.byName[scenario.NodeName(i)])
			if w.circuits() && w.scenario.Nodes[i].Walled {
				holder.AddrPort = netip.AddrPort{}
			}
			offers = append(offers, client.Offer{
				Name: f.Name, Identity: client.Identity{Hash: id.hash, Size: id.size}, Count: 1, Holders: []client.Node{holder},
			})
		}
	}
	return offers
}

// stage makes ready for an item that comes over a link for many files: nothing has been opened for
// it.
func (w *World) stage(a *actor, body roles.ReceiveBody) {
	if a.kind == gatherKind && body.Link < client.PipelineLinks {
		w.stageItem(a, body.Item, body.Values[0], body.Size)
	}
}

func (w *World) stageItem(a *actor, item int, hash protocol.Hash, size uint64) {
	a.setStore(item, w.landItem(a, &client.Wanted{Name: a.operation.gather.names[item][0], Hash: hash, Size: size}))
}

// commitItem commits an item, under all its names.
func (w *World) commitItem(a *actor, item roles.Placement) (done bool, err error) {
	o := a.operation
	if o.gather != nil && item.Size == 0 && a.store(item.Item) == nil {
		w.stageItem(a, item.Item, emptyHash, 0)
	}
	s := a.store(item.Item)
	if s != nil {
		s.said = item.Attributes
	}
	if done, err = w.commit(a, s); o.gather == nil || !done || err != nil {
		return done, err
	}
	for _, name := range o.gather.names[item.Item][1:] {
		t := a.proc.host.landing(name, a)
		t.user, t.wanted = a, append(t.wanted, s.hash)
		fresh := &grown{}
		copied := w.diskDoes(a.proc,
			func() { t.part, t.journal = fresh, nil },
			func() { fresh.extents = append(fresh.extents, s.final.extents...); fresh.sync() },
			func() {
				t.before, t.final, t.part, t.renamed, t.reported = t.final, fresh, nil, true, protocol.Hash{}
				t.about = item.Attributes
			},
			func() { t.renamed, t.before = false, nil },
		)
		if !copied {
			return false, nil
		}
		s.copies = append(s.copies, t)
	}
	return true, nil
}

var emptyHash, _ = content.Build(nil)

// spared reports whether a disk that gives errors gives none for this one of many files.
func (w *World) spared(a *actor) bool { return a.kind == gatherKind && w.chooser.N(2, "spared") > 0 }
