package node

import (
	"net/netip"
	"slices"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Upload is a link at a node on which a client is served: an accepted one, from [roles.Opened] on, or the node's end
// of a circuit, which it joins after a [roles.Invited]. See UploadTable.
type Upload struct {
	core     roles.Core[UploadState, UploadEvent]
	allows   func(id protocol.PeerID) bool // nil: everybody is served
	peer     netip.AddrPort
	id       protocol.PeerID   // of the peer; zero: the link is in plain
	invited  roles.Invited     // to the circuit that this is an end of; zero: the link was accepted
	get      *protocol.Get     // the request being served; nil: it is a TREE
	tree     *protocol.Tree    // the request being served; nil: it is a GET
	hashed   uint64            // bytes of its file hashed, as the disk last said
	since    time.Duration     // when it came, or when the client was last told of that
	file     roles.FileFound   // that is sent once it is its turn
	turn     bool              // one was asked for, and is not ended
	spoiled  protocol.Code     // why the last body was not the file's content, or 0
	sent     []roles.CheckFile // the stretches sent last, of roles.MaxDoubted groups
	told     roles.CheckFile   // the part of a tree that was sent last
	progress roles.Progress
	stopped  roles.Stopped // why this stretch is the last, while Finishing
}

// Served is reported for each GET and TREE. Code is 0, or the reason of the refusal.
type Served struct {
	Peer           netip.AddrPort
	Tree           bool          // it was a TREE, and Offset and Length count groups, not bytes
	Name           string        // as requested; none: by hash alone
	Hash           protocol.Hash // of the found file, or else as requested
	Offset, Length uint64
	Code           protocol.Code
}

// Reported implements [roles.Outcome].
func (Served) Reported() {}

// link is the only link of an Upload.
const link roles.Link = 0

// NewUpload returns an Upload.
func NewUpload() *Upload {
	return &Upload{core: roles.NewCore(uploadGrammar)}
}

// NewGuardedUpload returns an Upload that serves those alone whom a function allows.
func NewGuardedUpload(allows func(id protocol.PeerID) bool) *Upload {
	u := NewUpload()
	u.allows = allows
	return u
}

// Reset prepares the machine for another link.
func (u *Upload) Reset() {
	u.core.Reset()
	*u = Upload{core: u.core, allows: u.allows}
}

// State returns the state that the machine is in.
func (u *Upload) State() UploadState { return u.core.State() }

// Final implements [roles.Machine].
func (u *Upload) Final() bool { return u.core.Final() }

// Watch calls f for each fired row; nil: nothing is called.
func (u *Upload) Watch(f func(roles.Transition)) { u.core.Watch(f) }

// Step implements [roles.Machine].
func (u *Upload) Step(at roles.Moment, in roles.Input) []roles.Effect {
	u.core.Begin()
	if u.Final() {
		return nil
	}
	switch in := in.(type) {
	case roles.Invited:
		u.meet(in)
	case roles.Opened:
		u.opened(in)
	case roles.Heard:
		u.since = at.Now
		u.heard(in.Message)
	case roles.Malformed:
		u.reject(uploadMalformed, in.Err)
	case roles.FileHashing:
		if u.awaited() {
			u.hashing(at, in)
		}
	case roles.FileFound:
		if u.awaited() {
			u.found(at, in)
		}
	case roles.FileRefused:
		if u.awaited() {
			u.decline(in.Code, in.Text)
		}
	case roles.TurnGiven:
		u.turnGiven()
	case roles.TurnRefused:
		if u.core.Can(uploadTurnRefused) {
			u.turn = false
			u.leave(uploadTurnRefused, u.busy())
		}
	case roles.Moved:
		if u.progress.Enough(in.Bytes) {
			u.core.Fire(uploadBodyMoved)
			u.core.Arm(roles.ProgressTimeout)
		}
	case roles.BodyDone:
		u.bodySent()
	case roles.BodySpoiled:
		u.spoiled = in.Code
		u.bodySent()
	case roles.PeerEnded:
		u.close(uploadPeerEnded)
	case roles.Lost:
		u.close(uploadLost)
	case roles.TimerFired:
		if u.core.Due(in) {
			u.expired()
		}
	case roles.Stopped:
		u.stop(in)
	}
	u.endTurn()
	return u.core.Effects()
}

func (u *Upload) opened(in roles.Opened) {
	if u.core.Can(uploadDialed) {
		u.join()
		return
	}
	if in.Busy || u.invited.Busy {
		u.reject(uploadBusy, roles.Busy())
		return
	}
	u.peer, u.id = in.Peer, in.ID
	u.core.Fire(uploadOpened)
	u.core.Do(roles.Hear{Link: link, First: true})
}

func (u *Upload) heard(m protocol.Message) {
	if !u.core.Accepts(m.Kind()) {
		u.reject(uploadUnexpected, roles.Unexpected(m.Kind(), string(u.State())))
		return
	}
	switch m := m.(type) {
	case *protocol.Joined:
		u.secure()
		return
	case *protocol.Error:
		u.refused(m)
		return
	}
	u.get, u.tree = nil, nil
	var event UploadEvent
	var open roles.OpenFile
	switch m := m.(type) {
	case *protocol.Get:
		u.get, event = m, uploadGetHeard
		open = roles.OpenFile{Name: m.Name, Hash: m.Hash}
	case *protocol.Tree:
		u.tree, event = m, uploadTreeHeard
		open = roles.OpenFile{Name: m.Name, Hash: m.Hash, First: m.First, Count: most(m.Count)}
	}
	if u.allows != nil && (u.id.IsZero() || !u.allows(u.id)) {
		u.core.Fire(uploadStranger)
		u.report(roles.FileFound{}, 0, protocol.Denied)
		u.core.Do(roles.Send{Link: link, Message: &protocol.Error{Code: protocol.Denied, By: protocol.Node, Text: "this node serves those alone whom its owner has listed"}},
			roles.Hear{Link: link})
		return
	}
	if u.spoiled != 0 {
		u.core.Fire(uploadRequestSpoiled)
		u.report(roles.FileFound{}, 0, u.spoiled)
		u.confess()
		u.core.Do(roles.Hear{Link: link})
		return
	}
	u.core.Fire(event)
	u.hashed = 0
	u.core.Do(open)
}

// accused takes the last word of a client. If it calls what we sent wrong, the disk may have lost
// bits of it, or of the index, which no time stamp tells: the share has a look, at what was sent last
// first.
func (u *Upload) accused(refusal *protocol.Error) {
	if refusal.Code != protocol.BadHash {
		u.reject(uploadUnexpected, roles.Unexpected(refusal.Kind(), string(u.State())))
		return
	}
	u.core.Fire(uploadAccused)
	if u.told.Tree {
		u.core.Do(u.told)
	}
	for _, stretch := range slices.Backward(u.sent) {
		u.core.Do(stretch)
	}
	u.core.Do(roles.HalfClose{Link: link}, roles.Discard{Link: link})
}

// remember notes a stretch that the client may call wrong. A client that has sent requests ahead has
// got some more by then.
func (u *Upload) remember(hash protocol.Hash, offset, length uint64) {
	first := offset / protocol.GroupSize
	u.sent = append(u.sent, roles.CheckFile{Hash: hash, First: first, Count: protocol.Groups(offset+length) - first})
	groups, from := uint64(0), len(u.sent)
	for from > 0 && groups+u.sent[from-1].Count <= roles.MaxDoubted {
		from--
		groups += u.sent[from].Count
	}
	u.sent = slices.Delete(u.sent, 0, from)
}

// awaited reports whether the request that is being served waits for what the disk says.
func (u *Upload) awaited() bool {
	if u.core.Can(uploadDiskLate) {
		u.core.Fire(uploadDiskLate)
	}
	return u.core.Can(uploadFileReady)
}

// hashing sends the disk's progress to the client, as long as there is any.
func (u *Upload) hashing(at roles.Moment, in roles.FileHashing) {
	if in.Done <= u.hashed {
		u.core.Fire(uploadHashStood)
		return
	}
	u.core.Fire(uploadHashMoved)
	u.hashed, u.since = in.Done, at.Now
	u.core.Do(roles.Send{Link: link, Message: &protocol.Hashing{Done: in.Done, Size: in.Size}})
}

// bodySent handles the end of a body.
func (u *Upload) bodySent() {
	if u.State() == UploadFinishing {
		u.leave(uploadBodySent, u.stopped.Refusal("node"))
		return
	}
	u.core.Fire(uploadBodySent)
	u.core.Do(roles.Hear{Link: link})
}

func (u *Upload) expired() {
	switch u.State() {
	case UploadOpening:
		u.leave(uploadExpired, &protocol.Error{Code: protocol.Internal, Text: "the disk does not answer"})
	case UploadWaiting:
		u.leave(uploadExpired, u.busy())
	case UploadListening, UploadIdle:
		u.leave(uploadExpired, &protocol.Error{Code: protocol.Timeout, Text: "no whole request in time"})
	default:
		u.close(uploadExpired)
	}
}

func (u *Upload) stop(in roles.Stopped) {
	switch u.State() {
	case UploadDialing, UploadJoining, UploadSecuring:
		u.close(uploadStopped)
	case UploadSending, UploadFinishing, UploadRejecting:
		u.stopped = in
		u.core.Fire(uploadStopped)
	default:
		u.leave(uploadStopped, in.Refusal("node"))
	}
}

// leave ends the link for a reason of our own. A spoiled body is confessed first.
func (u *Upload) leave(event UploadEvent, err *protocol.Error) {
	u.core.Fire(event)
	if u.spoiled != 0 {
		u.confess()
	}
	err.By = protocol.Node
	u.core.Reject(link, err)
}

// reject refuses the peer and ends the link.
func (u *Upload) reject(event UploadEvent, err *protocol.Error) {
	u.core.Fire(event)
	err.By = protocol.Node
	u.core.Reject(link, err)
}

func (u *Upload) close(event UploadEvent) {
	u.core.Fire(event)
	u.core.Do(roles.HangUp{Link: link})
}
