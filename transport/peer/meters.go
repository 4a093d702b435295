package peer

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// Meters count what happens on the links of a [Relay] or a [Node], and in their machines. They count always: that
// takes a few additions an event. They are safe for concurrent use.
type Meters struct{}

// Totals are sums since the start.
type Totals struct {
	Heard  map[protocol.Kind]uint64 // messages, those of kinds that have come
	Errors map[protocol.Code]uint64 // refusals that were sent, those of codes that were needed
	// Sent and Received are bytes of bodies, and Spliced those that went through circuits of a relay.
	Sent, Received, Spliced uint64
	Links                   uint64 // that were accepted and are open now
	LinksEver               uint64 // that were accepted
}

// Totals returns the sums.
func (m *Meters) Totals() Totals { return Totals{} }

// The shape of a History.
const (
	HistoryStep  = 10 * time.Second
	HistorySteps = 360
)

// History is what happened in the last hour, in steps.
type History struct {
	End    time.Time // of the last step; less than a step ago
	Step   time.Duration
	Series []Series // always the same ones in the same order, but for those of errors, which begin with "errors/"
}

// The names of the series. Those of errors are SeriesErrors and the code's name.
const (
	SeriesAnnounces = "announces" // REGISTER, RENEW, AWAIT and PUBLISH that were heard
	SeriesLocates   = "locates"   // LOCATE and LIST that were heard
	SeriesGets      = "gets"      // GET that were heard: parts of files that nodes were asked for
	SeriesBytes     = "bytes"     // of bodies: sent, received and spliced
	SeriesCircuits  = "circuits"  // that were opened
	SeriesErrors    = "errors/"   // refusals that were sent
)

// Series is what happened of one kind, in each step: HistorySteps values, the oldest first. Before the start they are 0.
type Series struct {
	Name   string
	Values []uint64
}

// History returns the last hour.
func (m *Meters) History() History { return History{} }

// MachineStates is what machines under one table do.
type MachineStates struct {
	Name   string       // of the table, as in "relay.Session"
	States []StateCount // in the table's order: a machine starts in the first one
	Moves  []Move       // in the table's order, one for each row and state that it is for
}

// StateCount is how many machines are in a state now.
type StateCount struct {
	Name  string
	Means string // what the state means, why one is in it, how one leaves it
	Final bool   // machines in it are about to be taken back
	Count int64
}

// Move is a row of a table, from one of its states.
type Move struct {
	From, Event string
	To          string // From: the machine stays there
	Because     string
	Fired       uint64 // how often
}

// Machines returns the states of all machines that run there, one for each table.
func (m *Meters) Machines() []MachineStates { return nil }

// Meters returns what is counted of the node. It may be called at any time.
func (n *Node) Meters() *Meters { return &n.meters }
