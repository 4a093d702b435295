package sim

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// List implements [relay.Directory].
func (o *oracle) List(at roles.Moment, from relay.From, m *protocol.List) protocol.Message {
	if page := o.w.scenario.Relay.Page; page > 0 {
		limited := *m
		limited.Limit = uint64(page)
		m = &limited
	}
	young := o.young(at.Now)
	answer := o.next.List(at, from, m)
	listed, is := answer.(*protocol.Listed)
	if !is {
		o.w.check.fail(S15, "LIST was answered with %s", describe(answer))
		return answer
	}
	o.saidYoung(listed.Young, young)
	o.classes(at.Now, listed)
	known := o.items(at, m.Pattern)
	for i := range listed.Items {
		item := &listed.Items[i]
		e := entryOf(item)
		if is := known[e]; is.count != item.Count {
			o.w.check.fail(S15, "%q is listed with %d holders, and %d nodes have it", item.Name, item.Count, is.count)
		} else if is.modified != item.Modified {
			o.w.check.fail(S15, "%q is listed as changed at %d, and the node that has it and published it last says %d", item.Name, item.Modified, is.modified)
		}
		delete(known, e)
		for _, h := range item.Holders {
			if !o.holds(at, &listed.Peers[h], e) {
				o.w.check.fail(S15, "%v is named as one that has %q", listed.Peers[h].Addr(), item.Name)
			}
		}
	}
	if m.Cursor == nil && listed.Cursor == nil && len(known) > 0 {
		o.w.check.fail(S15, "%d names are not in the only page", len(known))
	}
	return answer
}

// entryOf returns the entry that an item of a list stands for, without its date.
func entryOf(item *protocol.Item) protocol.Entry {
	return protocol.Entry{Name: item.Name, Size: item.Size, Hash: item.Hash, Mark: item.Mark}
}

// classes compares the numbers of nodes whose index is on its way, and of those that publish nothing,
// or not everything. A lease that has lapsed a moment ago may still count.
func (o *oracle) classes(now time.Duration, listed *protocol.Listed) {
	var publishing, silent, lapsed uint64
	for _, k := range o.known {
		p := &k.index
		switch {
		case k.left:
		case !k.live(now):
			lapsed++
		case p.held == (protocol.Held{}) && k.publishes:
			publishing++
		case p.held == (protocol.Held{}) || p.full || p.partial || p.beyond:
			silent++
		case p.doubt > 0 || !p.complete:
			publishing++
		}
	}
	if listed.Publishing < publishing || listed.Publishing > publishing+lapsed {
		o.w.check.fail(S15, "%d nodes are said to be publishing, and %d are", listed.Publishing, publishing)
	}
	if listed.Silent < silent || listed.Silent > silent+lapsed {
		o.w.check.fail(S15, "%d nodes are said to publish nothing, or not everything, and %d do so", listed.Silent, silent)
	}
}

// undated returns an entry without its date.
func undated(e protocol.Entry) protocol.Entry {
	e.Modified = 0
	return e
}

// listing is how many nodes have an item, and the date that one of them has published last.
type listing struct{ count, modified, order uint64 }

// items returns the contents under each name that matches a pattern.
func (o *oracle) items(at roles.Moment, pattern string) map[protocol.Entry]listing {
	matching := protocol.NewPattern(pattern)
	items := map[protocol.Entry]listing{}
	for _, k := range o.known {
		if !k.live(at.Now) {
			continue
		}
		for name, e := range k.index.names {
			if !matching.Match([]byte(name)) {
				continue
			}
			is := items[undated(e)]
			if is.count++; k.index.order[name] > is.order {
				is.modified, is.order = e.Modified, k.index.order[name]
			}
			items[undated(e)] = is
		}
	}
	return items
}

func (o *oracle) holds(at roles.Moment, p *protocol.Peer, e protocol.Entry) bool {
	for k := range o.named(at.Now, p) {
		if k.isNamed(at.Now, p) && undated(k.index.names[e.Name]) == e {
			return true
		}
	}
	return false
}

// dates reports whether a live node has published an entry with a date.
func (o *oracle) dates(at roles.Moment, e protocol.Entry, modified uint64) bool {
	e.Modified = modified
	for _, k := range o.known {
		if k.live(at.Now) && k.index.names[e.Name] == e {
			return true
		}
	}
	return false
}

// redated notes that a page of a node gives a content another date.
func (o *oracle) redated(k *known, m *protocol.Publish) {
	for _, e := range m.Changes {
		if before, has := k.index.names[e.Name]; m.From > 0 && has && before != e && undated(before) == undated(e) {
			o.w.coverage.sometimes(Redated)
		}
	}
}
