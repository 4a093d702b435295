package transport

import (
	"encoding/binary"
	"errors"
	"io"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// wire is the connection below a tls.Conn. Writes to it go to memory, and flush hands that to the
// system: a write below a tls.Conn must not fail, not even at its deadline, because nothing can be
// written after that. Reads give the tls.Conn one record at a time, or it would keep room for several.
// What was read beyond that, and what is yet to be written, is in pooled buffers.
type wire struct {
	Conn // of the network below

	// Of the goroutine that reads.
	handshake bool            // it is not done yet
	responder bool            // in the handshake
	budget    int             // bytes that may yet be read in the handshake
	begin     []byte          // of what was read in the handshake, at most beginBytes
	failed    error           // the connection failed
	greeted   func()          // a responder calls it when the peer's first message has come whole
	ahead     bool            // a body is being read: as much is read at once as has come
	page      *[pageSize]byte // unread's memory, from the pool; or nil
	wide      *aheadBuffer    // unread's memory where a body is being read, from the pool; or nil
	unread    []byte          // what was read and the tls.Conn has not got
	header    []byte          // the begin of a record's header that it has got
	record    int             // bytes of a record that are to follow

	mu     sync.Mutex
	sealed *sealed // bytes to write, from the pool; or nil
}

const beginBytes = 16

// aheadBuffer holds bytes that were read ahead. With what a tls.Conn holds they are fewer than wakeBytes.
type aheadBuffer [256 << 10]byte

var aheadBuffers = sync.Pool{New: func() any { return new(aheadBuffer) }}

// The bytes that a record adds to its at most recordSize bytes of plaintext: header, type and tag.
const (
	recordSize   = 16 << 10
	recordHeader = 5
	recordExtra  = recordHeader + 1 + 16
)

// The errors of a wire.
var (
	errCut       = cutShort{}
	errNotTLS    = errors.New("the first byte is not one of TLS")
	errHandshake = errors.New("more bytes than a handshake has")
	errNoRoom    = errors.New("the peer does not take what it has asked TLS for")
)

// cutShort is the error for an end of stream that TLS has not announced.
type cutShort struct{}

func (cutShort) Error() string { return "the link ended without notice: somebody may have cut it" }

func (cutShort) Unwrap() error { return io.ErrUnexpectedEOF }

// Read is called by the tls.Conn.
func (w *wire) Read(b []byte) (n int, err error) {
	switch {
	case len(w.unread) > 0:
	case w.handshake:
		err = w.readHandshake()
	case w.ahead:
		err = w.readAhead()
	default:
		return w.readRecord(b)
	}
	if err != nil {
		return 0, err
	}
	n = copy(b[:min(len(b), w.wanted())], w.unread)
	w.unread = w.unread[n:]
	w.pass(b[:n])
	return n, nil
}

// wanted returns how many bytes the tls.Conn needs next: the rest of a header, or of a record.
func (w *wire) wanted() int {
	if w.record > 0 {
		return w.record
	}
	return recordHeader - len(w.header)
}

// pass records that the tls.Conn gets bytes, no more than it needs.
func (w *wire) pass(b []byte) {
	if w.record > 0 {
		w.record -= len(b)
		return
	}
	if w.header = append(w.header, b...); len(w.header) == recordHeader {
		w.record = int(binary.BigEndian.Uint16(w.header[3:]))
		w.header = w.header[:0]
	}
}

// readRecord reads into b what the tls.Conn needs next. It waits without a buffer, and keeps what comes
// beyond that, a page at most. It fails only if nothing has come.
func (w *wire) readRecord(b []byte) (int, error) {
	w.free()
	wanted := w.wanted()
	n, err := w.receive(b[:min(len(b), wanted+pageSize)])
	if n > wanted {
		w.page = pages.Get().(*[pageSize]byte)
		w.unread = w.page[:copy(w.page[:], b[wanted:n])]
		n = wanted
	}
	if w.pass(b[:n]); n > 0 {
		return n, nil
	}
	return 0, err
}

// readAhead reads as much as has come. It fails only if nothing has.
func (w *wire) readAhead() error {
	if w.wide == nil {
		w.free()
		w.wide = aheadBuffers.Get().(*aheadBuffer)
	}
	n, err := w.receive(w.wide[:])
	if w.unread = w.wide[:n]; n > 0 {
		return nil
	}
	return err
}

// readHandshake reads while the handshake is not done.
func (w *wire) readHandshake() error {
	if err := w.flushHandshake(); err != nil {
		return err
	}
	if w.budget == 0 {
		return errHandshake
	}
	if w.page == nil {
		w.page = pages.Get().(*[pageSize]byte)
	}
	n, err := w.receive(w.page[:min(pageSize, w.budget)])
	w.budget -= n
	w.unread = w.page[:n]
	w.begin = append(w.begin, w.unread[:min(n, beginBytes-len(w.begin))]...)
	switch {
	case w.responder && len(w.begin) > 0 && w.begin[0] != recordOfHandshake:
		return errNotTLS
	case n > 0:
		return nil
	}
	return err
}

// handshakeDone gives back what the handshake needed.
func (w *wire) handshakeDone() {
	if w.handshake, w.begin = false, nil; len(w.unread) == 0 {
		w.free()
	}
}

// unfold returns the connection as it was before the handshake, which has read what is in front of it
// again, and has written nothing.
func (w *wire) unfold() Conn {
	conn := feed(w.Conn, w.unread)
	conn.SetDeadline(time.Time{})
	w.free()
	return conn
}

// free gives the buffers of what was read back.
func (w *wire) free() {
	if w.page != nil {
		pages.Put(w.page)
	}
	if w.wide != nil {
		aheadBuffers.Put(w.wide)
	}
	w.page, w.wide, w.unread = nil, nil, nil
}

// receive reads from the connection. The end of stream is an error, unless TLS has announced it: then
// nobody reads so far.
func (w *wire) receive(b []byte) (int, error) {
	n, err := w.Conn.Read(b)
	if err == io.EOF {
		err = errCut
	}
	w.noteFailed(err)
	return n, err
}

// noteFailed keeps an error of the connection.
func (w *wire) noteFailed(err error) {
	if err != nil && !isTimeout(err) {
		w.failed = err
	}
}

// The deadlines of a tls.Conn are those of its owner: by itself it would leave one behind.

// SetDeadline does nothing.
func (w *wire) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (w *wire) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (w *wire) SetWriteDeadline(time.Time) error { return nil }

// newWire returns the wire of a handshake that begins now.
func newWire(below Conn, responder bool) *wire {
	below.SetDeadline(time.Now().Add(roles.HandshakeTimeout))
	return &wire{Conn: below, handshake: true, responder: responder, budget: roles.HandshakeBytes}
}
