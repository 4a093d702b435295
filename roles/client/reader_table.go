package client

import (
	"github.com/relaypeer/relaypeer/roles"
)

// ReaderState is a state of a Reader.
type ReaderState string

// ReaderEvent is an event of a Reader.
type ReaderEvent string

// The states of a Reader.
const (
	ReaderNew         ReaderState = "New"
	ReaderAskingRelay ReaderState = "AskingRelay"
	ReaderChoosing    ReaderState = "Choosing"
	ReaderOpening     ReaderState = "Opening"
	ReaderReading     ReaderState = "Reading"
	ReaderWaiting     ReaderState = "Waiting"
	ReaderHolding     ReaderState = "Holding"
	ReaderResting     ReaderState = "Resting"
	ReaderClosing     ReaderState = "Closing"
	ReaderClosed      ReaderState = "Closed"
	ReaderFailed      ReaderState = "Failed"
)

// The events of a Reader.
const (
	readerStarted     ReaderEvent = "Started"
	readerMisnamed    ReaderEvent = "Misnamed"
	readerLocated     ReaderEvent = "Located"
	readerNotLocated  ReaderEvent = "NotLocated"
	readerNextNode    ReaderEvent = "NextNode"
	readerNextSource  ReaderEvent = "NextSource"
	readerNextPage    ReaderEvent = "NextPage"
	readerAllBusy     ReaderEvent = "AllBusy"
	readerBusyOver    ReaderEvent = "BusyOver"
	readerGiveUp      ReaderEvent = "GiveUp"
	readerUnread      ReaderEvent = "Unread"
	readerPinned      ReaderEvent = "Pinned"
	readerWanted      ReaderEvent = "Wanted"
	readerGroupHad    ReaderEvent = "GroupHad"
	readerAllHad      ReaderEvent = "AllHad"
	readerSourceLeft  ReaderEvent = "SourceLeft"
	readerStoreFailed ReaderEvent = "StoreFailed"
	readerImpatient   ReaderEvent = "Impatient"
	readerStale       ReaderEvent = "Stale"
	readerAllClosed   ReaderEvent = "AllClosed"
	readerStopped     ReaderEvent = "Stopped"
)

var readerRow = roles.NewRow[ReaderState, ReaderEvent]

// ReaderTable returns the table that governs the reading of a file at any place. What is said to relay and nodes is
// governed by QueryTable and SourceTable.
func ReaderTable() *roles.Table[ReaderState, ReaderEvent] { return readerGrammar.Table() }

var readerGrammar = roles.NewGrammar(func() roles.Table[ReaderState, ReaderEvent] {
	return roles.Table[ReaderState, ReaderEvent]{
		Name: "client.Reader",
		States: []roles.State[ReaderState]{
			{Name: ReaderNew, Means: "Nothing has happened yet."},
			{Name: ReaderAskingRelay, Nested: true, WaitFrom: "those of its Query",
				Means: "The relay is being asked for a page of nodes, once its last link is closed; no node is asked for anything."},
			{Name: ReaderChoosing, Passing: true,
				Means: "Nobody is asked for anything; what has been heard so far decides what is next. Links that we have half-closed go on closing."},
			{Name: ReaderOpening, Nested: true, WaitFrom: "those of its Source, and DialPatience and GroupPatience while another node waits for its turn",
				Means: "A node is being asked what the file is, once the link to the one before the last is closed."},
			{Name: ReaderReading, Nested: true, WaitFrom: "those of its Source, and DialPatience and GroupPatience while another node waits for its turn",
				Means: "Groups are wanted, and a node is asked for them, once the link to the one before the last is closed."},
			{Name: ReaderWaiting, WaitFrom: "the retry-after of the node that is due first, as in a Fetch",
				Means: "Nobody is left to ask but nodes that are busy; when the wait is over the first of them is asked again."},
			{Name: ReaderHolding, Nested: true, WaitFrom: "HoldTimeout, its Source's",
				Means: "Nothing is wanted. The link to the node is kept, for reading often goes on."},
			{Name: ReaderResting, Wait: roles.LeaseTTL,
				Means: "Nothing is wanted, and no link is open that we have not half-closed."},
			{Name: ReaderClosing, Nested: true, WaitFrom: "those of its Sources and its Query: CloseTimeout",
				Means: "There is nothing to read; the links that we have half-closed go on closing."},
			{Name: ReaderClosed, Final: true, Means: "The owner does not read any more."},
			{Name: ReaderFailed, Final: true, Means: "There is nothing to read: no node told what the file is, or our own store failed."},
		},
		Events: []roles.Event[ReaderEvent]{
			{Name: readerStarted, Means: "a file is to be read"},
			{Name: readerMisnamed, Means: "a file is to be read, by a name that breaks the name rule"},
			{Name: readerLocated, Means: "the relay has sent a page of nodes, and its link is half-closed"},
			{Name: readerNotLocated, Means: "the relay could not be asked, or refused, and its link is half-closed, or gone"},
			{Name: readerNextNode, Means: "a node has not been asked yet, and the content is not pinned"},
			{Name: readerNextSource, Means: "a node has not been asked yet, and the content is pinned"},
			{Name: readerNextPage, Means: "all nodes so far have been asked, and the relay may know others"},
			{Name: readerAllBusy, Means: "nobody is left to ask, but some nodes have said that they are busy, less than MaxBusyVisits times in a row"},
			{Name: readerBusyOver, Deadline: true, Means: "a busy node has been left alone for as long as it asked for"},
			{Name: readerGiveUp, Means: "nobody is left to ask, and the content is not pinned"},
			{Name: readerUnread, Means: "nobody is left to ask, and the content is pinned"},
			{Name: readerPinned, Means: "a node has told what the file is: the first content that any node has, or the one that is wanted"},
			{Name: readerWanted, Means: "the owner lacks groups"},
			{Name: readerGroupHad, Means: "a group that is wanted is verified and stored"},
			{Name: readerAllHad, Means: "the last group that is wanted is verified and stored"},
			{Name: readerSourceLeft, Means: "the node's link is half-closed, or gone"},
			{Name: readerStoreFailed, Means: "our own store did not take a group"},
			{Name: readerImpatient, Deadline: true, Means: "for DialPatience the node has not said what the file is, or for GroupPatience it has brought no verified group, and another one waits for its turn"},
			{Name: readerStale, Deadline: true, Means: "for as long as a lease lasts nothing was wanted"},
			{Name: readerAllClosed, Means: "every link is closed"},
			{Name: readerStopped, Means: "the owner does not read any more"},
		},
		Rows: []roles.Row[ReaderState, ReaderEvent]{
			readerRow([]ReaderState{ReaderNew}, readerStarted, ReaderAskingRelay, "only the relay knows who is there"),
			readerRow([]ReaderState{ReaderNew}, readerMisnamed, ReaderFailed, "no node may have it, so nobody is asked"),
			readerRow([]ReaderState{ReaderAskingRelay}, readerLocated, ReaderChoosing, "its nodes are noted; the relay is not needed for them any more"),
			readerRow([]ReaderState{ReaderAskingRelay}, readerNotLocated, ReaderChoosing, "there may be nodes from an earlier page"),
			readerRow([]ReaderState{ReaderChoosing}, readerNextNode, ReaderOpening, "in the relay's order"),
			readerRow([]ReaderState{ReaderChoosing}, readerNextSource, ReaderReading, "the node that was read from last, then the others in the relay's order"),
			readerRow([]ReaderState{ReaderChoosing}, readerNextPage, ReaderAskingRelay, "somebody else may have it, or have it by now"),
			readerRow([]ReaderState{ReaderChoosing}, readerAllBusy, ReaderWaiting, "busy is no refusal for good: nodes that are not are asked first"),
			readerRow([]ReaderState{ReaderWaiting}, readerBusyOver, ReaderChoosing, "it may have room by now"),
			readerRow([]ReaderState{ReaderChoosing}, readerGiveUp, ReaderClosing, "there is nothing to read"),
			readerRow([]ReaderState{ReaderClosing}, readerAllClosed, ReaderFailed, "the report names each node that was passed over, with a code"),
			readerRow([]ReaderState{ReaderChoosing}, readerUnread, ReaderResting, "the owner is told, and may want it again: nodes come back"),
			readerRow([]ReaderState{ReaderOpening}, readerPinned, ReaderHolding, "whatever is read is of this content: pieces of two contents are no file"),
			readerRow([]ReaderState{ReaderHolding}, readerWanted, ReaderReading, "over the link that is there"),
			readerRow([]ReaderState{ReaderResting}, readerWanted, ReaderChoosing, "a node is dialed again"),
			readerRow([]ReaderState{ReaderAskingRelay, ReaderReading, ReaderWaiting}, readerWanted, "", "it replaces what was wanted before; what is on its way still comes"),
			readerRow([]ReaderState{ReaderReading}, readerGroupHad, "", "the owner has it, whatever becomes of the node"),
			readerRow([]ReaderState{ReaderReading}, readerAllHad, ReaderHolding, "nothing is wanted for now"),
			readerRow([]ReaderState{ReaderOpening, ReaderReading}, readerSourceLeft, ReaderChoosing, "the next node may do better"),
			readerRow([]ReaderState{ReaderHolding}, readerSourceLeft, ReaderResting, "nobody is asked before something is wanted"),
			readerRow([]ReaderState{ReaderReading, ReaderHolding}, readerStoreFailed, ReaderFailed, "no node can help with our own store"),
			readerRow([]ReaderState{ReaderOpening}, readerImpatient, ReaderOpening, "the node is hung up, and comes back last"),
			readerRow([]ReaderState{ReaderReading}, readerImpatient, ReaderReading, "the node is hung up, and comes back last"),
			readerRow([]ReaderState{ReaderResting}, readerStale, ReaderResting, "what the relay said is forgotten: it is asked again before the next node is dialed"),
			readerRow([]ReaderState{ReaderNew, ReaderAskingRelay, ReaderOpening, ReaderReading, ReaderWaiting, ReaderHolding, ReaderResting, ReaderClosing}, readerStopped, ReaderClosed, "no answer need be waited for"),
		},
	}
})
