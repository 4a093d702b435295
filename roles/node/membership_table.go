package node

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// MembershipState is a state of a Membership.
type MembershipState string

// MembershipEvent is an event of a Membership.
type MembershipEvent string

// The states of a Membership.
const (
	MembershipNew         MembershipState = "New"
	MembershipOffline     MembershipState = "Offline"
	MembershipDialing     MembershipState = "Dialing"
	MembershipEntering    MembershipState = "Entering"
	MembershipRegistering MembershipState = "Registering"
	MembershipLeased      MembershipState = "Leased"
	MembershipRenewing    MembershipState = "Renewing"
	MembershipPublishing  MembershipState = "Publishing"
	MembershipLeaving     MembershipState = "Leaving"
	MembershipClosing     MembershipState = "Closing"
	MembershipChoosing    MembershipState = "Choosing"
	MembershipDisplaced   MembershipState = "Displaced"
	MembershipHopeless    MembershipState = "Hopeless"
	MembershipEnded       MembershipState = "Ended"
)

// The events of a Membership.
const (
	membershipStarted          MembershipEvent = "Started"
	membershipOpenedToRegister MembershipEvent = "OpenedToRegister"
	membershipOpenedToEnter    MembershipEvent = "OpenedToEnter"
	membershipEntered          MembershipEvent = "ENTERED"
	membershipOpenedToRenew    MembershipEvent = "OpenedToRenew"
	membershipOpenedToLeave    MembershipEvent = "OpenedToLeave"
	membershipGranted          MembershipEvent = "REGISTERED"
	membershipGrantedToPublish MembershipEvent = "REGISTERED, to publish"
	membershipGrantedLate      MembershipEvent = "REGISTERED while stopping"
	membershipKept             MembershipEvent = "RENEWED"
	membershipKeptToPublish    MembershipEvent = "RENEWED, to publish"
	membershipKeptLate         MembershipEvent = "RENEWED while stopping"
	membershipPublishedMore    MembershipEvent = "PUBLISHED, more"
	membershipPublishedAll     MembershipEvent = "PUBLISHED, all"
	membershipPublishedLate    MembershipEvent = "PUBLISHED while stopping"
	membershipResync           MembershipEvent = "ERROR resync"
	membershipFull             MembershipEvent = "ERROR limit, names are gone"
	membershipLeftHeard        MembershipEvent = "LEFT"
	membershipOutrun           MembershipEvent = "ERROR superseded, never listed"
	membershipLeaseGone        MembershipEvent = "ERROR no-lease"
	membershipSuperseded       MembershipEvent = "ERROR superseded, once listed"
	membershipRefused          MembershipEvent = "ERROR"
	membershipUnexpected       MembershipEvent = "Unexpected"
	membershipMalformed        MembershipEvent = "Malformed"
	membershipPeerEnded        MembershipEvent = "PeerEnded"
	membershipLost             MembershipEvent = "Lost"
	membershipExpired          MembershipEvent = "Expired"
	membershipNotified         MembershipEvent = "Notified"
	membershipAwaited          MembershipEvent = "Awaited"
	membershipDoubted          MembershipEvent = "Doubted"
	membershipStopped          MembershipEvent = "Stopped"
	membershipToRest           MembershipEvent = "ToRest"
	membershipToRedial         MembershipEvent = "ToRedial"
	membershipToRetry          MembershipEvent = "ToRetry"
	membershipToLeave          MembershipEvent = "ToLeave"
	membershipToDisplaced      MembershipEvent = "ToDisplaced"
	membershipToHopeless       MembershipEvent = "ToHopeless"
	membershipToEnd            MembershipEvent = "ToEnd"
)

var membershipRow = roles.NewRow[MembershipState, MembershipEvent]

// MembershipTable returns the table that governs a node's lease at one relay.
func MembershipTable() *roles.Table[MembershipState, MembershipEvent] {
	return membershipGrammar.Table()
}

var membershipGrammar = roles.NewGrammar(func() roles.Table[MembershipState, MembershipEvent] {
	return roles.Table[MembershipState, MembershipEvent]{
		Name: "node.Membership",
		States: []roles.State[MembershipState]{
			{Name: MembershipNew, Means: "Nothing has happened yet."},
			{Name: MembershipOffline, WaitFrom: "never listed so far: RetryFirst, doubling to RetryMost, varied by half; else the relay's renew-after, at most RetryMost, varied by RenewSpread per cent; in any case not before the relay's retry-after",
				Means: "The last exchange failed; when the wait is over the relay is tried again. A node that has been listed keeps the rhythm of its renewals, so that a relay that was away is not overrun when it is back."},
			{Name: MembershipDialing, Wait: roles.DialTimeout,
				Means: "A connection to the relay is being made, to register, to renew or to leave."},
			{Name: MembershipEntering, Wait: roles.ReplyTimeout,
				Means: "ENTER has been sent, and REGISTER right behind it; whether the relay admits us moves us on."},
			{Name: MembershipRegistering, Wait: roles.ReplyTimeout,
				Means: "REGISTER has been sent; its answer, or the lack of one, moves us on."},
			{Name: MembershipLeased, WaitFrom: "the relay's renew-after, varied by RenewSpread per cent, and after the answer to an AWAIT no less than a quarter of renew-after longer than the next one waits; when there are changes to publish at most PublishGap since the last exchange, doubled for each time that this failed in a row up to RetryMost; new names do not wait for that as long as there are no more than PublishBurst exchanges for them, and one more in each PublishGap",
				Means: "The relay lists us and no exchange is under way; the next renewal moves us on. Where clients come through the relay an AWAIT is kept there, whose answers renew the lease as well."},
			{Name: MembershipRenewing, Wait: roles.ReplyTimeout,
				Means: "RENEW has been sent; its answer, or the lack of one, moves us on."},
			{Name: MembershipPublishing, Wait: roles.ReplyTimeout,
				Means: "A page of our index has been sent; its answer, or the lack of one, moves us on. What comes of it costs no lease."},
			{Name: MembershipLeaving, Wait: roles.ReplyTimeout,
				Means: "LEAVE has been sent; whatever comes of it, we go."},
			{Name: MembershipClosing, Wait: roles.CloseTimeout,
				Means: "The exchange is over and we have half-closed; the relay's end of stream moves us on."},
			{Name: MembershipChoosing, Passing: true,
				Means: "The link is closed; what came of the exchange decides what is next."},
			{Name: MembershipDisplaced, Final: true, Means: "Another node has registered under our id: the newest wins, and that is not us."},
			{Name: MembershipHopeless, Final: true, Means: "The relay has never listed us and would say the same to every other try, or it is no relay."},
			{Name: MembershipEnded, Final: true, Means: "We have left, or were told to stop and had nothing to leave."},
		},
		Events: []roles.Event[MembershipEvent]{
			{Name: membershipStarted, Means: "the node can be reached and wants to be listed"},
			{Name: membershipOpenedToRegister, Means: "the link is there, and we hold no lease, or are not sure since an exchange failed"},
			{Name: membershipOpenedToEnter, Means: "the same, and we have an invite that has not been used in this run"},
			{Name: membershipEntered, Kind: protocol.KindEntered, Means: "the relay admits us"},
			{Name: membershipOpenedToRenew, Means: "the link is there, and we hold a lease, as the last exchange said"},
			{Name: membershipOpenedToLeave, Means: "the link is there, and we are stopping"},
			{Name: membershipGranted, Kind: protocol.KindRegistered, Means: "the relay lists us"},
			{Name: membershipGrantedToPublish, Kind: protocol.KindRegistered, Means: "the relay lists us, and we publish what we share"},
			{Name: membershipGrantedLate, Kind: protocol.KindRegistered, Means: "the relay lists us, but we are stopping"},
			{Name: membershipKept, Kind: protocol.KindRenewed, Means: "the lease runs on"},
			{Name: membershipKeptToPublish, Kind: protocol.KindRenewed, Means: "the lease runs on, and the relay does not hold all of our index"},
			{Name: membershipKeptLate, Kind: protocol.KindRenewed, Means: "the lease runs on, but we are stopping"},
			{Name: membershipPublishedMore, Kind: protocol.KindPublished, Means: "the relay holds our index up to there, and there is more"},
			{Name: membershipPublishedAll, Kind: protocol.KindPublished, Means: "the relay holds all of our index, or this exchange has taken long enough"},
			{Name: membershipPublishedLate, Kind: protocol.KindPublished, Means: "the relay holds our index up to there, but we are stopping"},
			{Name: membershipResync, Kind: protocol.KindError, Means: "the page does not follow what the relay holds"},
			{Name: membershipFull, Kind: protocol.KindError, Means: "the relay has no room for the page, and there are names to come that we share no longer"},
			{Name: membershipLeftHeard, Kind: protocol.KindLeft, Means: "the relay lists us no longer"},
			{Name: membershipOutrun, Kind: protocol.KindError, Means: "a registration with a larger epoch is known, from before a clock was set back or of another node with our id"},
			{Name: membershipLeaseGone, Kind: protocol.KindError, Means: "the relay knows no lease of ours: it restarted while we rested, or the lease lapsed"},
			{Name: membershipSuperseded, Kind: protocol.KindError, Means: "somebody has registered under our id since we did"},
			{Name: membershipRefused, Kind: protocol.KindError, Means: "any other refusal"},
			{Name: membershipUnexpected, Means: "a message of any other kind"},
			{Name: membershipMalformed, Means: "bytes that are no message"},
			{Name: membershipPeerEnded, Means: "the relay half-closed"},
			{Name: membershipLost, Means: "the link broke, or could not be made"},
			{Name: membershipExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: membershipNotified, Means: "what we share has changed"},
			{Name: membershipAwaited, Means: "the relay has answered an AWAIT, which renews the lease"},
			{Name: membershipDoubted, Means: "the relay has refused an AWAIT: it knows no lease of ours, or a newer one"},
			{Name: membershipStopped, Means: "the node is stopping"},
			{Name: membershipToRest, Means: "a lease is held: rest until its renewal"},
			{Name: membershipToRedial, Means: "the link broke before the relay's answer, for the first time in this exchange"},
			{Name: membershipToRetry, Means: "the exchange failed: wait and try again"},
			{Name: membershipToLeave, Means: "the node is stopping and may be listed: one exchange more"},
			{Name: membershipToDisplaced, Means: "another has our id"},
			{Name: membershipToHopeless, Means: "a relay that has never listed us refuses what trying again would not change, or is no relay"},
			{Name: membershipToEnd, Means: "the node is stopping and there is nothing more to say"},
		},
		Rows: []roles.Row[MembershipState, MembershipEvent]{
			membershipRow([]MembershipState{MembershipNew}, membershipStarted, MembershipDialing, "a node registers first of all"),
			membershipRow([]MembershipState{MembershipOffline, MembershipLeased}, membershipExpired, MembershipDialing, "it is time: to try again, or to renew"),
			membershipRow([]MembershipState{MembershipDialing}, membershipOpenedToRegister, MembershipRegistering, "REGISTER with the next epoch"),
			membershipRow([]MembershipState{MembershipDialing}, membershipOpenedToEnter, MembershipEntering, "ENTER, and REGISTER without waiting: an invite costs no round trip"),
			membershipRow([]MembershipState{MembershipEntering}, membershipEntered, MembershipRegistering, "the answer to REGISTER comes next"),
			membershipRow([]MembershipState{MembershipDialing}, membershipOpenedToRenew, MembershipRenewing, "RENEW with the epoch of the lease"),
			membershipRow([]MembershipState{MembershipDialing}, membershipOpenedToLeave, MembershipLeaving, "LEAVE with the last epoch that was registered"),
			membershipRow([]MembershipState{MembershipRegistering}, membershipGranted, MembershipClosing, "the lease is ours; the link is not needed any more"),
			membershipRow([]MembershipState{MembershipRegistering}, membershipGrantedLate, MembershipLeaving, "the lease is ours and not wanted: LEAVE on the same link"),
			membershipRow([]MembershipState{MembershipRegistering}, membershipGrantedToPublish, MembershipPublishing, "PUBLISH on the same link, from where the relay says it is; a page even without changes says that what is held still holds"),
			membershipRow([]MembershipState{MembershipRenewing}, membershipKeptToPublish, MembershipPublishing, "PUBLISH on the same link, from where the relay says it is"),
			membershipRow([]MembershipState{MembershipPublishing}, membershipPublishedMore, MembershipPublishing, "the next page"),
			membershipRow([]MembershipState{MembershipPublishing}, membershipPublishedAll, MembershipClosing, "nothing more to say for now"),
			membershipRow([]MembershipState{MembershipPublishing}, membershipPublishedLate, MembershipLeaving, "LEAVE on the same link"),
			membershipRow([]MembershipState{MembershipPublishing}, membershipResync, MembershipPublishing, "PUBLISH from the beginning"),
			membershipRow([]MembershipState{MembershipPublishing}, membershipFull, MembershipPublishing, "PUBLISH of the names that are gone, ahead of their turn: they make room"),
			membershipRow([]MembershipState{MembershipLeased}, membershipNotified, "", "the deadline comes forward: the next renewal carries the changes"),
			membershipRow([]MembershipState{MembershipLeased}, membershipAwaited, "", "the deadline is set anew: no RENEW goes out beside an AWAIT that is answered"),
			membershipRow([]MembershipState{MembershipLeased}, membershipDoubted, MembershipDialing, "an exchange finds out at once"),
			membershipRow([]MembershipState{MembershipRenewing}, membershipKept, MembershipClosing, "the lease is kept; the link is not needed any more"),
			membershipRow([]MembershipState{MembershipRenewing}, membershipKeptLate, MembershipLeaving, "the lease is kept and not wanted: LEAVE on the same link"),
			membershipRow([]MembershipState{MembershipLeaving}, membershipLeftHeard, MembershipClosing, "that was the last word"),
			membershipRow([]MembershipState{MembershipRegistering}, membershipOutrun, MembershipRegistering, "REGISTER again on the same link, above the epoch that the relay named"),
			membershipRow([]MembershipState{MembershipRenewing}, membershipLeaseGone, MembershipRegistering, "REGISTER on the same link with the next epoch"),
			membershipRow([]MembershipState{MembershipRegistering, MembershipRenewing, MembershipPublishing}, membershipSuperseded, MembershipClosing, "the newest registration wins; two that take turns would help nobody"),
			membershipRow([]MembershipState{MembershipEntering, MembershipRegistering, MembershipRenewing, MembershipPublishing, MembershipLeaving}, membershipRefused, MembershipClosing, "the relay says no, and to ENTER it says so for REGISTER as well; it is tried again later, unless we are going anyway or it was about our index alone"),
			membershipRow([]MembershipState{MembershipEntering, MembershipRegistering, MembershipRenewing, MembershipPublishing, MembershipLeaving}, membershipUnexpected, MembershipClosing, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
			membershipRow([]MembershipState{MembershipEntering, MembershipRegistering, MembershipRenewing, MembershipPublishing, MembershipLeaving}, membershipMalformed, MembershipClosing, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			membershipRow([]MembershipState{MembershipEntering, MembershipRegistering, MembershipRenewing, MembershipPublishing, MembershipLeaving, MembershipClosing}, membershipPeerEnded, MembershipChoosing, "the relay is done with this link"),
			membershipRow([]MembershipState{MembershipDialing, MembershipEntering, MembershipRegistering, MembershipRenewing, MembershipPublishing, MembershipLeaving, MembershipClosing}, membershipLost, MembershipChoosing, "no peer is left to talk to"),
			membershipRow([]MembershipState{MembershipDialing, MembershipEntering, MembershipRegistering, MembershipRenewing, MembershipPublishing, MembershipLeaving, MembershipClosing}, membershipExpired, MembershipChoosing, "the relay had its time"),
			membershipRow([]MembershipState{MembershipOffline, MembershipLeased}, membershipStopped, MembershipChoosing, "no link is open: choose at once"),
			membershipRow([]MembershipState{MembershipNew}, membershipStopped, MembershipEnded, "stopped before anything began"),
			membershipRow([]MembershipState{MembershipDialing, MembershipEntering, MembershipRegistering, MembershipRenewing, MembershipPublishing, MembershipLeaving, MembershipClosing}, membershipStopped, "", "the exchange under way comes to its end first, which is bounded"),
			membershipRow([]MembershipState{MembershipChoosing}, membershipToRest, MembershipLeased, "listed, and no news"),
			membershipRow([]MembershipState{MembershipChoosing}, membershipToRedial, MembershipDialing, "a link that broke says little about the relay: once more, at once, and over another of its addresses if it has several"),
			membershipRow([]MembershipState{MembershipChoosing}, membershipToRetry, MembershipOffline, "not listed, or not sure to be"),
			membershipRow([]MembershipState{MembershipChoosing}, membershipToLeave, MembershipDialing, "a node that leaves on purpose says so"),
			membershipRow([]MembershipState{MembershipChoosing}, membershipToDisplaced, MembershipDisplaced, "somebody else is us now"),
			membershipRow([]MembershipState{MembershipChoosing}, membershipToHopeless, MembershipHopeless, "what is wrong is said once, and somebody has to mend it"),
			membershipRow([]MembershipState{MembershipChoosing}, membershipToEnd, MembershipEnded, "nothing is left to do"),
		},
	}
})
