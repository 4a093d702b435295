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
	UploadDialing   UploadState = "Dialing"
	UploadJoining   UploadState = "Joining"
	UploadSecuring  UploadState = "Securing"
	UploadListening UploadState = "Listening"
	UploadOpening   UploadState = "Opening"
	UploadWaiting   UploadState = "Waiting"
	UploadSending   UploadState = "Sending"
	UploadFinishing UploadState = "Finishing"
	UploadIdle      UploadState = "Idle"
	UploadRejecting UploadState = "Rejecting"
	UploadClosed    UploadState = "Closed"
)

// The events of an Upload.
const (
	uploadOpened         UploadEvent = "Opened"
	uploadBusy           UploadEvent = "Busy"
	uploadInvited        UploadEvent = "Invited"
	uploadDialed         UploadEvent = "Dialed"
	uploadJoined         UploadEvent = "JOINED"
	uploadNotJoined      UploadEvent = "ERROR"
	uploadGetHeard       UploadEvent = "GET"
	uploadTreeHeard      UploadEvent = "TREE"
	uploadAccused        UploadEvent = "Accused"
	uploadUnexpected     UploadEvent = "Unexpected"
	uploadMalformed      UploadEvent = "Malformed"
	uploadFileReady      UploadEvent = "FileReady"
	uploadTurnGiven      UploadEvent = "TurnGiven"
	uploadTurnRefused    UploadEvent = "TurnRefused"
	uploadTurnLate       UploadEvent = "TurnLate"
	uploadFileAtEnd      UploadEvent = "FileAtEnd"
	uploadTreeReady      UploadEvent = "TreeReady"
	uploadFileDeclined   UploadEvent = "FileDeclined"
	uploadStranger       UploadEvent = "Stranger"
	uploadRequestSpoiled UploadEvent = "RequestSpoiled"
	uploadHashMoved      UploadEvent = "HashMoved"
	uploadHashStood      UploadEvent = "HashStood"
	uploadDiskLate       UploadEvent = "DiskLate"
	uploadBodyMoved      UploadEvent = "BodyMoved"
	uploadBodySent       UploadEvent = "BodySent"
	uploadPeerEnded      UploadEvent = "PeerEnded"
	uploadLost           UploadEvent = "Lost"
	uploadExpired        UploadEvent = "Expired"
	uploadStopped        UploadEvent = "Stopped"
)

var uploadRow = roles.NewRow[UploadState, UploadEvent]

// UploadTable returns the table that governs a link at a node on which a client is served: an accepted one, or the
// node's end of a circuit.
func UploadTable() *roles.Table[UploadState, UploadEvent] { return uploadGrammar.Table() }

var uploadGrammar = roles.NewGrammar(func() roles.Table[UploadState, UploadEvent] {
	return roles.Table[UploadState, UploadEvent]{
		Name: "node.Upload",
		States: []roles.State[UploadState]{
			{Name: UploadAccepted, Means: "The machine is there, its link not yet."},
			{Name: UploadDialing, Wait: roles.DialTimeout,
				Means: "A client waits at the relay; a connection is being made there, in plain."},
			{Name: UploadJoining, Wait: roles.JoinTimeout + roles.ReplyTimeout,
				Means: "JOIN has been sent; the relay says when the client is there as well, or that it is not."},
			{Name: UploadSecuring, Wait: roles.HandshakeTimeout,
				Means: "The circuit is there; the client begins the handshake of TLS over it. From its end on the link is like an accepted one."},
			{Name: UploadListening, Wait: roles.RequestTimeout,
				Means: "The link is open and nothing has been asked; the first whole request, or its absence, moves us on."},
			{Name: UploadOpening, Wait: roles.DiskTimeout,
				Means: "A file has been asked for; the disk says whether it is there. While it hashes the file, each progress sets the deadline anew."},
			{Name: UploadWaiting, Wait: roles.TurnPatience,
				Means: "The file is there; its bytes go out when it is their turn among all that the node sends. The client waits for ReplyTimeout since it asked: where the disk has taken a part of that, we wait for less."},
			{Name: UploadSending, Wait: roles.ProgressTimeout,
				Means: "CONTENT has been sent and its raw bytes follow; each MinProgress bytes set the deadline anew."},
			{Name: UploadFinishing, Wait: roles.ProgressTimeout,
				Means: "As Sending, but the node is stopping, or the link has to make room: these bytes are the last."},
			{Name: UploadIdle, Wait: roles.IdleTimeout,
				Means: "A request has been answered; the peer asks again or ends."},
			{Name: UploadRejecting, Wait: roles.CloseTimeout,
				Means: "We have refused to go on, said why, and half-closed; the peer has a moment to read that and end."},
			{Name: UploadClosed, Final: true, Means: "The link is closed and released."},
		},
		Events: []roles.Event[UploadEvent]{
			{Name: uploadOpened, Means: "the link to the client is there"},
			{Name: uploadBusy, Means: "the link to the client is there, but there is no room to serve it"},
			{Name: uploadInvited, Means: "a client has come to the relay"},
			{Name: uploadDialed, Means: "the link to the relay is there"},
			{Name: uploadJoined, Kind: protocol.KindJoined, Means: "the client is at the other end"},
			{Name: uploadNotJoined, Kind: protocol.KindError, Means: "the relay makes no circuit: the client is gone, or we have come too late"},
			{Name: uploadGetHeard, Kind: protocol.KindGet, Means: "a client wants a stretch of a file"},
			{Name: uploadTreeHeard, Kind: protocol.KindTree, Means: "a client wants to know what a file is"},
			{Name: uploadAccused, Kind: protocol.KindError, Means: "ERROR(bad-hash): the client calls wrong what we sent, bytes or a tree"},
			{Name: uploadUnexpected, Means: "a message of any other kind, or another ERROR"},
			{Name: uploadMalformed, Means: "bytes that are no message"},
			{Name: uploadFileReady, Means: "the file is there, and there are bytes to send"},
			{Name: uploadTurnGiven, Means: "it is the turn of these bytes"},
			{Name: uploadTurnRefused, Means: "too many wait for their turn already, or this peer on too many links"},
			{Name: uploadTurnLate, Means: "the turn comes when nobody waits for it"},
			{Name: uploadFileAtEnd, Means: "the file is there, and the offset is its end"},
			{Name: uploadTreeReady, Means: "the file is there, and so is the slice of its tree"},
			{Name: uploadFileDeclined, Means: "the file is not there, not that content, not that long, or can't be read"},
			{Name: uploadStranger, Means: "a request of a peer whom the node does not serve"},
			{Name: uploadRequestSpoiled, Means: "a request, after a stretch that was not what its CONTENT said"},
			{Name: uploadHashMoved, Means: "the disk is hashing the file, and is further than before"},
			{Name: uploadHashStood, Means: "the disk is hashing the file, but is no further than before"},
			{Name: uploadDiskLate, Means: "the disk answers when nobody waits for it"},
			{Name: uploadBodyMoved, Means: "another MinProgress bytes have passed"},
			{Name: uploadBodySent, Means: "all bytes of this stretch have passed"},
			{Name: uploadPeerEnded, Means: "the peer half-closed"},
			{Name: uploadLost, Means: "the link broke"},
			{Name: uploadExpired, Deadline: true, Means: "the state's deadline passed"},
			{Name: uploadStopped, Means: "the node is stopping, or links are scarce and this one has been open for long without need"},
		},
		Rows: []roles.Row[UploadState, UploadEvent]{
			uploadRow([]UploadState{UploadAccepted}, uploadInvited, UploadDialing, "a node that nobody can dial goes to meet its clients"),
			uploadRow([]UploadState{UploadDialing}, uploadDialed, UploadJoining, "JOIN with the ticket, which is good for this once"),
			uploadRow([]UploadState{UploadJoining}, uploadJoined, UploadSecuring, "what follows is between the client and us: the relay passes it on and cannot read it"),
			uploadRow([]UploadState{UploadJoining}, uploadNotJoined, UploadClosed, "nobody is there to serve"),
			uploadRow([]UploadState{UploadAccepted, UploadSecuring}, uploadOpened, UploadListening, "the peer speaks first"),
			uploadRow([]UploadState{UploadAccepted, UploadSecuring}, uploadBusy, UploadRejecting, "better refused than left waiting: ERROR(busy), with when to try again"),
			uploadRow([]UploadState{UploadListening, UploadIdle}, uploadGetHeard, UploadOpening, "only the disk knows"),
			uploadRow([]UploadState{UploadListening, UploadIdle}, uploadTreeHeard, UploadOpening, "only the disk knows"),
			uploadRow([]UploadState{UploadListening, UploadIdle}, uploadStranger, UploadIdle, "ERROR(denied), whether the file is there or not"),
			uploadRow([]UploadState{UploadIdle}, uploadRequestSpoiled, UploadIdle, "ERROR says that the stretch before was not the file's: changed, or internal"),
			uploadRow([]UploadState{UploadIdle}, uploadAccused, UploadRejecting, "the disk may have lost bits, of a file or of the index: what was sent last is compared with its hash, and the link ends"),
			uploadRow([]UploadState{UploadJoining, UploadListening, UploadIdle}, uploadUnexpected, UploadRejecting, "a side that says something with no place here has lost the thread: ERROR(unexpected)"),
			uploadRow([]UploadState{UploadJoining, UploadListening, UploadIdle}, uploadMalformed, UploadRejecting, "after bytes that are no message nothing can be read: ERROR says what was wrong"),
			uploadRow([]UploadState{UploadOpening}, uploadFileReady, UploadWaiting, "few bodies are under way at once: it asks for a turn"),
			uploadRow([]UploadState{UploadWaiting}, uploadTurnGiven, UploadSending, "CONTENT says how many bytes follow, and they do"),
			uploadRow([]UploadState{UploadWaiting}, uploadTurnRefused, UploadRejecting, "better refused than left waiting: ERROR(busy), with when to try again"),
			uploadRow([]UploadState{UploadRejecting}, uploadTurnLate, "", "it has been given back"),
			uploadRow([]UploadState{UploadOpening}, uploadFileAtEnd, UploadIdle, "CONTENT with no bytes: the client has it all"),
			uploadRow([]UploadState{UploadOpening}, uploadFileDeclined, UploadIdle, "ERROR says why; the link serves further requests"),
			uploadRow([]UploadState{UploadOpening}, uploadTreeReady, UploadIdle, "OUTBOARD says what the file is"),
			uploadRow([]UploadState{UploadOpening}, uploadHashMoved, UploadOpening, "HASHING says how far it is: the client waits on"),
			uploadRow([]UploadState{UploadOpening}, uploadHashStood, "", "nothing to tell; the deadline runs on"),
			uploadRow([]UploadState{UploadRejecting}, uploadDiskLate, "", "its answer has been given without it"),
			uploadRow([]UploadState{UploadSending, UploadFinishing}, uploadBodyMoved, "", "the deadline is set anew: the peer takes what we send"),
			uploadRow([]UploadState{UploadSending}, uploadBodySent, UploadIdle, "the client asks for the next stretch, or ends"),
			uploadRow([]UploadState{UploadFinishing}, uploadBodySent, UploadRejecting, "the stretch is whole, and the node goes, or others need the room: ERROR(draining) or ERROR(busy)"),
			uploadRow([]UploadState{UploadJoining, UploadListening, UploadIdle, UploadRejecting}, uploadPeerEnded, UploadClosed, "the peer is done, and so are we"),
			uploadRow([]UploadState{UploadDialing, UploadJoining, UploadSecuring, UploadListening, UploadOpening, UploadWaiting, UploadSending, UploadFinishing, UploadIdle, UploadRejecting}, uploadLost, UploadClosed, "no peer is left to talk to"),
			uploadRow([]UploadState{UploadDialing, UploadJoining, UploadSecuring}, uploadExpired, UploadClosed, "the circuit has not come about, and nobody is there to be told"),
			uploadRow([]UploadState{UploadListening, UploadIdle}, uploadExpired, UploadRejecting, "a silent or slow peer is let go: ERROR(timeout)"),
			uploadRow([]UploadState{UploadOpening}, uploadExpired, UploadRejecting, "our disk hangs: ERROR(internal)"),
			uploadRow([]UploadState{UploadWaiting}, uploadExpired, UploadRejecting, "the client would not wait any longer: ERROR(busy), with when to try again"),
			uploadRow([]UploadState{UploadSending, UploadFinishing}, uploadExpired, UploadClosed, "the peer does not take its bytes; in the midst of them no ERROR can be sent"),
			uploadRow([]UploadState{UploadRejecting}, uploadExpired, UploadClosed, "the peer had its moment"),
			uploadRow([]UploadState{UploadDialing, UploadJoining, UploadSecuring}, uploadStopped, UploadClosed, "the node goes, or others need the room, and nobody is there yet to be told"),
			uploadRow([]UploadState{UploadListening, UploadOpening, UploadWaiting, UploadIdle}, uploadStopped, UploadRejecting, "the node goes: ERROR(draining); or others need the room: ERROR(busy)"),
			uploadRow([]UploadState{UploadSending}, uploadStopped, UploadFinishing, "what has been promised is sent"),
			uploadRow([]UploadState{UploadFinishing, UploadRejecting}, uploadStopped, "", "already ending"),
		},
	}
})
