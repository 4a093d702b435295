package protocol

import "time"

// Message is one of the message types of this package, by pointer. The set is closed.
type Message interface {
	Kind() Kind
	// check returns the error of a message that breaks a rule although its CBOR has the right
	// shape.
	check() *Error
}

// lister is a message with a list whose entries each stand for themselves: what one bad entry spoils
// is that entry.
type lister interface {
	Message
	frame() *Error // is check without the entries
	spoil(place)   // makes an entry a bad one
	sift()         // leaves out the bad entries and counts them
}

// Claims returns the id whose lease a request is about; zero: it is about none.
func Claims(m Message) (id PeerID) {
	switch m := m.(type) {
	case *Register:
		return m.ID
	case *Renew:
		return m.ID
	case *Leave:
		return m.ID
	case *Publish:
		return m.ID
	case *Await:
		return m.ID
	}
	return id
}

// Register asks a relay to list the sender. A node sends it first, and again when it learns that
// its lease has ended, each time with a larger epoch.
type Register struct {
	ID        PeerID `cbor:"1,keyasint"`
	Epoch     uint64 `cbor:"2,keyasint"`           // above zero; the largest known epoch of an id wins
	Port      uint16 `cbor:"3,keyasint"`           // at which the node listens
	Advertise IP     `cbor:"4,keyasint,omitempty"` // an address other than the one the relay sees; policy decides
	Publishes uint8  `cbor:"5,keyasint,omitempty"` // 1: the node is about to publish its index; 0: it publishes none
	Listens   IP     `cbor:"6,keyasint,omitempty"` // the loopback address at which alone the node listens
}

// Registered grants a lease: the relay lists the node at Host and Port for TTL from now, unless nobody can
// reach it there.
type Registered struct {
	TTL   uint64 `cbor:"1,keyasint"`           // milliseconds
	Renew uint64 `cbor:"2,keyasint"`           // milliseconds until the relay would like a RENEW
	Host  IP     `cbor:"3,keyasint,omitempty"` // none: nobody is sent to the node
	Port  uint16 `cbor:"4,keyasint"`
	Held
	Also IP `cbor:"7,keyasint,omitempty"` // the node's address of the other family
	Reached
}

// Held is the part of a node's index that a relay holds: all changes up to a sequence number, or
// nothing (zeros). A node that publishes goes on from there.
type Held struct {
	Index    uint64 `cbor:"5,keyasint,omitempty"`
	Sequence uint64 `cbor:"6,keyasint,omitempty"`
}

// Renew extends the lease of an id and epoch, and tells the relay where the node is now: the address
// of the link replaces the listed one of its family. It never creates a lease: if there is none the
// answer is [NoLease].
type Renew struct {
	ID    PeerID `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint"`
}

// Renewed says that the lease runs for TTL from now. Without a Host the node is listed as before.
type Renewed struct {
	TTL   uint64 `cbor:"1,keyasint"`           // milliseconds
	Renew uint64 `cbor:"2,keyasint"`           // milliseconds
	Host  IP     `cbor:"3,keyasint,omitempty"` // as in Registered
	Port  uint16 `cbor:"4,keyasint,omitempty"`
	Held
	Also IP `cbor:"7,keyasint,omitempty"`
	Reached
}

// Await renews a lease as [Renew] does, and asks for what comes to the node through the relay: the answer
// comes with the first invitation, or after Wait. A node has one outstanding, on a link that it keeps. SPEC
// "Circuits".
type Await struct {
	ID    PeerID `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint"`
	Wait  uint64 `cbor:"3,keyasint"` // milliseconds; the relay may answer sooner
}

// Awaited says what Renewed says, and who has come.
type Awaited struct {
	Renewed
	Invitations []Invitation `cbor:"11,keyasint,omitempty"`
}

// Invitation asks a node to join a circuit, at the address of the link on which it comes.
type Invitation struct {
	Ticket Ticket `cbor:"1,keyasint"`
}

// Circuit asks for a way to a node through the relay.
type Circuit struct {
	Node   PeerID `cbor:"1,keyasint"`
	Before Ticket `cbor:"2,keyasint,omitzero"` // of the circuit that was cut; none: there was none
}

// Opened says that the node is invited, and with which ticket the client joins, at the address of the link on
// which it comes. The limits are for both directions together; other circuits of the same client may use up what is left for all.
type Opened struct {
	Ticket    Ticket `cbor:"1,keyasint"`
	Bytes     uint64 `cbor:"2,keyasint,omitempty"` // that may pass; 0: any number
	Millis    uint64 `cbor:"3,keyasint,omitempty"` // after so long without a byte the circuit ends; 0: never
	Rate      uint64 `cbor:"4,keyasint,omitempty"` // bytes a second; 0: as fast as they come
	Last      Code   `cbor:"5,keyasint,omitempty"` // why the circuit of Before ended; 0: it is not known
	LastBytes uint64 `cbor:"6,keyasint,omitempty"` // that had passed
	Refill    uint64 `cbor:"7,keyasint,omitempty"` // milliseconds, until more than Bytes may pass; 0: it is not known
}

// Join makes a connection one end of a circuit. It is the only message that is sent in plain to a port where
// TLS is spoken.
type Join struct {
	Ticket Ticket `cbor:"1,keyasint"`
}

// Joined says that the other end is there: what follows, in both directions, is passed on as it comes.
type Joined struct{}

// Leave ends the lease of an id and epoch. It changes nothing if the relay knows a newer epoch.
type Leave struct {
	ID    PeerID `cbor:"1,keyasint"`
	Epoch uint64 `cbor:"2,keyasint"`
}

// Left says that this epoch of the node is not listed.
type Left struct{}

// Publish brings a page of a node's index to a relay. A node numbers the changes of its index from
// 1 on; each name keeps the number of its latest change. A page holds the changes above From and up
// to To, in the order of their numbers: a relay that holds the index up to From then holds it up to
// To. The changes since 0 are the whole index. A relay that holds another index, or not up to From,
// answers [Resync].
type Publish struct {
	ID      PeerID  `cbor:"1,keyasint"`
	Epoch   uint64  `cbor:"2,keyasint"`
	Index   uint64  `cbor:"3,keyasint"`           // identifies the numbering; above zero, drawn when numbers start at 1
	From    uint64  `cbor:"4,keyasint,omitempty"` // 0: replace the index that is held of this node
	To      uint64  `cbor:"5,keyasint"`
	Latest  uint64  `cbor:"6,keyasint"` // the node's latest change; once To reaches it the relay holds the whole index
	Changes []Entry `cbor:"7,keyasint"`
	Beyond  uint8   `cbor:"8,keyasint,omitempty"` // 1: the node may have files that it has not noticed, beyond this index

	LeftOut int `cbor:"-"` // changes that were bad, of a page that was read
}

// Entry is a name in a node's index with its content. An entry without a hash bears a mark, which
// says that the name is shared and why its content is not known, or it removes the name.
type Entry struct {
	Name string `cbor:"1,keyasint"`
	Size uint64 `cbor:"2,keyasint,omitempty"` // bytes
	Hash Hash   `cbor:"3,keyasint,omitzero"`
	Mark Mark   `cbor:"4,keyasint,omitempty"` // never with a hash

	Modified uint64 `cbor:"5,keyasint,omitempty"` // seconds since 1970: see SecondsOf; never of a name that is removed
}

// Removes reports whether the entry removes its name.
func (e *Entry) Removes() bool { return e.Hash.IsZero() && e.Mark == 0 }

// Mark is the reason why a name that is shared has no hash.
type Mark uint8

// The marks.
const (
	Pending Mark = 1 // the file is not hashed yet: it may have any content
	Opaque  Mark = 2 // the content cannot be told: the file cannot be read, or changes all the time
)

// Published says up to which change the relay now holds the node's index.
type Published struct {
	Index    uint64 `cbor:"1,keyasint"`
	Sequence uint64 `cbor:"2,keyasint"`
	Refused  uint64 `cbor:"3,keyasint,omitempty"` // changes of the page that the relay does not keep, by its own rules
}

// Locate asks for active nodes that have, or may have, a file: by its name, its content, or both.
// With neither it asks for all active nodes. Nodes that are known to have the file come first, then
// those that do not publish their index. Nodes that publish theirs and do not have the file are
// left out.
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
	Holders uint64 `cbor:"4,keyasint,omitempty"` // named at most for each item, up to MaxHolders; 0: only counted
}

// Listed is a page of names. A name with several contents appears once for each. A page may hold
// fewer items than asked for, even none, and still have a cursor; only a page without a cursor is
// the last.
type Listed struct {
	Items  []Item `cbor:"1,keyasint"`
	Peers  []Peer `cbor:"2,keyasint,omitempty"` // the holders of this page's items, each once
	Cursor []byte `cbor:"3,keyasint,omitempty"`

	Young      uint64 `cbor:"4,keyasint,omitempty"` // as in Located
	Publishing uint64 `cbor:"5,keyasint,omitempty"` // nodes whose index is not held as a whole yet
	Silent     uint64 `cbor:"6,keyasint,omitempty"` // nodes that publish nothing
	Named      []Peer `cbor:"7,keyasint,omitempty"` // some of these, up to MaxSilent

	LeftOut int `cbor:"-"` // items and peers that were bad, of a page that was read
}

// Item is one content that is published under a name.
type Item struct {
	Name    string   `cbor:"1,keyasint"`
	Size    uint64   `cbor:"2,keyasint,omitempty"` // bytes
	Hash    Hash     `cbor:"3,keyasint,omitzero"`  // none: the content is not known, and Mark says why
	Count   uint64   `cbor:"4,keyasint"`           // nodes that have it
	Holders []uint64 `cbor:"5,keyasint,omitempty"` // some of them, by their positions in Peers, from 0
	Mark    Mark     `cbor:"6,keyasint,omitempty"`

	Modified uint64 `cbor:"7,keyasint,omitempty"` // as in Entry: what the node says that has published the item last
}

// Located is a page of nodes. A page may hold fewer peers than asked for, even none, and still have
// a cursor; only a page without a cursor is the last.
type Located struct {
	Peers  []Peer `cbor:"1,keyasint"`
	Cursor []byte `cbor:"2,keyasint,omitempty"`
	Young  uint64 `cbor:"3,keyasint,omitempty"` // milliseconds for which the relay, restarted, may lack nodes that are there
	// Withheld counts the nodes that belong on this page and that this client cannot reach.
	Withheld uint64 `cbor:"4,keyasint,omitempty"`

	LeftOut int `cbor:"-"` // peers that were bad, of a page that was read
}

// Peer is a node: its address and id, with the content that it is known to have under the requested
// name.
type Peer struct {
	Host IP     `cbor:"1,keyasint,omitempty"` // none: it is reached through the relay alone
	Port uint16 `cbor:"2,keyasint,omitempty"`
	Hash Hash   `cbor:"3,keyasint,omitzero"`  // in LOCATED, if the node has published the file; none: not known
	Size uint64 `cbor:"4,keyasint,omitempty"` // bytes, with Hash
	Also IP     `cbor:"5,keyasint,omitempty"` // its address of the other family, with the same port
	ID   PeerID `cbor:"6,keyasint,omitzero"`  // which it proves at these addresses; none: it is reached in plain
	// Circuit is 1 if the node can be reached through the relay.
	Circuit uint8 `cbor:"7,keyasint,omitempty"`
}

// Tree asks a node for a file's size and hash, and for the part of its hash tree that verifies some
// chunk groups. The file is named as in a Get.
type Tree struct {
	Name  string `cbor:"1,keyasint,omitempty"`
	Hash  Hash   `cbor:"2,keyasint,omitzero"`
	First uint64 `cbor:"3,keyasint,omitempty"` // the first group to verify
	Count uint64 `cbor:"4,keyasint,omitempty"` // groups; 0 or above MaxGroups: all that follow, up to MaxGroups
}

// Outboard is the part of a file's hash tree that verifies Count groups from First on against Hash
// alone: the parents on the paths from the root to these groups, in pre-order, 64 bytes each. SPEC
// "The hash tree".
type Outboard struct {
	Size  uint64 `cbor:"1,keyasint"` // bytes of the whole file
	Hash  Hash   `cbor:"2,keyasint"`
	First uint64 `cbor:"3,keyasint,omitempty"`
	Count uint64 `cbor:"4,keyasint,omitempty"` // as asked, or up to the last group; 0 for an empty file
	Nodes []byte `cbor:"5,keyasint,omitempty"` // none for a file of one group

	Modified   uint64 `cbor:"6,keyasint,omitempty"` // nanoseconds since 1970: see Attributes
	Executable bool   `cbor:"7,keyasint,omitempty"`
}

// Hashing precedes the answer to a Get or Tree while the node is still hashing the file, about
// every second. The answer follows when the file is hashed.
type Hashing struct {
	Done uint64 `cbor:"1,keyasint,omitempty"` // bytes hashed
	Size uint64 `cbor:"2,keyasint"`           // bytes
}

// Get asks a node for a range of a file: by its name, its content, or both. With both, the name
// finds the file and the content must match: another content under that name is [Changed].
type Get struct {
	Name   string `cbor:"1,keyasint,omitempty"`
	Offset uint64 `cbor:"2,keyasint,omitempty"` // bytes
	Length uint64 `cbor:"3,keyasint,omitempty"` // bytes at most; 0: the node decides
	Hash   Hash   `cbor:"4,keyasint,omitzero"`
}

// Content says that exactly Length raw bytes of the file follow this frame. Length is zero if and
// only if Offset equals Size. It is never above MaxRange and may be less than the GET asked for;
// then it ends where a group ends.
type Content struct {
	Size   uint64 `cbor:"1,keyasint"` // bytes of the whole file
	Offset uint64 `cbor:"2,keyasint"` // as in the GET
	Length uint64 `cbor:"3,keyasint"`
	Hash   Hash   `cbor:"4,keyasint"`

	Modified   uint64 `cbor:"5,keyasint,omitempty"` // nanoseconds since 1970: see Attributes
	Executable bool   `cbor:"6,keyasint,omitempty"`
}

// Enter asks a closed relay to admit the key that the link has proven, by a token of an invite. Its
// signature is over [Enter.Signed], under the key that the invite's secret makes.
type Enter struct {
	Token     TokenID             `cbor:"1,keyasint"`
	Signature [SignatureSize]byte `cbor:"2,keyasint"`
}

// Entered says that the key is admitted, from now on and without an invite.
type Entered struct {
	Role Role `cbor:"1,keyasint"` // what it may do, by this and earlier invites
}

// Error is a refusal. Its layout is frozen for all versions, as the frame header is.
type Error struct {
	Code  Code   `cbor:"1,keyasint"`
	By    Party  `cbor:"2,keyasint"`
	Text  string `cbor:"3,keyasint,omitempty"` // for humans
	Retry uint64 `cbor:"4,keyasint,omitempty"` // milliseconds to wait before asking again; 0: not said
	Epoch uint64 `cbor:"5,keyasint,omitempty"` // with Superseded: the epoch to exceed
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
func (*Enter) Kind() Kind      { return KindEnter }
func (*Await) Kind() Kind      { return KindAwait }
func (*Awaited) Kind() Kind    { return KindAwaited }
func (*Circuit) Kind() Kind    { return KindCircuit }
func (*Opened) Kind() Kind     { return KindOpened }
func (*Join) Kind() Kind       { return KindJoin }
func (*Joined) Kind() Kind     { return KindJoined }
func (*Entered) Kind() Kind    { return KindEntered }
func (*Error) Kind() Kind      { return KindError }

// ToMillis turns a duration into milliseconds for the wire, rounding up, at least one.
func ToMillis(d time.Duration) uint64 {
	return max(1, uint64((d+time.Millisecond-1)/time.Millisecond))
}
