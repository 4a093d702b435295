package relay

import "github.com/relaypeer/relaypeer/roles"

// ProbeState is a state of a Probe.
type ProbeState string

// ProbeEvent is an event of a Probe.
type ProbeEvent string

// The states of a Probe.
const (
	ProbeNew     ProbeState = "New"
	ProbeDialing ProbeState = "Dialing"
	ProbeClosing ProbeState = "Closing"
	ProbeEnded   ProbeState = "Ended"
)

// The events of a Probe.
const (
	probeStarted   ProbeEvent = "Started"
	probeOpened    ProbeEvent = "Opened"
	probePeerEnded ProbeEvent = "PeerEnded"
	probeLost      ProbeEvent = "Lost"
	probeExpired   ProbeEvent = "Expired"
	probeStopped   ProbeEvent = "Stopped"
)

var probeRow = roles.NewRow[ProbeState, ProbeEvent]

// ProbeTable returns the table that governs the proof of an address.
func ProbeTable() *roles.Table[ProbeState, ProbeEvent] { return probeGrammar.Table() }

var probeGrammar = roles.NewGrammar(func() roles.Table[ProbeState, ProbeEvent] {
	return roles.Table[ProbeState, ProbeEvent]{
		Name: "relay.Probe",
		States: []roles.State[ProbeState]{
			{Name: ProbeNew, Means: "Nothing has happened yet."},
			{Name: ProbeDialing, Wait: roles.ProbeTimeout,
				Means: "A connection to the node is being made, where it says that it listens, at the address from which it has asked."},
			{Name: ProbeClosing, Wait: roles.CloseTimeout,
				Means: "The node has answered there, and has proven its id; we have half-closed, and its end of stream moves us on."},
			{Name: ProbeEnded, Final: true, Means: "The link is closed and released, or was never there."},
		},
		Events: []roles.Event[ProbeEvent]{
			{Name: probeStarted, Means: "the address of a lease is to be proven, and there is room for that"},
			{Name: probeOpened, Means: "the link is there, and the id is the node's"},
			{Name: probePeerEnded, Means: "the node half-closed"},
			{Name: probeLost, Means: "the link broke, or could not be made"},
			{Name: probeExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: probeStopped, Means: "the relay is stopping"},
		},
		Rows: []roles.Row[ProbeState, ProbeEvent]{
			probeRow([]ProbeState{ProbeNew}, probeStarted, ProbeDialing, "what is handed out is what can be reached"),
			probeRow([]ProbeState{ProbeDialing}, probeOpened, ProbeClosing, "that was all: no message is needed"),
			probeRow([]ProbeState{ProbeDialing, ProbeClosing}, probeLost, ProbeEnded, "before the link was open: the node cannot be reached there, and hears why"),
			probeRow([]ProbeState{ProbeDialing, ProbeClosing}, probeExpired, ProbeEnded, "before the link was open: nothing answers there in time"),
			probeRow([]ProbeState{ProbeClosing}, probePeerEnded, ProbeEnded, "both sides are done"),
			probeRow([]ProbeState{ProbeDialing, ProbeClosing}, probeStopped, ProbeEnded, "nobody waits for this: the link is closed at once"),
		},
	}
})
