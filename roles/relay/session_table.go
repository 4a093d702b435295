package relay

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// SessionState is a state of a Session.
type SessionState string

// SessionEvent is an event of a Session.
type SessionEvent string

// The states of a Session.
const (
	SessionAccepted  SessionState = "Accepted"
	SessionListening SessionState = "Listening"
	SessionIdle      SessionState = "Idle"
	SessionEntering  SessionState = "Entering"
	SessionUnproven  SessionState = "Unproven"
	SessionProving   SessionState = "Proving"
	SessionWaiting   SessionState = "Waiting"
	SessionAnswering SessionState = "Answering"
	SessionAwaiting  SessionState = "Awaiting"
	SessionJoining   SessionState = "Joining"
	SessionCarrying  SessionState = "Carrying"
	SessionDraining  SessionState = "Draining"
	SessionRejecting SessionState = "Rejecting"
	SessionClosed    SessionState = "Closed"
)

// The events of a Session.
const (
	sessionOpened          SessionEvent = "Opened"
	sessionBusy            SessionEvent = "Busy"
	sessionRegisterHeard   SessionEvent = "REGISTER"
	sessionRegisterToProve SessionEvent = "REGISTER, to prove"
	sessionRegisterPutOff  SessionEvent = "REGISTER, put off"
	sessionProved          SessionEvent = "Proved"
	sessionNotTheirs       SessionEvent = "NotTheirs"
	sessionRenewHeard      SessionEvent = "RENEW"
	sessionLeaveHeard      SessionEvent = "LEAVE"
	sessionPublishHeard    SessionEvent = "PUBLISH"
	sessionEnterHeard      SessionEvent = "ENTER"
	sessionEnterAtOnce     SessionEvent = "ENTER, no need"
	sessionSigned          SessionEvent = "Signed"
	sessionAdmitted        SessionEvent = "Admitted"
	sessionNotAdmitted     SessionEvent = "NotAdmitted"
	sessionStranger        SessionEvent = "Stranger"
	sessionRevoked         SessionEvent = "Revoked"
	sessionLocateHeard     SessionEvent = "LOCATE"
	sessionLongLocate      SessionEvent = "LOCATE, a long answer"
	sessionListHeard       SessionEvent = "LIST"
	sessionListPutOff      SessionEvent = "LIST, put off"
	sessionAwaitHeard      SessionEvent = "AWAIT"
	sessionAwaitAtOnce     SessionEvent = "AWAIT, answered at once"
	sessionInvited         SessionEvent = "Invited"
	sessionMissed          SessionEvent = "Missed"
	sessionElsewhere       SessionEvent = "Elsewhere"
	sessionCircuitHeard    SessionEvent = "CIRCUIT"
	sessionPlain           SessionEvent = "InPlain"
	sessionJoinHeard       SessionEvent = "JOIN"
	sessionJoinLast        SessionEvent = "JOIN, the other end is there"
	sessionJoinRefused     SessionEvent = "JOIN, refused"
	sessionOtherJoined     SessionEvent = "OtherJoined"
	sessionOtherGone       SessionEvent = "OtherGone"
	sessionPassed          SessionEvent = "Passed"
	sessionPieceOver       SessionEvent = "PieceOver"
	sessionRested          SessionEvent = "Rested"
	sessionBusyCircuit     SessionEvent = "StillMoves"
	sessionHalfOver        SessionEvent = "PeerEnded, the other end has not"
	sessionBothOver        SessionEvent = "PeerEnded, and the other end"
	sessionCircuitOver     SessionEvent = "CircuitOver"
	sessionQuotaUsed       SessionEvent = "QuotaUsed"
	sessionScarce          SessionEvent = "Scarce"
	sessionDrains          SessionEvent = "Drains"
	sessionRoom            SessionEvent = "Room"
	sessionNoRoom          SessionEvent = "NoRoom"
	sessionSent            SessionEvent = "Sent"
	sessionPatient         SessionEvent = "Patient"
	sessionUnexpected      SessionEvent = "Unexpected"
	sessionMalformed       SessionEvent = "Malformed"
	sessionPeerEnded       SessionEvent = "PeerEnded"
	sessionLost            SessionEvent = "Lost"
	sessionExpired         SessionEvent = "Expired"
	sessionStopped         SessionEvent = "Stopped"
)

// serving are the states in which a request is answered. One that comes while an AWAIT is outstanding has that answered
// first.
var serving = []SessionState{SessionListening, SessionIdle, SessionAwaiting}

var sessionRow = roles.NewRow[SessionState, SessionEvent]

// SessionTable returns the table that governs an accepted link at a relay.
func SessionTable() *roles.Table[SessionState, SessionEvent] { return sessionGrammar.Table() }

var sessionGrammar = roles.NewGrammar(func() roles.Table[SessionState, SessionEvent] {
	return roles.Table[SessionState, SessionEvent]{
		Name: "relay.Session",
		States: []roles.State[SessionState]{
			{Name: SessionAccepted, Means: "The machine is there, its link not yet."},
			{Name: SessionListening, Wait: roles.RequestTimeout,
				Means: "The link is open and nothing has been asked; the first whole request, or its absence, moves us on."},
			{Name: SessionIdle, Wait: roles.IdleTimeout,
				Means: "A request has been answered; the peer asks again or ends."},
			{Name: SessionEntering, Wait: roles.DiskTimeout,
				Means: "A peer has shown an invite's token; whether it is admitted is found out, and is durable before it is said."},
			{Name: SessionUnproven, Wait: roles.ProbeRetry,
				Means: "A node has registered, and its address cannot be proven yet; it can within ProbePatience, or the node is told that this is pending."},
			{Name: SessionProving, Nested: true, WaitFrom: "that of the Probe within",
				Means: "A node has registered, and its address is being proven; what comes of that is in the answer."},
			{Name: SessionWaiting, Wait: roles.ListTurn,
				Means: "A list has been asked for, and there is no room for it; there is some in ListPatience, or the peer gets a short page."},
			{Name: SessionAnswering, Wait: roles.AnswerPatience,
				Means: "A long answer is on its way: a LISTED, or a LOCATED of more than DefaultPage peers; the peer takes it, or is let go."},
			{Name: SessionAwaiting, WaitFrom: "that of the AWAIT, at most AwaitMost and renew-after",
				Means: "A node waits for clients; the first that comes, anything else that the node says, or the end of its wait moves us on."},
			{Name: SessionJoining, WaitFrom: "what is left of JoinTimeout since OPENED",
				Means: "The link is one end of a circuit; the other one comes, or the wait ends. Nothing is read meanwhile: it is not for us."},
			{Name: SessionCarrying, Wait: roles.CircuitIdle,
				Means: "Both ends of the circuit are there; what comes on this link goes to the other one, a piece at a time as the limits grant it."},
			{Name: SessionDraining, WaitFrom: "CircuitDrain since the stop, and CircuitIdle since anything has passed",
				Means: "The same while the relay is stopping: the circuit may come to its end."},
			{Name: SessionRejecting, Wait: roles.CloseTimeout,
				Means: "We have refused to go on, said why, and half-closed; the peer has a moment to read that and end."},
			{Name: SessionClosed, Final: true, Means: "The link is closed and released."},
		},
		Events: []roles.Event[SessionEvent]{
			{Name: sessionOpened, Means: "the link is accepted"},
			{Name: sessionBusy, Means: "the link is accepted, but there is no room to serve it"},
			{Name: sessionRegisterHeard, Kind: protocol.KindRegister, Means: "a node wants to be listed"},
			{Name: sessionRegisterToProve, Kind: protocol.KindRegister, Means: "the same, and its address is proven first"},
			{Name: sessionRegisterPutOff, Kind: protocol.KindRegister, Means: "the same, and too many addresses are being proven, or another proof of this one is under way"},
			{Name: sessionProved, Means: "the Probe has found out whether the node can be reached"},
			{Name: sessionNotTheirs, Means: "a request about the lease of another id than the link has proven"},
			{Name: sessionRenewHeard, Kind: protocol.KindRenew, Means: "a node is still there"},
			{Name: sessionLeaveHeard, Kind: protocol.KindLeave, Means: "a node wants to be listed no longer"},
			{Name: sessionPublishHeard, Kind: protocol.KindPublish, Means: "a node says what it shares"},
			{Name: sessionEnterHeard, Kind: protocol.KindEnter, Means: "a peer with an invite wants to be admitted"},
			{Name: sessionEnterAtOnce, Kind: protocol.KindEnter, Means: "the same, where the relay is open or the link is in plain"},
			{Name: sessionSigned, Means: "the signature is that of the token's key"},
			{Name: sessionAdmitted, Means: "the peer is admitted, or was before"},
			{Name: sessionNotAdmitted, Means: "it is not"},
			{Name: sessionStranger, Means: "a request of a peer that is not admitted, or not to that"},
			{Name: sessionRevoked, Means: "a request of a peer that was served on this link, and is not admitted any more"},
			{Name: sessionLocateHeard, Kind: protocol.KindLocate, Means: "a client wants to know the active nodes, and who has a file"},
			{Name: sessionLongLocate, Kind: protocol.KindLocate, Means: "the same, and the answer is a long one"},
			{Name: sessionListHeard, Kind: protocol.KindList, Means: "a client wants to know which names there are"},
			{Name: sessionListPutOff, Kind: protocol.KindList, Means: "the same, and too many lists are on their way to others"},
			{Name: sessionAwaitHeard, Kind: protocol.KindAwait, Means: "a node is still there, and wants to know who comes"},
			{Name: sessionAwaitAtOnce, Kind: protocol.KindAwait, Means: "the same, and somebody has come, or it is refused"},
			{Name: sessionInvited, Means: "a client has asked for a circuit to the node"},
			{Name: sessionMissed, Means: "the node has not followed its latest MaxMissed invitations"},
			{Name: sessionElsewhere, Means: "the node waits on another link since"},
			{Name: sessionCircuitHeard, Kind: protocol.KindCircuit, Means: "a client wants a circuit to a node"},
			{Name: sessionPlain, Means: "any message but JOIN on a link in plain, where TLS is spoken"},
			{Name: sessionJoinHeard, Kind: protocol.KindJoin, Means: "a peer has a ticket, and the other end is not there"},
			{Name: sessionJoinLast, Kind: protocol.KindJoin, Means: "the same, and the other end is there"},
			{Name: sessionJoinRefused, Kind: protocol.KindJoin, Means: "a ticket that is not good, or a link that is not one in plain"},
			{Name: sessionOtherJoined, Means: "the other end has joined"},
			{Name: sessionOtherGone, Means: "the circuit has ended before the other end joined"},
			{Name: sessionPassed, Means: "bytes have been passed on"},
			{Name: sessionPieceOver, Means: "a piece has been passed on"},
			{Name: sessionRested, Deadline: true, Means: "the time has come that the rate gives the next piece"},
			{Name: sessionBusyCircuit, Deadline: true, Means: "the state's deadline passed, and something has passed meanwhile, in one direction or the other"},
			{Name: sessionHalfOver, Means: "the peer half-closed; the other end goes on"},
			{Name: sessionBothOver, Means: "the peer half-closed, as the other end has before"},
			{Name: sessionCircuitOver, Means: "the other end's link has ended the circuit"},
			{Name: sessionQuotaUsed, Means: "what the client may pass is used up"},
			{Name: sessionScarce, Means: "links are scarce, and little has passed over this one for long"},
			{Name: sessionDrains, Means: "the relay is stopping"},
			{Name: sessionRoom, Means: "what was put off has room after another while"},
			{Name: sessionNoRoom, Means: "it has none, for less than its patience so far"},
			{Name: sessionSent, Means: "the answer has been taken"},
			{Name: sessionPatient, Means: "the answer has not been taken in AnswerPatience, and nobody else wants the room, or not in ReplyTimeout so far"},
			{Name: sessionUnexpected, Means: "a message of any other kind"},
			{Name: sessionMalformed, Means: "bytes that are no message"},
			{Name: sessionPeerEnded, Means: "the peer half-closed"},
			{Name: sessionLost, Means: "the link broke"},
			{Name: sessionExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: sessionStopped, Means: "the relay is stopping, or links are scarce and this one has been open for long without need"},
		},
		Rows: []roles.Row[SessionState, SessionEvent]{
			sessionRow([]SessionState{SessionAccepted}, sessionOpened, SessionListening, "the peer speaks first"),
			sessionRow([]SessionState{SessionAccepted}, sessionBusy, SessionRejecting, "better refused than left waiting: ERROR(busy), with when to try again"),
			sessionRow(serving, sessionRegisterHeard, SessionIdle, "answered at once: REGISTERED or ERROR"),
			sessionRow(serving, sessionRegisterToProve, SessionProving, "the node is to hear whether it can be reached; it is listed meanwhile, behind others"),
			sessionRow(serving, sessionRegisterPutOff, SessionUnproven, "few addresses are proven at once, and each by one proof"),
			sessionRow([]SessionState{SessionUnproven}, sessionRoom, SessionProving, "now it can be proven"),
			sessionRow([]SessionState{SessionUnproven}, sessionExpired, SessionIdle, "REGISTERED: pending, until it is proven beside a renewal"),
			sessionRow([]SessionState{SessionProving}, sessionProved, SessionIdle, "REGISTERED, with what was found out"),
			sessionRow(serving, sessionNotTheirs, SessionIdle, "ERROR(denied)"),
			sessionRow(serving, sessionRenewHeard, SessionIdle, "answered at once: RENEWED or ERROR; after no-lease the node registers on the same link"),
			sessionRow(serving, sessionLeaveHeard, SessionIdle, "answered at once: LEFT or ERROR"),
			sessionRow(serving, sessionPublishHeard, SessionIdle, "answered at once: PUBLISHED or ERROR; the node publishes the next page on the same link"),
			sessionRow(serving, sessionEnterHeard, SessionEntering, "the token is looked up, then its signature checked, then the peer is admitted; further requests wait"),
			sessionRow(serving, sessionEnterAtOnce, SessionIdle, "ENTERED of an open relay, which anybody may use; in plain ERROR(denied), since nobody has a key there"),
			sessionRow([]SessionState{SessionEntering}, sessionSigned, "", "only now it counts whether the token is still good"),
			sessionRow([]SessionState{SessionEntering}, sessionAdmitted, SessionIdle, "ENTERED: the key needs no invite any more"),
			sessionRow([]SessionState{SessionEntering}, sessionNotAdmitted, SessionIdle, "ERROR(denied): with the reason, if the signature is good; so are the requests that were sent ahead"),
			sessionRow(serving, sessionStranger, SessionIdle, "ERROR(denied): a closed relay tells a stranger nothing else"),
			sessionRow([]SessionState{SessionIdle, SessionWaiting, SessionAwaiting}, sessionRevoked, SessionRejecting, "ERROR(denied), and the end: a revocation ends links, too"),
			sessionRow(serving, sessionLocateHeard, SessionIdle, "answered at once: LOCATED"),
			sessionRow(serving, sessionLongLocate, SessionAnswering, "answered at once: LOCATED; nothing more is read until it has been taken"),
			sessionRow(serving, sessionListHeard, SessionAnswering, "answered at once: LISTED; nothing more is read until it has been taken"),
			sessionRow(serving, sessionListPutOff, SessionWaiting, "few lists are on their way at once; an answer that came at once would be followed by the next request at once"),
			sessionRow(serving, sessionAwaitHeard, SessionAwaiting, "the lease is renewed; the answer comes with the first invitation"),
			sessionRow(serving, sessionAwaitAtOnce, SessionIdle, "AWAITED, with those who have come since the last one; or ERROR"),
			sessionRow([]SessionState{SessionAwaiting}, sessionInvited, SessionIdle, "AWAITED, with a ticket for each; the next request is heard already"),
			sessionRow([]SessionState{SessionAwaiting}, sessionExpired, SessionIdle, "AWAITED, with nobody: the way stays open, and the node knows that we are there"),
			sessionRow([]SessionState{SessionIdle, SessionAwaiting}, sessionMissed, SessionRejecting, "ERROR(timeout): a link on which nobody listens has no clients sent there"),
			sessionRow([]SessionState{SessionAwaiting}, sessionElsewhere, SessionRejecting, "ERROR(superseded): one AWAIT of a node is outstanding, the latest"),
			sessionRow(serving, sessionCircuitHeard, SessionIdle, "answered at once: OPENED, and the node is invited; or ERROR"),
			sessionRow([]SessionState{SessionListening}, sessionPlain, SessionRejecting, "ERROR(tls-required)"),
			sessionRow([]SessionState{SessionListening}, sessionJoinHeard, SessionJoining, "the ticket is used; the other end has what is left of its time"),
			sessionRow([]SessionState{SessionListening}, sessionJoinLast, SessionCarrying, "JOINED to both"),
			sessionRow([]SessionState{SessionListening}, sessionJoinRefused, SessionRejecting, "ERROR(peer-gone): nobody is told what a ticket was for; or ERROR(unexpected)"),
			sessionRow([]SessionState{SessionJoining}, sessionOtherJoined, SessionCarrying, "JOINED; from here on the link carries bytes that are not ours"),
			sessionRow([]SessionState{SessionJoining}, sessionOtherGone, SessionRejecting, "ERROR(peer-gone)"),
			sessionRow([]SessionState{SessionJoining}, sessionExpired, SessionRejecting, "ERROR(peer-gone), which says who has not come"),
			sessionRow([]SessionState{SessionCarrying, SessionDraining}, sessionPassed, "", "it is counted"),
			sessionRow([]SessionState{SessionCarrying, SessionDraining}, sessionPieceOver, "", "the next piece is granted, at once or when the rate allows it"),
			sessionRow([]SessionState{SessionCarrying, SessionDraining}, sessionRested, "", "the next piece is passed on"),
			sessionRow([]SessionState{SessionCarrying, SessionDraining}, sessionBusyCircuit, "", "the deadline is set anew"),
			sessionRow([]SessionState{SessionCarrying, SessionDraining}, sessionHalfOver, "", "its end of stream has been passed on; the other direction goes on"),
			sessionRow([]SessionState{SessionCarrying, SessionDraining}, sessionBothOver, SessionClosed, "both directions have ended: the other link's machine is told"),
			sessionRow([]SessionState{SessionCarrying, SessionDraining}, sessionCircuitOver, SessionClosed, "one end alone is of no use"),
			sessionRow([]SessionState{SessionCarrying, SessionDraining}, sessionQuotaUsed, SessionClosed, "the reason comes with the client's next CIRCUIT: inside TLS we can say nothing"),
			sessionRow([]SessionState{SessionCarrying}, sessionScarce, SessionClosed, "others need the room of the link"),
			sessionRow([]SessionState{SessionCarrying}, sessionDrains, SessionDraining, "a circuit that ends soon need not be cut"),
			sessionRow([]SessionState{SessionCarrying, SessionDraining}, sessionExpired, SessionClosed, "nothing has passed for CircuitIdle, or the relay has to go"),
			sessionRow([]SessionState{SessionWaiting}, sessionRoom, SessionAnswering, "LISTED, late"),
			sessionRow([]SessionState{SessionUnproven, SessionWaiting}, sessionNoRoom, "", "another one may have been taken by the next turn"),
			sessionRow([]SessionState{SessionWaiting}, sessionExpired, SessionIdle, "LISTED, of a short page, which needs no room"),
			sessionRow([]SessionState{SessionAnswering}, sessionSent, SessionIdle, "the room is another's"),
			sessionRow([]SessionState{SessionAnswering}, sessionPatient, "", "the peer, or the way to it, is slow"),
			sessionRow(serving, sessionUnexpected, SessionRejecting, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
			sessionRow(serving, sessionMalformed, SessionRejecting, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			sessionRow([]SessionState{SessionListening, SessionIdle, SessionAwaiting, SessionRejecting}, sessionPeerEnded, SessionClosed, "the peer is done, and so are we"),
			sessionRow([]SessionState{SessionListening, SessionIdle, SessionEntering, SessionUnproven, SessionProving, SessionWaiting, SessionAnswering, SessionAwaiting, SessionJoining, SessionCarrying, SessionDraining, SessionRejecting}, sessionLost, SessionClosed, "no peer is left to talk to"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionExpired, SessionRejecting, "a silent or slow peer is let go: ERROR(timeout)"),
			sessionRow([]SessionState{SessionEntering}, sessionExpired, SessionRejecting, "our disk does not answer: ERROR(internal)"),
			sessionRow([]SessionState{SessionAnswering}, sessionExpired, SessionClosed, "a peer that does not take its answer keeps others from theirs"),
			sessionRow([]SessionState{SessionRejecting}, sessionExpired, SessionClosed, "the peer had its moment"),
			sessionRow([]SessionState{SessionListening, SessionIdle, SessionEntering, SessionUnproven, SessionProving, SessionWaiting, SessionAnswering, SessionAwaiting, SessionJoining}, sessionStopped, SessionRejecting, "the relay goes: ERROR(draining); or others need the room: ERROR(busy); behind what is on its way"),
			sessionRow([]SessionState{SessionRejecting, SessionDraining}, sessionStopped, "", "already ending"),
		},
	}
})
