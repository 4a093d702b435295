package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// hope is what a probe may find under a name.
type hope struct {
	sound bool // a listed, honest node can deliver it
	rot   bool // a listed, honest node has it with rotten bits
	odd   bool // a holder shares its id with another node: the relay mixes their indexes
}

// expected returns what the probes may find under each name.
func (c *checks) expected() map[string]hope {
	r := c.w.relay
	expected := map[string]hope{}
	for _, l := range r.proc.registry.Leases(r.local(c.w.now)) {
		h := c.w.byAddress[l.At]
		if h == nil || h.lie != scenario.Honest {
			continue
		}
		for _, s := range h.files {
			is := expected[s.name]
			if !c.w.findable(h) {
				continue
			}
			is.odd = is.odd || c.w.sharesID(h)
			if id := s.file.indexed(); id != nil && id.content != s.file.content {
				is.rot = true
			} else {
				is.sound = true
			}
			expected[s.name] = is
		}
	}
	return expected
}

// l3 compares the result of a probe with the files of the nodes.
func (c *checks) l3(o *operation, expected map[string]hope) {
	switch {
	case o == nil || !o.ended:
	case o.gather != nil:
		c.allFound(o, expected)
	case o.answer != nil && !rots(expected):
		c.exact(o)
	case o.result != nil:
		c.found(o, expected[o.op.Name])
	}
}

func (c *checks) found(o *operation, is hope) {
	got := o.result.Outcome
	switch {
	case is.odd, is.sound && c.w.malformed, o.limited():
	case is.sound && got != client.Fetched:
		c.fail(L3, "%q can be had from a listed node, and the outcome is: %s", o.op.Name, outcomeWords[got])
	case c.liars() || is.sound:
	case got == client.Fetched && is.rot: // another probe had it hashed anew
	case got == client.Fetched:
		c.fail(L3, "%q was fetched, and no listed node has it", o.op.Name)
	case is.rot && got == client.Undelivered:
	case got == client.Unsure && (o.withheld || slices.ContainsFunc(c.w.hosts, func(h *host) bool { return h.walled() && !c.w.findable(h) })):
	case got != client.NobodyHad && got != client.BadlyNamed:
		c.fail(L3, "%q is nowhere, and the outcome is: %s", o.op.Name, outcomeWords[got])
	}
}

// exact compares all pages of the relay's answer with its index.
func (c *checks) exact(o *operation) {
	relay := c.w.relay
	at := roles.Moment{Now: relay.local(c.w.now)}
	if o.answer.Code != 0 {
		c.fail(L3, "the relay does not answer %s %q: %s", o.op.Do, o.op.Name, o.answer.Code)
		return
	}
	listed, located := &protocol.Listed{}, &protocol.Located{}
	for _, page := range o.pages {
		switch page := page.(type) {
		case *protocol.Listed:
			listed.Items = append(listed.Items, page.Items...)
		case *protocol.Located:
			located.Withheld = max(located.Withheld, page.Withheld)
			earlier := located.Peers
			for _, peer := range page.Peers {
				is := relay.proc.oracle.since(at.Now, peer)
				again := slices.ContainsFunc(earlier, func(p protocol.Peer) bool { return keyOf(&p) == keyOf(&is) })
				if !again { // a node that moved during the walk comes again at its end
					located.Peers = append(located.Peers, is)
				}
			}
		}
	}
	if o.op.Do == scenario.DoLocate && c.w.circuits() && c.liars() {
		return // one that waits for clients and does not come is named by turns
	}
	if o.op.Do == scenario.DoLocate {
		from := c.w.from(o.actor.proc.host)
		relay.proc.oracle.located(at, from, &protocol.Locate{Name: o.op.Name, Hash: c.w.pinned(o.op.Pin)}, located)
		return
	}
	known := relay.proc.oracle.items(at, o.op.Name)
	for i := range listed.Items {
		item := &listed.Items[i]
		e := entryOf(item)
		if known[e].count != item.Count {
			c.fail(S15, "all pages together list %q with %d holders, and %d nodes have it", item.Name, item.Count, known[e].count)
		} else if !relay.proc.oracle.dates(at, e, item.Modified) { // one may have published it again meanwhile
			c.fail(S15, "%q is listed as changed at %d, and no node that has it says so", item.Name, item.Modified)
		}
		delete(known, e)
	}
	if len(known) > 0 {
		c.fail(S15, "%d names are on no page", len(known))
	}
}

// disk checks S11 and S16 for everything that a host's disk has under final names.
func (c *checks) disk(h *host) {
	for _, t := range h.landings {
		if t.final == nil {
			if !t.reported.IsZero() {
				c.fail(S16, "%s has nothing under the name %q, and it was reported as fetched", h.name, t.name)
			}
			continue
		}
		if id := t.final.identity(c.w); id == nil || !slices.Contains(t.wanted, id.hash) {
			c.fail(S11, "%s has under the name %q what is not whole, or was not asked for", h.name, t.name)
		} else if !t.reported.IsZero() && t.reported != id.hash {
			c.fail(S16, "%s has under the name %q another content than the one that was reported as fetched", h.name, t.name)
		}
	}
}
