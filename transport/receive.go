package transport

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// While a body is sent, the machine is told after each bodyChunk or bodyTick, whichever is sooner, so that it can
// tell a slow peer from a stalled one; while one is received, after each group or bodyTick.
const (
	bodyChunk = 4 << 20 // bytes
	bodyTick  = time.Second
)

// body is a stretch of content on its way from a link to the store. The link's reader takes it in, group by group, and a
// judge verifies each while the next one comes.
type body struct {
	*roles.ReceiveBody
	link  *link
	order uint64 // the command that asked for it
	sink  Sink
	bare  *net.TCPConn // nil: the kernel can't move what it brings
	rest  uint64       // bytes still to come; the reader's

	pieces  chan piece  // from the reader to the judge
	stop    atomic.Bool // a group was wrong, or the store failed: no other is judged
	failing sync.Once
	failed  error // of the store
}

// receive has the next bytes of the link stored and verified. What the inbox holds comes first.
func (k *link) receive(c command) letter {
	if protocol.Groups(c.body.Length) != uint64(len(c.body.Values)) || c.body.Offset%protocol.GroupSize != 0 {
		panic(fmt.Sprintf("transport: a ReceiveBody of %d bytes at %d with %d values", c.body.Length, c.body.Offset, len(c.body.Values)))
	}
	sink, err := k.run.loop.Store.Receive(c.body.Item, c.body.Offset)
	if err != nil {
		return storeFailed(c.body.Item, err)
	}
	b := &body{ReceiveBody: c.body, link: k, order: c.number, sink: sink, rest: c.body.Length}
	b.bare, _ = k.conn.(*net.TCPConn)
	defer k.conn.SetReadDeadline(time.Time{})
	err = b.takeAll()
	if failed := errors.Join(b.failed, sink.Close()); failed != nil {
		return storeFailed(b.Item, failed)
	}
	if err == nil {
		err = b.throwAway()
	}
	switch {
	case err == nil:
		return letter{what: ReceivedBody, bytes: int64(b.Length), input: roles.BodyDone{Link: k.id}}
	case err == io.EOF:
		return letter{input: roles.Ended{Link: k.id}}
	default:
		return k.lose(err)
	}
}

// takeAll takes the groups in, up to one that is wrong or that the store can't take, and returns when each has been
// judged. The error is the link's.
func (b *body) takeAll() error {
	if len(b.Values) == 1 {
		take := b.takeSmall
		if b.Length > smallBody {
			take = func() (piece, error) { return b.take(0) }
		}
		p, err := take()
		b.judge(p, err)
		return err
	}
	b.pieces = make(chan piece, groupsAhead)
	var judging sync.WaitGroup
	judging.Go(func() {
		for p := range b.pieces {
			b.judge(p, nil)
		}
	})
	defer judging.Wait()
	defer close(b.pieces)
	for at := 0; at < len(b.Values) && !b.stop.Load(); at++ {
		p, err := b.take(at)
		if err != nil {
			p.free()
			return err
		}
		b.pieces <- p
	}
	return nil
}

// take takes a group in: to the store's file, or else to memory. The error is the link's.
func (b *body) take(at int) (piece, error) {
	p := b.newPiece(at)
	early := b.link.in.unread()
	early = early[:min(len(early), p.size)]
	if err := p.put(early); err != nil {
		b.fail(err)
		return p, nil
	}
	b.link.in.from += len(early)
	b.moved(len(early))
	for come := len(early); come < p.size; {
		b.link.conn.SetReadDeadline(time.Now().Add(bodyTick))
		n, err := p.fill(b.link.conn, come)
		come += n
		b.moved(n)
		switch {
		case err == nil, errors.Is(err, os.ErrDeadlineExceeded): // a tick
		case p.file != nil && atFile(err):
			b.fail(err)
			return p, nil
		default:
			return p, err
		}
	}
	return p, nil
}

// takeSmall takes a small body in, with what comes behind it: of many small ones many come in one read.
func (b *body) takeSmall() (piece, error) {
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
			return piece{}, err
		}
	}
	b.moved(int(b.rest)) // what had come before it was asked for
	p := piece{size: size, data: in.unread()[:size]}
	in.from += size
	return p, nil
}

// judge verifies a group, unless it has not come whole, and frees its memory.
func (b *body) judge(p piece, missing error) {
	defer p.free()
	if missing != nil || b.stop.Load() {
		return
	}
	group := b.group(p.at)
	value, err := p.value(group, b.Size <= protocol.GroupSize)
	switch {
	case err != nil:
		b.fail(err)
	case value != b.Values[p.at]:
		b.stop.Store(true)
		b.tell(roles.BodyWrong{Link: b.link.id, Group: group})
	default:
		if err := b.sink.Verified(group, value, p.data); err != nil {
			b.fail(err)
			return
		}
		b.tell(roles.Verified{Link: b.link.id, Group: group})
	}
}

// throwAway lets what is left of the body pass, after a wrong group.
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

// group returns the number of a group in its file.
func (b *body) group(at int) uint64 { return b.Offset/protocol.GroupSize + uint64(at) }

// fail notes that the store could not take a group. The first failure counts.
func (b *body) fail(err error) {
	b.failing.Do(func() { b.failed = err })
	b.stop.Store(true)
}

func (b *body) moved(n int) {
	if n > 0 {
		b.rest -= uint64(n)
		b.tell(roles.Moved{Link: b.link.id, Bytes: int64(n)})
	}
}

func (b *body) tell(in roles.Input) {
	b.link.run.post(letter{from: b.link, order: b.order, input: in})
}
