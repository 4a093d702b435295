package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// WayState is a state of a Way.
type WayState string

// WayEvent is an event of a Way.
type WayEvent string

// The states of a Way.
const (
	WayNew      WayState = "New"
	WayAsking   WayState = "AskingRelay"
	WayDialing  WayState = "Dialing"
	WayJoining  WayState = "Joining"
	WaySecuring WayState = "Securing"
	WayThere    WayState = "There"
	WayFailed   WayState = "Failed"
)

// The events of a Way.
const (
	wayStarted    WayEvent = "Started"
	wayAhead      WayEvent = "Started, with a ticket"
	wayGranted    WayEvent = "Granted"
	wayRefused    WayEvent = "Refused"
	wayTooLittle  WayEvent = "TooLittle"
	wayOpened     WayEvent = "Opened, in plain"
	wayJoined     WayEvent = "JOINED"
	wayNotJoined  WayEvent = "ERROR"
	wayProven     WayEvent = "Opened, and proven"
	wayUnexpected WayEvent = "Unexpected"
	wayMalformed  WayEvent = "Malformed"
	wayPeerEnded  WayEvent = "PeerEnded"
	wayLost       WayEvent = "Lost"
	wayExpired    WayEvent = "Expired"
	wayStopped    WayEvent = "Stopped"
)

var wayRow = roles.NewRow[WayState, WayEvent]

// WayTable returns the table that governs how a client reaches a node through the relay.
func WayTable() *roles.Table[WayState, WayEvent] { return wayGrammar.Table() }

var wayGrammar = roles.NewGrammar(func() roles.Table[WayState, WayEvent] {
	return roles.Table[WayState, WayEvent]{
		Name: "client.Way",
		States: []roles.State[WayState]{
			{Name: WayNew, Means: "Nothing has happened yet."},
			{Name: WayAsking, Nested: true, WaitFrom: "those of its Query",
				Means: "The relay is being asked for a circuit; its ticket, or a refusal, moves us on."},
			{Name: WayDialing, Wait: roles.DialTimeout,
				Means: "A connection in plain to the relay is being made: our end of the circuit."},
			{Name: WayJoining, Wait: roles.JoinTimeout + roles.CloseTimeout,
				Means: "JOIN has been sent; JOINED, which comes when the node is there, or a refusal moves us on."},
			{Name: WaySecuring, Wait: roles.HandshakeTimeout,
				Means: "The node at the other end is proving its id, over TLS that the relay cannot look into."},
			{Name: WayThere, Final: true, Means: "The link leads to the node, as one that was dialed does. That to the relay goes on closing."},
			{Name: WayFailed, Final: true, Means: "There is no way. A link that was made, or half-closed, is the owner's. That to the relay goes on closing."},
		},
		Events: []roles.Event[WayEvent]{
			{Name: wayStarted, Means: "a node is to be reached"},
			{Name: wayAhead, Means: "the same, and the relay has opened a circuit to it already, behind LOCATED"},
			{Name: wayGranted, Means: "the relay has opened a circuit, and its link is half-closed"},
			{Name: wayRefused, Means: "the relay could not be asked, or refuses"},
			{Name: wayTooLittle, Means: "the relay has opened a circuit over which not even one group may pass"},
			{Name: wayOpened, Means: "the connection to the relay is there"},
			{Name: wayJoined, Kind: protocol.KindJoined, Means: "the node is at the other end"},
			{Name: wayNotJoined, Kind: protocol.KindError, Means: "it has not come, or the ticket is too old"},
			{Name: wayProven, Means: "the node has proven its id"},
			{Name: wayUnexpected, Means: "a message of any other kind"},
			{Name: wayMalformed, Means: "bytes that are no message"},
			{Name: wayPeerEnded, Means: "the relay half-closed"},
			{Name: wayLost, Means: "the link broke, or could not be made, or another peer is at the other end"},
			{Name: wayExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: wayStopped, Means: "the way is not wanted any more"},
		},
		Rows: []roles.Row[WayState, WayEvent]{
			wayRow([]WayState{WayNew}, wayStarted, WayAsking, "only the relay has a link to the node"),
			wayRow([]WayState{WayNew}, wayAhead, WayDialing, "at the address of the link that gave the ticket, which is good for one circuit"),
			wayRow([]WayState{WayAsking}, wayGranted, WayDialing, "at the address of the link that gave the ticket: it is the same relay"),
			wayRow([]WayState{WayAsking}, wayRefused, WayFailed, "its reason is the visit's"),
			wayRow([]WayState{WayAsking}, wayTooLittle, WayFailed, "nobody joins it: it would be cut before it is of use"),
			wayRow([]WayState{WayDialing}, wayOpened, WayJoining, "JOIN, with the ticket"),
			wayRow([]WayState{WayJoining}, wayJoined, WaySecuring, "what follows is between the node and us"),
			wayRow([]WayState{WayJoining}, wayNotJoined, WayFailed, "the relay says who has not come"),
			wayRow([]WayState{WaySecuring}, wayProven, WayThere, "it is the node that was wanted, and nobody else reads what is said"),
			wayRow([]WayState{WayJoining}, wayUnexpected, WayFailed, "a relay that says anything else has lost the thread: ERROR(unexpected)"),
			wayRow([]WayState{WayJoining}, wayMalformed, WayFailed, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			wayRow([]WayState{WayJoining}, wayPeerEnded, WayFailed, "there will be no circuit"),
			wayRow([]WayState{WayDialing, WayJoining, WaySecuring}, wayLost, WayFailed, "there will be no circuit"),
			wayRow([]WayState{WayDialing, WayJoining, WaySecuring}, wayExpired, WayFailed, "the relay, and then the node, had its time"),
			wayRow([]WayState{WayNew, WayAsking, WayDialing, WayJoining, WaySecuring}, wayStopped, WayFailed, "the owner closes the link"),
		},
	}
})
