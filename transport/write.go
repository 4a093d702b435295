package transport

import (
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// pages holds buffers of the size that suffices for most messages.
var pages = sync.Pool{New: func() any { return new([pageSize]byte) }}

const pageSize = 4 << 10

// outbox holds the messages of a link that have not been written yet. All messages of a step go out
// in one write.
type outbox struct {
	page *[pageSize]byte // buf's memory, from the pool; or nil
	buf  []byte
}

func (o *outbox) add(m protocol.Message) {
	if o.buf == nil {
		o.page = pages.Get().(*[pageSize]byte)
		o.buf = o.page[:0]
	}
	if o.buf = protocol.Append(o.buf, m); len(o.buf) > pageSize {
		o.giveBack() // buf has outgrown the page
	}
}

func (o *outbox) giveBack() {
	if o.page != nil {
		pages.Put(o.page)
		o.page = nil
	}
}

// write carries out Send, SendBody and HalfClose in order: they wait while a body is being sent.
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
		if k.out.add(e.Message); len(k.out.buf) > smallBody {
			k.flush()
		}
		k.trace(Event{What: SentMessage, Message: e.Message})
	case roles.SendBody:
		k.sendBody(e)
	case roles.HalfClose:
		k.flush()
		// The reader finds a failure.
		k.conn.CloseWrite()
		k.trace(Event{What: HalfClosed})
	}
}

// release carries out the effects that waited for a body.
func (k *link) release() {
	held := k.held
	k.sending, k.held = false, nil
	for _, e := range held {
		k.write(e)
	}
}

// flush writes the outbox.
func (k *link) flush() {
	if len(k.out.buf) == 0 {
		return
	}
	k.conn.SetWriteDeadline(writeBy())
	_, err := k.conn.Write(k.out.buf)
	k.out.giveBack()
	k.out.buf = nil
	if err != nil {
		k.run.post(k.lose(err))
	}
}

// flush writes the outboxes of all links.
func (r *run) flush() {
	for _, k := range r.links {
		if !k.lost {
			k.flush()
		}
	}
}
