package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// State is a state of a Fetch.
type FetchState string

// Event is an event of a Fetch.
type FetchEvent string

// The states of a Fetch.
const (
	FetchNew         FetchState = "New"
	FetchAskingRelay FetchState = "AskingRelay"
	FetchChoosing    FetchState = "Choosing"
	FetchSeeking     FetchState = "Seeking"
	FetchOpening     FetchState = "Opening"
	Fetching         FetchState = "Fetching"
	FetchFinishing   FetchState = "Finishing"
	FetchDone        FetchState = "Done"
	FetchNotFound    FetchState = "NotFound"
	FetchFailed      FetchState = "Failed"
)

// The events of a Fetch.
const (
	FetchStarted       FetchEvent = "Started"
	FetchMisnamed      FetchEvent = "Misnamed"
	FetchLocated       FetchEvent = "Located"
	FetchNotLocated    FetchEvent = "NotLocated"
	FetchNextNode      FetchEvent = "NextNode"
	FetchNextSource    FetchEvent = "NextSource"
	FetchNextPage      FetchEvent = "NextPage"
	FetchStartAnew     FetchEvent = "StartAnew"
	FetchNobodyHasIt   FetchEvent = "NobodyHasIt"
	FetchGiveUp        FetchEvent = "GiveUp"
	FetchImpatient     FetchEvent = "Impatient"
	FetchContentKnown  FetchEvent = "ContentKnown"
	FetchStoreChecked  FetchEvent = "StoreChecked"
	FetchStoreStuck    FetchEvent = "StoreStuck"
	FetchStoreOpened   FetchEvent = "StoreOpened"
	FetchStoreComplete FetchEvent = "StoreComplete"
	FetchStoreFailed   FetchEvent = "StoreFailed"
	FetchGroupHad      FetchEvent = "GroupHad"
	FetchAllHad        FetchEvent = "AllHad"
	FetchSourceLeft    FetchEvent = "SourceLeft"
	FetchLastLeft      FetchEvent = "LastLeft"
	FetchExpired       FetchEvent = "Expired"
	FetchStopped       FetchEvent = "Stopped"
)

var fetchRow = roles.NewRow[FetchState, FetchEvent]

// FetchTable governs the fetching of one file. What is said to relay and nodes is governed by QueryTable and SourceTable.
var FetchTable = &roles.Table[FetchState, FetchEvent]{
	Name: "client.Fetch",
	States: []roles.State[FetchState]{
		{Name: FetchNew, Means: "Nothing has happened yet."},
		{Name: FetchAskingRelay, Nested: true, WaitFrom: "those of its Query",
			Means: "The relay is being asked for a page of nodes; no node has a link."},
		{Name: FetchChoosing, Passing: true,
			Means: "No link is open; what has been heard so far decides what is next."},
		{Name: FetchSeeking, Nested: true, WaitFrom: "those of its Sources, and DialPatience while another node could be dialed beside them",
			Means: "A node is being asked what the file is; with several sources another one beside it if it is slow."},
		{Name: FetchOpening, Wait: protocol.DiskTimeout,
			Means: "The content is known; the store makes ready for it, and says what it has of it. Sources wait."},
		{Name: Fetching, Nested: true, WaitFrom: "those of its Sources, and DialPatience while another node could be dialed beside them",
			Means: "Groups are missing, and sources bring them: each takes from the Picker what it is to ask for."},
		{Name: FetchFinishing, Nested: true, WaitFrom: "those of its Sources",
			Means: "All groups are in the store; the links are being closed."},
		{Name: FetchDone, Final: true, Means: "The file is here, whole."},
		{Name: FetchNotFound, Final: true, Means: "Every listed node was asked and said that it does not have the file, or none is listed."},
		{Name: FetchFailed, Final: true, Means: "The file could not be had, and that is not because nobody has it."},
	},
	Events: []roles.Event[FetchEvent]{
		{Name: FetchStarted, Means: "a file is wanted"},
		{Name: FetchMisnamed, Means: "a file is wanted, by a name that breaks the name rule"},
		{Name: FetchLocated, Means: "the relay has sent a page of nodes, and its link is closed"},
		{Name: FetchNotLocated, Means: "the relay could not be asked, or refused, and its link is closed"},
		{Name: FetchNextNode, Means: "a node has not been asked yet, and the store is not open"},
		{Name: FetchNextSource, Means: "a node has not been asked yet, and the store is open"},
		{Name: FetchNextPage, Means: "all nodes so far have been asked, and the relay has more"},
		{Name: FetchStartAnew, Means: "nobody is left to ask for this content, or only liars speak for it, and some nodes have another one under the name"},
		{Name: FetchNobodyHasIt, Means: "all nodes have been asked, and each said that it does not have the file"},
		{Name: FetchGiveUp, Means: "nothing is left to try, and not every node said that it does not have the file"},
		{Name: FetchImpatient, Deadline: true, Means: "for DialPatience the latest node has not said what the file is, and another one could be asked"},
		{Name: FetchContentKnown, Means: "a source has a node that has the content: the first that any node has, or the one that is wanted"},
		{Name: FetchStoreChecked, Means: "the store has verified more of what an earlier try left"},
		{Name: FetchStoreStuck, Means: "the store is verifying what an earlier try left, but has not got on"},
		{Name: FetchStoreOpened, Means: "the store is ready, and groups are missing"},
		{Name: FetchStoreComplete, Means: "the store is ready, and nothing is missing"},
		{Name: FetchStoreFailed, Means: "our own disk failed"},
		{Name: FetchGroupHad, Means: "another group is verified and stored"},
		{Name: FetchAllHad, Means: "the last missing group is verified and stored"},
		{Name: FetchSourceLeft, Means: "a source has closed its link"},
		{Name: FetchLastLeft, Means: "no link is open any more"},
		{Name: FetchExpired, Deadline: true, Means: "the state's deadline passed"},
		{Name: FetchStopped, Means: "the user does not want to wait any more"},
	},
	Rows: []roles.Row[FetchState, FetchEvent]{
		fetchRow([]FetchState{FetchNew}, FetchStarted, FetchAskingRelay, "only the relay knows who is there"),
		fetchRow([]FetchState{FetchNew}, FetchMisnamed, FetchFailed, "no node may have it, so nobody is asked"),
		fetchRow([]FetchState{FetchAskingRelay}, FetchLocated, FetchChoosing, "its nodes are noted; the relay is not needed for them any more"),
		fetchRow([]FetchState{FetchAskingRelay}, FetchNotLocated, FetchChoosing, "there may be nodes from an earlier page that are worth another visit"),
		fetchRow([]FetchState{FetchChoosing}, FetchNextNode, FetchSeeking, "in the relay's order"),
		fetchRow([]FetchState{FetchChoosing}, FetchNextSource, Fetching, "in the relay's order"),
		fetchRow([]FetchState{FetchChoosing}, FetchNextPage, FetchAskingRelay, "somebody further down the list may have it"),
		fetchRow([]FetchState{FetchChoosing}, FetchStartAnew, FetchSeeking, "any one content is better than none"),
		fetchRow([]FetchState{FetchChoosing}, FetchNobodyHasIt, FetchNotFound, "this is certain"),
		fetchRow([]FetchState{FetchChoosing}, FetchGiveUp, FetchFailed, "the report names each node that was passed over, with a code"),
		fetchRow([]FetchState{FetchSeeking}, FetchImpatient, FetchSeeking, "a dead node costs no more than this, where several may be asked"),
		fetchRow([]FetchState{Fetching}, FetchImpatient, Fetching, "a dead node costs no more than this, where several may be asked"),
		fetchRow([]FetchState{FetchSeeking}, FetchContentKnown, FetchOpening, "it stays the content of this fetch; an earlier try may have left some of it"),
		fetchRow([]FetchState{FetchOpening}, FetchStoreChecked, FetchOpening, "whoever gets on is waited for"),
		fetchRow([]FetchState{FetchOpening}, FetchStoreStuck, "", "the deadline runs on"),
		fetchRow([]FetchState{FetchOpening}, FetchStoreOpened, Fetching, "only what is missing is fetched"),
		fetchRow([]FetchState{FetchOpening}, FetchStoreComplete, FetchFinishing, "an empty file, or one that an earlier try has fetched whole"),
		fetchRow([]FetchState{FetchOpening, Fetching, FetchFinishing}, FetchStoreFailed, FetchFailed, "no node can help with our own disk"),
		fetchRow([]FetchState{FetchOpening}, FetchExpired, FetchFailed, "our disk hangs"),
		fetchRow([]FetchState{Fetching}, FetchGroupHad, "", "it stays had, whatever becomes of the source"),
		fetchRow([]FetchState{Fetching}, FetchAllHad, FetchFinishing, "whole, and verified; who has not delivered yet is not waited for"),
		fetchRow([]FetchState{FetchSeeking, FetchOpening, Fetching, FetchFinishing}, FetchSourceLeft, "", "the others go on, and the store"),
		fetchRow([]FetchState{FetchSeeking, Fetching}, FetchLastLeft, FetchChoosing, "the next node may do better"),
		fetchRow([]FetchState{FetchFinishing}, FetchLastLeft, FetchDone, "the file is there and every link is closed"),
		fetchRow([]FetchState{FetchNew, FetchAskingRelay, FetchSeeking, FetchOpening, Fetching, FetchFinishing}, FetchStopped, FetchFailed, "the user need not wait for anybody"),
	},
}
