package roles

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Machine is the state machine of one conversation: with a peer over one link, or, where it has other
// machines within it, with several.
type Machine interface {
	// Step takes one input and returns the effects that the machine asks for, to be carried out in
	// this order. The next Step overwrites the slice.
	Step(Moment, Input) []Effect
	// Final reports whether the conversation is over: no link of it is open and no timer matters.
	Final() bool
}

// Moment is the time of a step, and a random number for it.
type Moment struct {
	Now  time.Duration // since some fixed start; never runs backwards
	Rand uint64        // uniformly random, fresh in each step
}

// Link numbers a machine's connections. The machine that dials chooses the number; an accepted link
// is 0.
type Link int

// NoLink is the number of no link.
const NoLink Link = -1

// Timer numbers a machine's timers.
type Timer int

// Deadline is the timer of a state's deadline. A machine within another one has a timer of its own.
const Deadline Timer = 0

// Input is an event that a machine is told. The set is closed.
type Input interface{ input() }

// Started is the first input of a machine that dials; a machine that serves an accepted link begins
// with Opened.
type Started struct{}

// Opened says that the link is open: dialled or accepted.
type Opened struct {
	Link Link
	Peer netip.AddrPort
	// Local is our address on the link, as the peer sees it if nothing in between changes it.
	Local netip.AddrPort
	Busy  bool // accepted, but the server has no room for it
	// Number tells an accepted link from all others of its program, for Wake; 0: nobody can be woken.
	Number uint64
	// ID is the id that the peer has proven; zero: the link is in plain.
	ID protocol.PeerID
	// Exporter is the same at both ends of the link, and of no other one (RFC 8446, 7.5); zero: in plain.
	Exporter [protocol.ExporterSize]byte
}

// Heard answers a Hear with the message.
type Heard struct {
	Link    Link
	Message protocol.Message
}

// Sent says that the message of a Send with Told has been taken: by the peer, or by the system for it.
type Sent struct{ Link Link }

// Malformed answers a Hear when the bytes are no message. Err says with which code to refuse them.
type Malformed struct {
	Link Link
	Err  *protocol.Error
}

// PeerEnded says that the peer half-closed, after whole messages, during a Hear or a Discard.
type PeerEnded struct{ Link Link }

// Lost says that the link broke or could not be opened. Its code is Refused, Unreachable, Timeout (the
// system's), WrongPeer, NoTLS, NoPeer, RelayChanged or Lost. No input of the link follows; the machine still has to hang it up.
type Lost struct {
	Link Link
	Code protocol.Code
	Text string
}

// Moved reports the number of content bytes that passed since the last Moved.
type Moved struct {
	Link  Link
	Bytes int64
}

// Verified says that a chunk group has come, matches its chaining value, and is stored.
type Verified struct {
	Link  Link
	Group uint64
}

// BodyWrong says that the bytes of a group do not match its chaining value. They are not stored. The
// rest of the body is discarded; then BodyDone, PeerEnded or Lost follows.
type BodyWrong struct {
	Link  Link
	Group uint64
}

// BodyDone ends a SendBody, a ReceiveBody or a Splice: all bytes have passed, and each group of a ReceiveBody has
// been verified or found wrong.
type BodyDone struct{ Link Link }

// BodySpoiled ends a SendBody whose file could not be read to its end, or has changed since it was
// hashed. Zeros took the place of the missing bytes, so that the peer can still find the next frame.
type BodySpoiled struct {
	Link Link
	Code protocol.Code // Changed or Internal
}

// FileFound answers OpenFile: the file is open for SendBody.
type FileFound struct {
	Size  uint64
	Hash  protocol.Hash
	Nodes []byte // the requested slice of its tree
	protocol.Attributes
}

// FileHashing comes ahead of the answer to OpenFile, about every second, while the file is hashed.
type FileHashing struct{ Done, Size uint64 } // bytes

// FileRefused answers OpenFile: the file cannot be sent.
type FileRefused struct {
	Code protocol.Code
	Text string
}

// StoreReady answers OpenStore.
type StoreReady struct {
	Item  int
	Has   Groups // the groups that are present, verified
	Other bool   // groups of another content were present, and have been dropped
}

// StoreChecking comes ahead of the answer to OpenStore, about every second, while the store verifies what it has.
type StoreChecking struct {
	Item       int
	Done, Size uint64 // bytes
}

// StoreInspected answers InspectStore: an earlier try has left groups of this content.
type StoreInspected struct {
	Item int
	Hash protocol.Hash // zero: there are none
	Size uint64        // bytes
}

// StoreCommitted answers CommitStore.
type StoreCommitted struct{ Items []Placed }

// Placed tells whether an item is durable and in its place.
type Placed struct {
	Item int
	Err  error // why it is not; nil: it is
}

// StoreFailed says that our own disk could not take the content of an OpenStore or a ReceiveBody.
type StoreFailed struct {
	Item int
	Err  error
}

// TokenFound answers FindToken with the key; zero: there is no such token.
type TokenFound struct{ Key protocol.PeerID }

// Admitted answers Admit: what the peer may do from now on, or, if that is nothing, why it is not admitted.
type Admitted struct {
	Role protocol.Role
	Code protocol.Code
	Text string
}

// TurnGiven answers AskTurn: the body may be sent.
type TurnGiven struct{}

// TurnRefused answers AskTurn: too many wait already.
type TurnRefused struct{}

// TimerFired says that a timer is due. A machine ignores one with an outdated number.
type TimerFired struct {
	Timer  Timer
	Number uint64
}

// Notified says that data which the machine reads from outside has changed: a node's catalog, a relay's circuits.
type Notified struct{}

// Invited is the first input of a machine that serves a client through a relay: it joins the circuit there.
type Invited struct {
	Relay  string // host:port
	Ticket protocol.Ticket
	Busy   bool // the server has no room for it
}

// Wanted tells a machine that reads a file which groups its owner lacks. It takes the place of the Wanted before: groups
// that are not on their way yet come only if they are in this one.
type Wanted struct {
	First, Count uint64
	Has          Groups // of these, those that the owner does not lack, by their numbers from First on
	Keeps        bool   // nor those that it had by the Wanted before, or that have come since, if the machine has not given that up
}

// Updated tells a machine within another one that data which the two share has changed: a picker.
type Updated struct{}

// Stopped asks the machine to end soon, gracefully: the program stops.
type Stopped struct {
	Scarce bool // it does not: links are scarce, and others need the room of this accepted one
}

func (Started) input()        {}
func (Opened) input()         {}
func (Heard) input()          {}
func (Sent) input()           {}
func (Malformed) input()      {}
func (PeerEnded) input()      {}
func (Lost) input()           {}
func (Moved) input()          {}
func (Verified) input()       {}
func (BodyWrong) input()      {}
func (FileHashing) input()    {}
func (StoreReady) input()     {}
func (StoreInspected) input() {}
func (StoreCommitted) input() {}
func (StoreChecking) input()  {}
func (Notified) input()       {}
func (Invited) input()        {}
func (Wanted) input()         {}
func (Updated) input()        {}
func (BodyDone) input()       {}
func (BodySpoiled) input()    {}
func (FileFound) input()      {}
func (FileRefused) input()    {}
func (TokenFound) input()     {}
func (Admitted) input()       {}
func (StoreFailed) input()    {}
func (TurnGiven) input()      {}
func (TurnRefused) input()    {}
func (TimerFired) input()     {}
func (Stopped) input()        {}
