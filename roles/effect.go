package roles

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Effect is a request of a machine to its driver. The set is closed.
type Effect interface{ effect() }

// Dial asks for a connection to host:port, or to another address of the same peer, whichever answers.
// Opened or Lost follows: Lost with Unreachable if the peer has no address of the only family.
type Dial struct {
	Link Link
	To   string
	Also string          // host:port; empty: there is none
	Only Family          // the addresses that are tried; 0: those of both families
	Last netip.Addr      // is tried last: a link to it has just failed; zero: none
	ID   protocol.PeerID // that the peer has to prove: another is WrongPeer; zero: any
	// Plain asks for a link without TLS where links have it: one end of a circuit, to be made sure by Secure.
	Plain bool
}

// Secure asks for TLS over a link that was dialed in plain, with the peer at the other end of the circuit. Opened
// or Lost follows, as after a Dial. Nothing else is asked of the link meanwhile.
type Secure struct {
	Link    Link
	ID      protocol.PeerID // that the peer has to prove; zero: any
	Accepts bool            // the other side begins the handshake
}

// Splice asks for the next bytes of an accepted link to be passed on to the other link that is spliced under the
// same circuit, once there is one: at most Bytes of them, beginning with what has been read already. The end of the
// stream is passed on as such. Moved may, then BodyDone, PeerEnded or Lost follows; Lost of the link that
// failed. Such a link takes no Send any more.
type Splice struct {
	Link    Link
	Circuit uint64
	Bytes   uint64
	From    Origin // under which the client of the circuit counts where clients take turns
}

// Wake asks for Notified to be given to the machine of the accepted link with that number, if it still has one.
type Wake struct{ Number uint64 }

// Send asks for a message to be written. Lost follows if that fails, and nothing otherwise, unless the
// machine is to be told: then Sent follows. Until it does, the link is neither read nor waited for.
type Send struct {
	Link    Link
	Message protocol.Message
	Told    bool // for a long message, which a peer may be slow to take
}

// Hear asks for the next message. Exactly one of Heard, Malformed, PeerEnded and Lost follows. The link
// is read only on command, so a peer that sends more waits: this is the whole flow control.
type Hear struct {
	Link  Link
	First bool // the peer is a stranger: protocol.MaxFirst bounds the message, whatever its kind allows
	Rests bool // nothing is expected for long: the link is to hold as little as can be meanwhile
}

// SendBody asks for raw bytes of the open file to be sent. Moved may, then BodyDone, BodySpoiled or
// Lost follows.
type SendBody struct {
	Link           Link
	Offset, Length uint64
}

// ReceiveBody asks for the next Length bytes of the link to be verified group by group and stored at
// Offset of an item. The range begins at the start of a group, and ends at the end of one or of the
// item. Moved, Verified and BodyWrong may, then BodyDone, PeerEnded, Lost or StoreFailed follows.
type ReceiveBody struct {
	Link           Link
	Item           int
	Offset, Length uint64
	Size           uint64              // of the whole item: if it is one group, its chaining value is the item's hash
	Values         []protocol.Hash     // the chaining values of the groups from Offset on
	Attributes     protocol.Attributes // what the node has said of the file
}

// Discard asks for all further bytes of the link to be dropped. PeerEnded or Lost follows. It replaces a
// Hear that has not been answered.
type Discard struct{ Link Link }

// HalfClose asks for our direction of the link to be closed: the peer reads an end of stream.
type HalfClose struct{ Link Link }

// HangUp asks for the link to be closed and released, or for its dialling to be given up. Nothing
// follows.
type HangUp struct{ Link Link }

// Arm asks for TimerFired after a time. It replaces an earlier Arm of the same timer.
type Arm struct {
	Timer  Timer
	Number uint64
	After  time.Duration
}

// Disarm cancels an Arm.
type Disarm struct{ Timer Timer }

// OpenFile asks for a shared file, named as in [protocol.Get], and for the slice of its tree that
// verifies Count groups from First on. FileHashing may, then FileFound or FileRefused follows. The file
// stays open until the next OpenFile or the machine's end.
type OpenFile struct {
	Name         string
	Hash         protocol.Hash
	First, Count uint64
}

// AskTurn asks for a turn among all bodies that are sent to peers: for one of that length, to a peer that
// counts under From. TurnGiven or TurnRefused follows, maybe late, unless EndTurn comes first.
type AskTurn struct {
	From   Origin
	Length uint64
}

// EndTurn ends the turn that was asked for last, or the wait for it. Nothing follows.
type EndTurn struct{}

// CheckFile says that a peer calls wrong what was sent of a shared content: bytes, or a part of the
// tree. It asks for Count groups of that content's files from First on, or for their part of the tree,
// to be compared with the hash, as time permits; a file that differs is not that content any more.
// Nothing follows.
type CheckFile struct {
	Hash         protocol.Hash
	First, Count uint64
	Tree         bool
}

// OpenStore asks for the store to be prepared for an item's content, and which groups of it are present.
// Groups of another content are dropped. StoreChecking may, then StoreReady or StoreFailed follows.
type OpenStore struct {
	Item int
	Name string
	Hash protocol.Hash
	Size uint64
}

// InspectStore asks which content an earlier try has left groups of. StoreInspected or StoreFailed
// follows.
type InspectStore struct {
	Item int
	Name string
}

// CommitStore asks for complete items to be made durable and put in their places. StoreCommitted
// follows; until then the machine asks for nothing about these items but their release.
type CommitStore struct{ Items []Placement }

// ReleaseStore says that an item is not fetched any longer. Its groups stay for another try. Nothing
// follows.
type ReleaseStore struct{ Item int }

// Placement is an item that is to be put in its place.
type Placement struct {
	Item int
	Size uint64 // bytes; an item of 0 bytes need not have been opened or received
	// Attributes are those of the first node of which a group was verified, or, if no group was
	// missing, of the first that described the content.
	Attributes protocol.Attributes
}

// FindToken asks for the key whose signature a token of a closed relay demands. TokenFound follows.
type FindToken struct{ Token protocol.TokenID }

// Admit asks for a peer, which has shown a token's key, to be admitted durably. Admitted follows.
type Admit struct {
	ID    protocol.PeerID
	Token protocol.TokenID
	From  netip.Addr
}

// Report passes an outcome to the machine's owner. Nothing follows.
type Report struct{ Outcome Outcome }

// Outcome is the content of a Report. Each type that implements it says when it is reported; the
// package comment lists them all.
type Outcome interface{ Reported() }

// Met is reported when a relay of which no id was expected has answered for the first time: the machine
// expects the id that it has proven from then on. SPEC "Identity".
type Met struct{ ID protocol.PeerID }

// Entered is reported when a closed relay has admitted us, or has said that it did before.
type Entered struct{}

// Reported implements [Outcome].
func (Met) Reported() {}

// Reported implements [Outcome].
func (Entered) Reported() {}

func (Dial) effect()         {}
func (Send) effect()         {}
func (Hear) effect()         {}
func (SendBody) effect()     {}
func (ReceiveBody) effect()  {}
func (Discard) effect()      {}
func (HalfClose) effect()    {}
func (HangUp) effect()       {}
func (Arm) effect()          {}
func (Disarm) effect()       {}
func (OpenFile) effect()     {}
func (AskTurn) effect()      {}
func (EndTurn) effect()      {}
func (CheckFile) effect()    {}
func (InspectStore) effect() {}
func (ReleaseStore) effect() {}
func (CommitStore) effect()  {}
func (OpenStore) effect()    {}
func (FindToken) effect()    {}
func (Admit) effect()        {}
func (Secure) effect()       {}
func (Splice) effect()       {}
func (Wake) effect()         {}
func (Report) effect()       {}
