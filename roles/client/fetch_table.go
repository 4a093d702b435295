package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// State is a state of a Fetch.
type State string

// Event is an event of a Fetch.
type Event string

// The states of a Fetch.
const (
	New         State = "New"
	AskingRelay State = "AskingRelay"
	Choosing    State = "Choosing"
	Seeking     State = "Seeking"
	Opening     State = "Opening"
	Fetching    State = "Fetching"
	Finishing   State = "Finishing"
	Done        State = "Done"
	NotFound    State = "NotFound"
	Failed      State = "Failed"
)

// The events of a Fetch.
const (
	Started       Event = "Started"
	Misnamed      Event = "Misnamed"
	Located       Event = "Located"
	NotLocated    Event = "NotLocated"
	NextNode      Event = "NextNode"
	NextSource    Event = "NextSource"
	NextPage      Event = "NextPage"
	StartAnew     Event = "StartAnew"
	NobodyHasIt   Event = "NobodyHasIt"
	GiveUp        Event = "GiveUp"
	Impatient     Event = "Impatient"
	ContentKnown  Event = "ContentKnown"
	StoreChecked  Event = "StoreChecked"
	StoreStuck    Event = "StoreStuck"
	StoreOpened   Event = "StoreOpened"
	StoreComplete Event = "StoreComplete"
	StoreFailed   Event = "StoreFailed"
	GroupHad      Event = "GroupHad"
	AllHad        Event = "AllHad"
	SourceLeft    Event = "SourceLeft"
	LastLeft      Event = "LastLeft"
	Expired       Event = "Expired"
	Stopped       Event = "Stopped"
)

var row = roles.NewRow[State, Event]

// FetchTable governs the fetching of one file. What is said to relay and nodes is governed by QueryTable and SourceTable.
var FetchTable = &roles.Table[State, Event]{
	Name: "client.Fetch",
	States: []roles.State[State]{
		{Name: New, Means: "Nothing has happened yet."},
		{Name: AskingRelay, Nested: true, WaitFrom: "those of its Query",
			Means: "The relay is being asked for a page of nodes; no node has a link."},
		{Name: Choosing, Passing: true,
			Means: "No link is open; what has been heard so far decides what is next."},
		{Name: Seeking, Nested: true, WaitFrom: "those of its Sources, and DialPatience while another node could be dialed beside them",
			Means: "A node is being asked what the file is; with several sources another one beside it if it is slow."},
		{Name: Opening, Wait: protocol.DiskTimeout,
			Means: "The content is known; the store makes ready for it, and says what it has of it. Sources wait."},
		{Name: Fetching, Nested: true, WaitFrom: "those of its Sources, and DialPatience while another node could be dialed beside them",
			Means: "Groups are missing, and sources bring them: each takes from the Plan what it is to ask for."},
		{Name: Finishing, Nested: true, WaitFrom: "those of its Sources",
			Means: "All groups are in the store; the links are being closed."},
		{Name: Done, Final: true, Means: "The file is here, whole."},
		{Name: NotFound, Final: true, Means: "Every listed node was asked and said that it does not have the file, or none is listed."},
		{Name: Failed, Final: true, Means: "The file could not be had, and that is not because nobody has it."},
	},
	Events: []roles.Event[Event]{
		{Name: Started, Means: "a file is wanted"},
		{Name: Misnamed, Means: "a file is wanted, by a name that breaks the name rule"},
		{Name: Located, Means: "the relay has sent a page of nodes, and its link is closed"},
		{Name: NotLocated, Means: "the relay could not be asked, or refused, and its link is closed"},
		{Name: NextNode, Means: "a node has not been asked yet, and the store is not open"},
		{Name: NextSource, Means: "a node has not been asked yet, and the store is open"},
		{Name: NextPage, Means: "all nodes so far have been asked, and the relay has more"},
		{Name: StartAnew, Means: "nobody is left to ask for this content, or only liars speak for it, and some nodes have another one under the name"},
		{Name: NobodyHasIt, Means: "all nodes have been asked, and each said that it does not have the file"},
		{Name: GiveUp, Means: "nothing is left to try, and not every node said that it does not have the file"},
		{Name: Impatient, Deadline: true, Means: "for DialPatience the latest node has not said what the file is, and another one could be asked"},
		{Name: ContentKnown, Means: "a source has a node that has the content: the first that any node has, or the one that is wanted"},
		{Name: StoreChecked, Means: "the store has verified more of what an earlier try left"},
		{Name: StoreStuck, Means: "the store is verifying what an earlier try left, but has not got on"},
		{Name: StoreOpened, Means: "the store is ready, and groups are missing"},
		{Name: StoreComplete, Means: "the store is ready, and nothing is missing"},
		{Name: StoreFailed, Means: "our own disk failed"},
		{Name: GroupHad, Means: "another group is verified and stored"},
		{Name: AllHad, Means: "the last missing group is verified and stored"},
		{Name: SourceLeft, Means: "a source has closed its link"},
		{Name: LastLeft, Means: "no link is open any more"},
		{Name: Expired, Deadline: true, Means: "the state's deadline passed"},
		{Name: Stopped, Means: "the user does not want to wait any more"},
	},
	Rows: []roles.Row[State, Event]{
		row([]State{New}, Started, AskingRelay, "only the relay knows who is there"),
		row([]State{New}, Misnamed, Failed, "no node may have it, so nobody is asked"),
		row([]State{AskingRelay}, Located, Choosing, "its nodes are noted; the relay is not needed for them any more"),
		row([]State{AskingRelay}, NotLocated, Choosing, "there may be nodes from an earlier page that are worth another visit"),
		row([]State{Choosing}, NextNode, Seeking, "in the relay's order"),
		row([]State{Choosing}, NextSource, Fetching, "in the relay's order"),
		row([]State{Choosing}, NextPage, AskingRelay, "somebody further down the list may have it"),
		row([]State{Choosing}, StartAnew, Seeking, "any one content is better than none"),
		row([]State{Choosing}, NobodyHasIt, NotFound, "this is certain"),
		row([]State{Choosing}, GiveUp, Failed, "the report names each node that was passed over, with a code"),
		row([]State{Seeking}, Impatient, Seeking, "a dead node costs no more than this, where several may be asked"),
		row([]State{Fetching}, Impatient, Fetching, "a dead node costs no more than this, where several may be asked"),
		row([]State{Seeking}, ContentKnown, Opening, "it stays the content of this fetch; an earlier try may have left some of it"),
		row([]State{Opening}, StoreChecked, Opening, "whoever gets on is waited for"),
		row([]State{Opening}, StoreStuck, "", "the deadline runs on"),
		row([]State{Opening}, StoreOpened, Fetching, "only what is missing is fetched"),
		row([]State{Opening}, StoreComplete, Finishing, "an empty file, or one that an earlier try has fetched whole"),
		row([]State{Opening, Fetching, Finishing}, StoreFailed, Failed, "no node can help with our own disk"),
		row([]State{Opening}, Expired, Failed, "our disk hangs"),
		row([]State{Fetching}, GroupHad, "", "it stays had, whatever becomes of the source"),
		row([]State{Fetching}, AllHad, Finishing, "whole, and verified; who has not delivered yet is not waited for"),
		row([]State{Seeking, Opening, Fetching, Finishing}, SourceLeft, "", "the others go on, and the store"),
		row([]State{Seeking, Fetching}, LastLeft, Choosing, "the next node may do better"),
		row([]State{Finishing}, LastLeft, Done, "the file is there and every link is closed"),
		row([]State{New, AskingRelay, Seeking, Opening, Fetching, Finishing}, Stopped, Failed, "the user need not wait for anybody"),
	},
}
