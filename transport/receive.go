package transport

import (
	"errors"
	"io"
	"os"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// While a body moves, the machine is told after each bodyChunk or bodyTick, whichever is sooner, so that it can
// tell a slow peer from a stalled one.
const (
	bodyChunk = 4 << 20 // bytes
	bodyTick  = time.Second
)

// receive stores the next bytes of the link. What the inbox holds comes first; the rest goes from the bare
// connection to the bare file, so that the kernel can move it.
func (k *link) receive(c command) letter {
	store, err := k.run.loop.Store.Writer(c.offset)
	if err != nil {
		return storeFailed(err)
	}
	w := &watched{w: store}
	rest := int64(c.length)
	if early := k.in.unread(); len(early) > 0 {
		n := min(rest, int64(len(early)))
		if _, err := w.Write(early[:n]); err != nil {
			return storeFailed(err)
		}
		k.in.from += int(n)
		rest -= n
		k.moved(c, n)
	}
	defer k.conn.SetReadDeadline(time.Time{})
	for rest > 0 {
		k.conn.SetReadDeadline(time.Now().Add(bodyTick))
		n, err := w.take(k.conn, min(rest, bodyChunk))
		rest -= n
		k.moved(c, n)
		switch {
		case err == nil:
		case w.failed(err):
			return storeFailed(err)
		case errors.Is(err, os.ErrDeadlineExceeded): // a tick
		case err == io.EOF:
			return letter{input: roles.Ended{Link: k.id}}
		default:
			return k.lose(err)
		}
	}
	return letter{what: ReceivedBody, bytes: int64(c.length), input: roles.BodyDone{Link: k.id}}
}

func (k *link) moved(c command, n int64) {
	if n > 0 {
		k.run.post(letter{from: k, order: c.number, input: roles.Moved{Link: k.id, Bytes: n}})
	}
}

func storeFailed(err error) letter {
	return letter{input: roles.StoreFailed{Text: err.Error()}}
}

// watched is a store's writer whose failures can be told from those of the link.
type watched struct {
	w   io.Writer
	err error
}

func (w *watched) Write(b []byte) (int, error) {
	n, err := w.w.Write(b)
	if err == nil && n < len(b) {
		err = io.ErrShortWrite
	}
	w.err = err
	return n, err
}

// take moves bytes from a connection to the store: bare ones by the kernel, others by way of Write.
func (w *watched) take(conn Conn, length int64) (int64, error) {
	if file, bare := w.w.(*os.File); bare {
		return io.CopyN(file, conn, length)
	}
	return io.CopyN(w, conn, length)
}

// failed reports whether it is the store that failed.
func (w *watched) failed(err error) bool {
	if w.err != nil {
		return true
	}
	var atFile *os.PathError
	return errors.As(err, &atFile) && !isTimeout(err) && !isLinkError(err)
}
