package protocol

import "slices"

// The lists of messages. An entry that breaks a rule is bad by itself: its sender may go by a newer
// rule, or pass on what a stranger has said. Who reads the list leaves it out and counts it. Who
// sends one is strict: check refuses it.

func (m *Publish) check() *Error { return checked(m.frame(), m.Changes, (*Entry).check) }

func (m *Publish) frame() *Error {
	if err := checkEpoch(m.ID, m.Epoch); err != nil {
		return err
	}
	if m.Beyond > 1 {
		return malformed("PUBLISH: beyond %d", m.Beyond)
	}
	if m.Index == 0 || m.From > m.To || m.To > m.Latest || m.Latest > MaxSequence {
		return malformed("PUBLISH: index %d from %d to %d of %d", m.Index, m.From, m.To, m.Latest)
	}
	ahead := m.To == m.From && m.From > 0 // names that are gone, ahead of changes that found no room
	if len(m.Changes) > MaxPage || !ahead && uint64(len(m.Changes)) > m.To-m.From {
		return malformed("PUBLISH: %d changes from %d to %d", len(m.Changes), m.From, m.To)
	}
	if ahead && slices.ContainsFunc(m.Changes, func(e Entry) bool { return !e.Removes() }) {
		return malformed("PUBLISH: a content in a page that leads nowhere")
	}
	return nil
}

func (m *Publish) spoil(is place) { m.Changes[is.at] = Entry{} }

func (m *Publish) sift() { m.Changes, m.LeftOut = sifted(m.Changes, (*Entry).check) }

func (e *Entry) check() *Error {
	if e.Size > MaxFile || e.Removes() && e.Size > 0 {
		return malformed("an entry: a size of %d bytes, or one of no content", e.Size)
	}
	if e.Mark > Opaque || e.Mark > 0 && !e.Hash.IsZero() {
		return malformed("an entry: mark %d, or one beside a hash", e.Mark)
	}
	if e.Modified >= MaxModified || e.Removes() && e.Modified > 0 {
		return malformed("an entry: modified %d s after 1970, or a date of no file", e.Modified)
	}
	return checkName(e.Name)
}

func (m *Located) check() *Error { return checked(m.frame(), m.Peers, (*Peer).check) }

func (m *Located) frame() *Error {
	if len(m.Peers) > MaxPage || len(m.Cursor) > CursorSize {
		return malformed("LOCATED: %d peers, a cursor of %d bytes", len(m.Peers), len(m.Cursor))
	}
	return nil
}

func (m *Located) spoil(is place) { m.Peers[is.at] = Peer{} }

func (m *Located) sift() { m.Peers, m.LeftOut = sifted(m.Peers, (*Peer).check) }

func (p *Peer) check() *Error {
	if p.Circuit > 1 || p.Circuit == 1 && p.ID.IsZero() {
		return malformed("a peer: circuit %d, or one to nobody", p.Circuit)
	}
	if p.Size > MaxFile || p.Hash.IsZero() && p.Size > 0 {
		return malformed("a peer: a size of %d bytes, or one of no content", p.Size)
	}
	if !p.ID.IsZero() && !p.ID.Sound() {
		return malformed("a peer: a weak key as its id")
	}
	if p.Host == nil && p.Also == nil && p.Port == 0 && p.Circuit == 1 {
		return nil
	}
	if p.Port == 0 {
		return malformed("a peer: port 0")
	}
	if err := p.Host.check("a peer"); err != nil {
		return err
	}
	return p.Also.checkAlso("a peer", p.Host)
}

func (m *Listed) check() *Error {
	err := checked(m.frame(), m.Items, m.checkItem)
	err = checked(err, m.Peers, (*Peer).check)
	return checked(err, m.Named, (*Peer).check)
}

func (m *Listed) frame() *Error {
	if len(m.Items) > MaxPage || len(m.Peers) > MaxPage || len(m.Cursor) > CursorSize {
		return malformed("LISTED: %d items, %d peers, a cursor of %d bytes", len(m.Items), len(m.Peers), len(m.Cursor))
	}
	if len(m.Named) > MaxSilent || uint64(len(m.Named)) > m.Silent {
		return malformed("LISTED: %d peers of %d that publish nothing", len(m.Named), m.Silent)
	}
	return nil
}

// spoil makes an entry of one of the three lists, which it knows by their keys, a bad one.
func (m *Listed) spoil(is place) {
	switch is.key {
	case 1:
		m.Items[is.at] = Item{}
	case 2:
		m.Peers[is.at] = Peer{}
	case 7:
		m.Named[is.at] = Peer{}
	}
}

// sift leaves out bad items, and bad peers with the references to them.
func (m *Listed) sift() {
	var items, named int
	m.Items, items = sifted(m.Items, m.checkItem)
	m.Named, named = sifted(m.Named, (*Peer).check)
	m.Named = orNone(m.Named)
	m.LeftOut = items + named + m.siftPeers()
}

func (m *Listed) siftPeers() (bad int) {
	return m.without(func(p *Peer) bool { return p.check() != nil })
}

// without leaves out peers, with the references to them, and returns how many.
func (m *Listed) without(bad func(*Peer) bool) (left int) {
	before := m.Peers
	to := make([]int, len(before)) // where a peer stands then; -1: left out
	for at := range before {
		if to[at] = at - left; bad(&before[at]) {
			to[at] = -1
			left++
		}
	}
	if left == 0 {
		return 0
	}
	m.Peers = before[:0]
	for at := range before {
		if to[at] >= 0 {
			m.Peers = append(m.Peers, before[at])
		}
	}
	m.Peers = orNone(m.Peers)
	for i := range m.Items {
		holders := m.Items[i].Holders[:0]
		for _, at := range m.Items[i].Holders {
			if to[at] >= 0 {
				holders = append(holders, uint64(to[at]))
			}
		}
		m.Items[i].Holders = orNone(holders)
	}
	return left
}

// Confine leaves out the addresses whose scope is narrower than one: that of the relay which names them. It
// returns how many peers have no address left, and are left out.
func (m *Located) Confine(to Scope) (left int) {
	m.Peers, left = sifted(m.Peers, confinedTo(to))
	return left
}

// Confine leaves out addresses as that of a Located does.
func (m *Listed) Confine(to Scope) (left int) {
	confined := confinedTo(to)
	left = m.without(func(p *Peer) bool { return confined(p) != nil })
	named := 0
	m.Named, named = sifted(m.Named, confined)
	m.Named = orNone(m.Named)
	return left + named
}

// confinedTo returns what leaves out the addresses of a peer that are narrower than a scope, and fails if none
// is left.
func confinedTo(least Scope) func(*Peer) *Error {
	return func(p *Peer) *Error {
		if p.Also != nil && ScopeOf(p.Also.Addr()) < least {
			p.Also = nil
		}
		if p.Host == nil || ScopeOf(p.Host.Addr()) >= least {
			return nil
		}
		if p.Host, p.Also = p.Also, nil; p.Host != nil {
			return nil
		}
		if p.Port = 0; p.Circuit == 0 {
			return malformed("a peer: no address that the relay can know of")
		}
		return nil
	}
}

func (m *Listed) checkItem(item *Item) *Error {
	named, peers := uint64(len(item.Holders)), uint64(len(m.Peers))
	if item.Size > MaxFile || item.Count == 0 || named > min(item.Count, MaxHolders) {
		return malformed("an item: %d bytes held by %d nodes, %d of them named", item.Size, item.Count, named)
	}
	if item.Mark > Opaque || item.Hash.IsZero() == (item.Mark == 0) {
		return malformed("an item: mark %d, one beside a hash, or neither", item.Mark)
	}
	if item.Modified >= MaxModified {
		return malformed("an item: modified %d s after 1970", item.Modified)
	}
	for i, at := range item.Holders {
		if at >= peers || slices.Contains(item.Holders[:i], at) {
			return malformed("an item: holder %d of %d, or named twice", at, peers)
		}
	}
	return checkName(item.Name)
}

// orNone returns a list that is optional in its message: an empty one is left out.
func orNone[E any](list []E) []E {
	if len(list) == 0 {
		return nil
	}
	return list
}

// checked returns the error of the first bad entry of a list, or one that was found before.
func checked[E any](err *Error, list []E, check func(*E) *Error) *Error {
	for i := range list {
		if err == nil {
			err = check(&list[i])
		}
	}
	return err
}

// sifted returns the good entries of a list, in its place, and how many are bad.
func sifted[E any](list []E, check func(*E) *Error) (good []E, bad int) {
	good = list[:0]
	for i := range list {
		if check(&list[i]) == nil {
			good = append(good, list[i])
		}
	}
	clear(list[len(good):])
	return good, len(list) - len(good)
}
