package transport

import (
	"sync"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// pages are buffers of the size that most messages have.
var pages = sync.Pool{New: func() any { return new([pageSize]byte) }}

const pageSize = 4 << 10

// write carries out Send, SendBody and HalfClose in their order: while a body is on its way the others wait.
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
		k.flush()
		if content, is := e.Message.(*protocol.Content); is && 0 < content.Length && content.Length <= smallBody {
			k.head = protocol.Append(k.head, content)
			k.trace(Event{What: SentMessage, Message: content})
			return
		}
		k.send(e.Message)
	case roles.SendBody:
		k.sendBody(e)
	case roles.HalfClose:
		k.flush()
		// A failure shows when the link is read.
		k.conn.CloseWrite()
		k.trace(Event{What: HalfClosed})
	}
}

// release lets go what waited for a body.
func (k *link) release() {
	held := k.held
	k.sending, k.held = false, nil
	for _, e := range held {
		k.write(e)
	}
}

// flush writes the head of a body that does not come.
func (k *link) flush() {
	if len(k.head) > 0 {
		k.put(k.head)
		k.head = nil
	}
}

func (k *link) send(m protocol.Message) {
	page := pages.Get().(*[pageSize]byte)
	defer pages.Put(page)
	if k.put(protocol.Append(page[:0], m)) {
		k.trace(Event{What: SentMessage, Message: m})
	}
}

func (k *link) put(frame []byte) bool {
	k.conn.SetWriteDeadline(writeBy())
	if _, err := k.conn.Write(frame); err != nil {
		k.run.post(k.lose(err))
		return false
	}
	return true
}
