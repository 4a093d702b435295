package protocol

import "slices"

func (m *Register) check() *Error {
	if err := checkEpoch(m.ID, m.Epoch); err != nil {
		return err
	}
	if m.Port == 0 || m.Publishes > 1 {
		return malformed("REGISTER: port %d, publishes %d", m.Port, m.Publishes)
	}
	if m.Advertise != nil {
		if err := m.Advertise.check("REGISTER"); err != nil {
			return err
		}
	}
	if m.Listens != nil && !m.Listens.Addr().IsLoopback() {
		return malformed("REGISTER: %x is no loopback address", []byte(m.Listens))
	}
	return nil
}

func (m *Renew) check() *Error { return checkEpoch(m.ID, m.Epoch) }
func (m *Leave) check() *Error { return checkEpoch(m.ID, m.Epoch) }
func (m *Left) check() *Error  { return nil }

func (m *Registered) check() *Error {
	if err := checkTimes(m.TTL, m.Renew); err != nil {
		return err
	}
	if m.Port == 0 {
		return malformed("REGISTERED: port 0")
	}
	if err := m.Held.check("REGISTERED"); err != nil {
		return err
	}
	return checkListed("REGISTERED", m.Host, m.Also)
}

// checkListed checks where a relay lists a node: nowhere, at an address, or at one of each family.
func checkListed(kind string, host, also IP) *Error {
	if host != nil {
		if err := host.check(kind); err != nil {
			return err
		}
	}
	return also.checkAlso(kind, host)
}

func (m *Renewed) check() *Error {
	if err := checkTimes(m.TTL, m.Renew); err != nil {
		return err
	}
	if (m.Host == nil) != (m.Port == 0) {
		return malformed("RENEWED: an address without a port, or a port without an address")
	}
	if err := m.Held.check("RENEWED"); err != nil {
		return err
	}
	return checkListed("RENEWED", m.Host, m.Also)
}

func (h *Held) check(kind string) *Error {
	if h.Index == 0 && h.Sequence > 0 || h.Sequence > MaxSequence {
		return malformed("%s: up to %d of index %d", kind, h.Sequence, h.Index)
	}
	return nil
}

func (m *Locate) check() *Error {
	if len(m.Cursor) > CursorSize {
		return malformed("LOCATE: a cursor of %d bytes", len(m.Cursor))
	}
	if m.Name != "" {
		return checkName(m.Name)
	}
	return nil
}

func (m *Located) check() *Error {
	if len(m.Peers) > MaxPage {
		return malformed("LOCATED: %d peers", len(m.Peers))
	}
	if len(m.Cursor) > CursorSize {
		return malformed("LOCATED: a cursor of %d bytes", len(m.Cursor))
	}
	return checkPeers("LOCATED", m.Peers)
}

func checkPeers(kind string, peers []Peer) *Error {
	for i := range peers {
		if peers[i].Port == 0 {
			return malformed("%s: port 0", kind)
		}
		if err := peers[i].Host.check(kind); err != nil {
			return err
		}
		if err := peers[i].Also.checkAlso(kind, peers[i].Host); err != nil {
			return err
		}
		if peers[i].Size > MaxFile || peers[i].Hash.IsZero() && peers[i].Size > 0 {
			return malformed("%s: a size of %d bytes, or one of no content", kind, peers[i].Size)
		}
	}
	return nil
}

func (m *Publish) check() *Error {
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
	for i := range m.Changes {
		e := &m.Changes[i]
		if ahead && !e.Removes() {
			return malformed("PUBLISH: a content in a page that leads nowhere")
		}
		if e.Size > MaxFile || e.Removes() && e.Size > 0 {
			return malformed("PUBLISH: a size of %d bytes, or one of no content", e.Size)
		}
		if e.Mark > Opaque || e.Mark > 0 && !e.Hash.IsZero() {
			return malformed("PUBLISH: mark %d, or one beside a hash", e.Mark)
		}
		if err := checkName(e.Name); err != nil {
			return err
		}
	}
	return nil
}

func (m *Published) check() *Error {
	if m.Index == 0 || m.Sequence > MaxSequence {
		return malformed("PUBLISHED: up to %d of index %d", m.Sequence, m.Index)
	}
	return nil
}

func (m *List) check() *Error {
	if len(m.Cursor) > CursorSize {
		return malformed("LIST: a cursor of %d bytes", len(m.Cursor))
	}
	return checkPattern(m.Pattern)
}

func (m *Listed) check() *Error {
	if len(m.Items) > MaxPage || len(m.Peers) > MaxPage || len(m.Cursor) > CursorSize {
		return malformed("LISTED: %d items, %d peers, a cursor of %d bytes", len(m.Items), len(m.Peers), len(m.Cursor))
	}
	for i := range m.Items {
		if err := m.Items[i].check(len(m.Peers)); err != nil {
			return err
		}
	}
	if len(m.Named) > MaxSilent || uint64(len(m.Named)) > m.Silent {
		return malformed("LISTED: %d peers of %d that publish nothing", len(m.Named), m.Silent)
	}
	if err := checkPeers("LISTED", m.Named); err != nil {
		return err
	}
	return checkPeers("LISTED", m.Peers)
}

func (item *Item) check(peers int) *Error {
	named := uint64(len(item.Holders))
	if item.Size > MaxFile || item.Count == 0 || named > min(item.Count, MaxHolders) {
		return malformed("LISTED: %d bytes held by %d nodes, %d of them named", item.Size, item.Count, named)
	}
	if item.Mark > Opaque || item.Hash.IsZero() == (item.Mark == 0) {
		return malformed("LISTED: mark %d, one beside a hash, or neither", item.Mark)
	}
	for i, at := range item.Holders {
		if at >= uint64(peers) || slices.Contains(item.Holders[:i], at) {
			return malformed("LISTED: holder %d of %d, or named twice", at, peers)
		}
	}
	return checkName(item.Name)
}

func (m *Tree) check() *Error {
	if m.First > MaxFile/GroupSize {
		return malformed("TREE: group %d", m.First)
	}
	return checkFile(m.Name, m.Hash)
}

func (m *Outboard) check() *Error {
	switch groups := Groups(m.Size); {
	case m.Size > MaxFile || m.Hash.IsZero():
		return malformed("OUTBOARD: %d bytes, or no hash", m.Size)
	case m.First > groups || m.Count > groups-m.First || m.Count > MaxGroups:
		return malformed("OUTBOARD: %d groups from %d of %d", m.Count, m.First, groups)
	case m.Count == 0 && m.First < groups:
		return malformed("OUTBOARD: no groups before the end")
	case len(m.Nodes)%(2*HashSize) != 0:
		return malformed("OUTBOARD: %d bytes are no whole number of parents", len(m.Nodes))
	}
	return nil
}

func (m *Hashing) check() *Error {
	if m.Done > m.Size || m.Size > MaxFile {
		return malformed("HASHING: %d bytes of %d", m.Done, m.Size)
	}
	return nil
}

// checkFile checks how a file is named: by a name, a hash, or both.
func checkFile(name string, hash Hash) *Error {
	if name == "" && !hash.IsZero() {
		return nil
	}
	return checkName(name)
}

func (m *Get) check() *Error {
	if m.Offset > MaxFile {
		return malformed("GET: offset %d", m.Offset)
	}
	return checkFile(m.Name, m.Hash)
}

func (m *Content) check() *Error {
	switch {
	case m.Hash.IsZero():
		return malformed("CONTENT: no hash")
	case m.Size > MaxFile || m.Offset > m.Size || m.Length > m.Size-m.Offset || m.Length > MaxRange:
		return malformed("CONTENT: %d bytes at %d of %d", m.Length, m.Offset, m.Size)
	case (m.Length == 0) != (m.Offset == m.Size):
		return malformed("CONTENT: no bytes before the end, or bytes at it")
	}
	return nil
}

func (m *Error) check() *Error {
	if !m.Code.Travels() {
		return malformed("ERROR: code %d does not travel", uint16(m.Code))
	}
	if m.By < Relay || m.By > Client {
		return malformed("ERROR: from party %d", m.By)
	}
	return checkText(m.Text)
}

func checkEpoch(id NodeID, epoch uint64) *Error {
	if id == (NodeID{}) {
		return malformed("an empty node id")
	}
	if epoch == 0 {
		return malformed("epoch 0")
	}
	return nil
}

func checkTimes(ttl, renew uint64) *Error {
	if ttl == 0 || renew == 0 || renew > ttl {
		return malformed("a lease of %d ms to be renewed after %d ms", ttl, renew)
	}
	return nil
}
