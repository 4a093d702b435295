package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// PipelineState is a state of a Pipeline.
type PipelineState string

// PipelineEvent is an event of a Pipeline.
type PipelineEvent string

// The states of a Pipeline.
const (
	PipelineNew       PipelineState = "New"
	PipelineDialing   PipelineState = "Dialing"
	PipelineAsking    PipelineState = "Asking"
	PipelineReceiving PipelineState = "Receiving"
	PipelineDoubting  PipelineState = "Doubting"
	PipelineJudging   PipelineState = "Judging"
	PipelineLeaving   PipelineState = "Leaving"
	PipelineClosed    PipelineState = "Closed"
)

// The events of a Pipeline.
const (
	PipelineStarted      PipelineEvent = "Started"
	PipelineNothing      PipelineEvent = "NothingToAsk"
	PipelineOpened       PipelineEvent = "Opened"
	PipelineHashing      PipelineEvent = "HASHING, further"
	PipelineHashingStuck PipelineEvent = "HASHING, no further"
	PipelineContent      PipelineEvent = "CONTENT"
	PipelineContentWrong PipelineEvent = "CONTENT, wrong"
	PipelineContentAgain PipelineEvent = "CONTENT, no excuse"
	PipelineDeclined     PipelineEvent = "ERROR, next"
	PipelineDeclinedLast PipelineEvent = "ERROR, last"
	PipelineRefused      PipelineEvent = "ERROR, closing"
	PipelineAdmits       PipelineEvent = "ERROR, an excuse"
	PipelineUnexpected   PipelineEvent = "Unexpected"
	PipelineMalformed    PipelineEvent = "Malformed"
	PipelineMoved        PipelineEvent = "BodyMoved"
	PipelineRight        PipelineEvent = "GroupRight"
	PipelineWrong        PipelineEvent = "GroupWrong"
	PipelineDone         PipelineEvent = "BodyDone, next"
	PipelineDoneLast     PipelineEvent = "BodyDone, last"
	PipelineStoreFailed  PipelineEvent = "StoreFailed"
	PipelinePeerEnded    PipelineEvent = "PeerEnded"
	PipelineLost         PipelineEvent = "Lost"
	PipelineExpired      PipelineEvent = "Expired"
	PipelineStopped      PipelineEvent = "Stopped"
)

var pipelineRow = roles.NewRow[PipelineState, PipelineEvent]

// PipelineTable governs the fetching of many small files from one node.
var PipelineTable = &roles.Table[PipelineState, PipelineEvent]{
	Name: "client.Pipeline",
	States: []roles.State[PipelineState]{
		{Name: PipelineNew, Means: "Nothing has happened yet."},
		{Name: PipelineDialing, Wait: protocol.DialTimeout,
			Means: "A connection to the node is being made."},
		{Name: PipelineAsking, Wait: protocol.ReplyTimeout,
			Means: "Up to MaxPipelined GETs have been sent; the answer to the first, the node's silence or its death moves us on."},
		{Name: PipelineReceiving, Wait: protocol.ProgressTimeout,
			Means: "CONTENT has been heard and its raw bytes follow; each MinProgress bytes set the deadline anew."},
		{Name: PipelineDoubting, Wait: protocol.ProgressTimeout,
			Means: "A file was not what its hash says; what is left of it passes unused."},
		{Name: PipelineJudging, Wait: protocol.ReplyTimeout,
			Means: "A file was not what its hash says; if the node's next answer says that it changed while it was sent, the node has not lied."},
		{Name: PipelineLeaving, Wait: protocol.CloseTimeout,
			Means: "This node has done for us what it will and we have half-closed; its end of stream moves us on."},
		{Name: PipelineClosed, Final: true, Means: "The link is closed and released."},
	},
	Events: []roles.Event[PipelineEvent]{
		{Name: PipelineStarted, Means: "files are wanted"},
		{Name: PipelineNothing, Means: "files are wanted, and all of them are empty"},
		{Name: PipelineOpened, Means: "the link is there"},
		{Name: PipelineHashing, Kind: protocol.KindHashing, Means: "the node has hashed enough more of a file: MinProgress bytes, and one of HashingParts parts; or all of it"},
		{Name: PipelineHashingStuck, Kind: protocol.KindHashing, Means: "the node is hashing a file, but has not got on"},
		{Name: PipelineContent, Kind: protocol.KindContent, Means: "the file that was asked for follows"},
		{Name: PipelineContentWrong, Kind: protocol.KindContent, Means: "another file than was asked for, or not all of it"},
		{Name: PipelineContentAgain, Kind: protocol.KindContent, Means: "the node goes on as if nothing were wrong"},
		{Name: PipelineDeclined, Kind: protocol.KindError, Means: "the node says no to one file, and others are asked for"},
		{Name: PipelineDeclinedLast, Kind: protocol.KindError, Means: "the node says no to the last file"},
		{Name: PipelineRefused, Kind: protocol.KindError, Means: "the node says that it ends the link, or does not explain what was wrong"},
		{Name: PipelineAdmits, Kind: protocol.KindError, Means: "the file changed, or could not be read, while it was sent: the node says so itself"},
		{Name: PipelineUnexpected, Means: "a message of any other kind"},
		{Name: PipelineMalformed, Means: "bytes that are no message"},
		{Name: PipelineMoved, Means: "another MinProgress bytes have passed"},
		{Name: PipelineRight, Means: "the file is stored, and is what its hash says"},
		{Name: PipelineWrong, Means: "the file is not what its hash says"},
		{Name: PipelineDone, Means: "all bytes of a file have passed, and others are asked for"},
		{Name: PipelineDoneLast, Means: "all bytes of the last file have passed"},
		{Name: PipelineStoreFailed, Means: "our own disk failed"},
		{Name: PipelinePeerEnded, Means: "the node half-closed"},
		{Name: PipelineLost, Means: "the link broke, or could not be made"},
		{Name: PipelineExpired, Deadline: true, Means: "the state's deadline passed"},
		{Name: PipelineStopped, Means: "the user does not want to wait any more"},
	},
	Rows: []roles.Row[PipelineState, PipelineEvent]{
		pipelineRow([]PipelineState{PipelineNew}, PipelineStarted, PipelineDialing, "one link serves for all of them"),
		pipelineRow([]PipelineState{PipelineNew}, PipelineNothing, PipelineClosed, "nobody is asked for no bytes"),
		pipelineRow([]PipelineState{PipelineDialing}, PipelineOpened, PipelineAsking, "a GET for each of the first files, one after the other"),
		pipelineRow([]PipelineState{PipelineAsking}, PipelineHashing, PipelineAsking, "whoever gets on is waited for"),
		pipelineRow([]PipelineState{PipelineJudging}, PipelineHashing, PipelineJudging, "whoever gets on is waited for"),
		pipelineRow([]PipelineState{PipelineAsking, PipelineJudging}, PipelineHashingStuck, "", "the deadline runs on"),
		pipelineRow([]PipelineState{PipelineAsking}, PipelineContent, PipelineReceiving, "the bytes follow"),
		pipelineRow([]PipelineState{PipelineAsking}, PipelineContentWrong, PipelineLeaving, "it is not what was asked for: ERROR(changed)"),
		pipelineRow([]PipelineState{PipelineJudging}, PipelineContentAgain, PipelineLeaving, "the bytes were wrong and the node sees nothing in it: ERROR(bad-hash)"),
		pipelineRow([]PipelineState{PipelineAsking}, PipelineDeclined, PipelineAsking, "that is what became of this file; the others are another matter"),
		pipelineRow([]PipelineState{PipelineAsking}, PipelineDeclinedLast, PipelineLeaving, "all have been answered"),
		pipelineRow([]PipelineState{PipelineAsking, PipelineJudging}, PipelineRefused, PipelineLeaving, "the files that are left are for another node"),
		pipelineRow([]PipelineState{PipelineJudging}, PipelineAdmits, PipelineLeaving, "it has not lied; the files that are left are for another visit"),
		pipelineRow([]PipelineState{PipelineAsking, PipelineJudging}, PipelineUnexpected, PipelineLeaving, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		pipelineRow([]PipelineState{PipelineAsking, PipelineJudging}, PipelineMalformed, PipelineLeaving, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		pipelineRow([]PipelineState{PipelineReceiving, PipelineDoubting}, PipelineMoved, "", "the deadline is set anew: the node sends"),
		pipelineRow([]PipelineState{PipelineReceiving}, PipelineRight, "", "it is here, and that is said"),
		pipelineRow([]PipelineState{PipelineReceiving}, PipelineWrong, PipelineDoubting, "a lie, or a file that changed while it was sent: the node's next answer tells"),
		pipelineRow([]PipelineState{PipelineReceiving}, PipelineDone, PipelineAsking, "the answers to the next GETs are already on their way"),
		pipelineRow([]PipelineState{PipelineReceiving}, PipelineDoneLast, PipelineLeaving, "all have been answered"),
		pipelineRow([]PipelineState{PipelineDoubting}, PipelineDone, PipelineJudging, "there is a next answer: where no GET is ahead, one for the wrong file is sent"),
		pipelineRow([]PipelineState{PipelineReceiving, PipelineDoubting}, PipelineStoreFailed, PipelineClosed, "no node can help with our own disk"),
		pipelineRow([]PipelineState{PipelineAsking, PipelineReceiving, PipelineDoubting, PipelineJudging, PipelineLeaving}, PipelinePeerEnded, PipelineClosed, "the node is done with this link"),
		pipelineRow([]PipelineState{PipelineDialing, PipelineAsking, PipelineReceiving, PipelineDoubting, PipelineJudging, PipelineLeaving}, PipelineLost, PipelineClosed, "nobody is left to talk to"),
		pipelineRow([]PipelineState{PipelineDialing, PipelineAsking, PipelineReceiving, PipelineDoubting, PipelineJudging, PipelineLeaving}, PipelineExpired, PipelineClosed, "the node had its time"),
		pipelineRow([]PipelineState{PipelineNew, PipelineDialing, PipelineAsking, PipelineReceiving, PipelineDoubting, PipelineJudging, PipelineLeaving}, PipelineStopped, PipelineClosed, "the user need not wait for anybody"),
	},
}
