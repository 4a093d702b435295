package node

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// State is a state of a Membership.
type State string

// Event is an event of a Membership.
type Event string

// The states of a Membership.
const (
	New         State = "New"
	Offline     State = "Offline"
	Dialing     State = "Dialing"
	Registering State = "Registering"
	Leased      State = "Leased"
	Renewing    State = "Renewing"
	Publishing  State = "Publishing"
	Leaving     State = "Leaving"
	Closing     State = "Closing"
	Choosing    State = "Choosing"
	Displaced   State = "Displaced"
	Gone        State = "Gone"
)

// The events of a Membership.
const (
	Started          Event = "Started"
	OpenedToRegister Event = "OpenedToRegister"
	OpenedToRenew    Event = "OpenedToRenew"
	OpenedToLeave    Event = "OpenedToLeave"
	Granted          Event = "REGISTERED"
	GrantedToPublish Event = "REGISTERED, to publish"
	GrantedLate      Event = "REGISTERED while stopping"
	Kept             Event = "RENEWED"
	KeptToPublish    Event = "RENEWED, to publish"
	KeptLate         Event = "RENEWED while stopping"
	PublishedMore    Event = "PUBLISHED, more"
	PublishedAll     Event = "PUBLISHED, all"
	PublishedLate    Event = "PUBLISHED while stopping"
	Resync           Event = "ERROR resync"
	LeftHeard        Event = "LEFT"
	Outrun           Event = "ERROR superseded, never listed"
	LeaseGone        Event = "ERROR no-lease"
	Superseded       Event = "ERROR superseded, once listed"
	Refused          Event = "ERROR"
	Unexpected       Event = "Unexpected"
	Garbled          Event = "Garbled"
	Ended            Event = "Ended"
	Lost             Event = "Lost"
	Expired          Event = "Expired"
	Nudged           Event = "Nudged"
	Stopped          Event = "Stopped"
	ToRest           Event = "ToRest"
	ToRetry          Event = "ToRetry"
	ToLeave          Event = "ToLeave"
	ToDisplaced      Event = "ToDisplaced"
	ToEnd            Event = "ToEnd"
)

var row = roles.NewRow[State, Event]

// MembershipTable governs a node's lease at one relay.
var MembershipTable = &roles.Table[State, Event]{
	Name: "node.Membership",
	States: []roles.State[State]{
		{Name: New, Means: "Nothing has happened yet."},
		{Name: Offline, WaitFrom: "never listed so far: RetryFirst, doubling to RetryMost, varied by half; else the relay's renew-after, at most RetryMost, varied by RenewSpread per cent; in any case not before the relay's retry-after",
			Means: "The last exchange failed; when the wait is over the relay is tried again. A node that has been listed keeps the rhythm of its renewals, so that a relay that was away is not overrun when it is back."},
		{Name: Dialing, Wait: protocol.DialTimeout,
			Means: "A connection to the relay is being made, to register, to renew or to leave."},
		{Name: Registering, Wait: protocol.ReplyTimeout,
			Means: "REGISTER has been sent; its answer, or the lack of one, moves us on."},
		{Name: Leased, WaitFrom: "the relay's renew-after, varied by RenewSpread per cent; when there are changes to publish at most PublishGap, doubled for each time that this failed in a row",
			Means: "The relay lists us and no connection is open; the next renewal moves us on."},
		{Name: Renewing, Wait: protocol.ReplyTimeout,
			Means: "RENEW has been sent; its answer, or the lack of one, moves us on."},
		{Name: Publishing, Wait: protocol.ReplyTimeout,
			Means: "A page of our index has been sent; its answer, or the lack of one, moves us on. What comes of it costs no lease."},
		{Name: Leaving, Wait: protocol.ReplyTimeout,
			Means: "LEAVE has been sent; whatever comes of it, we go."},
		{Name: Closing, Wait: protocol.CloseTimeout,
			Means: "The exchange is over and we have half-closed; the relay's end of stream moves us on."},
		{Name: Choosing, Passing: true,
			Means: "The link is closed; what came of the exchange decides what is next."},
		{Name: Displaced, Final: true, Means: "Another node has registered under our id: the newest wins, and that is not us."},
		{Name: Gone, Final: true, Means: "We have left, or were told to stop and had nothing to leave."},
	},
	Events: []roles.Event[Event]{
		{Name: Started, Means: "the node can be reached and wants to be listed"},
		{Name: OpenedToRegister, Means: "the link is there, and we hold no lease, or are not sure since an exchange failed"},
		{Name: OpenedToRenew, Means: "the link is there, and we hold a lease, as the last exchange said"},
		{Name: OpenedToLeave, Means: "the link is there, and we are stopping"},
		{Name: Granted, Kind: protocol.KindRegistered, Means: "the relay lists us"},
		{Name: GrantedToPublish, Kind: protocol.KindRegistered, Means: "the relay lists us, and we publish what we share"},
		{Name: GrantedLate, Kind: protocol.KindRegistered, Means: "the relay lists us, but we are stopping"},
		{Name: Kept, Kind: protocol.KindRenewed, Means: "the lease runs on"},
		{Name: KeptToPublish, Kind: protocol.KindRenewed, Means: "the lease runs on, and the relay does not hold all of our index"},
		{Name: KeptLate, Kind: protocol.KindRenewed, Means: "the lease runs on, but we are stopping"},
		{Name: PublishedMore, Kind: protocol.KindPublished, Means: "the relay holds our index up to there, and there is more"},
		{Name: PublishedAll, Kind: protocol.KindPublished, Means: "the relay holds all of our index, or this exchange has taken long enough"},
		{Name: PublishedLate, Kind: protocol.KindPublished, Means: "the relay holds our index up to there, but we are stopping"},
		{Name: Resync, Kind: protocol.KindError, Means: "the page does not follow what the relay holds"},
		{Name: LeftHeard, Kind: protocol.KindLeft, Means: "the relay lists us no longer"},
		{Name: Outrun, Kind: protocol.KindError, Means: "a registration with a larger epoch is known, from before a clock was set back or of another node with our id"},
		{Name: LeaseGone, Kind: protocol.KindError, Means: "the relay knows no lease of ours: it restarted while we rested, or the lease lapsed"},
		{Name: Superseded, Kind: protocol.KindError, Means: "somebody has registered under our id since we did"},
		{Name: Refused, Kind: protocol.KindError, Means: "any other refusal"},
		{Name: Unexpected, Means: "a message of any other kind"},
		{Name: Garbled, Means: "bytes that are no message"},
		{Name: Ended, Means: "the relay half-closed"},
		{Name: Lost, Means: "the link broke, or could not be made"},
		{Name: Expired, Deadline: true, Means: "the state's deadline passed"},
		{Name: Nudged, Means: "what we share has changed"},
		{Name: Stopped, Means: "the node is stopping"},
		{Name: ToRest, Means: "a lease is held: rest until its renewal"},
		{Name: ToRetry, Means: "the exchange failed: wait and try again"},
		{Name: ToLeave, Means: "the node is stopping and may be listed: one exchange more"},
		{Name: ToDisplaced, Means: "another has our id"},
		{Name: ToEnd, Means: "the node is stopping and there is nothing more to say"},
	},
	Rows: []roles.Row[State, Event]{
		row([]State{New}, Started, Dialing, "a node registers first of all"),
		row([]State{Offline, Leased}, Expired, Dialing, "it is time: to try again, or to renew"),
		row([]State{Dialing}, OpenedToRegister, Registering, "REGISTER with the next epoch"),
		row([]State{Dialing}, OpenedToRenew, Renewing, "RENEW with the epoch of the lease"),
		row([]State{Dialing}, OpenedToLeave, Leaving, "LEAVE with the last epoch that was registered"),
		row([]State{Registering}, Granted, Closing, "the lease is ours; the link is not needed any more"),
		row([]State{Registering}, GrantedLate, Leaving, "the lease is ours and not wanted: LEAVE on the same link"),
		row([]State{Registering}, GrantedToPublish, Publishing, "PUBLISH on the same link, from where the relay says it is; a page even without changes says that what is held still holds"),
		row([]State{Renewing}, KeptToPublish, Publishing, "PUBLISH on the same link, from where the relay says it is"),
		row([]State{Publishing}, PublishedMore, Publishing, "the next page"),
		row([]State{Publishing}, PublishedAll, Closing, "nothing more to say for now"),
		row([]State{Publishing}, PublishedLate, Leaving, "LEAVE on the same link"),
		row([]State{Publishing}, Resync, Publishing, "PUBLISH from the beginning"),
		row([]State{Leased}, Nudged, "", "the deadline comes forward: the next renewal carries the changes"),
		row([]State{Renewing}, Kept, Closing, "the lease is kept; the link is not needed any more"),
		row([]State{Renewing}, KeptLate, Leaving, "the lease is kept and not wanted: LEAVE on the same link"),
		row([]State{Leaving}, LeftHeard, Closing, "that was the last word"),
		row([]State{Registering}, Outrun, Registering, "REGISTER again on the same link, above the epoch that the relay named"),
		row([]State{Renewing}, LeaseGone, Registering, "REGISTER on the same link with the next epoch"),
		row([]State{Registering, Renewing, Publishing}, Superseded, Closing, "the newest registration wins; two that take turns would help nobody"),
		row([]State{Registering, Renewing, Publishing, Leaving}, Refused, Closing, "the relay says no; it is tried again later, unless we are going anyway or it was about our index alone"),
		row([]State{Registering, Renewing, Publishing, Leaving}, Unexpected, Closing, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		row([]State{Registering, Renewing, Publishing, Leaving}, Garbled, Closing, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		row([]State{Registering, Renewing, Publishing, Leaving, Closing}, Ended, Choosing, "the relay is done with this link"),
		row([]State{Dialing, Registering, Renewing, Publishing, Leaving, Closing}, Lost, Choosing, "nobody is left to talk to"),
		row([]State{Dialing, Registering, Renewing, Publishing, Leaving, Closing}, Expired, Choosing, "the relay had its time"),
		row([]State{Offline, Leased}, Stopped, Choosing, "no link is open: choose at once"),
		row([]State{New}, Stopped, Gone, "stopped before anything began"),
		row([]State{Dialing, Registering, Renewing, Publishing, Leaving, Closing}, Stopped, "", "the exchange under way comes to its end first, which is bounded"),
		row([]State{Choosing}, ToRest, Leased, "listed, and no news"),
		row([]State{Choosing}, ToRetry, Offline, "not listed, or not sure to be"),
		row([]State{Choosing}, ToLeave, Dialing, "a node that leaves on purpose says so"),
		row([]State{Choosing}, ToDisplaced, Displaced, "somebody else is us now"),
		row([]State{Choosing}, ToEnd, Gone, "nothing is left to do"),
	},
}
