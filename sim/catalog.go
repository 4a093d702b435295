package sim

import (
	"fmt"
	"maps"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// config is what a node's Membership is told.
func (w *World) config(h *host) node.Config {
	config := node.Config{Relay: w.relay.address.String(), ID: nodeID(h.plan.ID), Epoch: h.epoch(w.now), Port: nodePort}
	if !h.plan.Quiet {
		config.Catalog = h.proc.catalog
	}
	return config
}

// shares returns the entry that a node publishes of a name, or none while it does not know the file, or has none.
func (w *World) shares(h *host, name string) (protocol.Entry, bool) {
	f := h.file(name)
	if f == nil || f.indexed() == nil {
		return protocol.Entry{}, f == nil
	}
	id := f.indexed()
	if h.lie == "wrong-index" {
		id = w.identity(forged, 2*group)
	}
	return protocol.Entry{Name: name, Size: id.size, Hash: id.hash}, true
}

// publish brings a name's entry in a node's catalog up to date, and wakes who publishes it.
func (w *World) publish(h *host, name string) {
	e, known := w.shares(h, name)
	switch {
	case !known: // soon: it is being hashed
		return
	case e.Hash.IsZero():
		if !h.proc.catalog.Drop(name) {
			return
		}
	case !h.proc.catalog.Set(name, e.Size, e.Hash):
		return
	}
	w.nudge(h.proc)
}

// nudge wakes who publishes a node's catalog.
func (w *World) nudge(p *process) {
	if !p.host.plan.Quiet && p.member != nil {
		w.tell(p.member, roles.Notified{})
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
	if r.lie != scenario.Honest || r.proc == nil || c.w.malformed {
		return ""
	}
	for _, k := range r.proc.oracle.known {
		h := c.w.byAddress[k.at]
		if !k.live(r.local(c.w.now)) || h == nil || h.plan == nil || h.proc == nil {
			continue
		}
		names := map[string]protocol.Entry{}
		for _, s := range h.files {
			if e, known := c.w.shares(h, s.name); known && !h.plan.Quiet {
				names[s.name] = e
			}
		}
		switch most := c.w.scenario.Relay.Entries; {
		case c.w.sharesID(h): // the relay takes what either publishes for the one node's
		case most > 0 && k.index.refused && len(names) > 0: // more than the relay keeps, at least for a while
		case !maps.Equal(names, k.index.names) || k.index.complete == h.plan.Quiet:
			return fmt.Sprintf("%s shares %d names, and the relay holds %d of its index (all: %t)", h.name, len(names), len(k.index.names), k.index.complete)
		}
	}
	return ""
}

// sharesID reports whether another node has the same id.
func (w *World) sharesID(h *host) bool {
	return slices.ContainsFunc(w.hosts, func(o *host) bool { return o != h && o.plan != nil && o.plan.ID == h.plan.ID })
}
