package protocol

import (
	"fmt"
	"net/netip"
	"time"
)

// Message is one of the message types of this package, by pointer. The set is closed.
type Message interface {
	Kind() Kind
	// check returns what makes the message malformed although its CBOR has the right shape.
	check() *Error
}

// NodeID names a node. It is 32 bytes that the node drew at random and shows to its relay alone; it is not a
// proof of anything yet, so relays do not hand it out.
type NodeID [NodeIDSize]byte

// Register asks a relay to list the sender. A node sends it first of all, and again when it learns that its
// lease is gone, each time with a larger epoch.
type Register struct {
	ID        NodeID `cbor:"1,keyasint"`
	Epoch     uint64 `cbor:"2,keyasint"`           // above zero; the largest known of an id wins
	Port      uint16 `cbor:"3,keyasint"`           // where the node listens
	Advertise IP     `cbor:"4,keyasint,omitempty"` // an address other than the one the relay sees; policy decides
}

// Registered grants a lease: the node is handed out at Host and Port until TTL after this moment.
type Registered struct {
	TTL   uint64 `cbor:"1,keyasint"` // milliseconds
	Renew uint64 `cbor:"2,keyasint"` // milliseconds until the relay would like a RENEW
	Host  IP     `cbor:"3,keyasint"`
	Port  uint16 `cbor:"4,keyasint"`
}

// Renew keeps the lease of that id and epoch. It never creates one: the answer to a lost lease is [NoLease].
type Renew struct {
	ID    NodeID `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint"`
}

// Renewed says that the lease runs for TTL from now.
type Renewed struct {
	TTL   uint64 `cbor:"1,keyasint"` // milliseconds
	Renew uint64 `cbor:"2,keyasint"` // milliseconds
}

// Leave ends the lease of that id and epoch, and changes nothing where the relay knows a newer epoch.
type Leave struct {
	ID    NodeID `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint"`
}

// Left says that this epoch of the node is not listed (any more).
type Left struct{}

// Locate asks for active nodes. The name lets a relay that knows who has the file put those first.
type Locate struct {
	Name   string `cbor:"1,keyasint,omitempty"`
	Limit  uint64 `cbor:"2,keyasint,omitempty"` // peers wanted at most; 0: DefaultPage; above MaxPage: MaxPage
	Cursor []byte `cbor:"3,keyasint,omitempty"` // from the LOCATED before; none: from the start
}

// Located is a page of active nodes. A page may hold fewer peers than asked for, even none, and still have a
// cursor; only a page without a cursor is the last.
type Located struct {
	Peers  []Peer `cbor:"1,keyasint"`
	Cursor []byte `cbor:"2,keyasint,omitempty"`
}

// Peer is where a node can be reached.
type Peer struct {
	Host IP     `cbor:"1,keyasint"`
	Port uint16 `cbor:"2,keyasint"`
}

// Get asks a node for a stretch of a file. A Get at the end of the file asks nothing but whether it still is
// the version that was sent: that is how a client learns that it has it all.
type Get struct {
	Name    string `cbor:"1,keyasint"`
	Offset  uint64 `cbor:"2,keyasint,omitempty"` // bytes
	Length  uint64 `cbor:"3,keyasint,omitempty"` // bytes wanted at most; 0: as many as the node cares to send
	Version []byte `cbor:"4,keyasint,omitempty"` // as in the CONTENT before; another one at the node is Changed
}

// Content says that exactly Length raw bytes of the file follow this frame. Length is zero if and only if
// Offset equals Size. It may be less than was asked for, and is never above MaxRange.
type Content struct {
	Size    uint64 `cbor:"1,keyasint"` // bytes of the whole file
	Offset  uint64 `cbor:"2,keyasint"` // as in the GET
	Length  uint64 `cbor:"3,keyasint"`
	Version []byte `cbor:"4,keyasint"` // opaque, 1 to VersionSize bytes: differs when the file does
}

// Error refuses. Its layout is frozen for all versions, as the frame header is.
type Error struct {
	Code  Code   `cbor:"1,keyasint"`
	By    Party  `cbor:"2,keyasint"`
	Text  string `cbor:"3,keyasint,omitempty"` // for people
	Retry uint64 `cbor:"4,keyasint,omitempty"` // milliseconds to wait before asking again; 0: not said
	Epoch uint64 `cbor:"5,keyasint,omitempty"` // with Superseded: the epoch to go above
}

// Kind returns the kind byte of the message's frame.
func (*Register) Kind() Kind   { return KindRegister }
func (*Registered) Kind() Kind { return KindRegistered }
func (*Renew) Kind() Kind      { return KindRenew }
func (*Renewed) Kind() Kind    { return KindRenewed }
func (*Leave) Kind() Kind      { return KindLeave }
func (*Left) Kind() Kind       { return KindLeft }
func (*Locate) Kind() Kind     { return KindLocate }
func (*Located) Kind() Kind    { return KindLocated }
func (*Get) Kind() Kind        { return KindGet }
func (*Content) Kind() Kind    { return KindContent }
func (*Error) Kind() Kind      { return KindError }

// Error describes the refusal in one line: who, which code, and the human text.
func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("%s: %s", e.By, e.Code)
	}
	return fmt.Sprintf("%s: %s: %s", e.By, e.Code, e.Text)
}

// RetryAfter returns how long the sender asks to wait, or zero.
func (e *Error) RetryAfter() time.Duration { return Millis(e.Retry) }

// Millis turns milliseconds off the wire into a duration, at most [MaxWait]: a peer cannot make us wait for ever.
func Millis(ms uint64) time.Duration {
	return time.Duration(min(ms, uint64(MaxWait/time.Millisecond))) * time.Millisecond
}

// ToMillis turns a duration into milliseconds for the wire, rounding up, at least one.
func ToMillis(d time.Duration) uint64 {
	return max(1, uint64((d+time.Millisecond-1)/time.Millisecond))
}

// Addr returns where the peer can be reached.
func (p Peer) Addr() netip.AddrPort { return netip.AddrPortFrom(p.Host.Addr(), p.Port) }

// PeerAt returns the peer at an address, without its IPv6 zone, which means nothing elsewhere.
func PeerAt(at netip.AddrPort) Peer { return Peer{Host: IPOf(at.Addr()), Port: at.Port()} }

// IP is an IPv4 (4 bytes) or IPv6 (16 bytes) address as a CBOR byte string.
type IP []byte

// IPOf returns the bytes of an address, 4 for an IPv4-mapped one.
func IPOf(addr netip.Addr) IP { return addr.Unmap().AsSlice() }

// Addr returns the address, or the zero Addr for other than 4 or 16 bytes.
func (ip IP) Addr() netip.Addr {
	addr, _ := netip.AddrFromSlice(ip)
	return addr.Unmap()
}

func (ip IP) check(field string) *Error {
	if len(ip) != 4 && len(ip) != 16 {
		return malformed("%s: an address has 4 or 16 bytes, not %d", field, len(ip))
	}
	if len(ip) == 16 && netip.AddrFrom16([16]byte(ip)).Is4In6() {
		return malformed("%s: an IPv4 address in IPv6 form", field)
	}
	if addr := ip.Addr(); addr.IsUnspecified() || addr.IsMulticast() {
		return malformed("%s: %s is nobody's address", field, addr)
	}
	return nil
}

func (m *Register) check() *Error {
	if err := checkEpoch(m.ID, m.Epoch); err != nil {
		return err
	}
	if m.Port == 0 {
		return malformed("REGISTER: port 0")
	}
	if m.Advertise != nil {
		return m.Advertise.check("REGISTER")
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
	return m.Host.check("REGISTERED")
}

func (m *Renewed) check() *Error { return checkTimes(m.TTL, m.Renew) }

func (m *Locate) check() *Error {
	if len(m.Cursor) > CursorSize {
		return malformed("LOCATE: a cursor of %d bytes", len(m.Cursor))
	}
	if m.Name != "" {
		return CheckName(m.Name)
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
	for i := range m.Peers {
		if m.Peers[i].Port == 0 {
			return malformed("LOCATED: port 0")
		}
		if err := m.Peers[i].Host.check("LOCATED"); err != nil {
			return err
		}
	}
	return nil
}

func (m *Get) check() *Error {
	if len(m.Version) > VersionSize {
		return malformed("GET: a version of %d bytes", len(m.Version))
	}
	if m.Offset > MaxFile {
		return malformed("GET: offset %d", m.Offset)
	}
	return CheckName(m.Name)
}

func (m *Content) check() *Error {
	switch {
	case len(m.Version) == 0 || len(m.Version) > VersionSize:
		return malformed("CONTENT: a version of %d bytes", len(m.Version))
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
