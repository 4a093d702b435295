package node

import (
	"bytes"
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Upload is an accepted link at a node. See UploadTable.
type Upload struct {
	roles.Core[UploadState, UploadEvent]
	peer     netip.AddrPort
	get      *protocol.Get // the request being served
	spoiled  protocol.Code // why the stretch before was not the file's, or 0
	progress roles.Progress
}

// Served is reported for each GET: what was asked, and Code 0 or why not.
type Served struct {
	Peer           netip.AddrPort
	Name           string
	Offset, Length uint64
	Code           protocol.Code
}

// link is the only link of an Upload.
const link roles.Link = 0

// NewUpload returns an Upload.
func NewUpload() *Upload {
	return &Upload{Core: roles.NewCore(UploadTable)}
}

// Reset prepares the machine for another link.
func (u *Upload) Reset() {
	u.Core.Reset()
	*u = Upload{Core: u.Core}
}

// Step is [roles.Machine]'s.
func (u *Upload) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	u.Begin()
	switch in := in.(type) {
	case roles.Opened:
		u.opened(in)
	case roles.Heard:
		u.heard(in.Message)
	case roles.Garbled:
		u.part(UploadGarbled, in.Err)
	case roles.FileFound:
		u.found(in)
	case roles.FileRefused:
		u.decline(in.Code, in.Text)
	case roles.Moved:
		if u.progress.Enough(in.Bytes) {
			u.Fire(BodyMoved)
			u.Arm(protocol.ProgressTimeout)
		}
	case roles.BodyDone:
		u.sent()
	case roles.BodySpoiled:
		u.spoiled = in.Code
		u.sent()
	case roles.Ended:
		u.close(UploadEnded)
	case roles.Lost:
		u.close(UploadLost)
	case roles.Rang:
		if u.Due(in) {
			u.expired()
		}
	case roles.Stopped:
		u.stop()
	}
	return u.Effects()
}

func (u *Upload) opened(in roles.Opened) {
	if in.Full {
		u.part(UploadCrowded, roles.Busy())
		return
	}
	u.peer = in.Peer
	u.Fire(UploadOpened)
	u.Do(roles.Hear{Link: link})
}

func (u *Upload) heard(m protocol.Message) {
	get, is := m.(*protocol.Get)
	if !is {
		u.part(UploadUnexpected, roles.Unexpected(m.Kind(), string(u.State())))
		return
	}
	u.get = get
	u.Fire(GetHeard)
	if code := u.spoiled; code != 0 {
		u.spoiled = 0
		u.decline(code, "the bytes before were not the file's: it could not be read to the end")
		return
	}
	u.Do(roles.OpenFile{Name: get.Name})
}

// found judges the file that the disk has against the request.
func (u *Upload) found(file roles.FileFound) {
	switch {
	case u.State() != Opening:
		u.Fire(DiskLate)
	case len(u.get.Version) > 0 && !bytes.Equal(u.get.Version, file.Version):
		u.decline(protocol.Changed, "the file is not that version any more")
	case u.get.Offset > file.Size:
		u.decline(protocol.Limit, "the file is shorter than that")
	default:
		u.answer(file)
	}
}

func (u *Upload) answer(file roles.FileFound) {
	length := min(file.Size-u.get.Offset, protocol.MaxRange)
	if u.get.Length > 0 {
		length = min(length, u.get.Length)
	}
	content := &protocol.Content{Size: file.Size, Offset: u.get.Offset, Length: length, Version: file.Version}
	u.report(length, 0)
	if length == 0 {
		u.Fire(FileAtEnd)
		u.Do(roles.Send{Link: link, Message: content}, roles.Hear{Link: link})
		return
	}
	u.Fire(FileReady)
	u.progress = roles.Progress{}
	u.Do(roles.Send{Link: link, Message: content}, roles.SendBody{Link: link, Offset: u.get.Offset, Length: length})
}

func (u *Upload) decline(code protocol.Code, text string) {
	if u.State() != Opening {
		u.Fire(DiskLate)
		return
	}
	u.Fire(FileDeclined)
	u.report(0, code)
	u.Do(roles.Send{Link: link, Message: &protocol.Error{Code: code, By: protocol.Node, Text: text}}, roles.Hear{Link: link})
}

func (u *Upload) report(length uint64, code protocol.Code) {
	u.Do(roles.Report{Outcome: Served{u.peer, u.get.Name, u.get.Offset, length, code}})
}

func (u *Upload) sent() {
	if u.State() == Finishing {
		u.part(BodySent, draining())
		return
	}
	u.Fire(BodySent)
	u.Do(roles.Hear{Link: link})
}

func (u *Upload) expired() {
	switch u.State() {
	case Opening:
		u.part(UploadExpired, &protocol.Error{Code: protocol.Internal, Text: "the disk does not answer"})
	case Listening, Lingering:
		u.part(UploadExpired, &protocol.Error{Code: protocol.Timeout, Text: "no whole request in time"})
	default:
		u.close(UploadExpired)
	}
}

func (u *Upload) stop() {
	switch u.State() {
	case Sending, Finishing, Parting:
		u.Fire(UploadStopped)
	default:
		u.part(UploadStopped, draining())
	}
}

func draining() *protocol.Error {
	return &protocol.Error{Code: protocol.Draining, Text: "the node is stopping"}
}

func (u *Upload) part(event UploadEvent, err *protocol.Error) {
	u.Fire(event)
	err.By = protocol.Node
	u.Part(link, err)
}

func (u *Upload) close(event UploadEvent) {
	u.Fire(event)
	u.Do(roles.HangUp{Link: link})
}
