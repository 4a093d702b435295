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
	SourceStarted       SourceEvent = "Started"
	SourceOpened        SourceEvent = "Opened"
	SourceOutboardFits  SourceEvent = "OUTBOARD"
	SourceOutboardOther SourceEvent = "OUTBOARD, other content"
	SourceOutboardWrong SourceEvent = "OUTBOARD, wrong"
	SourceHashing       SourceEvent = "HASHING, further"
	SourceHashingStuck  SourceEvent = "HASHING, no further"
	SourceTreeWanted    SourceEvent = "TreeWanted"
	SourceGroupsTaken   SourceEvent = "GroupsTaken"
	SourceNothingLeft   SourceEvent = "NothingLeft"
	SourceContentFits   SourceEvent = "CONTENT"
	SourceContentWrong  SourceEvent = "CONTENT, wrong"
	SourceContentAgain  SourceEvent = "CONTENT, no excuse"
	SourceRefused       SourceEvent = "ERROR"
	SourceAdmits        SourceEvent = "ERROR, an excuse"
	SourceUnexpected    SourceEvent = "Unexpected"
	SourceMalformed     SourceEvent = "Malformed"
	SourceBodyMoved     SourceEvent = "BodyMoved"
	SourceGroupRight    SourceEvent = "GroupRight"
	SourceGroupWrong    SourceEvent = "GroupWrong"
	SourceBodyDone      SourceEvent = "BodyDone"
	SourceBodyDoneLast  SourceEvent = "BodyDone, last asked"
	SourcePeerEnded     SourceEvent = "PeerEnded"
	SourceLost          SourceEvent = "Lost"
	SourceExpired       SourceEvent = "Expired"
	SourceOvertaken     SourceEvent = "Overtaken"
	SourceStopped       SourceEvent = "Stopped"
)

var sourceRow = roles.NewRow[SourceState, SourceEvent]

// SourceTable governs one visit to one node.
var SourceTable = &roles.Table[SourceState, SourceEvent]{
	Name: "client.Source",
	States: []roles.State[SourceState]{
		{Name: SourceNew, Means: "Nothing has happened yet."},
		{Name: SourceDialing, Wait: protocol.DialTimeout,
			Means: "A connection to the node is being made."},
		{Name: SourceTree, Wait: protocol.ReplyTimeout,
			Means: "TREE has been sent; what the file is, a refusal, or the lack of either moves us on."},
		{Name: SourceHolding, Wait: protocol.HoldTimeout,
			Means: "The node has told what the file is, and nothing is asked of it: the store is not ready, or the next request is being chosen."},
		{Name: SourceAsking, Wait: protocol.ReplyTimeout,
			Means: "GET has been sent; its answer, the node's silence or its death moves us on."},
		{Name: SourceReceiving, Wait: protocol.ProgressTimeout,
			Means: "CONTENT has been heard and its raw bytes follow; each MinProgress bytes set the deadline anew."},
		{Name: SourceDoubting, Wait: protocol.ProgressTimeout,
			Means: "A group was wrong. What is left of its stretch passes unused; each MinProgress bytes set the deadline anew."},
		{Name: SourceJudging, Wait: protocol.ReplyTimeout,
			Means: "A group was wrong, and its stretch is over; if the node's next answer says that the file changed under it, it has not lied."},
		{Name: SourceLeaving, Wait: protocol.CloseTimeout,
			Means: "This node has done for us what it will and we have half-closed; its end of stream moves us on."},
		{Name: SourceClosed, Final: true, Means: "The link is closed and released."},
	},
	Events: []roles.Event[SourceEvent]{
		{Name: SourceStarted, Means: "the node is to be asked"},
		{Name: SourceOpened, Means: "the link is there"},
		{Name: SourceOutboardFits, Kind: protocol.KindOutboard, Means: "the tree that was asked for, of the content that is wanted"},
		{Name: SourceOutboardOther, Kind: protocol.KindOutboard, Means: "a tree that is right, of another content than the one that is being fetched"},
		{Name: SourceOutboardWrong, Kind: protocol.KindOutboard, Means: "a tree that its hash does not vouch for, or that was not asked for"},
		{Name: SourceHashing, Kind: protocol.KindHashing, Means: "the node has hashed enough more of the file: MinProgress bytes, and one of HashingParts parts; or all of it"},
		{Name: SourceHashingStuck, Kind: protocol.KindHashing, Means: "the node is hashing the file, but has not got on"},
		{Name: SourceTreeWanted, Means: "the next groups are not of the part of the tree that we have"},
		{Name: SourceGroupsTaken, Means: "groups are missing, and these are to come from this node"},
		{Name: SourceNothingLeft, Means: "nothing is missing that others are not asked for"},
		{Name: SourceContentFits, Kind: protocol.KindContent, Means: "the stretch that was asked for follows, or the beginning of it"},
		{Name: SourceContentWrong, Kind: protocol.KindContent, Means: "another content, offset or length than was asked for"},
		{Name: SourceContentAgain, Kind: protocol.KindContent, Means: "the node goes on as if nothing were wrong"},
		{Name: SourceRefused, Kind: protocol.KindError, Means: "the node says no, and why"},
		{Name: SourceAdmits, Kind: protocol.KindError, Means: "the file changed, or could not be read, while it was sent: the node says so itself"},
		{Name: SourceUnexpected, Means: "a message of any other kind"},
		{Name: SourceMalformed, Means: "bytes that are no message"},
		{Name: SourceBodyMoved, Means: "another MinProgress bytes have passed"},
		{Name: SourceGroupRight, Means: "a group is stored, and is what the tree says"},
		{Name: SourceGroupWrong, Means: "a group is not what the tree says"},
		{Name: SourceBodyDone, Means: "all bytes of this stretch have passed, and the next one is asked for"},
		{Name: SourceBodyDoneLast, Means: "all bytes of this stretch have passed, and nothing more is asked for"},
		{Name: SourcePeerEnded, Means: "the node half-closed"},
		{Name: SourceLost, Means: "the link broke, or could not be made"},
		{Name: SourceExpired, Deadline: true, Means: "the state's deadline passed"},
		{Name: SourceOvertaken, Means: "what is wanted of this node has come from others"},
		{Name: SourceStopped, Means: "nothing is wanted any more"},
	},
	Rows: []roles.Row[SourceState, SourceEvent]{
		sourceRow([]SourceState{SourceNew}, SourceStarted, SourceDialing, "one link serves for all that is asked of a node"),
		sourceRow([]SourceState{SourceDialing}, SourceOpened, SourceTree, "TREE: without it nothing that the node sends could be verified"),
		sourceRow([]SourceState{SourceTree}, SourceOutboardFits, SourceHolding, "from here on each group of it can be verified by itself"),
		sourceRow([]SourceState{SourceTree}, SourceOutboardOther, SourceLeaving, "what is being fetched has one content; this one is remembered, should no node have all of the first"),
		sourceRow([]SourceState{SourceTree}, SourceOutboardWrong, SourceLeaving, "its hash is all that can be trusted: ERROR(bad-hash)"),
		sourceRow([]SourceState{SourceTree}, SourceHashing, SourceTree, "whoever gets on is waited for"),
		sourceRow([]SourceState{SourceAsking}, SourceHashing, SourceAsking, "whoever gets on is waited for"),
		sourceRow([]SourceState{SourceJudging}, SourceHashing, SourceJudging, "whoever gets on is waited for"),
		sourceRow([]SourceState{SourceTree, SourceAsking, SourceJudging}, SourceHashingStuck, "", "the deadline runs on"),
		sourceRow([]SourceState{SourceHolding}, SourceTreeWanted, SourceTree, "one OUTBOARD is for MaxGroups groups at most"),
		sourceRow([]SourceState{SourceHolding}, SourceGroupsTaken, SourceAsking, "GET, and another one ahead, so that the node need not wait for it"),
		sourceRow([]SourceState{SourceHolding}, SourceNothingLeft, SourceLeaving, "nobody is kept who is not needed"),
		sourceRow([]SourceState{SourceAsking}, SourceContentFits, SourceReceiving, "the bytes follow; the next GET goes out at once, so that the node need not wait for it"),
		sourceRow([]SourceState{SourceAsking}, SourceContentWrong, SourceLeaving, "it does not belong to what came before: ERROR(changed)"),
		sourceRow([]SourceState{SourceJudging}, SourceContentAgain, SourceLeaving, "the bytes were wrong and the node sees nothing in it: ERROR(bad-hash)"),
		sourceRow([]SourceState{SourceTree, SourceAsking}, SourceRefused, SourceLeaving, "the node says no, and the next one is asked"),
		sourceRow([]SourceState{SourceJudging}, SourceAdmits, SourceLeaving, "it has not lied, but what it has is not what is wanted any more"),
		sourceRow([]SourceState{SourceJudging}, SourceRefused, SourceLeaving, "that does not explain the wrong group: ERROR(bad-hash)"),
		sourceRow([]SourceState{SourceTree, SourceAsking, SourceJudging}, SourceUnexpected, SourceLeaving, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		sourceRow([]SourceState{SourceTree, SourceAsking, SourceJudging}, SourceMalformed, SourceLeaving, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		sourceRow([]SourceState{SourceReceiving, SourceDoubting}, SourceBodyMoved, "", "the deadline is set anew: the node sends"),
		sourceRow([]SourceState{SourceReceiving}, SourceGroupRight, "", "it counts as had, whatever becomes of the others"),
		sourceRow([]SourceState{SourceReceiving}, SourceGroupWrong, SourceDoubting, "a lie, or a file that changed while it was sent: the node's next answer tells"),
		sourceRow([]SourceState{SourceReceiving}, SourceBodyDone, SourceAsking, "the answer to the next GET is already on its way"),
		sourceRow([]SourceState{SourceReceiving}, SourceBodyDoneLast, SourceHolding, "what is next depends on what is missing"),
		sourceRow([]SourceState{SourceDoubting}, SourceBodyDone, SourceJudging, "there is a next answer: where no GET is ahead, one for the wrong group is sent"),
		sourceRow([]SourceState{SourceTree, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging, SourceLeaving}, SourcePeerEnded, SourceClosed, "the node is done with this link"),
		sourceRow([]SourceState{SourceDialing, SourceTree, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging, SourceLeaving}, SourceLost, SourceClosed, "nobody is left to talk to"),
		sourceRow([]SourceState{SourceDialing, SourceTree, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging, SourceLeaving}, SourceExpired, SourceClosed, "the node had its time"),
		sourceRow([]SourceState{SourceHolding}, SourceExpired, SourceLeaving, "the node would soon end a link on which nothing is asked; it can be dialed again"),
		sourceRow([]SourceState{SourceDialing, SourceTree, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging}, SourceOvertaken, SourceClosed, "who is slow or silent is not waited for"),
		sourceRow([]SourceState{SourceNew, SourceDialing, SourceTree, SourceHolding, SourceAsking, SourceReceiving, SourceDoubting, SourceJudging, SourceLeaving}, SourceStopped, SourceClosed, "nobody need be waited for"),
	},
}
