package node

import (
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// most returns how many groups an OUTBOARD is for at most.
func most(asked uint64) uint64 {
	if asked == 0 {
		return protocol.MaxGroups
	}
	return min(asked, protocol.MaxGroups)
}

// found compares the file that the disk has with the request, and answers.
func (u *Upload) found(at roles.Moment, file roles.FileFound) {
	want, from, end := u.wanted(file.Size)
	switch {
	case !want.IsZero() && want != file.Hash:
		u.decline(protocol.Changed, "the file is not that content any more")
	case from > end:
		u.decline(protocol.Limit, "the file is shorter than that")
	case u.tree != nil:
		u.describe(file)
	default:
		u.answer(at, file)
	}
}

// wanted returns the requested content, if any, the requested beginning, and the end of a file of
// that size, in bytes or groups.
func (u *Upload) wanted(size uint64) (want protocol.Hash, from, end uint64) {
	if u.tree != nil {
		return u.tree.Hash, u.tree.First, protocol.Groups(size)
	}
	return u.get.Hash, u.get.Offset, size
}

// describe answers a TREE.
func (u *Upload) describe(file roles.FileFound) {
	count := min(protocol.Groups(file.Size)-u.tree.First, most(u.tree.Count))
	u.core.Fire(uploadTreeReady)
	u.told = roles.CheckFile{Hash: file.Hash, First: u.tree.First, Count: count, Tree: true}
	u.report(file, count, 0)
	u.core.Do(roles.Send{Link: link, Message: &protocol.Outboard{
		Size: file.Size, Hash: file.Hash, First: u.tree.First, Count: count, Nodes: file.Nodes,
		Modified: file.Modified, Executable: file.Executable,
	}}, roles.Hear{Link: link})
}

// answer answers a GET: with bytes as soon as it is its turn. The client waits for ReplyTimeout, of which
// the disk may have taken some.
func (u *Upload) answer(at roles.Moment, file roles.FileFound) {
	length := stretch(u.get, file.Size)
	if length == 0 {
		u.report(file, 0, 0)
		u.core.Fire(uploadFileAtEnd)
		u.core.Do(u.head(file, 0), roles.Hear{Link: link})
		return
	}
	u.file, u.turn = file, true
	u.core.Fire(uploadFileReady)
	u.core.Arm(roles.TurnPatience - min(at.Now-u.since, roles.TurnPatience-time.Second/2))
	u.core.Do(roles.AskTurn{From: roles.OriginOf(u.peer.Addr(), u.id), Length: length})
}

// head returns the word that goes before a body.
func (u *Upload) head(file roles.FileFound, length uint64) roles.Send {
	return roles.Send{Link: link, Message: &protocol.Content{
		Size: file.Size, Offset: u.get.Offset, Length: length, Hash: file.Hash,
		Modified: file.Modified, Executable: file.Executable,
	}}
}

// turnGiven sends what waited for its turn.
func (u *Upload) turnGiven() {
	if u.core.Can(uploadTurnLate) {
		u.core.Fire(uploadTurnLate)
	}
	if !u.core.Can(uploadTurnGiven) {
		return
	}
	file, length := u.file, stretch(u.get, u.file.Size)
	u.file = roles.FileFound{}
	u.report(file, length, 0)
	u.core.Fire(uploadTurnGiven)
	u.remember(file.Hash, u.get.Offset, length)
	u.progress = roles.Progress{}
	u.core.Do(u.head(file, length), roles.SendBody{Link: link, Offset: u.get.Offset, Length: length})
}

// endTurn ends the turn, or the wait for it, once there is nothing to send.
func (u *Upload) endTurn() {
	switch u.State() {
	case UploadWaiting, UploadSending, UploadFinishing:
		return
	}
	if u.turn {
		u.turn = false
		u.core.Do(roles.EndTurn{})
	}
}

// busy returns the refusal of a body whose turn has not come.
func (u *Upload) busy() *protocol.Error {
	u.report(u.file, 0, protocol.Busy)
	u.file = roles.FileFound{}
	return &protocol.Error{Code: protocol.Busy, Text: "others are being sent files: its turn has not come in time", Retry: protocol.ToMillis(roles.BusyRetry)}
}

// stretch returns how many bytes answer a GET. A length below the requested one ends where a group
// does.
func stretch(get *protocol.Get, size uint64) uint64 {
	length := size - get.Offset
	if get.Length > 0 {
		length = min(length, get.Length)
	}
	if length > protocol.MaxRange {
		length = protocol.MaxRange - (get.Offset+protocol.MaxRange)%protocol.GroupSize
	}
	return length
}

// decline refuses a request; the link stays.
func (u *Upload) decline(code protocol.Code, text string) {
	u.core.Fire(uploadFileDeclined)
	u.report(roles.FileFound{}, 0, code)
	u.core.Do(roles.Send{Link: link, Message: &protocol.Error{Code: code, By: protocol.Node, Text: text}}, roles.Hear{Link: link})
}

// confess says that the last body was not the content that its CONTENT announced. It answers the
// client's next request, whatever that is: the client then knows that a failure and no lie caused
// the wrong bytes.
func (u *Upload) confess() {
	u.core.Do(roles.Send{Link: link, Message: &protocol.Error{Code: u.spoiled, By: protocol.Node,
		Text: "the bytes before were not the file's: it changed, or could not be read to the end"}})
	u.spoiled = 0
}

// report reports the request that is being served. The hash of the found file takes precedence over
// the requested one.
func (u *Upload) report(file roles.FileFound, length uint64, code protocol.Code) {
	served := Served{Peer: u.peer, Length: length, Hash: file.Hash, Code: code}
	asked := protocol.Hash{}
	if u.tree != nil {
		served.Tree, served.Name, served.Offset, asked = true, u.tree.Name, u.tree.First, u.tree.Hash
	} else {
		served.Name, served.Offset, asked = u.get.Name, u.get.Offset, u.get.Hash
	}
	if served.Hash.IsZero() {
		served.Hash = asked
	}
	u.core.Do(roles.Report{Outcome: served})
}
