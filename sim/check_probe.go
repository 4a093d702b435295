package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// hope is what a probe may find of a name.
type hope struct {
	sound bool // a listed, honest node has it, and can deliver it
	rot   bool // a listed, honest node has it, and its disk has spoilt it
	odd   bool // one has it that shares its id with another, so that the relay mixes up what they publish
}

// expected says what probes must find, and must not.
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

// l3 holds a probe's result against what there is to find.
func (c *checks) l3(r *errand, expected map[string]hope) {
	switch {
	case r == nil || !r.ended:
	case r.answer != nil:
		c.exact(r)
	case r.result != nil:
		c.found(r, expected[r.op.Name])
	}
}

func (c *checks) found(r *errand, is hope) {
	got := r.result.Outcome
	switch {
	case is.odd, is.sound && c.w.malformed:
	case is.sound && got != client.Fetched:
		c.fail(L3, "%q can be had from a listed node, and the outcome is: %s", r.op.Name, outcomeWords[got])
	case c.liars() || is.sound:
	case got == client.Fetched:
		c.fail(L3, "%q was fetched, and no listed node has it", r.op.Name)
	case is.rot && got == client.Undelivered:
	case got != client.NobodyHad && got != client.BadlyNamed:
		c.fail(L3, "%q is nowhere, and the outcome is: %s", r.op.Name, outcomeWords[got])
	}
}

// exact holds all pages of an answer of the relay against what it is known to hold.
func (c *checks) exact(r *errand) {
	relay := c.w.relay
	at := roles.Moment{Now: relay.local(c.w.now)}
	if r.answer.Code != 0 {
		c.fail(L3, "the relay does not answer %s %q: %s", r.op.Do, r.op.Name, r.answer.Code)
		return
	}
	listed, located := &protocol.Listed{}, &protocol.Located{}
	for _, page := range r.pages {
		switch page := page.(type) {
		case *protocol.Listed:
			listed.Items = append(listed.Items, page.Items...)
		case *protocol.Located:
			located.Peers = append(located.Peers, page.Peers...)
		}
	}
	if r.op.Do == scenario.DoLocate {
		relay.proc.oracle.located(at, &protocol.Locate{Name: r.op.Name, Hash: c.w.pinned(r.op.Pin)}, located)
		return
	}
	known := relay.proc.oracle.items(at, r.op.Name)
	for i := range listed.Items {
		item := &listed.Items[i]
		e := protocol.Entry{Name: item.Name, Size: item.Size, Hash: item.Hash}
		if known[e] != item.Count {
			c.fail(S15, "all pages together list %q with %d holders, and %d nodes have it", item.Name, item.Count, known[e])
		}
		delete(known, e)
	}
	if len(known) > 0 {
		c.fail(S15, "%d names are on no page", len(known))
	}
}

// disk holds S11 against what a host's disk has under final names.
func (c *checks) disk(h *host) {
	for _, t := range h.landings {
		if t.final == nil {
			if !t.kept.IsZero() {
				c.fail(S16, "%s has nothing under the name %q, and a user was told that it is there", h.name, t.name)
			}
			continue
		}
		if id := t.final.identity(c.w); id == nil || !slices.Contains(t.wanted, id.hash) {
			c.fail(S11, "%s has under the name %q what is not whole, or was not asked for", h.name, t.name)
		} else if !t.kept.IsZero() && t.kept != id.hash {
			c.fail(S16, "%s has under the name %q another content than the one of which a user was told", h.name, t.name)
		}
	}
}
