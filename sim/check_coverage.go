package sim

import (
	"fmt"
	"io"
	"sort"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/sim/scenario"
)

// Counter is a situation that has to occur in some runs.
type Counter string

// The counters.
const (
	WaitedForTurn       Counter = "a body waited for its turn"
	SaidBusy            Counter = "a body had no turn in time"
	HeardBusy           Counter = "a client heard that a node is busy"
	StaleTimer          Counter = "a timer fired with an old number"
	TurnedAway          Counter = "a full server refused a connection"
	ResetInFrame        Counter = "a reset in the middle of a frame"
	EndInFrame          Counter = "an end of stream in the middle of a frame"
	EndInBody           Counter = "an end of stream in the middle of content"
	UnreadClose         Counter = "a close with unread input"
	SpoiledBody         Counter = "a file that could not be read to the end while it was sent"
	ChangedMidway       Counter = "a node stopped sending a file that had changed"
	ExpiredLease        Counter = "a renewal of a lease that had lapsed"
	StaleLeave          Counter = "a LEAVE of an older epoch than the newest"
	StaleRegister       Counter = "a registration with an old epoch"
	Moved               Counter = "a renewal from another address"
	WrongPeer           Counter = "another peer than the expected one answered"
	Downgrade           Counter = "a peer answered in plain"
	AskedThrough        Counter = "a client asked the relay for a way to a node"
	CameThrough         Counter = "content came through the relay"
	LostAwait           Counter = "a node lost a good link on which it waited for clients"
	AskedAhead          Counter = "a client asked the relay for a way to a node behind its list of nodes"
	JoinedAhead         Counter = "a client joined a circuit that it had asked for so"
	AskedAgain          Counter = "a client asked for another way in place of one that was cut"
	TakenBack           Counter = "a node that can be dialed was asked for what a circuit was to bring"
	ToldWhy             Counter = "a client was told why the relay had cut the way before"
	Truncated           Counter = "a stream ended without a word that nothing is missing"
	FirstContact        Counter = "a host met the relay for the first time"
	Stranger            Counter = "a closed relay denied a stranger"
	Entered             Counter = "a closed relay admitted a peer"
	NotReached          Counter = "a relay found out that a node cannot be reached"
	ReachedAgain        Counter = "a node that could not be reached could be"
	LateProof           Counter = "an address was proven when its node was elsewhere, or gone"
	NotTheirs           Counter = "somebody tried to change another's lease"
	OtherAddress        Counter = "a host was reached at its second address, while the first was silent"
	MovedOne            Counter = "one address of a node with two lapsed"
	Returned            Counter = "a node that came back after its lease had ended"
	Displaced           Counter = "a node that lost its id to another"
	OldCursor           Counter = "a cursor from before a restart"
	SecondNode          Counter = "a later node delivered after an earlier one had not"
	DialledWhileClosing Counter = "a client dialled while another link of its was closing"
	ManyClosing         Counter = "a client dialled while all but one of the links that may were closing"
	StaleEntry          Counter = "a client dialled a node that was gone"
	Cut                 Counter = "a stop that ran into the patience of the program"
	LargeFile           Counter = "a file of more than one stretch"
	WaitedForHash       Counter = "a client waited for a file to be hashed"
	WrongGroup          Counter = "a group that did not match the tree"
	Resumed             Counter = "a fetch resumed an earlier one"
	FalseClaim          Counter = "a journal claimed a group that was not there"
	FalseLeftovers      Counter = "leftovers of an earlier try were not the content, and were dropped"
	AlreadyThere        Counter = "a wanted file was there already"
	TwoSources          Counter = "a file came from two nodes at once"
	Preferred           Counter = "a fetch delivered the content of an earlier try's part, and nodes had another one"
	PreferredGone       Counter = "no node had the content of an earlier try's part any more, and another one was fetched"
	OtherVariant        Counter = "a fetch changed to another content of its name"
	OtherThere          Counter = "another content was there where a file was to go"
	Mirrored            Counter = "a node shared a file that it had fetched"
	ToldHolders         Counter = "a relay named holders"
	LeftOut             Counter = "a relay left out nodes whose complete index lacks the file"
	Resynced            Counter = "a relay asked for a whole index"
	Spaced              Counter = "a lease was longer than usual, because there were many"
	DroppedInDoubt      Counter = "a node's earlier index was dropped, because no page confirmed it"
	TooMuchPublished    Counter = "a node published more than the relay keeps"
	GatherTogether      Counter = "several files came over one link and were committed together"
	GatherNextNode      Counter = "a file that one node did not give came over a shared link from another"
	GatherOvertook      Counter = "an idle node brought a file that a slow one had not"
	GatherLost          Counter = "many files were fetched although a node was lost"
	GatherLied          Counter = "many files were fetched although a node lied"
	GatherHashing       Counter = "a client that fetches many files waited for one to be hashed"
	GatherAlone         Counter = "a file of many groups was fetched after many files"
	GatherNames         Counter = "a content came once for several names"
	GatherSpares        Counter = "a content with several names was gone, and each was fetched for itself"
	GatherReplaced      Counter = "one of many files was another content than listed"
	GatherVariant       Counter = "one content of several of a listed name was picked"
	GatherClash         Counter = "listed names could not lie side by side"
	GatherGivenUp       Counter = "files of nodes that had failed with many others were given up"
	GatherUnplaced      Counter = "a commit failed for some of several files"
	GatherAgain         Counter = "the process of a client that fetches many files was killed, and it was done again"
	ReadInside          Counter = "a group of a larger file was read by itself"
	ReadAgain           Counter = "what could not be read was read later"
	RotNoticed          Counter = "a node noticed that bits of a file had rotted, because a client called them wrong"
	PublishedPending    Counter = "a node published a name whose file was not hashed yet"
	PublishedOpaque     Counter = "a node published a name whose file it could not read"
	SaidIndexing        Counter = "a node had not hashed all files yet when it was asked for a content"
	HeardBadEntries     Counter = "a client left bad entries out of a list"
	Withheld            Counter = "a relay counted nodes that a client cannot reach"
	WasYoung            Counter = "a relay that had been restarted was young"
	WasTooEarly         Counter = "a file was not found, and it was too early to be certain"
	WentOn              Counter = "a node published only the changes since its last page"
	Redated             Counter = "a node published another date of a file whose content had stayed"
)

// Counters lists all counters.
var Counters = []Counter{
	WaitedForTurn, SaidBusy, HeardBusy,
	StaleTimer, TurnedAway, ResetInFrame, EndInFrame, EndInBody, UnreadClose, SpoiledBody,
	ChangedMidway, ExpiredLease, StaleLeave, StaleRegister, Moved, WrongPeer, Downgrade, Truncated, LostAwait, AskedThrough, AskedAhead, JoinedAhead, CameThrough, AskedAgain, TakenBack, ToldWhy, NotReached, ReachedAgain, LateProof, FirstContact, Stranger, Entered, NotTheirs, OtherAddress, MovedOne, Returned, Displaced, OldCursor,
	SecondNode, StaleEntry, DialledWhileClosing, ManyClosing, Cut, LargeFile, WaitedForHash, WrongGroup, Resumed, Preferred,
	PreferredGone, FalseClaim, FalseLeftovers, AlreadyThere, TwoSources, OtherVariant, OtherThere,
	GatherTogether, GatherNextNode, GatherOvertook, GatherLost, GatherLied, GatherHashing, GatherAlone, GatherNames, GatherSpares,
	GatherReplaced, GatherVariant, GatherClash, GatherGivenUp, GatherUnplaced, GatherAgain,
	Mirrored, ToldHolders, LeftOut, Resynced, ReadInside, ReadAgain, RotNoticed, PublishedPending, PublishedOpaque, SaidIndexing, WasYoung, Withheld, WasTooEarly, HeardBadEntries, WentOn, Redated, Spaced, DroppedInDoubt, TooMuchPublished,
}

// cellKey is a cell of a table without a row: a kind of message that a state does not allow.
type cellKey struct {
	kind    machineKind
	state   string
	message protocol.Kind
}

// String names the cell.
func (k cellKey) String() string {
	return fmt.Sprintf("%s: %s hears %s", tables[k.kind].name, k.state, k.message)
}

// Coverage counts the rows, cells, faults and situations of runs.
type Coverage struct {
	Rows     map[rowKey]int
	Illegal  map[cellKey]int
	Faults   map[scenario.Class]int // effects of faults of the class
	Counters map[Counter]int
}

// NewCoverage returns an empty Coverage.
func NewCoverage() *Coverage {
	return &Coverage{map[rowKey]int{}, map[cellKey]int{}, map[scenario.Class]int{}, map[Counter]int{}}
}

func (c *Coverage) row(kind machineKind, t roles.Transition) {
	c.Rows[rowKey{kind, t.From, t.Event}]++
}
func (c *Coverage) illegal(kind machineKind, state string, message protocol.Kind) {
	c.Illegal[cellKey{kind, state, message}]++
}
func (c *Coverage) fault(class scenario.Class) { c.Faults[class]++ }
func (c *Coverage) sometimes(name Counter)     { c.Counters[name]++ }

// Add adds another's counts.
func (c *Coverage) Add(o *Coverage) {
	for k, n := range o.Rows {
		c.Rows[k] += n
	}
	for k, n := range o.Illegal {
		c.Illegal[k] += n
	}
	for k, n := range o.Faults {
		c.Faults[k] += n
	}
	for k, n := range o.Counters {
		c.Counters[k] += n
	}
}

// unreached are rows for inputs that a transport could give a machine and never does, with the
// reason.
var unreached = map[rowKey]string{
	{pipelineKind, "Doubting", "BodyMoved"}: "a file of one group has come whole when it is judged",
	{pipelineKind, "Doubting", "PeerEnded"}: "a file of one group has come whole when it is judged",
	{sourceKind, "New", "Stopped"}:          "a fetch has no source that has not begun",
	{sessionKind, "Waiting", "Revoked"}:     "in the world no answer to a member is so long that a list waits for its room",
	{sessionKind, "Entering", "Lost"}:       "a session sends nothing while it admits a peer",
	{uploadKind, "Listening", "Stranger"}:   "the nodes of the world serve everybody",
	{uploadKind, "Waiting", "Lost"}:         "an upload says nothing while a body waits for its turn; in the world what it has said before fails at once",
	{uploadKind, "Idle", "Stranger"}:        "the nodes of the world serve everybody",
	{sessionKind, "Unproven", "Lost"}:       "a session sends nothing while a node waits for its turn",
	{sessionKind, "Proving", "Lost"}:        "a session sends nothing while an address is proven",
	{sessionKind, "Joining", "Lost"}:        "a session reads nothing while the other end of its circuit is awaited",
	{sessionKind, "Awaiting", "Stranger"}:   "in the world a node is admitted as one, or not at all",
	{wayKind, "New", "Stopped"}:             "a visit has no way that has not begun",
	{sessionKind, "Waiting", "Lost"}:        "a session sends nothing while a list waits; in the world what it has said before fails at once",
}

// Missing returns everything that did not occur.
func (c *Coverage) Missing() []string {
	var missing []string
	for kind, g := range tables {
		for _, row := range g.rows {
			switch why := unreached[row]; {
			case why == "" && c.Rows[row] == 0:
				missing = append(missing, "row: "+row.String())
			case why != "" && c.Rows[row] > 0:
				missing = append(missing, fmt.Sprintf("a reason to say of %s that %s", row, why))
			}
		}
		for _, cell := range g.illegalCells(machineKind(kind)) {
			if c.Illegal[cell] == 0 {
				missing = append(missing, "illegal: "+cell.String())
			}
		}
	}
	for i := range scenario.Classes {
		if c.Faults[scenario.Classes[i].Class] == 0 {
			missing = append(missing, "fault: "+string(scenario.Classes[i].Class))
		}
	}
	for _, counter := range Counters {
		if c.Counters[counter] == 0 {
			missing = append(missing, "sometimes: "+string(counter))
		}
	}
	return missing
}

// illegalCells returns all pairs of a state that waits for a message and a kind of message that it
// does not allow.
func (g *grammar) illegalCells(kind machineKind) []cellKey {
	var cells []cellKey
	for state, allowed := range g.hears {
		for i := range protocol.Kinds {
			if k := protocol.Kinds[i].Kind; !allowed[k] {
				cells = append(cells, cellKey{kind, state, k})
			}
		}
	}
	sort.Slice(cells, func(i, j int) bool { return cells[i].String() < cells[j].String() })
	return cells
}

// Write writes the table of counts.
func (c *Coverage) Write(out io.Writer) {
	for kind, g := range tables {
		for _, row := range g.rows {
			fmt.Fprintf(out, "%9d  row      %s\n", c.Rows[row], row)
		}
		for _, cell := range g.illegalCells(machineKind(kind)) {
			fmt.Fprintf(out, "%9d  illegal  %s\n", c.Illegal[cell], cell)
		}
	}
	for i := range scenario.Classes {
		fmt.Fprintf(out, "%9d  fault    %s: %s\n", c.Faults[scenario.Classes[i].Class], scenario.Classes[i].Class, scenario.Classes[i].Means)
	}
	for _, counter := range Counters {
		fmt.Fprintf(out, "%9d  sometimes %s\n", c.Counters[counter], counter)
	}
}
