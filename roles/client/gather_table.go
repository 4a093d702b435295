package client

import (
	"github.com/relaypeer/relaypeer/roles"
)

// GatherState is a state of a Gather.
type GatherState string

// GatherEvent is an event of a Gather.
type GatherEvent string

// The states of a Gather.
const (
	GatherNew        GatherState = "New"
	GatherPipelining GatherState = "Pipelining"
	GatherFetching   GatherState = "Fetching"
	GatherStopping   GatherState = "Stopping"
	GatherDone       GatherState = "Done"
)

// The events of a Gather.
const (
	gatherStarted       GatherEvent = "Started"
	gatherNextRound     GatherEvent = "NextRound"
	gatherPipelinesOver GatherEvent = "PipelinesOver"
	gatherPipelineOver  GatherEvent = "PipelineOver"
	gatherFetchOver     GatherEvent = "FetchOver"
	gatherCommitted     GatherEvent = "StoreCommitted"
	gatherStoreFailed   GatherEvent = "StoreFailed"
	gatherOvertaken     GatherEvent = "Overtaken"
	gatherDismissed     GatherEvent = "Dismissed"
	gatherCommitLate    GatherEvent = "CommitLate"
	gatherAllOver       GatherEvent = "AllOver"
	gatherStopped       GatherEvent = "Stopped"
)

var gatherRow = roles.NewRow[GatherState, GatherEvent]

// GatherTable returns the table that governs the fetching of many files. What is said to nodes is
// governed by PipelineTable and FetchTable.
func GatherTable() *roles.Table[GatherState, GatherEvent] { return gatherGrammar.Table() }

var gatherGrammar = roles.NewGrammar(func() roles.Table[GatherState, GatherEvent] {
	return roles.Table[GatherState, GatherEvent]{
		Name: "client.Gather",
		States: []roles.State[GatherState]{
			{Name: GatherNew, Means: "Nothing has happened yet."},
			{Name: GatherPipelining, Nested: true,
				WaitFrom: "those of its Pipelines, CommitTimeout while the store commits, OvertakePatience while a node could take over from a slower one, the retry-after of busy nodes, as in a Fetch, if no other is left to ask, and GroupPatience while nodes or larger files wait for their turn",
				Means:    "Files of one chunk group come through Pipelines, in rounds: in each one, every node is asked for what it has and no other node has brought."},
			{Name: GatherFetching, Nested: true, WaitFrom: "those of its Fetches, of Pipelines whose links are closing, and FetchPatience while other files wait for their turn",
				Means: "The larger files, and those that no Pipeline brought, are fetched each by itself, a few at once."},
			{Name: GatherStopping, Nested: true, WaitFrom: "those of its Fetches, of Pipelines whose links are closing, and CommitTimeout while the store commits",
				Means: "The user does not want to wait any more; what is whole is still committed."},
			{Name: GatherDone, Final: true, Means: "Each file is in its place, or the reason why it is not has been reported."},
		},
		Events: []roles.Event[GatherEvent]{
			{Name: gatherStarted, Means: "files are wanted"},
			{Name: gatherNextRound, Means: "all Pipelines of a round are over and committed, and some node has not been asked for a file that is missing, or is busy no more"},
			{Name: gatherPipelinesOver, Means: "no node is left to ask for a file of one chunk group"},
			{Name: gatherPipelineOver, Means: "a Pipeline has half-closed its link, or lost it"},
			{Name: gatherFetchOver, Means: "a Fetch has its result"},
			{Name: gatherCommitted, Means: "the store has answered a commit of a Pipeline's files"},
			{Name: gatherStoreFailed, Means: "our own disk did not take a Pipeline's file"},
			{Name: gatherOvertaken, Deadline: true, Means: "for OvertakePatience a Pipeline has not brought files that an idle node has as well"},
			{Name: gatherDismissed, Deadline: true, Means: "others wait for their turn, and for GroupPatience a Pipeline has brought neither PacedFiles files nor the bytes of a group, or for FetchPatience a Fetch no group"},
			{Name: gatherCommitLate, Deadline: true, Means: "the store has not answered a commit within CommitTimeout"},
			{Name: gatherAllOver, Means: "nothing is under way, every link is closed, and nothing is left to try"},
			{Name: gatherStopped, Means: "the user does not want to wait any more"},
		},
		Rows: []roles.Row[GatherState, GatherEvent]{
			gatherRow([]GatherState{GatherNew}, gatherStarted, GatherPipelining, "small files cost a link each unless many share one"),
			gatherRow([]GatherState{GatherPipelining}, gatherNextRound, GatherPipelining, "another node may give what the first one did not"),
			gatherRow([]GatherState{GatherPipelining}, gatherPipelinesOver, GatherFetching, "the rest needs all that a Fetch can do: the relay's list, several sources, another content"),
			gatherRow([]GatherState{GatherPipelining, GatherStopping}, gatherPipelineOver, "", "what has come is committed"),
			gatherRow([]GatherState{GatherFetching, GatherStopping}, gatherFetchOver, "", "the next file takes its turn"),
			gatherRow([]GatherState{GatherPipelining, GatherStopping}, gatherCommitted, "", "files that are in their places are reported; the node is asked for more: files do not come faster than the disk takes them"),
			gatherRow([]GatherState{GatherPipelining}, gatherStoreFailed, "", "no node can help with our own disk: its files have failed"),
			gatherRow([]GatherState{GatherPipelining}, gatherOvertaken, "", "the slow Pipeline is stopped; the idle node is asked in the next round"),
			gatherRow([]GatherState{GatherPipelining}, gatherDismissed, "", "the node is asked again in the next round, with four times as long; at the third time its files are fetched each by itself"),
			gatherRow([]GatherState{GatherFetching}, gatherDismissed, "", "the file comes last, with four times as long: no other one waits for it meanwhile"),
			gatherRow([]GatherState{GatherPipelining, GatherStopping}, gatherCommitLate, "", "our disk hangs: its files have failed"),
			gatherRow([]GatherState{GatherFetching, GatherStopping}, gatherAllOver, GatherDone, "each file has been reported"),
			gatherRow([]GatherState{GatherNew}, gatherStopped, GatherDone, "stopped before anything began"),
			gatherRow([]GatherState{GatherPipelining, GatherFetching}, gatherStopped, GatherStopping, "links are closed at once, and nothing new begins"),
			gatherRow([]GatherState{GatherStopping}, gatherStopped, "", "already ending"),
		},
	}
})
