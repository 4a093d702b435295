package relay

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// State is a state of a Session.
type State string

// Event is an event of a Session.
type Event string

// The states of a Session.
const (
	Accepted  State = "Accepted"
	Listening State = "Listening"
	Lingering State = "Lingering"
	Parting   State = "Parting"
	Closed    State = "Closed"
)

// The events of a Session.
const (
	Opened         Event = "Opened"
	Crowded        Event = "Crowded"
	RegisterHeard  Event = "REGISTER"
	RenewHeard     Event = "RENEW"
	LeaveHeard     Event = "LEAVE"
	PublishHeard   Event = "PUBLISH"
	LocateHeard    Event = "LOCATE"
	ListHeard      Event = "LIST"
	UnexpectedKind Event = "Unexpected"
	Garbled        Event = "Garbled"
	Ended          Event = "Ended"
	Lost           Event = "Lost"
	Expired        Event = "Expired"
	Stopped        Event = "Stopped"
)

var row = roles.NewRow[State, Event]

// SessionTable governs an accepted link at a relay.
var SessionTable = &roles.Table[State, Event]{
	Name: "relay.Session",
	States: []roles.State[State]{
		{Name: Accepted, Means: "The machine is there, its link not yet."},
		{Name: Listening, Wait: protocol.RequestTimeout,
			Means: "The link is open and nothing has been asked; the first whole request, or its absence, moves us on."},
		{Name: Lingering, Wait: protocol.IdleTimeout,
			Means: "A request has been answered; the peer asks again or ends."},
		{Name: Parting, Wait: protocol.CloseTimeout,
			Means: "We have refused to go on, said why, and half-closed; the peer has a moment to read that and end."},
		{Name: Closed, Final: true, Means: "The link is closed and released."},
	},
	Events: []roles.Event[Event]{
		{Name: Opened, Means: "the link is accepted"},
		{Name: Crowded, Means: "the link is accepted, but there is no room to serve it"},
		{Name: RegisterHeard, Kind: protocol.KindRegister, Means: "a node wants to be listed"},
		{Name: RenewHeard, Kind: protocol.KindRenew, Means: "a node is still there"},
		{Name: LeaveHeard, Kind: protocol.KindLeave, Means: "a node wants to be listed no longer"},
		{Name: PublishHeard, Kind: protocol.KindPublish, Means: "a node says what it shares"},
		{Name: LocateHeard, Kind: protocol.KindLocate, Means: "a client wants to know the active nodes, and who has a file"},
		{Name: ListHeard, Kind: protocol.KindList, Means: "a client wants to know which names there are"},
		{Name: UnexpectedKind, Means: "a message of any other kind"},
		{Name: Garbled, Means: "bytes that are no message"},
		{Name: Ended, Means: "the peer half-closed"},
		{Name: Lost, Means: "the link broke"},
		{Name: Expired, Deadline: true, Means: "the state's deadline passed"},
		{Name: Stopped, Means: "the relay is stopping"},
	},
	Rows: []roles.Row[State, Event]{
		row([]State{Accepted}, Opened, Listening, "the peer speaks first"),
		row([]State{Accepted}, Crowded, Parting, "better refused than left waiting: ERROR(busy), with when to try again"),
		row([]State{Listening, Lingering}, RegisterHeard, Lingering, "answered at once: REGISTERED or ERROR"),
		row([]State{Listening, Lingering}, RenewHeard, Lingering, "answered at once: RENEWED or ERROR; after no-lease the node registers on the same link"),
		row([]State{Listening, Lingering}, LeaveHeard, Lingering, "answered at once: LEFT"),
		row([]State{Listening, Lingering}, PublishHeard, Lingering, "answered at once: PUBLISHED or ERROR; the node publishes the next page on the same link"),
		row([]State{Listening, Lingering}, LocateHeard, Lingering, "answered at once: LOCATED or ERROR"),
		row([]State{Listening, Lingering}, ListHeard, Lingering, "answered at once: LISTED or ERROR"),
		row([]State{Listening, Lingering}, UnexpectedKind, Parting, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		row([]State{Listening, Lingering}, Garbled, Parting, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		row([]State{Listening, Lingering, Parting}, Ended, Closed, "the peer is done, and so are we"),
		row([]State{Listening, Lingering, Parting}, Lost, Closed, "nobody is left to talk to"),
		row([]State{Listening, Lingering}, Expired, Parting, "a silent or slow peer is let go: ERROR(timeout)"),
		row([]State{Parting}, Expired, Closed, "the peer had its moment"),
		row([]State{Listening, Lingering}, Stopped, Parting, "the relay goes: ERROR(draining)"),
		row([]State{Parting}, Stopped, "", "already ending"),
	},
}
