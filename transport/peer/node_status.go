package peer

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// NodeOverview is what a node says of itself. It is a value: nothing in it changes.
type NodeOverview struct {
	ID      protocol.PeerID // as it is listed; zero: the node has not begun
	Started time.Time       // zero: it has not been run
	Ended   bool            // Run has returned
	Listen  netip.AddrPort  // where it listens

	Relay   string          // host:port
	RelayID protocol.PeerID // zero: it is not known yet, or the relay proves none

	Listed    *NodeListing  // nil: the relay does not list it, or is not known to any more
	Unlisted  *NodeUnlisted // why not; nil: it is listed
	Reach     NodeReach
	Circuits  NodeCircuits
	Published NodePublished

	Described bool               // the share can say how far it is
	Share     transport.Progress // zero: it cannot
	Limits    NodeLimits
}

// NodeListing is the lease that a node has at its relay.
type NodeListing struct {
	Listing
	Since time.Time // since when the relay lists it without a break
	Heard time.Time // when the relay last granted or renewed the lease
	Until time.Time // when the lease ends unless it is renewed
	Renew time.Time // when it is to be renewed; zero: a renewal is under way
}

// NodeUnlisted is why a relay does not list a node.
type NodeUnlisted struct {
	Code  protocol.Code  // 0: nothing has failed, but the relay has not answered yet
	By    protocol.Party // who says so
	Text  string         // for people; printable
	Since time.Time      // since when the node has not been listed
	Tried time.Time      // the end of the last exchange; zero: none has ended
	Next  time.Time      // when the next one begins; zero: one is under way, or none follows
	Fails int            // exchanges in a row that have failed
}

// Grade is how well something is, in steps.
type Grade string

// The grades.
const (
	GradeFine    Grade = "fine"    // nothing needs to be done
	GradePending Grade = "pending" // it is not known yet
	GradeWarn    Grade = "warn"    // it works in part
	GradeBad     Grade = "bad"     // it does not work
)

// NodeReach is whether clients can reach a node, in the words that its log has.
type NodeReach struct {
	Grade Grade
	Text  string // what is so
	Cure  string // what to do about it; "": nothing needs to be done, or nothing can be
}

// NodeCircuits is whether clients can come through the relay.
type NodeCircuits struct {
	Wanted   bool      // the owner has them
	Proves   bool      // the links prove ids, without which there are none
	Offered  bool      // the relay makes circuits for the node
	Awaiting bool      // clients can come now
	Since    time.Time // of the last change of Awaiting; zero: it has never been so
	Came     uint64    // clients that have come through the relay
}

// NodePublished is what a node has published at its relay.
type NodePublished struct {
	Publishes bool   // the share is published
	Names     int    // all that is to be published
	Known     bool   // all that is shared is among Names, with its content or a mark
	ToCome    int    // changes of it that the relay does not hold yet
	Refused   int    // changes that the relay does not keep
	Why       string // the relay has not taken the last ones; "": it has
}

// NodeLimits are the bounds of a node's work with what is used of them.
type NodeLimits struct {
	Links, MaxLinks     int    // connections
	MaxFrom             int    // of these, those of one address
	Uploads, MaxUploads int    // bodies at once
	MaxUploadsFrom      int    // of these, those to one client
	Waiting             int    // bodies that wait for their turn
	Rate, MaxRate       uint64 // bytes a second of all bodies; MaxRate 0: no bound
	MaxEach             uint64 // of those to one client; 0: no bound
	Requests            uint64 // requests since the start
	Sent                uint64 // bytes of bodies since the start
}

// The bounds of what a node tells of its uploads.
const (
	MaxUploadsTold   = 1000 // uploads at once: those that have run for longest
	MaxUploadsRecent = 50   // uploads that have ended
)

// UploadPhase is how far an upload is.
type UploadPhase string

// The phases.
const (
	PhaseOpening UploadPhase = "opening" // the disk looks for the file
	PhaseHashing UploadPhase = "hashing" // the file is hashed first
	PhaseWaiting UploadPhase = "waiting" // it waits for its turn
	PhaseSending UploadPhase = "sending"
)

// UploadWay is how a client has come to a node.
type UploadWay string

// The ways.
const (
	UploadDirect  UploadWay = "direct"
	UploadCircuit UploadWay = "circuit"
)

// Upload is what one client asks for on one link. Requests for stretches of the same content that follow
// each other are one upload.
type Upload struct {
	Number  uint64          // its own among all of the node's
	Peer    protocol.PeerID // zero: the client proves none
	Address netip.AddrPort  // of the client; over a circuit of the relay
	Way     UploadWay
	Name    string        // as asked for, not printable in any case; "": by the hash alone
	Hash    protocol.Hash // of the file; before it is known, the one that was asked for, or zero
	Size    uint64        // of the file; 0: it is not known, or empty
	Tree    bool          // what the file is is asked for, and none of its bytes

	// The last request: from Offset on, Length bytes (0: to the end); of a Tree groups.
	Offset, Length uint64
	Requests       uint64    // so far
	Promised       uint64    // bytes of the answers so far
	Sent           uint64    // of these
	Since          time.Time // of the first request
}

// UploadNow is an upload that is under way.
type UploadNow struct {
	Upload
	Phase  UploadPhase
	Hashed uint64 // bytes, while PhaseHashing
	Rate   uint64 // bytes a second lately
}

// UploadEnd is how an upload has ended.
type UploadEnd string

// The ends.
const (
	EndSent    UploadEnd = "sent"    // all that was asked for has been sent
	EndRefused UploadEnd = "refused" // the node has refused it: Code says why
	EndSpoiled UploadEnd = "spoiled" // the file changed, or could not be read, while it was sent
	EndCut     UploadEnd = "cut"     // the link has ended before
)

// UploadEnded is an upload that has ended.
type UploadEnded struct {
	Upload
	End   UploadEnd
	Code  protocol.Code // of a refusal, or of what spoiled it; or 0
	Ended time.Time
}

// Took returns how long an upload took.
func (u UploadEnded) Took() time.Duration { return u.Ended.Sub(u.Since) }
