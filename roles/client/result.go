package client

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Request is a file that is wanted: by name, by content, or both.
type Request struct {
	Relay   string          // host:port
	RelayID protocol.PeerID // that the relay has to prove; zero: the first that is met, from then on
	Entry   roles.Entry     // with which a closed relay admits us
	Name    string          // may be empty where Hash is given
	Hash    protocol.Hash   // what its content must be; zero: what the first node has
	Sources int             // links to nodes at once; 1, or 0: the reference mode, strictly one after the other
	Direct  bool            // no node is reached through the relay
	Once    bool            // what was delivered can't be taken back: groups in order, and no other content after the first
}

// Identity identifies a content.
type Identity struct {
	Hash protocol.Hash
	Size uint64 // bytes
}

// Variant is another content than the fetched one, under the same name.
type Variant struct {
	Identity
	Nodes []Node // some of those that have it
}

// Tried is reported at the end of each visit to a node.
type Tried struct {
	Node Node
	Code protocol.Code  // 0: it did what was asked of it
	By   protocol.Party // who said so: the node, or the client about it
	Text string
	Had  bool // it had the file, if maybe another content
	Took time.Duration

	Published bool // the relay says that it has a content under the name
}

// missed reports whether the node was not there: nobody answered at its address, or another peer.
func (t *Tried) missed() bool {
	switch t.Code {
	case protocol.Refused, protocol.Unreachable, protocol.WrongPeer, protocol.NoTLS, protocol.NoPeer:
		return true
	}
	return false
}

// Outcome is the kind of a Result.
type Outcome int

// The outcomes.
const (
	Running     Outcome = iota
	Fetched             // the file is in the store, whole
	NobodyHad           // every listed node was asked and said that it does not have it, or none is listed
	TooEarly            // it was not found, but that may change by itself: a node is indexing, or the relay is young
	Unsure              // those that could be asked do not have it, but not all could be asked
	Undelivered         // some had it, but none could deliver it whole
	NoRelay             // the relay could not be asked, or refused
	DiskFailed          // our own disk failed
	BadlyNamed          // the name breaks the name rule
	Interrupted         // told to stop
	GivenUp             // not tried: the same nodes have failed with too many other files
)

// Result is the result of a Fetch, with all visits to nodes.
type Result struct {
	Outcome  Outcome
	Name     string
	Hash     protocol.Hash // of the content that was fetched, or tried last; zero: none was heard of
	Size     uint64        // of that, bytes
	Kept     uint64        // bytes of it that were there before, from an earlier try
	From     []Node        // whose bytes are in it, in the order of their first
	Tried    []Tried
	Variants []Variant      // the other contents that nodes had under the name
	Young    time.Duration  // when TooEarly: for which the relay may lack nodes that are there
	Unasked  Unasked        // that could not be asked
	Code     protocol.Code  // why, when NoRelay, DiskFailed or BadlyNamed
	By       protocol.Party // who said so
	Text     string
	Cause    error // of our own disk, when DiskFailed
}

// Unasked is how many nodes that may have the file could not be asked, as no address of theirs is known.
type Unasked struct {
	Withheld uint64 // the relay says that this client cannot reach them
	Declined uint64 // they are reached through the relay alone, which is not wanted
	LeftOut  uint64 // the relay named them badly
	Endless  bool   // and there are more: the relay named more than are asked, or its list did not end
}

// some reports whether there are any.
func (u Unasked) some() bool { return u != Unasked{} }

// note counts the nodes of a page that could not be asked.
func (u *Unasked) note(m *protocol.Located) {
	u.Withheld = min(u.Withheld+min(m.Withheld, roles.MaxLeases), roles.MaxLeases)
	u.LeftOut += uint64(m.LeftOut)
}

// Locating is reported when the relay has answered with a page of nodes.
type Locating struct {
	Nodes []Node // those not listed before
	More  bool
}

// Begun is reported when the store is ready for a content: for the first one, and for each that the
// fetch turns to.
type Begun struct {
	Identity
	Kept  uint64 // bytes that are there already
	Other bool   // another content was there, and has been dropped
}

// Hashing is reported while a node hashes the file and the fetch waits for it.
type Hashing struct {
	Node       Node
	Done, Size uint64 // bytes
}

// Checking is reported while the store verifies the groups of an earlier try.
type Checking struct{ Done, Size uint64 } // bytes

func (Tried) Reported()    {}
func (Result) Reported()   {}
func (Locating) Reported() {}
func (Begun) Reported()    {}
func (Hashing) Reported()  {}
func (Checking) Reported() {}
func (Had) Reported()      {}

// Had is reported for each group that is verified and was missing before.
type Had struct {
	Node       Node
	Bytes      uint64
	Attributes protocol.Attributes // of the file at the node
}
