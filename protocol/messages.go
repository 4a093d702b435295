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
	Held
}

// Held is what a relay holds of a node's index: all changes up to a sequence number, or nothing (zeros). A node
// that publishes goes on from there.
type Held struct {
	Index    uint64 `cbor:"5,keyasint,omitempty"`
	Sequence uint64 `cbor:"6,keyasint,omitempty"`
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
	Held
}

// Leave ends the lease of that id and epoch, and changes nothing where the relay knows a newer epoch.
type Leave struct {
	ID    NodeID `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint"`
}

// Left says that this epoch of the node is not listed (any more).
type Left struct{}

// Publish tells a relay what a node shares. A node numbers the changes of its index from 1 on; each name keeps the
// number of its latest change. A page says, in the order of their numbers, the changes above From and up to To: a
// relay that holds the index up to From then holds it up to To. The whole index is what has changed since 0. A
// relay that holds another index, or not up to From, answers [Resync].
type Publish struct {
	ID      NodeID  `cbor:"1,keyasint"`
	Epoch   uint64  `cbor:"2,keyasint"`
	Index   uint64  `cbor:"3,keyasint"`           // names the numbering; above zero, drawn anew when the numbers start anew
	From    uint64  `cbor:"4,keyasint,omitempty"` // 0: forget what was held of this node
	To      uint64  `cbor:"5,keyasint"`
	Latest  uint64  `cbor:"6,keyasint"` // the latest change that there is; when To reaches it the relay has it all
	Changes []Entry `cbor:"7,keyasint"`
}

// Entry is a name in a node's index with its content; without a hash, the name is shared no longer.
type Entry struct {
	Name string `cbor:"1,keyasint"`
	Size uint64 `cbor:"2,keyasint,omitempty"` // bytes
	Hash Hash   `cbor:"3,keyasint,omitzero"`
}

// Published says what the relay holds of the node's index now.
type Published struct {
	Index    uint64 `cbor:"1,keyasint"`
	Sequence uint64 `cbor:"2,keyasint"`
}

// Locate asks for active nodes that have, or may have, a file: by its name, by its content, or both; by neither,
// for all active nodes. Those that are known to have it come first, then those that do not publish their index;
// nodes that publish theirs and do not have the file are left out.
type Locate struct {
	Name   string `cbor:"1,keyasint,omitempty"`
	Limit  uint64 `cbor:"2,keyasint,omitempty"` // peers wanted at most; 0: as the relay likes; above MaxPage: MaxPage
	Cursor []byte `cbor:"3,keyasint,omitempty"` // from the LOCATED before; none: from the start
	Hash   Hash   `cbor:"4,keyasint,omitzero"`
}

// List asks for the names that nodes have published.
type List struct {
	Pattern string `cbor:"1,keyasint,omitempty"` // see [Match]; none: all names
	Limit   uint64 `cbor:"2,keyasint,omitempty"` // items wanted at most; 0: as the relay likes; above MaxPage: MaxPage
	Cursor  []byte `cbor:"3,keyasint,omitempty"` // from the LISTED before; none: from the start
	Holders uint64 `cbor:"4,keyasint,omitempty"` // wanted at most of each item, up to MaxHolders; 0: only counted
}

// Listed is a page of names. One name with several contents stands once for each. A page may hold fewer items than
// asked for, even none, and still have a cursor; only a page without a cursor is the last.
type Listed struct {
	Items  []Item `cbor:"1,keyasint"`
	Peers  []Peer `cbor:"2,keyasint,omitempty"` // the holders of this page's items, each once
	Cursor []byte `cbor:"3,keyasint,omitempty"`
}

// Item is one content that is published under a name.
type Item struct {
	Name    string   `cbor:"1,keyasint"`
	Size    uint64   `cbor:"2,keyasint,omitempty"` // bytes
	Hash    Hash     `cbor:"3,keyasint"`
	Count   uint64   `cbor:"4,keyasint"`           // nodes that have it
	Holders []uint64 `cbor:"5,keyasint,omitempty"` // some of them: where they stand in Peers, from 0
}

// Located is a page of nodes. A page may hold fewer peers than asked for, even none, and still have a
// cursor; only a page without a cursor is the last.
type Located struct {
	Peers  []Peer `cbor:"1,keyasint"`
	Cursor []byte `cbor:"2,keyasint,omitempty"`
}

// Peer is where a node can be reached, and what it is known to have of what was asked for.
type Peer struct {
	Host IP     `cbor:"1,keyasint"`
	Port uint16 `cbor:"2,keyasint"`
	Hash Hash   `cbor:"3,keyasint,omitzero"`  // in LOCATED, of a node that has published the file; none: not known
	Size uint64 `cbor:"4,keyasint,omitempty"` // bytes, with Hash
}

// Tree asks a node what a file is: its size, its hash, and the part of its hash tree that some groups need to be
// verified. The file is named as in a Get.
type Tree struct {
	Name  string `cbor:"1,keyasint,omitempty"`
	Hash  Hash   `cbor:"2,keyasint,omitzero"`
	First uint64 `cbor:"3,keyasint,omitempty"` // the first group that shall be verified
	Count uint64 `cbor:"4,keyasint,omitempty"` // groups; 0 or above MaxGroups: as many as there are, up to MaxGroups
}

// Outboard is the part of a file's hash tree that is needed to verify Count groups from First on, against Hash and
// nothing else: the parents on the way from the root to these groups, in pre-order, 64 bytes each. SPEC "The hash
// tree".
type Outboard struct {
	Size  uint64 `cbor:"1,keyasint"` // bytes of the whole file
	Hash  Hash   `cbor:"2,keyasint"`
	First uint64 `cbor:"3,keyasint,omitempty"`
	Count uint64 `cbor:"4,keyasint,omitempty"` // as asked, or up to the last group; 0 for an empty file
	Nodes []byte `cbor:"5,keyasint,omitempty"` // none for a file of one group
}

// Hashing comes ahead of the answer to a Get or Tree when the node is still hashing the file, every second or so:
// the answer follows when that is done.
type Hashing struct {
	Done uint64 `cbor:"1,keyasint,omitempty"` // bytes
	Size uint64 `cbor:"2,keyasint"`           // bytes
}

// Get asks a node for a stretch of a file: by its name, by its content, or both. With both, the name says where to
// look and the content what it must be: another content under that name is [Changed].
type Get struct {
	Name   string `cbor:"1,keyasint,omitempty"`
	Offset uint64 `cbor:"2,keyasint,omitempty"` // bytes
	Length uint64 `cbor:"3,keyasint,omitempty"` // bytes wanted at most; 0: as many as the node cares to send
	Hash   Hash   `cbor:"4,keyasint,omitzero"`
}

// Content says that exactly Length raw bytes of the file follow this frame. Length is zero if and only if
// Offset equals Size. It may be less than was asked for, and is never above MaxRange; then it ends where a group
// does.
type Content struct {
	Size   uint64 `cbor:"1,keyasint"` // bytes of the whole file
	Offset uint64 `cbor:"2,keyasint"` // as in the GET
	Length uint64 `cbor:"3,keyasint"`
	Hash   Hash   `cbor:"4,keyasint"`
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
func (*Publish) Kind() Kind    { return KindPublish }
func (*Published) Kind() Kind  { return KindPublished }
func (*Locate) Kind() Kind     { return KindLocate }
func (*Located) Kind() Kind    { return KindLocated }
func (*List) Kind() Kind       { return KindList }
func (*Listed) Kind() Kind     { return KindListed }
func (*Get) Kind() Kind        { return KindGet }
func (*Content) Kind() Kind    { return KindContent }
func (*Tree) Kind() Kind       { return KindTree }
func (*Outboard) Kind() Kind   { return KindOutboard }
func (*Hashing) Kind() Kind    { return KindHashing }
func (*Error) Kind() Kind      { return KindError }

// Error describes the refusal in one line: who, which code, and the human text.
func (e *Error) Error() string {
	if e.Text == "" {
		return fmt.Sprintf("%s: %s", e.By, e.Code)
	}
	return fmt.Sprintf("%s: %s: %s", e.By, e.Code, e.Text)
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
