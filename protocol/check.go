package protocol

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

func (m *Await) check() *Error {
	if err := checkEpoch(m.ID, m.Epoch); err != nil {
		return err
	}
	if m.Wait == 0 {
		return malformed("AWAIT: no time to wait")
	}
	return nil
}

func (m *Awaited) check() *Error {
	if len(m.Invitations) > MaxInvitations {
		return malformed("AWAITED: %d invitations", len(m.Invitations))
	}
	for _, one := range m.Invitations {
		if one.Ticket.IsZero() {
			return malformed("AWAITED: an invitation without a ticket")
		}
	}
	return m.Renewed.checkAs("AWAITED")
}

func (m *Circuit) check() *Error {
	if !m.Node.Sound() {
		return malformed("CIRCUIT: an empty id, or a weak key")
	}
	return nil
}

func (m *Opened) check() *Error {
	if m.Ticket.IsZero() {
		return malformed("OPENED: no ticket")
	}
	if m.Last != 0 && !m.Last.Travels() {
		return malformed("OPENED: code %d does not travel", uint16(m.Last))
	}
	return nil
}

func (m *Join) check() *Error {
	if m.Ticket.IsZero() {
		return malformed("JOIN: no ticket")
	}
	return nil
}

func (m *Joined) check() *Error { return nil }

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
	if err := m.Reached.check("REGISTERED", m.Host, m.Also); err != nil {
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

func (m *Renewed) check() *Error { return m.checkAs("RENEWED") }

// checkAs checks what RENEWED and AWAITED have in common.
func (m *Renewed) checkAs(kind string) *Error {
	if err := checkTimes(m.TTL, m.Renew); err != nil {
		return err
	}
	if (m.Host == nil) != (m.Port == 0) {
		return malformed("%s: an address without a port, or a port without an address", kind)
	}
	if err := m.Held.check(kind); err != nil {
		return err
	}
	if err := m.Reached.check(kind, m.Host, m.Also); err != nil {
		return err
	}
	return checkListed(kind, m.Host, m.Also)
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

func (m *Published) check() *Error {
	if m.Index == 0 || m.Sequence > MaxSequence || m.Refused > MaxPage {
		return malformed("PUBLISHED: up to %d of index %d, %d changes refused", m.Sequence, m.Index, m.Refused)
	}
	return nil
}

func (m *List) check() *Error {
	if len(m.Cursor) > CursorSize {
		return malformed("LIST: a cursor of %d bytes", len(m.Cursor))
	}
	return checkPattern(m.Pattern)
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

func (m *Enter) check() *Error { return nil }

func (m *Entered) check() *Error {
	if !m.Role.known() {
		return malformed("ENTERED: role %d", uint8(m.Role))
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

func checkEpoch(id PeerID, epoch uint64) *Error {
	if id.IsZero() {
		return malformed("an empty id")
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
