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
	New          State = "New"
	DialingRelay State = "DialingRelay"
	AskingRelay  State = "AskingRelay"
	LeavingRelay State = "LeavingRelay"
	Choosing     State = "Choosing"
	DialingNode  State = "DialingNode"
	AskingNode   State = "AskingNode"
	Receiving    State = "Receiving"
	LeavingNode  State = "LeavingNode"
	Done         State = "Done"
	NotFound     State = "NotFound"
	Failed       State = "Failed"
)

// The events of a Fetch.
const (
	Started      Event = "Started"
	Misnamed     Event = "Misnamed"
	Opened       Event = "Opened"
	LocatedHeard Event = "LOCATED"
	ContentComes Event = "CONTENT, more"
	ContentEnds  Event = "CONTENT, end"
	ContentWrong Event = "CONTENT, wrong"
	Refused      Event = "ERROR"
	Unexpected   Event = "Unexpected"
	Garbled      Event = "Garbled"
	BodyMoved    Event = "BodyMoved"
	BodyReceived Event = "BodyReceived"
	StoreFailed  Event = "StoreFailed"
	Ended        Event = "Ended"
	Lost         Event = "Lost"
	Expired      Event = "Expired"
	Stopped      Event = "Stopped"
	NextNode     Event = "NextNode"
	NextPage     Event = "NextPage"
	AllReceived  Event = "AllReceived"
	NobodyHasIt  Event = "NobodyHasIt"
	GiveUp       Event = "GiveUp"
)

var row = roles.NewRow[State, Event]

// FetchTable governs the fetching of one file.
var FetchTable = &roles.Table[State, Event]{
	Name: "client.Fetch",
	States: []roles.State[State]{
		{Name: New, Means: "Nothing has happened yet."},
		{Name: DialingRelay, Wait: protocol.DialTimeout,
			Means: "A connection to the relay is being made."},
		{Name: AskingRelay, Wait: protocol.ReplyTimeout,
			Means: "LOCATE has been sent; its answer, or the lack of one, moves us on."},
		{Name: LeavingRelay, Wait: protocol.CloseTimeout,
			Means: "The relay has answered and we have half-closed; its end of stream moves us on."},
		{Name: Choosing, Passing: true,
			Means: "No connection is open; what has been heard so far decides what is next."},
		{Name: DialingNode, Wait: protocol.DialTimeout,
			Means: "A connection to the next node of the list is being made."},
		{Name: AskingNode, Wait: protocol.ReplyTimeout,
			Means: "One node has been asked; its answer, its silence or its death moves us on."},
		{Name: Receiving, Wait: protocol.ProgressTimeout,
			Means: "CONTENT has been heard and its raw bytes follow; each MinProgress bytes set the deadline anew."},
		{Name: LeavingNode, Wait: protocol.CloseTimeout,
			Means: "This node has done for us what it will and we have half-closed; its end of stream moves us on."},
		{Name: Done, Final: true, Means: "The file is here, whole."},
		{Name: NotFound, Final: true, Means: "Every listed node was asked and said that it does not have the file, or none is listed."},
		{Name: Failed, Final: true, Means: "The file could not be had, and that is not because nobody has it."},
	},
	Events: []roles.Event[Event]{
		{Name: Started, Means: "a file is wanted"},
		{Name: Misnamed, Means: "a file is wanted, by a name that breaks the name rule"},
		{Name: Opened, Means: "the link is there"},
		{Name: LocatedHeard, Kind: protocol.KindLocated, Means: "a page of active nodes"},
		{Name: ContentComes, Kind: protocol.KindContent, Means: "the stretch that was asked for follows"},
		{Name: ContentEnds, Kind: protocol.KindContent, Means: "no bytes are left, and the file is still the same"},
		{Name: ContentWrong, Kind: protocol.KindContent, Means: "another offset, size or version than was asked for"},
		{Name: Refused, Kind: protocol.KindError, Means: "the other side says no, and why"},
		{Name: Unexpected, Means: "a message of any other kind"},
		{Name: Garbled, Means: "bytes that are no message"},
		{Name: BodyMoved, Means: "another MinProgress bytes have passed"},
		{Name: BodyReceived, Means: "all bytes of this stretch are stored"},
		{Name: StoreFailed, Means: "our own disk failed"},
		{Name: Ended, Means: "the other side half-closed"},
		{Name: Lost, Means: "the link broke, or could not be made"},
		{Name: Expired, Deadline: true, Means: "the state's deadline passed"},
		{Name: Stopped, Means: "the user does not want to wait any more"},
		{Name: NextNode, Means: "a listed node has not been asked yet"},
		{Name: NextPage, Means: "all nodes so far have been asked, and the relay has more"},
		{Name: AllReceived, Means: "the last node asked has sent all of the file"},
		{Name: NobodyHasIt, Means: "all nodes have been asked, and each said not-found"},
		{Name: GiveUp, Means: "nothing is left to try, and not every node said not-found"},
	},
	Rows: []roles.Row[State, Event]{
		row([]State{New}, Started, DialingRelay, "only the relay knows who is there"),
		row([]State{New}, Misnamed, Failed, "no node may have it, so nobody is asked"),
		row([]State{DialingRelay}, Opened, AskingRelay, "LOCATE, with the cursor of the page before"),
		row([]State{AskingRelay}, LocatedHeard, LeavingRelay, "its nodes are noted; the relay is not needed for them any more"),
		row([]State{DialingNode}, Opened, AskingNode, "GET from the beginning"),
		row([]State{AskingNode}, ContentComes, Receiving, "the bytes follow; the next GET goes out at once, so that the node need not wait for it"),
		row([]State{Receiving}, BodyMoved, "", "the deadline is set anew: the node sends"),
		row([]State{Receiving}, BodyReceived, AskingNode, "the answer to the next GET is already on its way"),
		row([]State{AskingNode}, ContentEnds, LeavingNode, "that was all of it"),
		row([]State{AskingNode}, ContentWrong, LeavingNode, "it does not belong to what came before: ERROR(changed); the next node may do better"),
		row([]State{AskingRelay}, Refused, LeavingRelay, "the relay says no"),
		row([]State{AskingNode}, Refused, LeavingNode, "the node says no, and the next one is asked"),
		row([]State{AskingRelay}, Unexpected, LeavingRelay, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		row([]State{AskingNode}, Unexpected, LeavingNode, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		row([]State{AskingRelay}, Garbled, LeavingRelay, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		row([]State{AskingNode}, Garbled, LeavingNode, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		row([]State{AskingRelay, LeavingRelay, AskingNode, Receiving, LeavingNode}, Ended, Choosing, "the other side is done with this link"),
		row([]State{DialingRelay, AskingRelay, LeavingRelay, DialingNode, AskingNode, Receiving, LeavingNode}, Lost, Choosing, "nobody is left to talk to"),
		row([]State{DialingRelay, AskingRelay, LeavingRelay, DialingNode, AskingNode, Receiving, LeavingNode}, Expired, Choosing, "the other side had its time"),
		row([]State{DialingNode, Receiving}, StoreFailed, Failed, "no node can help with our own disk"),
		row([]State{Choosing}, NextNode, DialingNode, "one node at a time, in the relay's order"),
		row([]State{Choosing}, NextPage, DialingRelay, "somebody further down the list may have it"),
		row([]State{Choosing}, AllReceived, Done, "whole, and of one version"),
		row([]State{Choosing}, NobodyHasIt, NotFound, "this is certain"),
		row([]State{Choosing}, GiveUp, Failed, "the report names each node that was passed over, with a code"),
		row([]State{New, DialingRelay, AskingRelay, LeavingRelay, DialingNode, AskingNode, Receiving, LeavingNode}, Stopped, Failed, "the user need not wait for anybody"),
	},
}
