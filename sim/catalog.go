package sim

import (
	"fmt"
	"maps"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// catalog is the index of a node's share as it is published: each name with the number of its latest change.
type catalog struct {
	index   uint64 // names the numbering
	latest  uint64
	changes []change // in the order of their numbers
}

type change struct {
	number uint64
	entry  protocol.Entry
}

// note takes a name's entry in, and reports whether that is news.
func (c *catalog) note(e protocol.Entry) bool {
	at := slices.IndexFunc(c.changes, func(was change) bool { return was.entry.Name == e.Name })
	switch {
	case at < 0 && e.Hash.IsZero():
		return false
	case at >= 0 && c.changes[at].entry == e:
		return false
	case at >= 0:
		c.changes = slices.Delete(c.changes, at, at+1)
	}
	c.latest++
	c.changes = append(c.changes, change{c.latest, e})
	return true
}

// names returns what is shared, by name.
func (c *catalog) names() map[string]protocol.Entry {
	names := map[string]protocol.Entry{}
	for _, c := range c.changes {
		if !c.entry.Hash.IsZero() {
			names[c.entry.Name] = c.entry
		}
	}
	return names
}

// publish brings a name's entry in a node's catalog up to date, and wakes who publishes it.
func (w *World) publish(h *host, name string) {
	e := protocol.Entry{Name: name}
	if f := h.file(name); f != nil {
		id := f.indexed()
		if id == nil {
			return // soon: it is being hashed
		}
		e.Size, e.Hash = id.size, id.hash
	}
	if h.lie == "wrong-index" {
		id := w.identity(forged, 2*group)
		e.Size, e.Hash = id.size, id.hash
	}
	if h.catalog.note(e) && h.proc != nil && h.plan != nil && !h.plan.Quiet {
		w.tell(h.proc.member, roles.Nudged{})
	}
}

// l4 compares the relay's index with what the nodes share.
func (c *checks) l4() {
	if why := c.unpublished(); why != "" {
		c.fail(L4, "%s", why)
	}
}

// unpublished says in what the relay's index is not what the listed nodes share, or "".
func (c *checks) unpublished() string {
	r := c.w.relay
	if r.lie != Honest || r.proc == nil {
		return ""
	}
	for _, k := range r.proc.oracle.known {
		h := c.w.byAddress[k.at]
		if !k.live(r.local(c.w.now)) || h == nil || h.plan == nil {
			continue
		}
		names := map[string]protocol.Entry{}
		if !h.plan.Quiet {
			names = h.catalog.names()
		}
		if !maps.Equal(names, k.index.names) || k.index.complete == h.plan.Quiet {
			return fmt.Sprintf("%s shares %d names, and the relay holds %d of its index (all: %t)", h.name, len(names), len(k.index.names), k.index.complete)
		}
	}
	return ""
}

// config is what a node's Membership is told.
func (w *World) config(h *host) node.Config {
	return node.Config{Relay: w.relay.address.String(), ID: nodeID(h.plan.ID), Epoch: h.epoch(w.now), Port: nodePort}
}
