package client

import (
	"github.com/relaypeer/relaypeer/roles"
)

// FetchState is a state of a Fetch.
type FetchState string

// FetchEvent is an event of a Fetch.
type FetchEvent string

// The states of a Fetch.
const (
	FetchNew         FetchState = "New"
	FetchInspecting  FetchState = "Inspecting"
	FetchAskingRelay FetchState = "AskingRelay"
	FetchChoosing    FetchState = "Choosing"
	FetchWaiting     FetchState = "Waiting"
	FetchSeeking     FetchState = "Seeking"
	FetchOpening     FetchState = "Opening"
	FetchFetching    FetchState = "Fetching"
	FetchFinishing   FetchState = "Finishing"
	FetchCommitting  FetchState = "Committing"
	FetchClosing     FetchState = "Closing"
	FetchDone        FetchState = "Done"
	FetchNotFound    FetchState = "NotFound"
	FetchFailed      FetchState = "Failed"
)

// The events of a Fetch.
const (
	fetchStarted       FetchEvent = "Started"
	fetchInspected     FetchEvent = "StoreInspected"
	fetchMisnamed      FetchEvent = "Misnamed"
	fetchLocated       FetchEvent = "Located"
	fetchNotLocated    FetchEvent = "NotLocated"
	fetchNextNode      FetchEvent = "NextNode"
	fetchNextSource    FetchEvent = "NextSource"
	fetchNextPage      FetchEvent = "NextPage"
	fetchStartAnew     FetchEvent = "StartAnew"
	fetchNobodyHasIt   FetchEvent = "NobodyHasIt"
	fetchGiveUp        FetchEvent = "GiveUp"
	fetchAllBusy       FetchEvent = "AllBusy"
	fetchBusyOver      FetchEvent = "BusyOver"
	fetchImpatient     FetchEvent = "Impatient"
	fetchContentKnown  FetchEvent = "ContentKnown"
	fetchStoreChecked  FetchEvent = "StoreChecked"
	fetchStoreStuck    FetchEvent = "StoreStuck"
	fetchStoreOpened   FetchEvent = "StoreOpened"
	fetchStoreComplete FetchEvent = "StoreComplete"
	fetchStoreFailed   FetchEvent = "StoreFailed"
	fetchCommitted     FetchEvent = "StoreCommitted"
	fetchGroupHad      FetchEvent = "GroupHad"
	fetchAllHad        FetchEvent = "AllHad"
	fetchSourceLeft    FetchEvent = "SourceLeft"
	fetchLastLeft      FetchEvent = "LastLeft"
	fetchClosedHad     FetchEvent = "Closed, fetched"
	fetchClosedNobody  FetchEvent = "Closed, not found"
	fetchClosedFailed  FetchEvent = "Closed, failed"
	fetchExpired       FetchEvent = "Expired"
	fetchStopped       FetchEvent = "Stopped"
)

var fetchRow = roles.NewRow[FetchState, FetchEvent]

// FetchTable returns the table that governs the fetching of one file. QueryTable and SourceTable
// govern what is said to the relay and to the nodes.
func FetchTable() *roles.Table[FetchState, FetchEvent] { return fetchGrammar.Table() }

var fetchGrammar = roles.NewGrammar(func() roles.Table[FetchState, FetchEvent] {
	return roles.Table[FetchState, FetchEvent]{
		Name: "client.Fetch",
		States: []roles.State[FetchState]{
			{Name: FetchNew, Means: "Nothing has happened yet."},
			{Name: FetchInspecting, Wait: roles.DiskTimeout,
				Means: "The store says of which content an earlier try left a part: that one is preferred."},
			{Name: FetchAskingRelay, Nested: true, WaitFrom: "those of its Query",
				Means: "The relay is being asked for a page of nodes, once its last link is closed; no node is asked for anything."},
			{Name: FetchChoosing, Passing: true,
				Means: "Nobody is asked for anything; what has been heard so far decides what is next. Links that we have half-closed go on closing."},
			{Name: FetchWaiting, WaitFrom: "the retry-after of the node that is due first, doubled for each time in a row, at most BusyMost unless it asks for more and RetryMost then, and up to half of it longer",
				Means: "Nobody is left to ask but nodes that are busy; no link is open that we have not half-closed, and when the wait is over the first of them is asked again."},
			{Name: FetchSeeking, Nested: true, WaitFrom: "those of its Sources, and DialPatience and GroupPatience while another node waits for its turn",
				Means: "A node is being asked what the file is; if it is slow another one beside it, or in its place."},
			{Name: FetchOpening, Wait: roles.DiskTimeout,
				Means: "The content is known; the store makes ready for it, and says what it has of it. Sources wait."},
			{Name: FetchFetching, Nested: true, WaitFrom: "those of its Sources, and DialPatience and GroupPatience while another node waits for its turn",
				Means: "Groups are missing, and sources bring them: each takes from the Picker what it is to ask for."},
			{Name: FetchFinishing, Nested: true, WaitFrom: "those of its Sources",
				Means: "All groups are in the store; the end of a stretch is awaited, so that its link can be half-closed."},
			{Name: FetchCommitting, Wait: roles.CommitTimeout,
				Means: "No link is open that we have not half-closed; the store makes the content durable and puts it in its place."},
			{Name: FetchClosing, Nested: true, WaitFrom: "those of its Sources and its Query: CloseTimeout",
				Means: "The result is certain; the links that we have half-closed go on closing."},
			{Name: FetchDone, Final: true, Means: "The file is here, whole."},
			{Name: FetchNotFound, Final: true, Means: "Every listed node was asked and said that it does not have the file, or none is listed."},
			{Name: FetchFailed, Final: true, Means: "The file could not be had, and that is not because nobody has it."},
		},
		Events: []roles.Event[FetchEvent]{
			{Name: fetchStarted, Means: "a file is wanted"},
			{Name: fetchInspected, Means: "the store has said what an earlier try left"},
			{Name: fetchMisnamed, Means: "a file is wanted, by a name that breaks the name rule"},
			{Name: fetchLocated, Means: "the relay has sent a page of nodes, and what became of a circuit that was asked for behind it is known; its link is half-closed, or gone"},
			{Name: fetchNotLocated, Means: "the relay could not be asked, or refused, and its link is half-closed, or gone"},
			{Name: fetchNextNode, Means: "a node has not been asked yet, and the store is not open"},
			{Name: fetchNextSource, Means: "a node has not been asked yet, and the store is open"},
			{Name: fetchNextPage, Means: "all nodes so far have been asked, and the relay has more"},
			{Name: fetchStartAnew, Means: "nobody is left to ask for this content, or only liars speak for it, and some nodes have another one under the name"},
			{Name: fetchNobodyHasIt, Means: "all nodes have been asked, and each said that it does not have the file"},
			{Name: fetchGiveUp, Means: "nothing is left to try, and not every node said that it does not have the file"},
			{Name: fetchAllBusy, Means: "nobody is left to ask, but some nodes have said that they are busy, less than MaxBusyVisits times in a row"},
			{Name: fetchBusyOver, Deadline: true, Means: "a busy node has been left alone for as long as it asked for"},
			{Name: fetchImpatient, Deadline: true, Means: "for DialPatience a node has not said what the file is, or for GroupPatience one has brought no verified group, and another one waits for its turn"},
			{Name: fetchContentKnown, Means: "a source has a node that has the content: the first that any node has, or the one that is wanted"},
			{Name: fetchStoreChecked, Means: "the store has verified more of what an earlier try left"},
			{Name: fetchStoreStuck, Means: "the store is verifying what an earlier try left, but has not got on"},
			{Name: fetchStoreOpened, Means: "the store is ready, and groups are missing"},
			{Name: fetchStoreComplete, Means: "the store is ready, and nothing is missing"},
			{Name: fetchStoreFailed, Means: "our own disk failed"},
			{Name: fetchCommitted, Means: "the content is durable and in its place"},
			{Name: fetchGroupHad, Means: "another group is verified and stored"},
			{Name: fetchAllHad, Means: "the last missing group is verified and stored"},
			{Name: fetchSourceLeft, Means: "a source has half-closed its link, or lost it"},
			{Name: fetchLastLeft, Means: "no link is open that we have not half-closed, and not MaxClosing others if a node waits for its turn"},
			{Name: fetchClosedHad, Means: "every link is closed, and the file is in its place"},
			{Name: fetchClosedNobody, Means: "every link is closed, and nobody has the file"},
			{Name: fetchClosedFailed, Means: "every link is closed, and the file could not be had"},
			{Name: fetchExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: fetchStopped, Means: "the user does not want to wait any more"},
		},
		Rows: []roles.Row[FetchState, FetchEvent]{
			fetchRow([]FetchState{FetchNew}, fetchStarted, FetchInspecting, "an earlier try may have left some of it"),
			fetchRow([]FetchState{FetchInspecting}, fetchInspected, FetchAskingRelay, "only the relay knows who is there"),
			fetchRow([]FetchState{FetchNew}, fetchMisnamed, FetchFailed, "no node may have it, so nobody is asked"),
			fetchRow([]FetchState{FetchAskingRelay}, fetchLocated, FetchChoosing, "its nodes are noted; the relay is not needed for them any more"),
			fetchRow([]FetchState{FetchAskingRelay}, fetchNotLocated, FetchChoosing, "there may be nodes from an earlier page that are worth another visit"),
			fetchRow([]FetchState{FetchChoosing}, fetchNextNode, FetchSeeking, "in the relay's order"),
			fetchRow([]FetchState{FetchChoosing}, fetchNextSource, FetchFetching, "in the relay's order"),
			fetchRow([]FetchState{FetchChoosing}, fetchNextPage, FetchAskingRelay, "somebody further down the list may have it"),
			fetchRow([]FetchState{FetchChoosing}, fetchStartAnew, FetchSeeking, "any one content is better than none"),
			fetchRow([]FetchState{FetchChoosing}, fetchNobodyHasIt, FetchClosing, "this is certain"),
			fetchRow([]FetchState{FetchChoosing}, fetchGiveUp, FetchClosing, "the report names each node that was passed over, with a code"),
			fetchRow([]FetchState{FetchChoosing}, fetchAllBusy, FetchWaiting, "busy is no refusal for good: nodes that are not are asked first"),
			fetchRow([]FetchState{FetchWaiting}, fetchBusyOver, FetchChoosing, "it may have room by now"),
			fetchRow([]FetchState{FetchSeeking}, fetchImpatient, FetchSeeking, "a dead node, or one that only says that it is busy, costs no more than this: another is asked beside it, or in its place where no more links may be open"),
			fetchRow([]FetchState{FetchFetching}, fetchImpatient, FetchFetching, "a node that brings nothing costs no more than this, whatever it says"),
			fetchRow([]FetchState{FetchSeeking}, fetchContentKnown, FetchOpening, "it stays the content of this fetch; an earlier try may have left some of it"),
			fetchRow([]FetchState{FetchOpening}, fetchStoreChecked, FetchOpening, "a store that gets on is waited for"),
			fetchRow([]FetchState{FetchOpening}, fetchStoreStuck, "", "the deadline runs on"),
			fetchRow([]FetchState{FetchOpening}, fetchStoreOpened, FetchFetching, "only what is missing is fetched"),
			fetchRow([]FetchState{FetchOpening}, fetchStoreComplete, FetchFinishing, "an empty file, or one that an earlier try has fetched whole"),
			fetchRow([]FetchState{FetchInspecting, FetchOpening, FetchFetching, FetchFinishing, FetchCommitting}, fetchStoreFailed, FetchFailed, "no node can help with our own disk"),
			fetchRow([]FetchState{FetchInspecting, FetchOpening, FetchCommitting}, fetchExpired, FetchFailed, "our disk hangs"),
			fetchRow([]FetchState{FetchFetching}, fetchGroupHad, "", "it stays had, whatever becomes of the source"),
			fetchRow([]FetchState{FetchFetching}, fetchAllHad, FetchFinishing, "whole, and verified; a source that has not delivered yet is not waited for"),
			fetchRow([]FetchState{FetchSeeking, FetchOpening, FetchFetching, FetchFinishing}, fetchSourceLeft, "", "the others go on, and the store"),
			fetchRow([]FetchState{FetchSeeking, FetchFetching}, fetchLastLeft, FetchChoosing, "the next node may do better"),
			fetchRow([]FetchState{FetchFinishing}, fetchLastLeft, FetchCommitting, "every group is there: the links close meanwhile"),
			fetchRow([]FetchState{FetchCommitting}, fetchCommitted, FetchClosing, "the file is there, and stays there"),
			fetchRow([]FetchState{FetchClosing}, fetchClosedHad, FetchDone, "nothing is left to do"),
			fetchRow([]FetchState{FetchClosing}, fetchClosedNobody, FetchNotFound, "nothing is left to do"),
			fetchRow([]FetchState{FetchClosing}, fetchClosedFailed, FetchFailed, "nothing is left to do"),
			fetchRow([]FetchState{FetchCommitting}, fetchStopped, "", "what is whole is put in its place all the same; links are closed at once"),
			fetchRow([]FetchState{FetchClosing}, fetchStopped, "", "the result stays; links are closed at once"),
			fetchRow([]FetchState{FetchNew, FetchInspecting, FetchAskingRelay, FetchWaiting, FetchSeeking, FetchOpening, FetchFetching, FetchFinishing}, fetchStopped, FetchFailed, "the user need not wait for anybody"),
		},
	}
})
