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
	UploadAccepted  UploadState = "Accepted"
	UploadListening UploadState = "Listening"
	UploadOpening   UploadState = "Opening"
	UploadSending   UploadState = "Sending"
	UploadFinishing UploadState = "Finishing"
	UploadIdle      UploadState = "Idle"
	UploadRejecting UploadState = "Rejecting"
	UploadClosed    UploadState = "Closed"
)

// The events of an Upload.
const (
	UploadOpened         UploadEvent = "Opened"
	UploadBusy           UploadEvent = "Busy"
	UploadGetHeard       UploadEvent = "GET"
	UploadTreeHeard      UploadEvent = "TREE"
	UploadUnexpected     UploadEvent = "Unexpected"
	UploadMalformed      UploadEvent = "Malformed"
	UploadFileReady      UploadEvent = "FileReady"
	UploadFileAtEnd      UploadEvent = "FileAtEnd"
	UploadTreeReady      UploadEvent = "TreeReady"
	UploadFileDeclined   UploadEvent = "FileDeclined"
	UploadRequestSpoiled UploadEvent = "RequestSpoiled"
	UploadHashMoved      UploadEvent = "HashMoved"
	UploadHashStood      UploadEvent = "HashStood"
	UploadDiskLate       UploadEvent = "DiskLate"
	UploadBodyMoved      UploadEvent = "BodyMoved"
	UploadBodySent       UploadEvent = "BodySent"
	UploadPeerEnded      UploadEvent = "PeerEnded"
	UploadLost           UploadEvent = "Lost"
	UploadExpired        UploadEvent = "Expired"
	UploadStopped        UploadEvent = "Stopped"
)

var uploadRow = roles.NewRow[UploadState, UploadEvent]

// UploadTable governs an accepted link at a node.
var UploadTable = &roles.Table[UploadState, UploadEvent]{
	Name: "node.Upload",
	States: []roles.State[UploadState]{
		{Name: UploadAccepted, Means: "The machine is there, its link not yet."},
		{Name: UploadListening, Wait: protocol.RequestTimeout,
			Means: "The link is open and nothing has been asked; the first whole request, or its absence, moves us on."},
		{Name: UploadOpening, Wait: protocol.DiskTimeout,
			Means: "A file has been asked for; the disk says whether it is there. While it hashes the file, each progress sets the deadline anew."},
		{Name: UploadSending, Wait: protocol.ProgressTimeout,
			Means: "CONTENT has been sent and its raw bytes follow; each MinProgress bytes set the deadline anew."},
		{Name: UploadFinishing, Wait: protocol.ProgressTimeout,
			Means: "As Sending, but the node is stopping: these bytes are the last."},
		{Name: UploadIdle, Wait: protocol.IdleTimeout,
			Means: "A request has been answered; the peer asks again or ends."},
		{Name: UploadRejecting, Wait: protocol.CloseTimeout,
			Means: "We have refused to go on, said why, and half-closed; the peer has a moment to read that and end."},
		{Name: UploadClosed, Final: true, Means: "The link is closed and released."},
	},
	Events: []roles.Event[UploadEvent]{
		{Name: UploadOpened, Means: "the link is accepted"},
		{Name: UploadBusy, Means: "the link is accepted, but there is no room to serve it"},
		{Name: UploadGetHeard, Kind: protocol.KindGet, Means: "a client wants a stretch of a file"},
		{Name: UploadTreeHeard, Kind: protocol.KindTree, Means: "a client wants to know what a file is"},
		{Name: UploadUnexpected, Means: "a message of any other kind"},
		{Name: UploadMalformed, Means: "bytes that are no message"},
		{Name: UploadFileReady, Means: "the file is there, and there are bytes to send"},
		{Name: UploadFileAtEnd, Means: "the file is there, and the offset is its end"},
		{Name: UploadTreeReady, Means: "the file is there, and so is the slice of its tree"},
		{Name: UploadFileDeclined, Means: "the file is not there, not that content, not that long, or can't be read"},
		{Name: UploadRequestSpoiled, Means: "a request, after a stretch that was not what its CONTENT said"},
		{Name: UploadHashMoved, Means: "the disk is hashing the file, and is further than before"},
		{Name: UploadHashStood, Means: "the disk is hashing the file, but is no further than before"},
		{Name: UploadDiskLate, Means: "the disk answers when nobody waits for it"},
		{Name: UploadBodyMoved, Means: "another MinProgress bytes have passed"},
		{Name: UploadBodySent, Means: "all bytes of this stretch have passed"},
		{Name: UploadPeerEnded, Means: "the peer half-closed"},
		{Name: UploadLost, Means: "the link broke"},
		{Name: UploadExpired, Deadline: true, Means: "the state's deadline passed"},
		{Name: UploadStopped, Means: "the node is stopping"},
	},
	Rows: []roles.Row[UploadState, UploadEvent]{
		uploadRow([]UploadState{UploadAccepted}, UploadOpened, UploadListening, "the peer speaks first"),
		uploadRow([]UploadState{UploadAccepted}, UploadBusy, UploadRejecting, "better refused than left waiting: ERROR(busy), with when to try again"),
		uploadRow([]UploadState{UploadListening, UploadIdle}, UploadGetHeard, UploadOpening, "only the disk knows"),
		uploadRow([]UploadState{UploadListening, UploadIdle}, UploadTreeHeard, UploadOpening, "only the disk knows"),
		uploadRow([]UploadState{UploadIdle}, UploadRequestSpoiled, UploadIdle, "ERROR says that the stretch before was not the file's: changed, or internal"),
		uploadRow([]UploadState{UploadListening, UploadIdle}, UploadUnexpected, UploadRejecting, "whoever says what has no place here has lost the thread: ERROR(unexpected)"),
		uploadRow([]UploadState{UploadListening, UploadIdle}, UploadMalformed, UploadRejecting, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
		uploadRow([]UploadState{UploadOpening}, UploadFileReady, UploadSending, "CONTENT says how many bytes follow, and they do"),
		uploadRow([]UploadState{UploadOpening}, UploadFileAtEnd, UploadIdle, "CONTENT with no bytes: the client has it all"),
		uploadRow([]UploadState{UploadOpening}, UploadFileDeclined, UploadIdle, "ERROR says why; the link serves further requests"),
		uploadRow([]UploadState{UploadOpening}, UploadTreeReady, UploadIdle, "OUTBOARD says what the file is"),
		uploadRow([]UploadState{UploadOpening}, UploadHashMoved, UploadOpening, "HASHING says how far it is: the client waits on"),
		uploadRow([]UploadState{UploadOpening}, UploadHashStood, "", "nothing to tell; the deadline runs on"),
		uploadRow([]UploadState{UploadRejecting}, UploadDiskLate, "", "its answer has been given without it"),
		uploadRow([]UploadState{UploadSending, UploadFinishing}, UploadBodyMoved, "", "the deadline is set anew: the peer takes what we send"),
		uploadRow([]UploadState{UploadSending}, UploadBodySent, UploadIdle, "the client asks for the next stretch, or ends"),
		uploadRow([]UploadState{UploadFinishing}, UploadBodySent, UploadRejecting, "the stretch is whole, and the node goes: ERROR(draining)"),
		uploadRow([]UploadState{UploadListening, UploadIdle, UploadRejecting}, UploadPeerEnded, UploadClosed, "the peer is done, and so are we"),
		uploadRow([]UploadState{UploadListening, UploadOpening, UploadSending, UploadFinishing, UploadIdle, UploadRejecting}, UploadLost, UploadClosed, "nobody is left to talk to"),
		uploadRow([]UploadState{UploadListening, UploadIdle}, UploadExpired, UploadRejecting, "a silent or slow peer is let go: ERROR(timeout)"),
		uploadRow([]UploadState{UploadOpening}, UploadExpired, UploadRejecting, "our disk hangs: ERROR(internal)"),
		uploadRow([]UploadState{UploadSending, UploadFinishing}, UploadExpired, UploadClosed, "the peer does not take its bytes; in the midst of them no ERROR can be sent"),
		uploadRow([]UploadState{UploadRejecting}, UploadExpired, UploadClosed, "the peer had its moment"),
		uploadRow([]UploadState{UploadListening, UploadOpening, UploadIdle}, UploadStopped, UploadRejecting, "the node goes: ERROR(draining)"),
		uploadRow([]UploadState{UploadSending}, UploadStopped, UploadFinishing, "what has been promised is sent"),
		uploadRow([]UploadState{UploadFinishing, UploadRejecting}, UploadStopped, "", "already ending"),
	},
}
