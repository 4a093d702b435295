package client

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// HaulState is a state of a Haul.
type HaulState string

// HaulEvent is an event of a Haul.
type HaulEvent string

// The states of a Haul.
const (
	HaulNew       HaulState = "New"
	HaulDialing   HaulState = "Dialing"
	HaulAsking    HaulState = "Asking"
	HaulReceiving HaulState = "Receiving"
	HaulDoubting  HaulState = "Doubting"
	HaulJudging   HaulState = "Judging"
	HaulLeaving   HaulState = "Leaving"
	HaulClosed    HaulState = "Closed"
)

// The events of a Haul.
const (
	HaulStarted      HaulEvent = "Started"
	HaulNothing      HaulEvent = "NothingToAsk"
	HaulOpened       HaulEvent = "Opened"
	HaulHashing      HaulEvent = "HASHING, further"
	HaulHashingStuck HaulEvent = "HASHING, no further"
	HaulContent      HaulEvent = "CONTENT"
	HaulContentWrong HaulEvent = "CONTENT, wrong"
	HaulContentAgain HaulEvent = "CONTENT, no excuse"
	HaulDeclined     HaulEvent = "ERROR, next"
	HaulDeclinedLast HaulEvent = "ERROR, last"
	HaulRefused      HaulEvent = "ERROR, closing"
	HaulAdmits       HaulEvent = "ERROR, an excuse"
	HaulUnexpected   HaulEvent = "Unexpected"
	HaulGarbled      HaulEvent = "Garbled"
	HaulMoved        HaulEvent = "BodyMoved"
	HaulRight        HaulEvent = "GroupRight"
	HaulWrong        HaulEvent = "GroupWrong"
	HaulDone         HaulEvent = "BodyDone, next"
	HaulDoneLast     HaulEvent = "BodyDone, last"
	HaulStoreFailed  HaulEvent = "StoreFailed"
	HaulEnded        HaulEvent = "Ended"
	HaulLost         HaulEvent = "Lost"
	HaulExpired      HaulEvent = "Expired"
	HaulStopped      HaulEvent = "Stopped"
)

var haulRow = roles.NewRow[HaulState, HaulEvent]

// HaulTable governs the fetching of many small files from one node.
var HaulTable = &roles.Table[HaulState, HaulEvent]{
	Name: "client.Haul",
	States: []roles.State[HaulState]{
		{Name: HaulNew, Means: "Nothing has happened yet."},
		{Name: HaulDialing, Wait: protocol.DialTimeout,
			Means: "A connection to the node is being made."},
		{Name: HaulAsking, Wait: protocol.ReplyTimeout,
			Means: "Up to MaxHaul GETs have been sent; the answer to the first, the node's silence or its death moves us on."},
		{Name: HaulReceiving, Wait: protocol.ProgressTimeout,
			Means: "CONTENT has been heard and its raw bytes follow; each MinProgress bytes set the deadline anew."},
		{Name: HaulDoubting, Wait: protocol.ProgressTimeout,
			Means: "A file was not what its hash says; what is left of it passes unused."},
		{Name: HaulJudging, Wait: protocol.ReplyTimeout,
			Means: "A file was not what its hash says; if the node's next answer says that it changed while it was sent, the node has not lied."},
		{Name: HaulLeaving, Wait: protocol.CloseTimeout,
			Means: "This node has done for us what it will and we have half-closed; its end of stream moves us on."},
		{Name: HaulClosed, Final: true, Means: "The link is closed and released."},
	},
	Events: []roles.Event[HaulEvent]{
		{Name: HaulStarted, Means: "files are wanted"},
		{Name: HaulNothing, Means: "files are wanted, and all of them are empty"},
		{Name: HaulOpened, Means: "the link is there"},
		{Name: HaulHashing, Kind: protocol.KindHashing, Means: "the node has hashed enough more of a file: MinProgress bytes, and one of HashingParts parts; or all of it"},
		{Name: HaulHashingStuck, Kind: protocol.KindHashing, Means: "the node is hashing a file, but has not got on"},
		{Name: HaulContent, Kind: protocol.KindContent, Means: "the file that was asked for follows"},
		{Name: HaulContentWrong, Kind: protocol.KindContent, Means: "another file than was asked for, or not all of it"},
		{Name: HaulContentAgain, Kind: protocol.KindContent, Means: "the node goes on as if nothing were wrong"},
		{Name: HaulDeclined, Kind: protocol.KindError, Means: "the node says no to one file, and others are asked for"},
		{Name: HaulDeclinedLast, Kind: protocol.KindError, Means: "the node says no to the last file"},
		{Name: HaulRefused, Kind: protocol.KindError, Means: "the node says that it ends the link, or does not explain what was wrong"},
		{Name: HaulAdmits, Kind: protocol.KindError, Means: "the file changed, or could not be read, while it was sent: the node says so itself"},
		{Name: HaulUnexpected, Means: "a message of any other kind"},
		{Name: HaulGarbled, Means: "bytes that are no message"},
		{Name: HaulMoved, Means: "another MinProgress bytes have passed"},
		{Name: HaulRight, Means: "the file is stored, and is what its hash says"},
		{Name: HaulWrong, Means: "the file is not what its hash says"},
		{Name: HaulDone, Means: "all bytes of a file have passed, and others are asked for"},
		{Name: HaulDoneLast, Means: "all bytes of the last file have passed"},
		{Name: HaulStoreFailed, Means: "our own disk failed"},
		{Name: HaulEnded, Means: "the node half-closed"},
		{Name: HaulLost, Means: "the link broke, or could not be made"},
		{Name: HaulExpired, Deadline: true, Means: "the state's deadline passed"},
		{Name: HaulStopped, Means: "the user does not want to wait any more"},
	},
	Rows: []roles.Row[HaulState, HaulEvent]{
		haulRow([]HaulState{HaulNew}, HaulStarted, HaulDialing, "one link serves for all of them"),
		haulRow([]HaulState{HaulNew}, HaulNothing, HaulClosed, "nobody is asked for no bytes"),
		haulRow([]HaulState{HaulDialing}, HaulOpened, HaulAsking, "a GET for each of the first files, one after the other"),
		haulRow([]HaulState{HaulAsking}, HaulHashing, HaulAsking, "whoever gets on is waited for"),
		haulRow([]HaulState{HaulJudging}, HaulHashing, HaulJudging, "whoever gets on is waited for"),
		haulRow([]HaulState{HaulAsking, HaulJudging}, HaulHashingStuck, "", "the deadline runs on"),
		haulRow([]HaulState{HaulAsking}, HaulContent, HaulReceiving, "the bytes follow"),
		haulRow([]HaulState{HaulAsking}, HaulContentWrong, HaulLeaving, "it is not what was asked for: ERROR(changed)"),
		haulRow([]HaulState{HaulJudging}, HaulContentAgain, HaulLeaving, "the bytes were wrong and the node sees nothing in it: ERROR(bad-hash)"),
		haulRow([]HaulState{HaulAsking}, HaulDeclined, HaulAsking, "that is what became of this file; the others are another matter"),
		haulRow([]HaulState{HaulAsking}, HaulDeclinedLast, HaulLeaving, "all have been answered"),
		haulRow([]HaulState{HaulAsking, HaulJudging}, HaulRefused, HaulLeaving, "the files that are left are for another node"),
		haulRow([]HaulState{HaulJudging}, HaulAdmits, HaulLeaving, "it has not lied; the files that are left are for another visit"),
		haulRow([]HaulState{HaulAsking, HaulJudging}, HaulUnexpected, HaulLeaving, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		haulRow([]HaulState{HaulAsking, HaulJudging}, HaulGarbled, HaulLeaving, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		haulRow([]HaulState{HaulReceiving, HaulDoubting}, HaulMoved, "", "the deadline is set anew: the node sends"),
		haulRow([]HaulState{HaulReceiving}, HaulRight, "", "it is here, and that is said"),
		haulRow([]HaulState{HaulReceiving}, HaulWrong, HaulDoubting, "a lie, or a file that changed while it was sent: the node's next answer tells"),
		haulRow([]HaulState{HaulReceiving}, HaulDone, HaulAsking, "the answers to the next GETs are already on their way"),
		haulRow([]HaulState{HaulReceiving}, HaulDoneLast, HaulLeaving, "all have been answered"),
		haulRow([]HaulState{HaulDoubting}, HaulDone, HaulJudging, "there is a next answer: where no GET is ahead, one for the wrong file is sent"),
		haulRow([]HaulState{HaulReceiving, HaulDoubting}, HaulStoreFailed, HaulClosed, "no node can help with our own disk"),
		haulRow([]HaulState{HaulAsking, HaulReceiving, HaulDoubting, HaulJudging, HaulLeaving}, HaulEnded, HaulClosed, "the node is done with this link"),
		haulRow([]HaulState{HaulDialing, HaulAsking, HaulReceiving, HaulDoubting, HaulJudging, HaulLeaving}, HaulLost, HaulClosed, "nobody is left to talk to"),
		haulRow([]HaulState{HaulDialing, HaulAsking, HaulReceiving, HaulDoubting, HaulJudging, HaulLeaving}, HaulExpired, HaulClosed, "the node had its time"),
		haulRow([]HaulState{HaulNew, HaulDialing, HaulAsking, HaulReceiving, HaulDoubting, HaulJudging, HaulLeaving}, HaulStopped, HaulClosed, "the user need not wait for anybody"),
	},
}
