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
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionRegisterHeard, SessionIdle, "answered at once: REGISTERED or ERROR"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionRegisterToProve, SessionProving, "the node is to hear whether it can be reached; it is listed meanwhile, behind others"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionRegisterPutOff, SessionUnproven, "few addresses are proven at once, and each by one proof"),
			sessionRow([]SessionState{SessionUnproven}, sessionRoom, SessionProving, "now it can be proven"),
			sessionRow([]SessionState{SessionUnproven}, sessionExpired, SessionIdle, "REGISTERED: pending, until it is proven beside a renewal"),
			sessionRow([]SessionState{SessionProving}, sessionProved, SessionIdle, "REGISTERED, with what was found out"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionNotTheirs, SessionIdle, "ERROR(denied)"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionRenewHeard, SessionIdle, "answered at once: RENEWED or ERROR; after no-lease the node registers on the same link"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionLeaveHeard, SessionIdle, "answered at once: LEFT or ERROR"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionPublishHeard, SessionIdle, "answered at once: PUBLISHED or ERROR; the node publishes the next page on the same link"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionEnterHeard, SessionEntering, "the token is looked up, then its signature checked, then the peer is admitted; further requests wait"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionEnterAtOnce, SessionIdle, "ENTERED of an open relay, which anybody may use; in plain ERROR(denied), since nobody has a key there"),
			sessionRow([]SessionState{SessionEntering}, sessionSigned, "", "only now it counts whether the token is still good"),
			sessionRow([]SessionState{SessionEntering}, sessionAdmitted, SessionIdle, "ENTERED: the key needs no invite any more"),
			sessionRow([]SessionState{SessionEntering}, sessionNotAdmitted, SessionIdle, "ERROR(denied): with the reason, if the signature is good; so are the requests that were sent ahead"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionStranger, SessionIdle, "ERROR(denied): a closed relay tells a stranger nothing else"),
			sessionRow([]SessionState{SessionIdle, SessionWaiting}, sessionRevoked, SessionRejecting, "ERROR(denied), and the end: a revocation ends links, too"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionLocateHeard, SessionIdle, "answered at once: LOCATED"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionLongLocate, SessionAnswering, "answered at once: LOCATED; nothing more is read until it has been taken"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionListHeard, SessionAnswering, "answered at once: LISTED; nothing more is read until it has been taken"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionListPutOff, SessionWaiting, "few lists are on their way at once; an answer that came at once would be followed by the next request at once"),
			sessionRow([]SessionState{SessionWaiting}, sessionRoom, SessionAnswering, "LISTED, late"),
			sessionRow([]SessionState{SessionUnproven, SessionWaiting}, sessionNoRoom, "", "another one may have been taken by the next turn"),
			sessionRow([]SessionState{SessionWaiting}, sessionExpired, SessionIdle, "LISTED, of a short page, which needs no room"),
			sessionRow([]SessionState{SessionAnswering}, sessionSent, SessionIdle, "the room is another's"),
			sessionRow([]SessionState{SessionAnswering}, sessionPatient, "", "the peer, or the way to it, is slow"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionUnexpected, SessionRejecting, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionMalformed, SessionRejecting, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			sessionRow([]SessionState{SessionListening, SessionIdle, SessionRejecting}, sessionPeerEnded, SessionClosed, "the peer is done, and so are we"),
			sessionRow([]SessionState{SessionListening, SessionIdle, SessionEntering, SessionUnproven, SessionProving, SessionWaiting, SessionAnswering, SessionRejecting}, sessionLost, SessionClosed, "no peer is left to talk to"),
			sessionRow([]SessionState{SessionListening, SessionIdle}, sessionExpired, SessionRejecting, "a silent or slow peer is let go: ERROR(timeout)"),
			sessionRow([]SessionState{SessionEntering}, sessionExpired, SessionRejecting, "our disk does not answer: ERROR(internal)"),
			sessionRow([]SessionState{SessionAnswering}, sessionExpired, SessionClosed, "a peer that does not take its answer keeps others from theirs"),
			sessionRow([]SessionState{SessionRejecting}, sessionExpired, SessionClosed, "the peer had its moment"),
			sessionRow([]SessionState{SessionListening, SessionIdle, SessionEntering, SessionUnproven, SessionProving, SessionWaiting, SessionAnswering}, sessionStopped, SessionRejecting, "the relay goes: ERROR(draining); or others need the room: ERROR(busy); behind what is on its way"),
			sessionRow([]SessionState{SessionRejecting}, sessionStopped, "", "already ending"),
		},
	}
})
