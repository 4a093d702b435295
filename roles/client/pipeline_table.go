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
	PipelineRelaying  PipelineState = "Relaying"
	PipelineAsking    PipelineState = "Asking"
	PipelineReceiving PipelineState = "Receiving"
	PipelineDoubting  PipelineState = "Doubting"
	PipelineJudging   PipelineState = "Judging"
	PipelineLeaving   PipelineState = "Leaving"
	PipelineClosed    PipelineState = "Closed"
)

// The events of a Pipeline.
const (
	pipelineStarted        PipelineEvent = "Started"
	pipelineStartedRelayed PipelineEvent = "Started, through the relay"
	pipelineNothing        PipelineEvent = "NothingToAsk"
	pipelineOpened         PipelineEvent = "Opened"
	pipelineHashing        PipelineEvent = "HASHING, further"
	pipelineHashingStuck   PipelineEvent = "HASHING, no further"
	pipelineContent        PipelineEvent = "CONTENT"
	pipelineEmpty          PipelineEvent = "CONTENT, empty, next"
	pipelineEmptyLast      PipelineEvent = "CONTENT, empty, last"
	pipelineContentWrong   PipelineEvent = "CONTENT, wrong"
	pipelineContentAgain   PipelineEvent = "CONTENT, no excuse"
	pipelineDeclined       PipelineEvent = "ERROR, next"
	pipelineDeclinedLast   PipelineEvent = "ERROR, last"
	pipelineRefused        PipelineEvent = "ERROR, closing"
	pipelineAdmits         PipelineEvent = "ERROR, an excuse"
	pipelineUnexpected     PipelineEvent = "Unexpected"
	pipelineMalformed      PipelineEvent = "Malformed"
	pipelineMoved          PipelineEvent = "BodyMoved"
	pipelineRight          PipelineEvent = "GroupRight"
	pipelineWrong          PipelineEvent = "GroupWrong"
	pipelineDone           PipelineEvent = "BodyDone, next"
	pipelineDoneLast       PipelineEvent = "BodyDone, last"
	pipelineStoreFailed    PipelineEvent = "StoreFailed"
	pipelinePeerEnded      PipelineEvent = "PeerEnded"
	pipelineRelayWrong     PipelineEvent = "RelayWrong"
	pipelineLost           PipelineEvent = "Lost"
	pipelineExpired        PipelineEvent = "Expired"
	pipelineStopped        PipelineEvent = "Stopped"
)

var pipelineRow = roles.NewRow[PipelineState, PipelineEvent]

// PipelineTable returns the table that governs the fetching of many small files from one node.
func PipelineTable() *roles.Table[PipelineState, PipelineEvent] { return pipelineGrammar.Table() }

var pipelineGrammar = roles.NewGrammar(func() roles.Table[PipelineState, PipelineEvent] {
	return roles.Table[PipelineState, PipelineEvent]{
		Name: "client.Pipeline",
		States: []roles.State[PipelineState]{
			{Name: PipelineNew, Means: "Nothing has happened yet."},
			{Name: PipelineDialing, Wait: roles.DialTimeout,
				Means: "A connection to the node is being made."},
			{Name: PipelineRelaying, Nested: true, WaitFrom: "those of its Way",
				Means: "A way to the node through the relay is being made."},
			{Name: PipelineAsking, Wait: roles.ReplyTimeout,
				Means: "Up to MaxPipelined GETs have been sent; the answer to the first, the node's silence or its death moves us on."},
			{Name: PipelineReceiving, Wait: roles.ProgressTimeout,
				Means: "CONTENT has been heard and its raw bytes follow; each MinProgress bytes set the deadline anew."},
			{Name: PipelineDoubting, Wait: roles.ProgressTimeout,
				Means: "A file was not what its hash says; what is left of it passes unused."},
			{Name: PipelineJudging, Wait: roles.ReplyTimeout,
				Means: "A file was not what its hash says; if the node's next answer says that it changed while it was sent, the node has not lied."},
			{Name: PipelineLeaving, Wait: roles.CloseTimeout,
				Means: "This node has done for us what it will and we have half-closed; its end of stream moves us on."},
			{Name: PipelineClosed, Final: true, Means: "The link is closed and released."},
		},
		Events: []roles.Event[PipelineEvent]{
			{Name: pipelineStarted, Means: "files are wanted"},
			{Name: pipelineStartedRelayed, Means: "files are wanted of a node that has no address"},
			{Name: pipelineNothing, Means: "files are wanted, and none of them can be asked for: it has several chunk groups, or its hash is not that of no bytes"},
			{Name: pipelineOpened, Means: "the link is there"},
			{Name: pipelineHashing, Kind: protocol.KindHashing, Means: "the node has hashed enough more of a file: MinProgress bytes, and one of HashingParts parts; or all of it"},
			{Name: pipelineHashingStuck, Kind: protocol.KindHashing, Means: "the node is hashing a file, but has not got on"},
			{Name: pipelineContent, Kind: protocol.KindContent, Means: "the file that was asked for follows"},
			{Name: pipelineEmpty, Kind: protocol.KindContent, Means: "the file that was asked for has no bytes, and others are asked for"},
			{Name: pipelineEmptyLast, Kind: protocol.KindContent, Means: "the last file that was asked for has no bytes"},
			{Name: pipelineContentWrong, Kind: protocol.KindContent, Means: "another file than was asked for, or not all of it"},
			{Name: pipelineContentAgain, Kind: protocol.KindContent, Means: "the node goes on as if nothing were wrong"},
			{Name: pipelineDeclined, Kind: protocol.KindError, Means: "the node says no to one file, and others are asked for"},
			{Name: pipelineDeclinedLast, Kind: protocol.KindError, Means: "the node says no to the last file"},
			{Name: pipelineRefused, Kind: protocol.KindError, Means: "the node says that it ends the link, or does not explain what was wrong"},
			{Name: pipelineAdmits, Kind: protocol.KindError, Means: "the file changed, or could not be read, while it was sent: the node says so itself"},
			{Name: pipelineUnexpected, Means: "a message of any other kind"},
			{Name: pipelineMalformed, Means: "bytes that are no message"},
			{Name: pipelineMoved, Means: "another MinProgress bytes have passed"},
			{Name: pipelineRight, Means: "the file is stored, and is what its hash says"},
			{Name: pipelineWrong, Means: "the file is not what its hash says"},
			{Name: pipelineDone, Means: "all bytes of a file have passed, and others are asked for"},
			{Name: pipelineDoneLast, Means: "all bytes of the last file have passed"},
			{Name: pipelineStoreFailed, Means: "our own disk failed"},
			{Name: pipelinePeerEnded, Means: "the node half-closed"},
			{Name: pipelineLost, Means: "the link broke, or could not be made"},
			{Name: pipelineRelayWrong, Means: "the relay broke the protocol on the way to the node, and was told so"},
			{Name: pipelineExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: pipelineStopped, Means: "the user does not want to wait any more"},
		},
		Rows: []roles.Row[PipelineState, PipelineEvent]{
			pipelineRow([]PipelineState{PipelineNew}, pipelineStarted, PipelineDialing, "one link serves for all of them"),
			pipelineRow([]PipelineState{PipelineNew}, pipelineNothing, PipelineClosed, "a link would be of no use"),
			pipelineRow([]PipelineState{PipelineNew}, pipelineStartedRelayed, PipelineRelaying, "the relay has a link to it"),
			pipelineRow([]PipelineState{PipelineDialing, PipelineRelaying}, pipelineOpened, PipelineAsking, "a GET for each of the first files, one after the other"),
			pipelineRow([]PipelineState{PipelineAsking}, pipelineHashing, PipelineAsking, "a node that gets on is waited for"),
			pipelineRow([]PipelineState{PipelineJudging}, pipelineHashing, PipelineJudging, "a node that gets on is waited for"),
			pipelineRow([]PipelineState{PipelineAsking, PipelineJudging}, pipelineHashingStuck, "", "the deadline runs on"),
			pipelineRow([]PipelineState{PipelineAsking}, pipelineContent, PipelineReceiving, "the bytes follow"),
			pipelineRow([]PipelineState{PipelineAsking}, pipelineEmpty, PipelineAsking, "it is here, and that is said: what was wanted are its attributes"),
			pipelineRow([]PipelineState{PipelineAsking}, pipelineEmptyLast, PipelineLeaving, "all have been answered"),
			pipelineRow([]PipelineState{PipelineAsking}, pipelineContentWrong, PipelineLeaving, "it is not what was asked for: ERROR(changed)"),
			pipelineRow([]PipelineState{PipelineJudging}, pipelineContentAgain, PipelineLeaving, "the bytes were wrong and the node sees nothing in it: ERROR(bad-hash)"),
			pipelineRow([]PipelineState{PipelineAsking}, pipelineDeclined, PipelineAsking, "that is what became of this file; the others are another matter"),
			pipelineRow([]PipelineState{PipelineAsking}, pipelineDeclinedLast, PipelineLeaving, "all have been answered"),
			pipelineRow([]PipelineState{PipelineAsking, PipelineJudging}, pipelineRefused, PipelineLeaving, "the files that are left are for another node"),
			pipelineRow([]PipelineState{PipelineJudging}, pipelineAdmits, PipelineLeaving, "it has not lied; the files that are left are for another visit"),
			pipelineRow([]PipelineState{PipelineAsking, PipelineJudging}, pipelineUnexpected, PipelineLeaving, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
			pipelineRow([]PipelineState{PipelineAsking, PipelineJudging}, pipelineMalformed, PipelineLeaving, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			pipelineRow([]PipelineState{PipelineReceiving, PipelineDoubting}, pipelineMoved, "", "the deadline is set anew: the node sends"),
			pipelineRow([]PipelineState{PipelineReceiving}, pipelineRight, "", "it is here, and that is said"),
			pipelineRow([]PipelineState{PipelineReceiving}, pipelineWrong, PipelineDoubting, "a lie, or a file that changed while it was sent: the node's next answer tells"),
			pipelineRow([]PipelineState{PipelineReceiving}, pipelineDone, PipelineAsking, "the answers to the next GETs are already on their way"),
			pipelineRow([]PipelineState{PipelineReceiving}, pipelineDoneLast, PipelineLeaving, "all have been answered"),
			pipelineRow([]PipelineState{PipelineDoubting}, pipelineDone, PipelineJudging, "there is a next answer: where no GET is ahead, one for the wrong file is sent"),
			pipelineRow([]PipelineState{PipelineReceiving, PipelineDoubting}, pipelineStoreFailed, PipelineClosed, "no node can help with our own disk"),
			pipelineRow([]PipelineState{PipelineAsking, PipelineReceiving, PipelineDoubting, PipelineJudging, PipelineLeaving}, pipelinePeerEnded, PipelineClosed, "the node is done with this link"),
			pipelineRow([]PipelineState{PipelineDialing, PipelineRelaying, PipelineAsking, PipelineReceiving, PipelineDoubting, PipelineJudging, PipelineLeaving}, pipelineLost, PipelineClosed, "no peer is left to talk to"),
			pipelineRow([]PipelineState{PipelineRelaying}, pipelineRelayWrong, PipelineLeaving, "there is no way to the node; the relay ends the link"),
			pipelineRow([]PipelineState{PipelineDialing, PipelineAsking, PipelineReceiving, PipelineDoubting, PipelineJudging, PipelineLeaving}, pipelineExpired, PipelineClosed, "the node had its time"),
			pipelineRow([]PipelineState{PipelineNew, PipelineDialing, PipelineRelaying, PipelineAsking, PipelineReceiving, PipelineDoubting, PipelineJudging, PipelineLeaving}, pipelineStopped, PipelineClosed, "the user need not wait for anybody"),
		},
	}
})
