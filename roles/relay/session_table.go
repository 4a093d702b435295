package relay

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// State is a state of a Session.
type SessionState string

// Event is an event of a Session.
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
	SessionOpened        SessionEvent = "Opened"
	SessionBusy          SessionEvent = "Busy"
	SessionRegisterHeard SessionEvent = "REGISTER"
	SessionRenewHeard    SessionEvent = "RENEW"
	SessionLeaveHeard    SessionEvent = "LEAVE"
	SessionPublishHeard  SessionEvent = "PUBLISH"
	SessionLocateHeard   SessionEvent = "LOCATE"
	SessionListHeard     SessionEvent = "LIST"
	SessionUnexpected    SessionEvent = "Unexpected"
	SessionMalformed     SessionEvent = "Malformed"
	SessionPeerEnded     SessionEvent = "PeerEnded"
	SessionLost          SessionEvent = "Lost"
	SessionExpired       SessionEvent = "Expired"
	SessionStopped       SessionEvent = "Stopped"
)

var sessionRow = roles.NewRow[SessionState, SessionEvent]

// SessionTable governs an accepted link at a relay.
var SessionTable = &roles.Table[SessionState, SessionEvent]{
	Name: "relay.Session",
	States: []roles.State[SessionState]{
		{Name: SessionAccepted, Means: "The machine is there, its link not yet."},
		{Name: SessionListening, Wait: protocol.RequestTimeout,
			Means: "The link is open and nothing has been asked; the first whole request, or its absence, moves us on."},
		{Name: SessionIdle, Wait: protocol.IdleTimeout,
			Means: "A request has been answered; the peer asks again or ends."},
		{Name: SessionRejecting, Wait: protocol.CloseTimeout,
			Means: "We have refused to go on, said why, and half-closed; the peer has a moment to read that and end."},
		{Name: SessionClosed, Final: true, Means: "The link is closed and released."},
	},
	Events: []roles.Event[SessionEvent]{
		{Name: SessionOpened, Means: "the link is accepted"},
		{Name: SessionBusy, Means: "the link is accepted, but there is no room to serve it"},
		{Name: SessionRegisterHeard, Kind: protocol.KindRegister, Means: "a node wants to be listed"},
		{Name: SessionRenewHeard, Kind: protocol.KindRenew, Means: "a node is still there"},
		{Name: SessionLeaveHeard, Kind: protocol.KindLeave, Means: "a node wants to be listed no longer"},
		{Name: SessionPublishHeard, Kind: protocol.KindPublish, Means: "a node says what it shares"},
		{Name: SessionLocateHeard, Kind: protocol.KindLocate, Means: "a client wants to know the active nodes, and who has a file"},
		{Name: SessionListHeard, Kind: protocol.KindList, Means: "a client wants to know which names there are"},
		{Name: SessionUnexpected, Means: "a message of any other kind"},
		{Name: SessionMalformed, Means: "bytes that are no message"},
		{Name: SessionPeerEnded, Means: "the peer half-closed"},
		{Name: SessionLost, Means: "the link broke"},
		{Name: SessionExpired, Deadline: true, Means: "the state's deadline passed"},
		{Name: SessionStopped, Means: "the relay is stopping"},
	},
	Rows: []roles.Row[SessionState, SessionEvent]{
		sessionRow([]SessionState{SessionAccepted}, SessionOpened, SessionListening, "the peer speaks first"),
		sessionRow([]SessionState{SessionAccepted}, SessionBusy, SessionRejecting, "better refused than left waiting: ERROR(busy), with when to try again"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionRegisterHeard, SessionIdle, "answered at once: REGISTERED or ERROR"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionRenewHeard, SessionIdle, "answered at once: RENEWED or ERROR; after no-lease the node registers on the same link"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionLeaveHeard, SessionIdle, "answered at once: LEFT"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionPublishHeard, SessionIdle, "answered at once: PUBLISHED or ERROR; the node publishes the next page on the same link"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionLocateHeard, SessionIdle, "answered at once: LOCATED or ERROR"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionListHeard, SessionIdle, "answered at once: LISTED or ERROR"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionUnexpected, SessionRejecting, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionMalformed, SessionRejecting, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		sessionRow([]SessionState{SessionListening, SessionIdle, SessionRejecting}, SessionPeerEnded, SessionClosed, "the peer is done, and so are we"),
		sessionRow([]SessionState{SessionListening, SessionIdle, SessionRejecting}, SessionLost, SessionClosed, "nobody is left to talk to"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionExpired, SessionRejecting, "a silent or slow peer is let go: ERROR(timeout)"),
		sessionRow([]SessionState{SessionRejecting}, SessionExpired, SessionClosed, "the peer had its moment"),
		sessionRow([]SessionState{SessionListening, SessionIdle}, SessionStopped, SessionRejecting, "the relay goes: ERROR(draining)"),
		sessionRow([]SessionState{SessionRejecting}, SessionStopped, "", "already ending"),
	},
}
