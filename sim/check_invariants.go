package sim

import (
	"fmt"
	"time"
)

// ID names an invariant.
type ID string

// The invariants. See [Invariants].
const (
	S0 ID = "S0"
	S1 ID = "S1"
	S2 ID = "S2"
	S3 ID = "S3"
	S4 ID = "S4"
	S5 ID = "S5"
	S6 ID = "S6"
	S7 ID = "S7"
	S8 ID = "S8"
	S9 ID = "S9"

	S10 ID = "S10"
	S11 ID = "S11"
	S12 ID = "S12"
	S13 ID = "S13"
	S14 ID = "S14"
	S15 ID = "S15"
	S16 ID = "S16"
	S17 ID = "S17"

	L1 ID = "L1"
	L2 ID = "L2"
	L3 ID = "L3"
	L4 ID = "L4"

	C1 ID = "C1"
	C2 ID = "C2"
	C3 ID = "C3"
	C5 ID = "C5"
)

// Invariant is a promise that every run is held to.
type Invariant struct {
	ID   ID
	Says string
}

// Invariants is the table of promises: S at every moment, L once everything has healed, C once everything has been
// stopped. That no goroutine is left (C4) is for the tests that have goroutines.
var Invariants = []Invariant{
	{S0, "no machine panics: nothing that a peer does leads to an event that the table has no row for"},
	{S1, "a fetched file has the hash that the result says, whatever liars and flipped bits do; with a hash given, that one; " +
		"among honest nodes it is byte for byte one that a node had under that name, never a mix of two"},
	{S2, "not found means that every listed node was asked and said so"},
	{S3, "a relay hands out no lease that has been silent for longer than its TTL"},
	{S4, "the registry holds exactly the newest live registration of each node id, and answers accordingly"},
	{S5, "an operation has one result"},
	{S6, "nothing is sent on a link after its half-close, nothing is asked of it after its hanging up, nothing of a machine after its end"},
	{S7, "a fetch in the reference mode never has two connections, one from several sources no more than those, and " +
		"a machine at its end has none"},
	{S8, "a message that the table does not allow is answered with ERROR and the link is closed, as after every ERROR whose code closes; " +
		"among honest peers on sound links there is none"},
	{S9, "what is buffered, queued and remembered stays within its bound"},
	{S10, "a result names each node that was asked and did not deliver, with a code"},
	{S11, "what stands under its final name is whole and what was asked for, at whichever moment the program is killed or the power fails"},
	{S12, "no group is asked for that is there already, from an earlier try or from another node"},
	{S13, "a node that sends a wrong group costs that one group and is not asked again for this fetch, unless it says that its file " +
		"changed; no honest node is called a liar"},
	{S14, "a fetch delivers one content: never another than was asked for, nor another after some has been given out that can't be taken back"},
	{S15, "LOCATE and LIST say exactly what the listed nodes have published: holders first, then those that may have it, nobody who " +
		"has published everything and has it not"},
	{S16, "what a user has been told is there stands durably under its name: no power loss takes it away"},
	{S17, "what an earlier try left of a content is not given up for another one as long as a listed node that may have that content " +
		"has not been asked"},
	{L1, "an operation ends within its bound"},
	{L2, "once healed, the registry equals the nodes that live"},
	{L3, "once healed, a file is found if and only if a listed node has it"},
	{L4, "once healed, the relay's index equals what the listed nodes share"},
	{C1, "once stopped, both ends of every connection are closed"},
	{C2, "once stopped, every machine is final by itself and has no timer"},
	{C3, "once its nodes have been stopped, a relay lists none"},
	{C5, "a stop works from every state: in a sound world it takes less than roles.DrainTimeout"},
}

// Violation is a promise that was broken.
type Violation struct {
	ID    ID
	Saw   string
	At    time.Duration
	Event int
}

func (v *Violation) Error() string {
	return fmt.Sprintf("%s broken at %.6fs, event %d: %s", v.ID, v.At.Seconds(), v.Event, v.Saw)
}

// checks hold a run to the invariants. The first violation ends the run.
type checks struct {
	w         *World
	violation *Violation
	honest    bool // nobody breaks the protocol and no bit flips
	sound     bool // nothing goes wrong at all
	healed    bool
	stopping  bool // the last phase
	uses      []linkUse
}

func newChecks(w *World) *checks {
	return &checks{w: w, honest: !w.scenario.Hostile(), sound: !w.scenario.Hostile() && len(w.scenario.Faults) == 0}
}

func (c *checks) failed() bool { return c.violation != nil }

func (c *checks) fail(id ID, format string, args ...any) {
	if c.violation == nil {
		c.violation = &Violation{ID: id, Saw: fmt.Sprintf(format, args...), At: c.w.now, Event: c.w.events}
	}
}

// who names an actor for a reader.
func (c *checks) who(a *actor) string {
	return fmt.Sprintf("%s's %s (machine %d)", a.proc.host.name, tables[a.kind].name, a.id)
}
