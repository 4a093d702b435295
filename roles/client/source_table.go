package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// SourceState is a state of a Source.
type SourceState string

// SourceEvent is an event of a Source.
type SourceEvent string

// The states of a Source.
const (
	SourceNew       SourceState = "New"
	SourceDialing   SourceState = "Dialing"
	SourceRelaying  SourceState = "Relaying"
	SourceTree      SourceState = "AskingTree"
	SourceHolding   SourceState = "Holding"
	SourceAsking    SourceState = "Asking"
	SourceReceiving SourceState = "Receiving"
	SourceDoubting  SourceState = "Doubting"
	SourceJudging   SourceState = "Judging"
	SourceLeaving   SourceState = "Leaving"
	SourceClosed    SourceState = "Closed"
)

// The events of a Source.
const (
	sourceStarted        SourceEvent = "Started"
	sourceStartedRelayed SourceEvent = "Started, through the relay"
	sourceOpened         SourceEvent = "Opened"
	sourceOpenedDirect   SourceEvent = "Opened, no tree needed"
	sourceOutboardFits   SourceEvent = "OUTBOARD"
	sourceOutboardOther  SourceEvent = "OUTBOARD, other content"
	sourceOutboardWrong  SourceEvent = "OUTBOARD, wrong"
	sourceHashing        SourceEvent = "HASHING, further"
	sourceHashingStuck   SourceEvent = "HASHING, no further"
	sourceTreeWanted     SourceEvent = "TreeWanted"
	sourceGroupsTaken    SourceEvent = "GroupsTaken"
	sourceNothingLeft    SourceEvent = "NothingLeft"
	sourceScant          SourceEvent = "TooFewBytesLeft"
	sourceContentFits    SourceEvent = "CONTENT"
	sourceContentLearnt  SourceEvent = "CONTENT, first word of it"
	sourceContentOther   SourceEvent = "CONTENT, other content"
	sourceContentWrong   SourceEvent = "CONTENT, wrong"
	sourceContentAgain   SourceEvent = "CONTENT, no excuse"
	sourceRefused        SourceEvent = "ERROR"
	sourceOutdated       SourceEvent = "ERROR, not that content"
	sourceAdmits         SourceEvent = "ERROR, an excuse"
	sourceUnexpected     SourceEvent = "Unexpected"
	sourceMalformed      SourceEvent = "Malformed"
	sourceBodyMoved      SourceEvent = "BodyMoved"
	sourceGroupRight     SourceEvent = "GroupRight"
	sourceGroupWrong     SourceEvent = "GroupWrong"
	sourceBodyDone       SourceEvent = "BodyDone"
	sourceBodyDoneLast   SourceEvent = "BodyDone, last asked"
	sourcePeerEnded      SourceEvent = "PeerEnded"
	sourceLost           SourceEvent = "Lost"
	sourceRelayWrong     SourceEvent = "RelayWrong"
	sourceExpired        SourceEvent = "Expired"
	sourceOvertaken      SourceEvent = "Overtaken"
	sourceRelieved       SourceEvent = "Relieved"
	sourceDismissed      SourceEvent = "Dismissed"
	sourceStopped        SourceEvent = "Stopped"
)

var sourceRow = roles.NewRow[SourceState, SourceEvent]

// SourceTable returns the table that governs one visit to one node.
func SourceTable() *roles.Table[SourceState, SourceEvent] { return sourceGrammar.Table() }

var sourceGrammar = roles.NewGrammar(func() roles.Table[SourceState, SourceEvent] {
	return roles.Table[SourceState, SourceEvent]{
		Name: "client.Source",
		States: []roles.State[SourceState]{
			{Name: SourceNew, Means: "Nothing has happened yet."},
			{Name: SourceDialing, Wait: roles.DialTimeout,
				Means: "A connection to the node is being made."},
			{Name: SourceRelaying, Nested: true, WaitFrom: "those of its Way",
				Means: "A way to the node through the relay is being made."},
			{Name: SourceTree, Wait: roles.ReplyTimeout,
				Means: "TREE has been sent; what the file is, a refusal, or the lack of either moves us on."},
			{Name: SourceHolding, Wait: roles.HoldTimeout,
				Means: "The node has told what the file is, and nothing is asked of it: the store is not ready, or the next request is being chosen."},
			{Name: SourceAsking, Wait: roles.ReplyTimeout,
				Means: "GET has been sent; its answer, the node's silence or its death moves us on."},
			{Name: SourceReceiving, Wait: roles.ProgressTimeout,
				Means: "CONTENT has been heard and its raw bytes follow; each MinProgress bytes set the deadline anew."},
			{Name: SourceDoubting, Wait: roles.ProgressTimeout,
				Means: "A group was wrong. What is left of its stretch passes unused; each MinProgress bytes set the deadline anew."},
			{Name: SourceJudging, Wait: roles.ReplyTimeout,
				Means: "A group was wrong, and its stretch is over; if the node's next answer says that the file changed under it, it has not lied."},
			{Name: SourceLeaving, Wait: roles.CloseTimeout,
				Means: "This node has done for us what it will and we have half-closed; its end of stream moves us on."},
			{Name: SourceClosed, Final: true, Means: "The link is closed and released."},
		},
		Events: []roles.Event[SourceEvent]{
			{Name: sourceStarted, Means: "the node is to be asked"},
			{Name: sourceStartedRelayed, Means: "the node is to be asked, and has no address"},
			{Name: sourceOpened, Means: "the link is there"},
			{Name: sourceOpenedDirect, Means: "the link is there; the relay has told hash and size of what the node has, and that is one group"},
			{Name: sourceOutboardFits, Kind: protocol.KindOutboard, Means: "the tree that was asked for, of the content that is wanted"},
			{Name: sourceOutboardOther, Kind: protocol.KindOutboard, Means: "a tree that is right, of another content than the one that is being fetched"},
			{Name: sourceOutboardWrong, Kind: protocol.KindOutboard, Means: "a tree that its hash does not vouch for, or that was not asked for"},
			{Name: sourceHashing, Kind: protocol.KindHashing, Means: "the node has hashed enough more of the file: MinProgress bytes, and one of HashingParts parts; or all of it"},
			{Name: sourceHashingStuck, Kind: protocol.KindHashing, Means: "the node is hashing the file, but has not got on"},
			{Name: sourceTreeWanted, Means: "the next groups are not of the part of the tree that we have"},
			{Name: sourceGroupsTaken, Means: "groups are missing, and these are to come from this node"},
			{Name: sourceNothingLeft, Means: "nothing is missing that others are not asked for"},
			{Name: sourceScant, Means: "groups are missing, and the relay lets too few bytes pass for one"},
			{Name: sourceContentFits, Kind: protocol.KindContent, Means: "the stretch that was asked for follows, or the beginning of it"},
			{Name: sourceContentLearnt, Kind: protocol.KindContent, Means: "what the relay said; the store is not ready for it"},
			{Name: sourceContentOther, Kind: protocol.KindContent, Means: "another content than the one that is being fetched, to a GET that could not name that"},
			{Name: sourceContentWrong, Kind: protocol.KindContent, Means: "another content, offset or length than was asked for"},
			{Name: sourceContentAgain, Kind: protocol.KindContent, Means: "the node goes on as if nothing were wrong"},
			{Name: sourceRefused, Kind: protocol.KindError, Means: "the node says no, and why"},
			{Name: sourceOutdated, Kind: protocol.KindError, Means: "the node has not, or not yet, what the relay said; any content under the name will do"},
			{Name: sourceAdmits, Kind: protocol.KindError, Means: "the file changed, or could not be read, while it was sent: the node says so itself"},
			{Name: sourceUnexpected, Means: "a message of any other kind"},
			{Name: sourceMalformed, Means: "bytes that are no message"},
			{Name: sourceBodyMoved, Means: "another MinProgress bytes have passed"},
			{Name: sourceGroupRight, Means: "a group is stored, and is what the tree says"},
			{Name: sourceGroupWrong, Means: "a group is not what the tree says"},
			{Name: sourceBodyDone, Means: "all bytes of this stretch have passed, and the next one is asked for"},
			{Name: sourceBodyDoneLast, Means: "all bytes of this stretch have passed, and nothing more is asked for"},
			{Name: sourcePeerEnded, Means: "the node half-closed"},
			{Name: sourceLost, Means: "the link broke, or could not be made"},
			{Name: sourceRelayWrong, Means: "the relay broke the protocol on the way to the node, and was told so"},
			{Name: sourceExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: sourceOvertaken, Means: "what is wanted of this node has come from others"},
			{Name: sourceRelieved, Means: "over this circuit a group has come to its end, and a node that was dialed beside it brings groups in its place"},
			{Name: sourceDismissed, Means: "for GroupPatience no verified group has come, and other nodes wait for their turn"},
			{Name: sourceStopped, Means: "nothing is wanted any more"},
		},
		Rows: []roles.Row[SourceState, SourceEvent]{
			sourceRow([]SourceState{SourceNew}, sourceStarted, SourceDialing, "one link serves for all that is asked of a node"),
			sourceRow([]SourceState{SourceNew}, sourceStartedRelayed, SourceRelaying, "the relay has a link to it"),
			sourceRow([]SourceState{SourceDialing, SourceRelaying}, sourceOpened, SourceTree, "TREE: without it nothing that the node sends could be verified"),
			sourceRow([]SourceState{SourceDialing, SourceRelaying}, sourceOpenedDirect, SourceAsking, "GET: of a file of one group the hash is all of the tree"),
			sourceRow([]SourceState{SourceTree}, sourceOutboardFits, SourceHolding, "from here on each group of it can be verified by itself"),
			sourceRow([]SourceState{SourceTree}, sourceOutboardOther, SourceLeaving, "what is being fetched has one content; this one is remembered, should no node have all of the first"),
			sourceRow([]SourceState{SourceTree}, sourceOutboardWrong, SourceLeaving, "its hash is all that can be trusted: ERROR(bad-hash)"),
			sourceRow([]SourceState{SourceTree}, sourceHashing, SourceTree, "a node that gets on is waited for"),
			sourceRow([]SourceState{SourceAsking}, sourceHashing, SourceAsking, "a node that gets on is waited for"),
			sourceRow([]SourceState{SourceJudging}, sourceHashing, SourceJudging, "a node that gets on is waited for"),
			sourceRow([]SourceState{SourceTree, SourceAsking, SourceJudging}, sourceHashingStuck, "", "the deadline runs on"),
			sourceRow([]SourceState{SourceHolding}, sourceTreeWanted, SourceTree, "one OUTBOARD is for MaxGroups groups at most"),
			sourceRow([]SourceState{SourceHolding}, sourceGroupsTaken, SourceAsking, "GETs, as many as the path needs and the node has earned, so that it need not wait for one"),
			sourceRow([]SourceState{SourceHolding}, sourceNothingLeft, SourceLeaving, "a node that is not needed is not kept"),
			sourceRow([]SourceState{SourceHolding}, sourceScant, SourceLeaving, "the circuit would be cut in the middle of a group"),
			sourceRow([]SourceState{SourceAsking}, sourceContentFits, SourceReceiving, "the bytes follow; other GETs go out as its groups come"),
			sourceRow([]SourceState{SourceAsking}, sourceContentLearnt, SourceHolding, "the bytes wait in the link until the store is open"),
			sourceRow([]SourceState{SourceAsking}, sourceContentOther, SourceLeaving, "the file changed between two answers, or other nodes have another one: nobody's fault"),
			sourceRow([]SourceState{SourceAsking}, sourceContentWrong, SourceLeaving, "it does not belong to what came before: ERROR(changed)"),
			sourceRow([]SourceState{SourceJudging}, sourceContentAgain, SourceLeaving, "the bytes were wrong and the node sees nothing in it: ERROR(bad-hash)"),
			sourceRow([]SourceState{SourceTree, SourceAsking}, sourceRefused, SourceLeaving, "the node says no, and the next one is asked"),
			sourceRow([]SourceState{SourceAsking}, sourceOutdated, SourceTree, "the relay's word is a hint: what the file is now, the node knows"),
			sourceRow([]SourceState{SourceJudging}, sourceAdmits, SourceLeaving, "it has not lied, but what it has is not what is wanted any more"),
			sourceRow([]SourceState{SourceJudging}, sourceRefused, SourceLeaving, "that does not explain the wrong group: ERROR(bad-hash)"),
			sourceRow([]SourceState{SourceTree, SourceAsking, SourceJudging}, sourceUnexpected, SourceLeaving, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
			sourceRow([]SourceState{SourceTree, SourceAsking, SourceJudging}, sourceMalformed, SourceLeaving, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			sourceRow([]SourceState{SourceReceiving, SourceDoubting}, sourceBodyMoved, "", "the deadline is set anew: the node sends"),
			sourceRow([]SourceState{SourceReceiving}, sourceGroupRight, "", "it counts as had, whatever becomes of the others"),
			sourceRow([]SourceState{SourceReceiving}, sourceGroupWrong, SourceDoubting, "a lie, or a file that changed while it was sent: the node's next answer tells"),
			sourceRow([]SourceState{SourceReceiving}, sourceBodyDone, SourceAsking, "the answer to the next GET is already on its way"),
			sourceRow([]SourceState{SourceReceiving}, sourceBodyDoneLast, SourceHolding, "what is next depends on what is missing"),
			sourceRow([]SourceState{SourceDoubting}, sourceBodyDone, SourceJudging, "there is a next answer: where no GET is ahead, one for the wrong group is sent"),
			sourceRow([]SourceState{SourceTree, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging, SourceLeaving}, sourcePeerEnded, SourceClosed, "the node is done with this link"),
			sourceRow([]SourceState{SourceDialing, SourceRelaying, SourceTree, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging, SourceLeaving}, sourceLost, SourceClosed, "no peer is left to talk to"),
			sourceRow([]SourceState{SourceRelaying}, sourceRelayWrong, SourceLeaving, "there is no way to the node; the relay ends the link"),
			sourceRow([]SourceState{SourceDialing, SourceTree, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging, SourceLeaving}, sourceExpired, SourceClosed, "the node had its time"),
			sourceRow([]SourceState{SourceHolding}, sourceExpired, SourceLeaving, "the node would soon end a link on which nothing is asked; it can be dialed again"),
			sourceRow([]SourceState{SourceDialing, SourceRelaying, SourceTree, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging}, sourceOvertaken, SourceClosed, "a slow or silent node is not waited for"),
			sourceRow([]SourceState{SourceReceiving}, sourceRelieved, SourceClosed, "a circuit is dear; what it was to bring is for others"),
			sourceRow([]SourceState{SourceDialing, SourceRelaying, SourceTree, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging}, sourceDismissed, SourceClosed, "its owner comes back to it last: nobody is kept from a good node by others, whatever these say"),
			sourceRow([]SourceState{SourceNew, SourceDialing, SourceRelaying, SourceTree, SourceHolding, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging, SourceLeaving}, sourceStopped, SourceClosed, "no answer need be waited for"),
		},
	}
})
