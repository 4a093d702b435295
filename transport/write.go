package transport

import (
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// pages holds buffers of the size that suffices for most messages.
var pages = sync.Pool{New: func() any { return new([pageSize]byte) }}

const pageSize = 4 << 10

// outbox holds the messages of a link that have not been written yet, and small bodies among them.
// All messages of a step go out in one write.
type outbox struct {
	page  *[pageSize]byte // buf's memory, from the pool; or nil
	wide  *wideBuffer     // buf's memory once it has a body, from the pool; or nil
	buf   []byte
	begin int // where the first body begins; 0: there is none
}

// wideBuffer has room for what is withheld and another small body.
type wideBuffer [2 * smallBody]byte

var wideBuffers = sync.Pool{New: func() any { return new(wideBuffer) }}

func (o *outbox) add(m protocol.Message) {
	if o.buf == nil {
		o.page = pages.Get().(*[pageSize]byte)
		o.buf = o.page[:0]
	}
	o.buf = protocol.Append(o.buf, m)
}

// body returns room for a body behind what is there.
func (o *outbox) body(length uint64) []byte {
	at, end := len(o.buf), len(o.buf)+int(length)
	if end > cap(o.buf) && end <= len(wideBuffer{}) {
		wide := wideBuffers.Get().(*wideBuffer)
		copy(wide[:], o.buf)
		o.giveBack()
		o.wide, o.buf = wide, wide[:at]
	}
	o.buf = slices.Grow(o.buf, int(length))[:end]
	if o.begin == 0 {
		o.begin = at
	}
	return o.buf[at:]
}

// free empties the outbox.
func (o *outbox) free() {
	o.giveBack()
	o.buf, o.begin = nil, 0
}

func (o *outbox) giveBack() {
	if o.page != nil {
		pages.Put(o.page)
	}
	if o.wide != nil {
		wideBuffers.Put(o.wide)
	}
	o.page, o.wide = nil, nil
}

// mostWithheld is the size that an outbox has at most when it waits for the next answer, and
// withheldFor the time.
const (
	mostWithheld = smallBody - pageSize
	withheldFor  = 5 * time.Millisecond
)

// withhold keeps the outbox until the next answer is in it, or withheldFor has passed.
func (k *link) withhold() {
	k.withheld = true
	k.run.armFlush(k)
}

// write carries out Send, SendBody, HalfClose, Splice and Secure in order: they wait while a body is being
// sent.
func (k *link) write(e roles.Effect) {
	if k.gone || k.lost {
		return
	}
	if k.sending {
		k.held = append(k.held, e)
		return
	}
	switch e := e.(type) {
	case roles.Send:
		if e.Told {
			k.sendTold(e.Message)
			return
		}
		k.withheld = k.withheld && k.asked()
		if k.out.add(e.Message); len(k.out.buf) > smallBody {
			k.flush()
		}
		k.trace(Event{What: SentMessage, Message: e.Message})
	case roles.SendBody:
		k.sendBody(e)
	case roles.Splice:
		k.splice(e)
	case roles.Secure:
		k.secure(e)
	case roles.HalfClose:
		k.flush()
		k.unsplice()
		// The reader finds a failure.
		k.conn.CloseWrite()
		k.trace(Event{What: HalfClosed})
	}
}

// sendTold sends a long message from another goroutine, so that the machine can go on while the peer
// is slow to take it. The machine's deadline ends the wait, and the link with it.
func (k *link) sendTold(m protocol.Message) {
	k.flush()
	if k.failed {
		return // Lost is on its way
	}
	k.sending = true
	frame := k.run.loop.encode(m)
	k.conn.SetWriteDeadline(time.Time{})
	k.trace(Event{What: SentMessage, Message: m})
	k.run.moved.Add(int64(len(frame)))
	k.run.enter()
	go func() {
		defer k.run.leave()
		l := letter{from: k, input: roles.Sent{Link: k.id}}
		if _, err := k.conn.Write(frame); err != nil {
			l = k.lose(err)
		}
		k.run.post(l)
	}()
}

// encode encodes a long message. It does so for one at a time, so that the short answers to others
// find a processor.
func (l *Loop) encode(m protocol.Message) []byte {
	l.encoding.Lock()
	defer l.encoding.Unlock()
	return protocol.Append(nil, m)
}

// release carries out the effects that waited for a body.
func (k *link) release() {
	held := k.held
	k.sending, k.held = false, nil
	for _, e := range held {
		k.write(e)
	}
}

// flush writes the outbox, unless it is being written with a body. After a failure it drops it.
func (k *link) flush() {
	if k.sending || len(k.out.buf) == 0 {
		return
	}
	err := error(nil)
	if !k.failed {
		k.run.writing(k, true)
		k.run.moved.Add(int64(len(k.out.buf)))
		_, err = k.conn.Write(k.out.buf)
		k.run.writing(k, false)
	}
	k.out.free()
	k.withheld = false
	if err != nil {
		k.failed = true
		k.run.post(k.lose(err))
	}
}

// lift takes the deadlines from a link to which the stepper does not write any more.
func (k *link) lift() {
	k.run.mu.Lock()
	defer k.run.mu.Unlock()
	k.conn.SetDeadline(time.Time{})
}

// writing records that the stepper writes to a link, or does not any more. It sets the deadline of
// the write, which is near once the run has to hurry.
func (r *run) writing(k *link, begins bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k.writing = begins
	switch {
	case begins && r.hurried:
		k.conn.SetWriteDeadline(hurryBy())
	case begins:
		k.conn.SetWriteDeadline(writeBy())
	}
}

// hurry gives a write that holds up the stepper, and each later one, little time: the machine has
// been told to stop, and cannot hear so before.
func (r *run) hurry() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hurried = true
	for _, k := range r.links {
		if k.writing {
			k.conn.SetWriteDeadline(hurryBy())
		}
	}
}

// flush writes the outboxes of all links that are not withheld.
func (r *run) flush() {
	for _, k := range r.links {
		if !k.lost && !k.withheld {
			k.flush()
		}
	}
}
