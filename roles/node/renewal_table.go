package node

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// RenewalState is a state of a Renewal.
type RenewalState string

// RenewalEvent is an event of a Renewal.
type RenewalEvent string

// The states of a Renewal.
const (
	RenewalNew      RenewalState = "New"
	RenewalDialing  RenewalState = "Dialing"
	RenewalRenewing RenewalState = "Renewing"
	RenewalClosing  RenewalState = "Closing"
	RenewalEnded    RenewalState = "Ended"
)

// The events of a Renewal.
const (
	renewalStarted    RenewalEvent = "Started"
	renewalOpened     RenewalEvent = "Opened"
	renewalKept       RenewalEvent = "RENEWED"
	renewalRefused    RenewalEvent = "ERROR"
	renewalUnexpected RenewalEvent = "Unexpected"
	renewalMalformed  RenewalEvent = "Malformed"
	renewalPeerEnded  RenewalEvent = "PeerEnded"
	renewalLost       RenewalEvent = "Lost"
	renewalExpired    RenewalEvent = "Expired"
	renewalStopped    RenewalEvent = "Stopped"
)

var renewalRow = roles.NewRow[RenewalState, RenewalEvent]

// RenewalTable returns the table that governs a renewal over the other family of addresses.
func RenewalTable() *roles.Table[RenewalState, RenewalEvent] { return renewalGrammar.Table() }

var renewalGrammar = roles.NewGrammar(func() roles.Table[RenewalState, RenewalEvent] {
	return roles.Table[RenewalState, RenewalEvent]{
		Name: "node.Renewal",
		States: []roles.State[RenewalState]{
			{Name: RenewalNew, Means: "Nothing has happened yet."},
			{Name: RenewalDialing, Wait: roles.DialTimeout,
				Means: "A connection to the relay is being made, over the family of addresses that the exchange before did not use."},
			{Name: RenewalRenewing, Wait: roles.ReplyTimeout,
				Means: "RENEW has been sent; its answer, or the lack of one, moves us on."},
			{Name: RenewalClosing, Wait: roles.CloseTimeout,
				Means: "There is nothing more to say and we have half-closed; the relay's end of stream moves us on."},
			{Name: RenewalEnded, Final: true, Means: "The link is closed and released. What came of it costs no lease."},
		},
		Events: []roles.Event[RenewalEvent]{
			{Name: renewalStarted, Means: "a lease has just been granted or kept over the one family, and it is time for the other"},
			{Name: renewalOpened, Means: "the link is there"},
			{Name: renewalKept, Kind: protocol.KindRenewed, Means: "the relay has heard of us at the link's address, too"},
			{Name: renewalRefused, Kind: protocol.KindError, Means: "the relay says no"},
			{Name: renewalUnexpected, Means: "a message of any other kind"},
			{Name: renewalMalformed, Means: "bytes that are no message"},
			{Name: renewalPeerEnded, Means: "the relay half-closed"},
			{Name: renewalLost, Means: "the link broke, or could not be made"},
			{Name: renewalExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: renewalStopped, Means: "the membership is leaving or has ended"},
		},
		Rows: []roles.Row[RenewalState, RenewalEvent]{
			renewalRow([]RenewalState{RenewalNew}, renewalStarted, RenewalDialing, "each family's address is listed for itself, as long as the relay hears of us over it"),
			renewalRow([]RenewalState{RenewalDialing}, renewalOpened, RenewalRenewing, "RENEW with the epoch of the lease"),
			renewalRow([]RenewalState{RenewalRenewing}, renewalKept, RenewalClosing, "that was all"),
			renewalRow([]RenewalState{RenewalRenewing}, renewalRefused, RenewalClosing, "if that is about the lease, its own renewal will hear it, too"),
			renewalRow([]RenewalState{RenewalRenewing}, renewalUnexpected, RenewalClosing, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
			renewalRow([]RenewalState{RenewalRenewing}, renewalMalformed, RenewalClosing, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			renewalRow([]RenewalState{RenewalRenewing, RenewalClosing}, renewalPeerEnded, RenewalEnded, "the relay is done with this link"),
			renewalRow([]RenewalState{RenewalDialing, RenewalRenewing, RenewalClosing}, renewalLost, RenewalEnded, "this family leads nowhere: it is tried again, more and more seldom"),
			renewalRow([]RenewalState{RenewalDialing, RenewalRenewing, RenewalClosing}, renewalExpired, RenewalEnded, "the relay had its time"),
			renewalRow([]RenewalState{RenewalDialing, RenewalRenewing, RenewalClosing}, renewalStopped, RenewalEnded, "nobody waits for this: the link is closed at once"),
		},
	}
})
