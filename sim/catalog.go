package sim

import (
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
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
