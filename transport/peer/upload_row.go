package peer

import (
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/node"
)

// followedUpload is an Upload whose inputs and effects are followed: they tell all that is shown of it.
type followedUpload struct {
	*node.Upload
	uploadRow
}

// Step implements [roles.Machine].
func (f *followedUpload) Step(at roles.Moment, in roles.Input) []roles.Effect {
	effects := f.Upload.Step(at, in)
	f.follow(at.Now, f.State(), in, effects)
	return effects
}

// Reset prepares the machine for another link.
func (f *followedUpload) Reset() {
	f.end()
	f.Upload.Reset()
}

// uploadRow is what is shown of a link.
type uploadRow struct {
	table *uploads

	mu    sync.Mutex
	open  bool          // the link is among the table's
	busy  bool          // a request is being answered
	start time.Time     // of the machine's time
	last  time.Duration // when the machine heard of something last
	now   UploadNow
	asked protocol.Hash // by the last request
	fine  bool          // the last request was answered
	rests bool          // the last upload has ended, but may go on
	until uint64        // where in the file the last answer ends
	speed speed
}

// look returns the upload that is under way; is is false if none is.
func (r *uploadRow) look() (now UploadNow, is bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	now = r.now
	at := time.Since(r.start)
	now.Rate = r.speed.lately(at)
	return now, r.busy || r.rests && at-r.last <= pauseFor
}

// follow takes note of what an input has led to.
func (r *uploadRow) follow(now time.Duration, state node.UploadState, in roles.Input, effects []roles.Effect) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.last = now
	switch in := in.(type) {
	case roles.Invited:
		r.now.Way = UploadCircuit
	case roles.Opened:
		if state == node.UploadListening {
			r.opened(now, in)
		}
	case roles.Heard:
		if served, is := servedIn(effects); is || state == node.UploadOpening {
			r.begin(now, in.Message, served)
		}
	case roles.FileHashing:
		if r.busy && state == node.UploadOpening {
			r.now.Phase, r.now.Hashed, r.now.Size = PhaseHashing, in.Done, in.Size
		}
	case roles.FileFound:
		if r.busy {
			r.now.Size, r.now.Hash = in.Size, in.Hash
		}
	case roles.Moved:
		r.move(now, uint64(in.Bytes))
	}
	switch state {
	case node.UploadOpening:
	case node.UploadWaiting:
		r.now.Phase = PhaseWaiting
	case node.UploadSending, node.UploadFinishing:
		r.promise(effects)
	default:
		r.conclude(in, effects)
	}
	if state == node.UploadClosed {
		r.leave()
	}
}

// opened takes note of a link over which a client can ask.
func (r *uploadRow) opened(now time.Duration, in roles.Opened) {
	r.start = time.Now().Add(-now)
	r.now.Peer, r.now.Address = in.ID, in.Peer
	if r.now.Way == "" {
		r.now.Way = UploadDirect
	}
	if !r.open {
		r.open = true
		r.table.enter(r)
	}
}

// begin takes note of a request. One for the same content as the last goes on with that one's upload.
func (r *uploadRow) begin(now time.Duration, request protocol.Message, served node.Served) {
	before := r.now.Upload
	next := Upload{Peer: before.Peer, Address: before.Address, Way: before.Way, Since: r.start.Add(now)}
	asked := protocol.Hash{}
	switch m := request.(type) {
	case *protocol.Get:
		next.Name, next.Offset, next.Length, asked = m.Name, m.Offset, m.Length, m.Hash
	case *protocol.Tree:
		next.Tree, next.Name, next.Offset, next.Length, asked = true, m.Name, m.First, m.Count, m.Hash
	default:
		return
	}
	r.table.requests.Add(1)
	rested := r.rests
	same := r.fine && before.Name == next.Name && before.Tree == next.Tree && (asked == r.asked || asked == before.Hash)
	if same && served.Code == 0 && r.table.goesOn(before.Number) {
		next.Number, next.Since, next.Hash, next.Size = before.Number, before.Since, before.Hash, before.Size
		next.Requests, next.Promised, next.Sent = before.Requests, before.Promised, before.Sent
	} else {
		if rested {
			r.table.over(before.Number)
		}
		next.Number, next.Hash = r.table.number.Add(1), asked
		r.speed.begin(now)
	}
	next.Requests++
	r.now = UploadNow{Upload: next, Phase: PhaseOpening}
	r.busy, r.asked, r.until, r.fine, r.rests = true, asked, next.Offset, false, false
}

// promise takes note of a body that is to be sent.
func (r *uploadRow) promise(effects []roles.Effect) {
	r.now.Phase = PhaseSending
	for _, effect := range effects {
		if body, is := effect.(roles.SendBody); is {
			r.now.Promised += body.Length
			r.until += body.Length
		}
	}
}

// move counts bytes of a body.
func (r *uploadRow) move(now time.Duration, bytes uint64) {
	if !r.busy {
		return
	}
	bytes = min(bytes, r.now.Promised-r.now.Sent)
	r.now.Sent += bytes
	r.speed.add(now, bytes)
	r.table.send(bytes)
}

// conclude takes note of how the answer to a request has ended, if one has.
func (r *uploadRow) conclude(in roles.Input, effects []roles.Effect) {
	if !r.busy {
		return
	}
	how, code := EndCut, protocol.Code(0)
	_, served := servedIn(effects)
	refusal := refusalIn(effects)
	switch spoiled, is := in.(roles.BodySpoiled); {
	case is:
		how, code = EndSpoiled, spoiled.Code
	case isDone(in):
		how = EndSent
		r.move(r.last, r.now.Promised-r.now.Sent) // a small body may go without a word
	case refusal != 0:
		how, code = EndRefused, refusal
	case served:
		how = EndSent
	}
	r.close(how, code)
}

// close ends the upload that is under way.
func (r *uploadRow) close(how UploadEnd, code protocol.Code) {
	r.busy, r.fine = false, how == EndSent
	r.rests = r.fine && r.open && !r.now.Tree && r.until < r.now.Size
	r.now.Phase = PhasePausing
	r.table.ended(UploadEnded{Upload: r.now.Upload, End: how, Code: code, Ended: r.start.Add(r.last)}, r.rests)
}

// end takes note that the link has ended, however that came.
func (r *uploadRow) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy {
		r.last = time.Since(r.start)
		r.close(EndCut, 0)
	}
	r.leave()
	r.now, r.asked, r.fine, r.speed = UploadNow{}, protocol.Hash{}, false, speed{}
}

func (r *uploadRow) leave() {
	if r.rests {
		r.rests = false
		r.table.over(r.now.Number)
	}
	if r.open {
		r.open = false
		r.table.leave(r)
	}
}

func isDone(in roles.Input) bool {
	_, is := in.(roles.BodyDone)
	return is
}

// servedIn returns the report of a request among effects.
func servedIn(effects []roles.Effect) (served node.Served, is bool) {
	for _, effect := range effects {
		if report, reports := effect.(roles.Report); reports {
			if served, is = report.Outcome.(node.Served); is {
				return served, true
			}
		}
	}
	return served, false
}

// refusalIn returns the code of an ERROR among effects, or 0.
func refusalIn(effects []roles.Effect) protocol.Code {
	for _, effect := range effects {
		if send, is := effect.(roles.Send); is {
			if refusal, refuses := send.Message.(*protocol.Error); refuses {
				return refusal.Code
			}
		}
	}
	return 0
}
