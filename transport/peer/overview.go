package peer

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles/relay"
)

// The bounds of a page of an overview.
const (
	PageLimit     = 100 // rows, where a PageQuery has no Limit
	MostPageLimit = 500 // rows at most
)

// PageQuery asks for a page of an overview.
type PageQuery struct {
	Search string // what rows have to have in them; each page says where it looks. "": all rows
	Cursor string // of the page before; "", or one that means nothing any more: the first page
	Limit  int    // rows at most; 0: PageLimit, and MostPageLimit at most
}

// Use is how much of something is in use.
type Use struct {
	Now   int64
	Limit int64 // NoCircuitLimit: none
}

// RelayOverview is what a Relay is doing. It costs no more with many nodes than with few.
type RelayOverview struct {
	ID        protocol.PeerID  // that its links prove; zero: they are in plain, or none has been served yet
	Started   time.Time        // when it was used first
	Listeners []netip.AddrPort // the addresses on which it serves now
	Young     time.Duration    // for so long at most it may lack nodes which it had before its restart; 0: it is not young
	Draining  bool             // its Serve comes to an end, on some listener at least
	Closed    bool             // it serves those alone whom its Admission has let in
	Members   int              // so many, and 0 in an open relay
	Foreign   bool             // its Directory is not its own: Nodes, Names and the like are not known, and 0

	Nodes      Use // leases
	Left       int // nodes that are remembered of those that left or lapsed
	Publishing int // nodes whose index is on its way
	Silent     int // nodes that may have anything, for they don't publish all that they have
	Addresses  int // from which nodes have registered, apart from loopback
	Contents   int // under names: a name with two contents counts twice
	Names      Use // of all nodes: one that two nodes have counts twice
	NameBytes  Use // of these
	Awaits     Use // nodes on whose links clients can come through the relay
	Circuits   Use
	Links      Use // of all listeners together; Limit is that of each of them
}

// ReachedAddress is an address of a node, and what the relay knows of whether the node can be reached there.
type ReachedAddress struct {
	At    netip.AddrPort
	Reach string // direct, pending, refused, timeout, wrong-peer or queued; unproven: nobody finds out
}

// The ways to a node.
const (
	WayDirect   = string(relay.NodeDirect)   // it has answered at an address
	WayCircuit  = string(relay.NodeCircuit)  // through the relay alone
	WayPending  = string(relay.NodePending)  // the relay has not found out yet
	WayUnproven = string(relay.NodeUnproven) // the relay does not find out, and sends clients there
	WayNowhere  = string(relay.NodeNowhere)  // nobody is sent there
)

// ListedNode is a node that is listed, or was.
type ListedNode struct {
	ID        protocol.PeerID
	Plain     bool   // its link proves no id: what it has instead is a secret, and ID is a digest of that
	Name      string // of the member, in a closed relay; "": not known
	Addresses []ReachedAddress
	Way       string    // how clients come to it: one of the Way constants. "": it has left
	Why       string    // it is so, where Way alone does not tell
	Since     time.Time // it is listed, without a gap; zero: it has left
	Heard     time.Time // the relay has heard of it last; of one that has left: when it was seen last
	Until     time.Time // its lease lapses if it is not renewed; zero: it has left
	Names     int       // that the relay holds of it
	Publishes bool      // what it has
	Left      bool      // it is not listed any more
}

// NodesPage is a page of the nodes: those that are listed, and then those that are not any more, the latest
// first. A node that is listed from the first page to the last is in exactly one of them.
type NodesPage struct {
	Nodes []ListedNode
	// Next is the Cursor of the next page; "": there is none. A page may have few rows, or none, and be followed by
	// others: it took long to find so many.
	Next string
}

// ListedFile is a content under a name.
type ListedFile struct {
	Name     string
	Size     uint64        // 0 if the hash is zero
	Hash     protocol.Hash // zero: not known yet, see Mark
	Mark     string        // pending: its node has yet to hash it; opaque: the node cannot tell the content; "": it is known
	Modified time.Time     // as one of its holders says, the one that has published it last; zero: it does not
	Holders  int           // nodes that have it
	Variants int           // contents under that name
}

// FilesPage is a page of the files, in the order in which they were published, more or less: a number that
// became free is used again. A file that is there from the first page to the last is in exactly one of them.
type FilesPage struct {
	Files []ListedFile
	Next  string // as in NodesPage
}

// FileHolder is a node that has a content under a name.
type FileHolder struct {
	ListedNode
	File string // the name under which it has it
	Size uint64
	Hash protocol.Hash
	Mark string // as in ListedFile
	// Modified is the date that it says; zero: none.
	Modified time.Time
}

// HoldersPage is a page of the nodes that have a file.
type HoldersPage struct {
	Holders []FileHolder
	Next    string // as in NodesPage
}

// mostCircuits and mostUses bound an overview of circuits.
const (
	mostCircuits = 1000
	mostUses     = 100
)

// CircuitsOverview is what circuits take of a Relay.
type CircuitsOverview struct {
	On       bool // it makes circuits
	ByMember bool // what a client may take counts for a member, and not for an address
	Limits   CircuitLimits
	Awaits   int           // nodes that wait for clients
	Circuits int           // now
	Open     []OpenCircuit // of these, the latest first: mostCircuits at most
	Clients  int           // that have passed something today, or have a circuit now
	Used     []CircuitUse  // of these, those that passed most: mostUses at most
}

// OpenCircuit is a way to a node through a Relay.
type OpenCircuit struct {
	Node, Client protocol.PeerID
	From         string // the client's address, of IPv6 its /64
	Since        time.Time
	Bytes        int64 // that have passed, both directions together
	Joined       bool  // both ends are there
}

// CircuitUse is what a client has used of the circuits.
type CircuitUse struct {
	From   string          // the address, of IPv6 the /64; "": see ID
	ID     protocol.PeerID // of a member, in a closed relay
	Name   string          // of the member; "": not known
	Open   int             // circuits now
	Bytes  int64           // of the day
	Left   int64           // that may still pass in that day; NoCircuitLimit: any number
	Refill time.Time       // when the day is over
}

// Meters returns what is counted of the relay. It may be called at any time.
func (r *Relay) Meters() *Meters {
	r.meters.begin(relayTables())
	return &r.meters
}
