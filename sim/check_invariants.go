package sim

import (
	"fmt"
	"time"
)

// ID identifies an invariant.
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
	S18 ID = "S18"
	S19 ID = "S19"
	S20 ID = "S20"
	S21 ID = "S21"
	S22 ID = "S22"
	S23 ID = "S23"
	S24 ID = "S24"
	S25 ID = "S25"
	S26 ID = "S26"
	S27 ID = "S27"
	S28 ID = "S28"
	S29 ID = "S29"
	S30 ID = "S30"
	S31 ID = "S31"
	S32 ID = "S32"

	L1  ID = "L1"
	L2  ID = "L2"
	L3  ID = "L3"
	L4  ID = "L4"
	L5  ID = "L5"
	L6  ID = "L6"
	L7  ID = "L7"
	L9  ID = "L9"
	L12 ID = "L12"
	L13 ID = "L13"

	C1 ID = "C1"
	C2 ID = "C2"
	C3 ID = "C3"
	C5 ID = "C5"
)

// Invariant is a promise that is checked in every run.
type Invariant struct {
	ID   ID
	Says string
}

// Invariants is the table of promises: S holds at every moment, L once the world has healed, C once
// everything has been stopped. C4, that no goroutine is left, belongs to the tests that have
// goroutines.
var Invariants = []Invariant{
	{S0, "no machine panics: no message of a peer leads to an event without a row"},
	{S1, "a fetched file has the hash of its result, despite liars and flipped bits, and " +
		"the hash of the request if it has one; among honest nodes it is byte for byte a " +
		"content that a node had under that name, never a mix of two"},
	{S2, "not found means that every listed node was asked and answered not-found, that the relay was not " +
		"young and withheld none, and that no listed node that has told the relay of its share since it " +
		"noticed such a file has one; too early means that a node is indexing, or the relay young"},
	{S3, "a relay hands out no lease that has been silent for longer than its TTL"},
	{S4, "the registry holds exactly the newest live registration of each node id, and " +
		"answers accordingly"},
	{S5, "an operation has one result"},
	{S6, "nothing is sent on a link after its half-close, no effect concerns a link after " +
		"its HangUp, and no effect follows the end of a machine"},
	{S7, "a fetch never has more connections that it has not half-closed than its sources, or " +
		"roles.MaxBeside beside slow ones, one in the reference mode, and never roles.MaxClosing more when " +
		"it dials; it has its result when all are closed, and a final machine has none"},
	{S8, "a message that the table does not allow is answered with ERROR and the link is " +
		"closed, as after every ERROR whose code closes; among honest peers on sound " +
		"links there is no such message"},
	{S9, "buffers, queues and memory stay within their bounds"},
	{S10, "a result names, with a code, each node that was asked and did not deliver"},
	{S11, "a file under its final name is whole and has a requested content, whenever the " +
		"process is killed or the power fails"},
	{S12, "no group is requested that is already there, from an earlier try or from another " +
		"node, or because whoever reads the file has it"},
	{S13, "a node that sends a wrong group costs that one group and is not asked again in " +
		"this fetch, unless its next answer says that its file changed; no honest node is " +
		"taken for a liar"},
	{S14, "a fetch delivers one content: the pinned one if there is one, and the first one " +
		"once bytes of it cannot be taken back"},
	{S15, "LOCATE and LIST return exactly the published indexes: first the holders, then " +
		"the nodes whose index is not complete, and no node whose complete index lacks " +
		"the file; a bad name among others costs that name alone"},
	{S16, "a file that is reported as fetched is durable under its name: no power loss takes " +
		"it away"},
	{S17, "a fetch does not give up the part that an earlier try left for another content " +
		"before it has asked every listed node that may have the content of the part"},
	{S18, "of many files no node is asked again over a link for many after it failed on one, and " +
		"nothing that has come is received a second time"},
	{S19, "what is read at any place of a file is of the content that was pinned when it was opened"},
	{S20, "a fetched file has the modification time and the executable bit that a node's file with its content has"},
	{S21, "a relay that was restarted and has kept how many nodes it had says on each page that it is young, " +
		"until as many are back or a TTL is over; no other does"},
	{S22, "nodes that belong into an answer to LOCATE and that the client cannot reach are counted, and not named"},
	{S23, "a lease is granted, renewed, published to and ended over links alone that have proven its id; " +
		"and a machine that knows which peer it dials expects its id"},
	{S24, "a closed relay says nothing but denied, and the answer to ENTER, to a peer that it has not admitted; a token admits " +
		"those who have its invite, and no more keys than its uses; nobody who was told that he is admitted is lost"},
	{S25, "the long answers that a relay has on their way stay within their bound, whoever reads " +
		"them, and the room of each is free once it has been taken or its link is gone"},
	{S26, "from one node no more groups are under way than three times those that have come from it, and two, " +
		"and for one file no more than roles.MaxUnderway: so much at most a node can waste"},
	{S27, "a relay takes an address for one where a node can be reached if the node has answered it there, and dials no other " +
		"than the one that has asked; where a proof has failed nobody is sent, and of which none has succeeded yet comes last"},
	{S28, "a node sends no more bodies at once than it has turns, but for those that have lapsed, and each turn, " +
		"and the wait for one, is ended once its body has been sent or is not to be, whatever becomes of the link; no body waits in vain while " +
		"there is one that it may have"},
	{S29, "a node that says that it is busy is left alone for as long as it asks, or for roles.RetryMost"},
	{S30, "a ticket is good once, and for one end of a circuit, which the client has that it was opened to, and the node that was invited; " +
		"JOINED is said to both once both have come, and both go when one does; no more passes than was granted, " +
		"nor longer than while something does, and there are no more circuits than the limits say; an AWAIT is answered once, in its time, at once if somebody comes, and a node whose link is gone is reached no more; " +
		"a node that has lost a link on which it was answered makes another within roles.AwaitSoon, once in roles.AwaitRetry; " +
		"a client asks for a circuit behind LOCATED where that names no node that can be dialed, and to one of those named; and whoever secures a circuit expects the id that was asked for"},
	{S31, "a client whose circuit was refused, or cut, says so with the code and the words of the relay, which names the limit that is used up, and until when; " +
		"and asked again in time, the relay says why it has cut the circuit before"},
	{S32, "what an operation asks for over its circuits, and what passes beside that, fits in what the relay has said may pass: " +
		"none is cut for its bytes whose operation alone has circuits at its address; and one file comes over one circuit from a node at a time"},
	{L1, "an operation ends within its bound"},
	{L2, "after healing, the registry equals the living nodes"},
	{L3, "after healing, a file is found if and only if a listed node has it"},
	{L4, "after healing, the relay's index equals the shares of the listed nodes"},
	{L5, "where nothing goes wrong but that one link of a client to a node is reset, or one to the " +
		"relay, each file comes, and each question is answered, also through the relay unless the node has " +
		"just lost the link on which it awaits clients"},
	{L6, "a node that hears that a file which has rotted is wrong publishes what it is now, or nothing"},
	{L7, "nodes that hash for ever, or trickle, or do not end their links, keep no client from a node " +
		"that delivers for longer than their turns take"},
	{L9, "a client gets its list, although strangers ask for lists and do not read them"},
	{L12, "where nothing goes wrong but that one of two addresses of a host is dead, each file comes, " +
		"and each question is answered"},
	{L13, "where nothing goes wrong but that nodes, which send few bodies at once, are busy, each file comes"},
	{C1, "after the stop, both ends of every connection are closed"},
	{C2, "after the stop, every machine is final by itself and has no timer"},
	{C3, "after its nodes have stopped, a relay lists none, and none awaits clients; after all have, it has no circuits"},
	{C5, "a stop works from every state; in a sound world it takes less than " +
		"roles.DrainTimeout"},
}

// Violation is a broken promise.
type Violation struct {
	ID    ID
	Saw   string
	At    time.Duration
	Event int
}

func (v *Violation) Error() string {
	return fmt.Sprintf("%s broken at %.6fs, event %d: %s", v.ID, v.At.Seconds(), v.Event, v.Saw)
}

// checks check the invariants of a run. The first violation ends the run.
type checks struct {
	w         *World
	violation *Violation
	honest    bool // no host breaks the protocol and no bit flips
	sound     bool // honest, and without faults
	healed    bool
	brittle   bool          // see the function
	oneDead   bool          // see the function
	few       bool          // nothing goes wrong, and a node sends few bodies at once
	stopping  bool          // the last phase
	absent    time.Duration // until then a node whose AWAIT link was reset may have none; 0: none was
	uses      []linkUse

	undisturbed bool // nothing goes wrong but that files change
}

func newChecks(w *World) *checks {
	return &checks{
		w: w, honest: !w.scenario.Hostile(), sound: !w.scenario.Hostile() && len(w.scenario.Faults) == 0, brittle: brittle(w.scenario),
		oneDead: oneDead(w.scenario), few: brittle(w.scenario) && len(w.scenario.Faults) == 0 && sendsFew(w.scenario), undisturbed: undisturbed(w.scenario),
	}
}

func (c *checks) failed() bool { return c.violation != nil }

func (c *checks) fail(id ID, format string, args ...any) {
	if c.violation == nil {
		c.violation = &Violation{ID: id, Saw: fmt.Sprintf(format, args...), At: c.w.now, Event: c.w.events}
	}
}

// who returns a name of an actor for a report.
func (c *checks) who(a *actor) string {
	return fmt.Sprintf("%s's %s (machine %d)", a.proc.host.name, tables[a.kind].name, a.id)
}
