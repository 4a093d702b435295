package roles

import (
	"net/netip"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Machine is one conversation's state machine.
type Machine interface {
	// Step tells the machine what happened and returns what it asks for. The slice is the machine's own and is
	// overwritten by the next Step.
	Step(Moment, Input) []Effect
	// Final reports whether the conversation is over: no link of it is open and no timer matters.
	Final() bool
}

// Moment is the time of a step, and a random number for it.
type Moment struct {
	Now  time.Duration // since some fixed start; never runs backwards
	Rand uint64        // uniformly random, fresh in each step
}

// Link numbers a machine's connections. The machine that dials chooses the number; an accepted link is 0.
type Link int

// NoLink is the number of no link.
const NoLink Link = -1

// Timer numbers a machine's timers.
type Timer int

// Deadline is the timer that every waiting state has. Machines within another one have timers of their own.
const Deadline Timer = 0

// Input is something that happened, told to a machine. The set is closed.
type Input interface{ input() }

// Started is the first input of a machine that begins by itself; accepted links begin with Opened.
type Started struct{}

// Opened says that the link is there: dialled or accepted.
type Opened struct {
	Link Link
	Peer netip.AddrPort
	Busy bool // accepted, but there is no room to serve it
}

// Heard brings the message that a Hear asked for.
type Heard struct {
	Link    Link
	Message protocol.Message
}

// Malformed says that what came after a Hear is no message, and with which code to refuse it.
type Malformed struct {
	Link Link
	Err  *protocol.Error
}

// PeerEnded says that the peer half-closed, after whole messages, while we were hearing or discarding.
type PeerEnded struct{ Link Link }

// Lost says that the link is gone or never came about: Refused, Unreachable, Timeout (of the system's own) or
// Lost. Nothing more comes of the link; it still has to be hung up.
type Lost struct {
	Link Link
	Code protocol.Code
	Text string
}

// Moved says that so many more bytes of content passed since the last Moved.
type Moved struct {
	Link  Link
	Bytes int64
}

// Verified says that all of a group is stored, and is what its value says.
type Verified struct {
	Link  Link
	Group uint64
}

// BodyWrong says that the bytes that came for a group are not what its value says. They are not kept. What is left of
// the body is thrown away as it comes; then BodyDone, PeerEnded or Lost follows.
type BodyWrong struct {
	Link  Link
	Group uint64
}

// BodyDone says that all bytes of a SendBody or ReceiveBody have passed; of a ReceiveBody, that each group has been
// judged.
type BodyDone struct{ Link Link }

// BodySpoiled takes the place of BodyDone after a SendBody whose file could not be read to the end, or is no longer the
// one that was hashed: what was missing has been filled with zeros, so that the link stays in step.
type BodySpoiled struct {
	Link Link
	Code protocol.Code // Changed or Internal
}

// FileFound answers OpenFile: it is open for SendBody.
type FileFound struct {
	Size  uint64
	Hash  protocol.Hash
	Nodes []byte // the slice of its tree that was asked for
}

// FileHashing comes ahead of the answer to OpenFile, every second or so, while the file is being hashed.
type FileHashing struct{ Done, Size uint64 } // bytes

// FileRefused answers OpenFile: there will be nothing to send.
type FileRefused struct {
	Code protocol.Code
	Text string
}

// StoreReady answers OpenStore.
type StoreReady struct {
	Item  int
	Has   Groups // what is there already, verified
	Other bool   // what was there was another content, and has been dropped
}

// StoreChecking comes ahead of the answer to OpenStore, about every second, while the store verifies what it has.
type StoreChecking struct {
	Item       int
	Done, Size uint64 // bytes
}

// StoreInspected answers InspectStore: the content of which an earlier try left a part.
type StoreInspected struct {
	Item int
	Hash protocol.Hash // zero: there is no such part
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

// TimerFired says that a timer came due. One with an old number changes nothing.
type TimerFired struct {
	Timer  Timer
	Number uint64
}

// Notified says that something outside, which the machine watches, has changed.
type Notified struct{}

// Updated tells a machine within another one that what the two share has changed.
type Updated struct{}

// Stopped asks the machine to come to its end soon, by the graceful way.
type Stopped struct{}

func (Started) input()        {}
func (Opened) input()         {}
func (Heard) input()          {}
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
func (Updated) input()        {}
func (BodyDone) input()       {}
func (BodySpoiled) input()    {}
func (FileFound) input()      {}
func (FileRefused) input()    {}
func (StoreFailed) input()    {}
func (TimerFired) input()     {}
func (Stopped) input()        {}

// Effect is something a machine asks for. The set is closed.
type Effect interface{ effect() }

// Dial asks for a connection to host:port. Opened or Lost follows.
type Dial struct {
	Link Link
	To   string
}

// Send asks for a message to be written. Only a failure is told, as Lost.
type Send struct {
	Link    Link
	Message protocol.Message
}

// Hear asks for the next message. Exactly one of Heard, Malformed, PeerEnded and Lost follows; until a machine hears,
// the peer waits: that is all there is to flow control.
type Hear struct {
	Link  Link
	First bool // from a stranger: not above protocol.MaxFirst, whatever its kind allows
}

// SendBody asks for raw bytes of the open file to be sent. Moved, then BodyDone, BodySpoiled or Lost follows.
type SendBody struct {
	Link           Link
	Offset, Length uint64
}

// ReceiveBody asks for the next Length bytes of the link to be stored at Offset of an item and verified group by group.
// It begins where a group does, and ends where one does or the item ends. Moved, Verified and BodyWrong, then BodyDone,
// PeerEnded, Lost or StoreFailed follow.
type ReceiveBody struct {
	Link           Link
	Item           int
	Offset, Length uint64
	Size           uint64          // of the whole item: if that is one group, its value is the item's hash
	Values         []protocol.Hash // of the groups from Offset on
}

// Discard asks that whatever still arrives be thrown away. PeerEnded or Lost follows. It takes the place of a Hear that
// has not been answered.
type Discard struct{ Link Link }

// HalfClose says to the peer that nothing more will be sent.
type HalfClose struct{ Link Link }

// HangUp asks for the link to be closed and released, or its dialling to be given up. Nothing follows.
type HangUp struct{ Link Link }

// Arm asks for TimerFired after a time. It replaces what the timer was armed with before.
type Arm struct {
	Timer  Timer
	Number uint64
	After  time.Duration
}

// Disarm takes back an Arm.
type Disarm struct{ Timer Timer }

// OpenFile asks for a shared file, as protocol.Get names it, and for the slice of its tree that verifies Count groups
// from First on. FileHashing may, then FileFound or FileRefused follows. It stays open until the next OpenFile or the
// machine's end.
type OpenFile struct {
	Name         string
	Hash         protocol.Hash
	First, Count uint64
}

// OpenStore asks for the place where an item's content goes, and what is there of it already; what is there of another
// content is dropped. StoreChecking may, then StoreReady or StoreFailed follows.
type OpenStore struct {
	Item int
	Name string
	Hash protocol.Hash
	Size uint64
}

// InspectStore asks of which content an earlier try left a part. StoreInspected or StoreFailed follows.
type InspectStore struct {
	Item int
	Name string
}

// CommitStore asks that items which are whole be made durable and put in their places. StoreCommitted follows; until then
// nothing is asked of these items but to be released.
type CommitStore struct{ Items []Placement }

// ReleaseStore says that an item is not fetched any longer. What has come of it stays for another try. Nothing follows.
type ReleaseStore struct{ Item int }

// Placement is an item that is to be put in its place.
type Placement struct {
	Item int
	Size uint64 // bytes; an item of 0 bytes may neither have been opened nor received
}

// Report tells the machine's owner an outcome. It changes nothing.
type Report struct{ Outcome Outcome }

// Outcome is the content of a Report. Each type of the packages below that implements it says when it is reported; doc.go
// lists them all.
type Outcome interface{ Reported() }

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
func (InspectStore) effect() {}
func (ReleaseStore) effect() {}
func (CommitStore) effect()  {}
func (OpenStore) effect()    {}
func (Report) effect()       {}
