package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// config returns the configuration of a node's Membership.
func (w *World) config(h *host) node.Config {
	config := node.Config{Relay: w.relay.dialledAs(), RelayID: h.pin, ID: h.key, Entry: w.entry(h.proc), Epoch: h.epoch(w.now), Port: h.address.Port()}
	if h.isLone() {
		config.Listens = protocol.IPOf(h.address.Addr())
	}
	if !h.plan.Quiet {
		config.Catalog = h.proc.catalog
	}
	return config
}

// shares returns the entry that a node publishes for a name: one that removes it if there is no such
// file, and a mark while its content is not known.
func (w *World) shares(h *host, name string) protocol.Entry {
	f := h.file(name)
	switch {
	case f == nil:
		return protocol.Entry{Name: name}
	case f.isPending():
		return protocol.Entry{Name: name, Size: f.size, Mark: protocol.Pending, Modified: date(f.version)}
	case f.indexed() == nil:
		return protocol.Entry{Name: name, Size: f.size, Mark: protocol.Opaque, Modified: date(f.version)}
	}
	id := f.indexed()
	if h.lie == "wrong-index" {
		id = w.identity(forged, 2*group)
	}
	return protocol.Entry{Name: name, Size: id.size, Hash: id.hash, Modified: date(f.version)}
}

// publish updates the entry of a name in a node's catalog, and notifies the Membership.
func (w *World) publish(h *host, name string) {
	e := w.shares(h, name)
	if e.Mark > 0 {
		w.coverage.sometimes(map[protocol.Mark]Counter{protocol.Pending: PublishedPending, protocol.Opaque: PublishedOpaque}[e.Mark])
	}
	if h.proc.catalog.Change(e) {
		w.notify(h.proc)
	}
}

// notify notifies the Membership that the node's catalog has changed.
func (w *World) notify(p *process) {
	if !p.host.plan.Quiet && p.member != nil {
		w.tell(p.member, roles.Notified{})
	}
}

// sharesID reports whether another node has the same id.
func (w *World) sharesID(h *host) bool {
	return slices.ContainsFunc(w.hosts, func(o *host) bool { return o != h && o.plan != nil && o.key == h.key })
}
