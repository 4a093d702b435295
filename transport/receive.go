package transport

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
)

// While a body is sent, the machine gets Moved after each bodyChunk or bodyTick, whichever is
// sooner, so that it can tell a slow peer from a stalled one. While a body is received, it gets
// Moved after each group or bodyTick.
const (
	bodyChunk = 4 << 20 // bytes
	bodyTick  = time.Second
)

// wakeBytes is how many bytes of a long body the system gathers before it wakes the reader. A wake-up
// costs more than the bytes of one packet are worth. What has come is read each bodyTick anyway. It is
// more than TLS has read ahead: see [aheadBuffer].
const wakeBytes = 512 << 10

// body is a range of content on its way from a link to the store. Two goroutines take turns: while
// one hashes and stores the group that it has read, the other reads the next group. A group thus
// stays with the core that has read it.
type body struct {
	*roles.ReceiveBody
	link  *link
	order uint64 // the command that asked for it
	sink  Sink
	keep  BufferSink // in place of sink, for groups in a buffer of their own; nil: the store copies them

	turn chan struct{} // full: one of the two is reading. It owns the next fields and the link's inbox
	next int           // the next group to read, in Values
	rest uint64        // bytes to read
	wait int           // the bytes for which the reader is woken; 0: for any
	lost error         // of the link
	last chan struct{} // closed when the group before next has been judged

	over   atomic.Bool // a group was wrong, or the store failed: further groups are dropped
	failed error       // of the store; belongs to the judge of the current group
}

// receive reads, verifies and stores a body. It begins with the bytes of the inbox.
func (k *link) receive(c command) letter {
	if protocol.Groups(c.body.Length) != uint64(len(c.body.Values)) || c.body.Offset%protocol.GroupSize != 0 {
		panic(fmt.Sprintf("transport: a ReceiveBody of %d bytes at %d with %d values", c.body.Length, c.body.Offset, len(c.body.Values)))
	}
	b := &body{ReceiveBody: c.body, link: k, order: c.number, rest: c.body.Length}
	if err := b.open(k.run.loop.store()); err != nil {
		return storeFailed(c.body.Item, err)
	}
	defer k.conn.SetReadDeadline(time.Time{})
	readAhead(k.conn, true)
	defer readAhead(k.conn, false)
	err := b.takeAll()
	b.wakeFor(0)
	if b.failed != nil {
		return storeFailed(b.Item, b.failed)
	}
	if err == nil {
		err = b.throwAway()
	}
	switch {
	case err == nil:
		return letter{what: ReceivedBody, bytes: int64(b.Length), input: roles.BodyDone{Link: k.id}}
	case err == io.EOF:
		return letter{input: roles.PeerEnded{Link: k.id}}
	default:
		return k.lose(err)
	}
}

// open gets the sinks of the store.
func (b *body) open(store Store) (err error) {
	if keeper, is := store.(Keeper); is {
		if b.keep, err = keeper.ReceiveBuffers(b.Item, b.Offset, b.Attributes); err != nil {
			return err
		}
	}
	b.sink, err = store.Receive(b.Item, b.Offset, b.Attributes)
	return err
}

// takeAll reads and judges the groups up to one that is wrong or that the store can't take, and
// returns when every group that was read has been judged. The error is the link's.
func (b *body) takeAll() error {
	if len(b.Values) == 1 && b.Length <= smallBody {
		data, value, err := b.takeSmall()
		if err == nil {
			b.judge(0, data, value, nil)
		}
		return err
	}
	b.turn, b.last = make(chan struct{}, 1), make(chan struct{})
	close(b.last)
	var other sync.WaitGroup
	if len(b.Values) > 1 {
		other.Go(b.takeTurns)
	}
	b.takeTurns()
	other.Wait()
	return b.lost
}

// takeTurns reads groups and judges them, each after the group before it, until there are no more. A body
// takes two buffers, however long it is.
func (b *body) takeTurns() {
	buffer := TakeBuffer()
	defer func() { FreeBuffer(buffer) }()
	for {
		at, data, before, judged := b.take(buffer)
		if data == nil {
			return
		}
		value := b.value(at, data)
		<-before
		buffer = b.judge(at, data, value, buffer)
		close(judged)
	}
}

// take waits for its turn and reads a group. It returns nil data if there are no more groups to
// read.
func (b *body) take(buffer *Buffer) (at int, data []byte, before, judged chan struct{}) {
	b.turn <- struct{}{}
	defer func() { <-b.turn }()
	if b.next == len(b.Values) || b.lost != nil || b.over.Load() {
		return 0, nil, nil, nil
	}
	data = buffer[:min(b.rest, protocol.GroupSize)]
	if b.lost = b.fill(data); b.lost != nil {
		return 0, nil, nil, nil
	}
	at, before, judged = b.next, b.last, make(chan struct{})
	b.next, b.last = at+1, judged
	return at, data, before, judged
}

// fill fills data from the link. The error is the link's.
func (b *body) fill(data []byte) error {
	in := &b.link.in
	come := copy(data, in.unread())
	in.from += come
	b.moved(come)
	for come < len(data) {
		if b.rest > 2*wakeBytes {
			b.wakeFor(wakeBytes)
		} else {
			b.wakeFor(0)
		}
		b.link.conn.SetReadDeadline(time.Now().Add(bodyTick))
		n, err := io.ReadFull(b.link.conn, data[come:])
		come += n
		b.moved(n)
		switch {
		case err == nil, errors.Is(err, os.ErrDeadlineExceeded): // a tick
		case err == io.ErrUnexpectedEOF:
			return io.EOF
		default:
			return err
		}
	}
	return nil
}

// wakeFor has the reader woken when so many bytes have come, which must not be more than are to come; 0:
// when any have.
func (b *body) wakeFor(bytes int) {
	if b.wait != bytes {
		b.wait = bytes
		wakeFor(below(b.link.conn), max(1, bytes))
	}
}

// takeSmall reads a small body together with the bytes behind it, so that one read may bring many
// small bodies. It returns the body with its value.
func (b *body) takeSmall() (data []byte, value protocol.Hash, err error) {
	in, size := &b.link.in, int(b.Length)
	if have := len(in.unread()); have < size {
		b.moved(have)
		in.widen()
	}
	for len(in.unread()) < size {
		b.link.conn.SetReadDeadline(time.Now().Add(bodyTick))
		n, err := b.link.conn.Read(in.space())
		in.to += n
		b.moved(min(n, int(b.rest)))
		if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) && len(in.unread()) < size {
			return nil, value, err
		}
	}
	b.moved(int(b.rest)) // the bytes that arrived before the body was asked for
	data = in.unread()[:size]
	if b.Offset == 0 && b.Size == b.Length {
		value = in.hash(size)
	} else {
		value = b.value(0, data)
	}
	in.from += size
	return data, value, nil
}

// group returns the number of a group in its file.
func (b *body) group(at int) uint64 { return b.Offset/protocol.GroupSize + uint64(at) }

// value returns the chaining value of a group.
func (b *body) value(at int, data []byte) protocol.Hash {
	return content.ChainingValue(b.group(at), data, b.Size <= protocol.GroupSize)
}

// judge stores a group if its chaining value is right, and reports BodyWrong otherwise. The buffer is the one that the
// group is in, if it has one of its own; the store may keep it, and another one is returned then.
func (b *body) judge(at int, data []byte, value protocol.Hash, buffer *Buffer) *Buffer {
	if b.over.Load() {
		return buffer
	}
	if value != b.Values[at] {
		b.over.Store(true)
		b.tell(roles.BodyWrong{Link: b.link.id, Group: b.group(at)})
		return buffer
	}
	if b.keep != nil && buffer != nil {
		buffer, b.failed = b.keep(b.group(at), value, buffer, len(data))
	} else {
		b.failed = b.sink(b.group(at), value, data)
	}
	if b.failed != nil {
		b.over.Store(true)
		return buffer
	}
	b.tell(roles.Verified{Link: b.link.id, Group: b.group(at)})
	return buffer
}

// throwAway reads and drops the rest of the body, after a wrong group.
func (b *body) throwAway() error {
	for b.rest > 0 {
		if len(b.link.in.unread()) == 0 {
			b.link.conn.SetReadDeadline(time.Now().Add(bodyTick))
			n, err := b.link.conn.Read(b.link.in.space())
			b.link.in.to += n
			if n == 0 && err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				return err
			}
		}
		n := min(b.rest, uint64(len(b.link.in.unread())))
		b.link.in.from += int(n)
		b.moved(int(n))
	}
	return nil
}

// moved counts bytes of the body and reports them.
func (b *body) moved(n int) {
	if n > 0 {
		b.rest -= uint64(n)
		b.link.run.post(letter{from: b.link, order: b.order, what: ReceivedBody, input: roles.Moved{Link: b.link.id, Bytes: int64(n)}})
	}
}

func (b *body) tell(in roles.Input) {
	b.link.run.post(letter{from: b.link, order: b.order, input: in})
}
