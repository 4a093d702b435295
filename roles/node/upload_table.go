package node

import (
	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// UploadState is a state of an Upload.
type UploadState string

// UploadEvent is an event of an Upload.
type UploadEvent string

// The states of an Upload.
const (
	Accepted  UploadState = "Accepted"
	Listening UploadState = "Listening"
	Opening   UploadState = "Opening"
	Sending   UploadState = "Sending"
	Finishing UploadState = "Finishing"
	Lingering UploadState = "Lingering"
	Parting   UploadState = "Parting"
	Closed    UploadState = "Closed"
)

// The events of an Upload.
const (
	UploadOpened     UploadEvent = "Opened"
	UploadCrowded    UploadEvent = "Crowded"
	GetHeard         UploadEvent = "GET"
	TreeHeard        UploadEvent = "TREE"
	UploadUnexpected UploadEvent = "Unexpected"
	UploadGarbled    UploadEvent = "Garbled"
	FileReady        UploadEvent = "FileReady"
	FileAtEnd        UploadEvent = "FileAtEnd"
	TreeReady        UploadEvent = "TreeReady"
	FileDeclined     UploadEvent = "FileDeclined"
	RequestSpoiled   UploadEvent = "RequestSpoiled"
	HashMoved        UploadEvent = "HashMoved"
	HashStood        UploadEvent = "HashStood"
	DiskLate         UploadEvent = "DiskLate"
	BodyMoved        UploadEvent = "BodyMoved"
	BodySent         UploadEvent = "BodySent"
	UploadEnded      UploadEvent = "Ended"
	UploadLost       UploadEvent = "Lost"
	UploadExpired    UploadEvent = "Expired"
	UploadStopped    UploadEvent = "Stopped"
)

var uploadRow = roles.NewRow[UploadState, UploadEvent]

// UploadTable governs an accepted link at a node.
var UploadTable = &roles.Table[UploadState, UploadEvent]{
	Name: "node.Upload",
	States: []roles.State[UploadState]{
		{Name: Accepted, Means: "The machine is there, its link not yet."},
		{Name: Listening, Wait: protocol.RequestTimeout,
			Means: "The link is open and nothing has been asked; the first whole request, or its absence, moves us on."},
		{Name: Opening, Wait: protocol.DiskTimeout,
			Means: "A file has been asked for; the disk says whether it is there. While it hashes the file, each progress sets the deadline anew."},
		{Name: Sending, Wait: protocol.ProgressTimeout,
			Means: "CONTENT has been sent and its raw bytes follow; each MinProgress bytes set the deadline anew."},
		{Name: Finishing, Wait: protocol.ProgressTimeout,
			Means: "As Sending, but the node is stopping: these bytes are the last."},
		{Name: Lingering, Wait: protocol.IdleTimeout,
			Means: "A request has been answered; the peer asks again or ends."},
		{Name: Parting, Wait: protocol.CloseTimeout,
			Means: "We have refused to go on, said why, and half-closed; the peer has a moment to read that and end."},
		{Name: Closed, Final: true, Means: "The link is closed and released."},
	},
	Events: []roles.Event[UploadEvent]{
		{Name: UploadOpened, Means: "the link is accepted"},
		{Name: UploadCrowded, Means: "the link is accepted, but there is no room to serve it"},
		{Name: GetHeard, Kind: protocol.KindGet, Means: "a client wants a stretch of a file"},
		{Name: TreeHeard, Kind: protocol.KindTree, Means: "a client wants to know what a file is"},
		{Name: UploadUnexpected, Means: "a message of any other kind"},
		{Name: UploadGarbled, Means: "bytes that are no message"},
		{Name: FileReady, Means: "the file is there, and there are bytes to send"},
		{Name: FileAtEnd, Means: "the file is there, and the offset is its end"},
		{Name: TreeReady, Means: "the file is there, and so is the slice of its tree"},
		{Name: FileDeclined, Means: "the file is not there, not that content, not that long, or can't be read"},
		{Name: RequestSpoiled, Means: "a request, after a stretch that was not what its CONTENT said"},
		{Name: HashMoved, Means: "the disk is hashing the file, and is further than before"},
		{Name: HashStood, Means: "the disk is hashing the file, but is no further than before"},
		{Name: DiskLate, Means: "the disk answers when nobody waits for it"},
		{Name: BodyMoved, Means: "another MinProgress bytes have passed"},
		{Name: BodySent, Means: "all bytes of this stretch have passed"},
		{Name: UploadEnded, Means: "the peer half-closed"},
		{Name: UploadLost, Means: "the link broke"},
		{Name: UploadExpired, Deadline: true, Means: "the state's deadline passed"},
		{Name: UploadStopped, Means: "the node is stopping"},
	},
	Rows: []roles.Row[UploadState, UploadEvent]{
		uploadRow([]UploadState{Accepted}, UploadOpened, Listening, "the peer speaks first"),
		uploadRow([]UploadState{Accepted}, UploadCrowded, Parting, "better refused than left waiting: ERROR(busy), with when to try again"),
		uploadRow([]UploadState{Listening, Lingering}, GetHeard, Opening, "only the disk knows"),
		uploadRow([]UploadState{Listening, Lingering}, TreeHeard, Opening, "only the disk knows"),
		uploadRow([]UploadState{Lingering}, RequestSpoiled, Lingering, "ERROR says that the stretch before was not the file's: changed, or internal"),
		uploadRow([]UploadState{Listening, Lingering}, UploadUnexpected, Parting, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		uploadRow([]UploadState{Listening, Lingering}, UploadGarbled, Parting, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		uploadRow([]UploadState{Opening}, FileReady, Sending, "CONTENT says how many bytes follow, and they do"),
		uploadRow([]UploadState{Opening}, FileAtEnd, Lingering, "CONTENT with no bytes: the client has it all"),
		uploadRow([]UploadState{Opening}, FileDeclined, Lingering, "ERROR says why; the link serves further requests"),
		uploadRow([]UploadState{Opening}, TreeReady, Lingering, "OUTBOARD says what the file is"),
		uploadRow([]UploadState{Opening}, HashMoved, Opening, "HASHING says how far it is: the client waits on"),
		uploadRow([]UploadState{Opening}, HashStood, "", "nothing to tell; the deadline runs on"),
		uploadRow([]UploadState{Parting}, DiskLate, "", "its answer has been given without it"),
		uploadRow([]UploadState{Sending, Finishing}, BodyMoved, "", "the deadline is set anew: the peer takes what we send"),
		uploadRow([]UploadState{Sending}, BodySent, Lingering, "the client asks for the next stretch, or ends"),
		uploadRow([]UploadState{Finishing}, BodySent, Parting, "the stretch is whole, and the node goes: ERROR(draining)"),
		uploadRow([]UploadState{Listening, Lingering, Parting}, UploadEnded, Closed, "the peer is done, and so are we"),
		uploadRow([]UploadState{Listening, Opening, Sending, Finishing, Lingering, Parting}, UploadLost, Closed, "nobody is left to talk to"),
		uploadRow([]UploadState{Listening, Lingering}, UploadExpired, Parting, "a silent or slow peer is let go: ERROR(timeout)"),
		uploadRow([]UploadState{Opening}, UploadExpired, Parting, "our disk hangs: ERROR(internal)"),
		uploadRow([]UploadState{Sending, Finishing}, UploadExpired, Closed, "the peer does not take its bytes; in the midst of them no ERROR can be sent"),
		uploadRow([]UploadState{Parting}, UploadExpired, Closed, "the peer had its moment"),
		uploadRow([]UploadState{Listening, Opening, Lingering}, UploadStopped, Parting, "the node goes: ERROR(draining)"),
		uploadRow([]UploadState{Sending}, UploadStopped, Finishing, "what has been promised is sent"),
		uploadRow([]UploadState{Finishing, Parting}, UploadStopped, "", "already ending"),
	},
}
