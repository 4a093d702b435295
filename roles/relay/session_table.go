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
	SessionRejecting SessionState = "Rejecting"
	SessionClosed    SessionState = "Closed"
)

// The events of a Session.
const (
	sessionOpened        SessionEvent = "Opened"
	sessionBusy          SessionEvent = "Busy"
	sessionRegisterHeard SessionEvent = "REGISTER"
	sessionRenewHeard    SessionEvent = "RENEW"
	sessionLeaveHeard    SessionEvent = "LEAVE"
	sessionPublishHeard  SessionEvent = "PUBLISH"
	sessionLocateHeard   SessionEvent = "LOCATE"
	sessionListHeard     SessionEvent = "LIST"
	sessionUnexpected    SessionEvent = "Unexpected"
	sessionMalformed     SessionEvent = "Malformed"
	sessionPeerEnded     SessionEvent = "PeerEnded"
	sessionLost          SessionEvent = "Lost"
	sessionExpired       SessionEvent = "Expired"
	sessionStopped       SessionEvent = "Stopped"
)

var sessionRow = roles.NewRow[SessionState, SessionEvent]

// SessionTable returns the table that governs an accepted link at a relay.
func SessionTable() *roles.Table[SessionState, SessionEvent] { return sessionGrammar.Table() }

var sessionGrammar = roles.NewGrammar(roles.Table[SessionState, SessionEvent]{
	Name: "relay.Session",
	States: []roles.State[SessionState]{
		{Name: SessionAccepted, Means: "The machine is there, its link not yet."},
		{Name: SessionListening, Wait: roles.RequestTimeout,
			Means: "The link is open and nothing has been asked; the first whole request, or its absence, moves us on."},
		{Name: SessionIdle, Wait: roles.IdleTimeout,
			Means: "A request has been answered; the peer asks again or ends."},
		{Name: SessionRejecting, Wait: roles.CloseTimeout,
			Means: "We have refused to go on, said why, and half-closed; the peer has a moment to read that and end."},
		{Name: SessionClosed, Final: true, Means: "The link is closed and released."},
	},
	Events: []roles.Event[SessionEvent]{
		{Name: sessionOpened, Means: "the link is accepted"},
		{Name: sessionBusy, Means: "the link is accepted, but there is no room to serve it"},
		{Name: sessionRegisterHeard, Kind: protocol.KindRegister, Means: "a node wants to be listed"},
		{Name: sessionRenewHeard, Kind: protocol.KindRenew, Means: "a node is still there"},
		{Name: sessionLeaveHeard, Kind: protocol.KindLeave, Means: "a node wants to be listed no longer"},
		{Name: sessionPublishHeard, Kind: protocol.KindPublish, Means: "a node says what it shares"},
		{Name: sessionLocateHeard, Kind: protocol.KindLocate, Means: "a client wants to know the active nodes, and who has a file"},
		{Name: sessionListHeard, Kind: protocol.KindList, Means: "a client wants to know which names there are"},
		{Name: sessionUnexpected, Means: "a message of any other kind"},
		{Name: sessionMalformed, Means: "bytes that are no message"},
		{Name: sessionPeerEnded, Means: "the peer half-closed"},
		{Name: sessionLost, Means: "the link broke"},
		{Name: sessionExpired, Deadline: true, Means: "the state's deadline passed"},
		{Name: sessionStopped, Means: "the relay is stopping"},
	},
	Rows: []roles.Row[SessionState, SessionEvent]{
		sessionRow([]SessionState{SessionAccepted}, sessionOpened, SessionListening, "the peer speaks first"),
		sessionRow([]SessionState{SessionAccepted}, sessionBusy, SessionRejecting, "better refused than left waiting: ERROR(busy), with when to try again"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionRegisterHeard, SessionIdle, "answered at once: REGISTERED or ERROR"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionRenewHeard, SessionIdle, "answered at once: RENEWED or ERROR; after no-lease the node registers on the same link"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionLeaveHeard, SessionIdle, "answered at once: LEFT"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionPublishHeard, SessionIdle, "answered at once: PUBLISHED or ERROR; the node publishes the next page on the same link"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionLocateHeard, SessionIdle, "answered at once: LOCATED or ERROR"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionListHeard, SessionIdle, "answered at once: LISTED or ERROR"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionUnexpected, SessionRejecting, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionMalformed, SessionRejecting, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		sessionRow([]SessionState{SessionListening, SessionIdle, SessionRejecting}, sessionPeerEnded, SessionClosed, "the peer is done, and so are we"),
		sessionRow([]SessionState{SessionListening, SessionIdle, SessionRejecting}, sessionLost, SessionClosed, "no peer is left to talk to"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionExpired, SessionRejecting, "a silent or slow peer is let go: ERROR(timeout)"),
		sessionRow([]SessionState{SessionRejecting}, sessionExpired, SessionClosed, "the peer had its moment"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, sessionStopped, SessionRejecting, "the relay goes: ERROR(draining)"),
		sessionRow([]SessionState{SessionRejecting}, sessionStopped, "", "already ending"),
	},
})
