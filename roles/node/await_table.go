package node

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// AwaitState is a state of an Await.
type AwaitState string

// AwaitEvent is an event of an Await.
type AwaitEvent string

// The states of an Await.
const (
	AwaitNew      AwaitState = "New"
	AwaitPausing  AwaitState = "Pausing"
	AwaitDialing  AwaitState = "Dialing"
	AwaitAwaiting AwaitState = "Awaiting"
	AwaitResting  AwaitState = "Resting"
	AwaitClosing  AwaitState = "Closing"
	AwaitChoosing AwaitState = "Choosing"
	AwaitEnded    AwaitState = "Ended"
)

// The events of an Await.
const (
	awaitStarted     AwaitEvent = "Started"
	awaitStartedLate AwaitEvent = "Started, to pause"
	awaitOpened      AwaitEvent = "Opened"
	awaitAnswered    AwaitEvent = "AWAITED"
	awaitNotNeeded   AwaitEvent = "AWAITED, not needed"
	awaitTooSoon     AwaitEvent = "AWAITED, too soon"
	awaitRested      AwaitEvent = "Rested"
	awaitLeaseGone   AwaitEvent = "ERROR no-lease or superseded"
	awaitRefused     AwaitEvent = "ERROR"
	awaitUnexpected  AwaitEvent = "Unexpected"
	awaitMalformed   AwaitEvent = "Malformed"
	awaitPeerEnded   AwaitEvent = "PeerEnded"
	awaitLost        AwaitEvent = "Lost"
	awaitExpired     AwaitEvent = "Expired"
	awaitStopped     AwaitEvent = "Stopped"
	awaitToPause     AwaitEvent = "ToPause"
	awaitToEnd       AwaitEvent = "ToEnd"
)

var awaitRow = roles.NewRow[AwaitState, AwaitEvent]

// AwaitTable returns the table that governs the link on which a node is told who comes through the relay.
func AwaitTable() *roles.Table[AwaitState, AwaitEvent] { return awaitGrammar.Table() }

var awaitGrammar = roles.NewGrammar(func() roles.Table[AwaitState, AwaitEvent] {
	return roles.Table[AwaitState, AwaitEvent]{
		Name: "node.Await",
		States: []roles.State[AwaitState]{
			{Name: AwaitNew, Means: "Nothing has happened yet."},
			{Name: AwaitPausing, WaitFrom: "a random time up to AwaitRetry, but not less than the relay's retry-after; up to AwaitSoon, once in AwaitRetry, after a link over which an AWAITED has come",
				Means: "The last link brought nothing more; when the wait is over another one is made. The nodes of a relay that was away come back evenly."},
			{Name: AwaitDialing, Wait: roles.DialTimeout,
				Means: "A connection to the relay is being made, to be kept."},
			{Name: AwaitAwaiting, WaitFrom: "the wait that the AWAIT asks for, which is AwaitMost or the relay's renew-after, whichever is less; and ReplyTimeout",
				Means: "AWAIT has been sent; the relay answers when a client comes, or when the wait is over. This link is the only way to us for those who cannot dial us."},
			{Name: AwaitResting, Wait: roles.AwaitLeast,
				Means: "The relay has answered at once, as it has AwaitBurst times before; when the wait is over AWAIT goes out again."},
			{Name: AwaitClosing, Wait: roles.CloseTimeout,
				Means: "There is nothing more to say on this link and we have half-closed; the relay's end of stream moves us on."},
			{Name: AwaitChoosing, Passing: true,
				Means: "The link is closed; whether clients still come through the relay decides what is next."},
			{Name: AwaitEnded, Final: true, Means: "The link is closed and released, and no other one is wanted for this lease."},
		},
		Events: []roles.Event[AwaitEvent]{
			{Name: awaitStarted, Means: "a lease is held, and the relay says that clients come through it"},
			{Name: awaitStartedLate, Means: "the same, but the relay has just refused two AWAITs for a lease that it grants, or said twice that none is needed"},
			{Name: awaitOpened, Means: "the link is there"},
			{Name: awaitAnswered, Kind: protocol.KindAwaited, Means: "the lease runs on, and these clients have come, if any"},
			{Name: awaitNotNeeded, Kind: protocol.KindAwaited, Means: "the lease runs on, and the relay sends nobody through itself any more"},
			{Name: awaitTooSoon, Kind: protocol.KindAwaited, Means: "the same, within AwaitLeast, after AwaitBurst such answers"},
			{Name: awaitRested, Deadline: true, Means: "AwaitLeast is over"},
			{Name: awaitLeaseGone, Kind: protocol.KindError, Means: "the relay knows no lease of ours, or a newer one"},
			{Name: awaitRefused, Kind: protocol.KindError, Means: "any other refusal"},
			{Name: awaitUnexpected, Means: "a message of any other kind"},
			{Name: awaitMalformed, Means: "bytes that are no message"},
			{Name: awaitPeerEnded, Means: "the relay half-closed"},
			{Name: awaitLost, Means: "the link broke, or could not be made"},
			{Name: awaitExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: awaitStopped, Means: "the lease is given up, is another's, or is taken anew under another epoch; said once more, the membership has ended"},
			{Name: awaitToPause, Means: "the lease may still run: another link is made"},
			{Name: awaitToEnd, Means: "no link is wanted for this lease"},
		},
		Rows: []roles.Row[AwaitState, AwaitEvent]{
			awaitRow([]AwaitState{AwaitNew}, awaitStarted, AwaitDialing, "whoever cannot dial us waits for this"),
			awaitRow([]AwaitState{AwaitNew}, awaitStartedLate, AwaitPausing, "a relay that contradicts itself sets no pace"),
			awaitRow([]AwaitState{AwaitPausing}, awaitExpired, AwaitDialing, "it is time to try again"),
			awaitRow([]AwaitState{AwaitDialing}, awaitOpened, AwaitAwaiting, "AWAIT with the epoch of the lease"),
			awaitRow([]AwaitState{AwaitAwaiting}, awaitAnswered, AwaitAwaiting, "the invitations are followed on links of their own; the next AWAIT goes out at once"),
			awaitRow([]AwaitState{AwaitAwaiting}, awaitNotNeeded, AwaitClosing, "nobody comes here any more: the membership's own exchanges keep the lease"),
			awaitRow([]AwaitState{AwaitAwaiting}, awaitTooSoon, AwaitResting, "a relay sets no pace: of all that it says no more is followed in a second than this leaves"),
			awaitRow([]AwaitState{AwaitResting}, awaitRested, AwaitAwaiting, "AWAIT, as after any answer"),
			awaitRow([]AwaitState{AwaitAwaiting}, awaitLeaseGone, AwaitClosing, "the membership's next exchange comes at once, and finds out"),
			awaitRow([]AwaitState{AwaitAwaiting}, awaitRefused, AwaitClosing, "not now; the lease costs no more than before"),
			awaitRow([]AwaitState{AwaitAwaiting}, awaitUnexpected, AwaitClosing, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
			awaitRow([]AwaitState{AwaitAwaiting}, awaitMalformed, AwaitClosing, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			awaitRow([]AwaitState{AwaitAwaiting, AwaitResting}, awaitStopped, AwaitClosing, "the relay takes the half-close for the end of the wait: it sends nobody here any more"),
			awaitRow([]AwaitState{AwaitAwaiting, AwaitClosing}, awaitPeerEnded, AwaitChoosing, "the relay is done with this link"),
			awaitRow([]AwaitState{AwaitDialing, AwaitAwaiting, AwaitClosing}, awaitLost, AwaitChoosing, "no peer is left to talk to"),
			awaitRow([]AwaitState{AwaitDialing, AwaitAwaiting, AwaitClosing}, awaitExpired, AwaitChoosing, "the relay had its time"),
			awaitRow([]AwaitState{AwaitPausing, AwaitDialing, AwaitClosing}, awaitStopped, AwaitEnded, "nobody waits for this: the link is closed at once, if there is one"),
			awaitRow([]AwaitState{AwaitChoosing}, awaitToPause, AwaitPausing, "as long as there is none, nobody reaches us through the relay"),
			awaitRow([]AwaitState{AwaitChoosing}, awaitToEnd, AwaitEnded, "the next lease, or the next word of the relay, makes another"),
		},
	}
})
