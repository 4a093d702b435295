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

// pieceSize is the size of plaintext that is encrypted before it is handed to the system: one system
// call writes many records.
const pieceSize = 128 << 10

// A sealed buffer has room for a piece beside what TLS itself has to say, such as a ticket or the answer
// to an update of keys. A peer that makes that grow without taking any of it is cut off.
const (
	spareSize  = 4 << 10
	sealedSize = pieceSize/recordSize*(recordSize+recordExtra) + spareSize
)

// sealed holds bytes to write.
type sealed struct {
	small bool
	data  []byte
	from  int // what is before has been handed to the system
}

var (
	smallSealed = sync.Pool{New: func() any { return &sealed{small: true, data: make([]byte, 0, spareSize)} }}
	largeSealed = sync.Pool{New: func() any { return &sealed{data: make([]byte, 0, sealedSize)} }}
)

func (s *sealed) free() {
	s.data, s.from = s.data[:0], 0
	if s.small {
		smallSealed.Put(s)
	} else {
		largeSealed.Put(s)
	}
}

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

// Write is called by the tls.Conn.
func (w *wire) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.sealed == nil {
		w.sealed = smallSealed.Get().(*sealed)
	}
	if len(w.sealed.data)+len(b) > cap(w.sealed.data) {
		return 0, errNoRoom
	}
	w.sealed.data = append(w.sealed.data, b...)
	return len(b), nil
}

// reserve makes room for so many bytes, and returns behind how many they come. It is not called while
// flush is under way.
func (w *wire) reserve(bytes int) (at int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	has := w.sealed
	if has == nil && bytes <= spareSize/2 { // the rest is for what TLS itself has to say
		has = smallSealed.Get().(*sealed)
	}
	if has == nil || has.small && len(has.data)+bytes > cap(has.data) {
		w.sealed = largeSealed.Get().(*sealed)
		if has != nil {
			w.sealed.data = append(w.sealed.data, has.data[has.from:]...)
			has.free()
		}
		has = w.sealed
	}
	w.sealed = has
	return len(has.data)
}

// flushed hands to the system what was written, or as much as it takes until the deadline, and returns
// how far it has come: at the end of all there is, -1.
func (w *wire) flushed() (to int, err error) {
	for {
		w.mu.Lock()
		if w.sealed == nil || w.sealed.from == len(w.sealed.data) {
			if w.sealed != nil {
				w.sealed.free()
				w.sealed = nil
			}
			w.mu.Unlock()
			return -1, nil
		}
		to, rest := w.sealed.from, w.sealed.data[w.sealed.from:]
		w.mu.Unlock()
		n, err := w.Conn.Write(rest)
		w.mu.Lock()
		w.sealed.from = to + n
		w.mu.Unlock()
		if err != nil {
			return to + n, err
		}
	}
}

// flush is flushed for a caller to whom it does not matter how far.
func (w *wire) flush() error {
	_, err := w.flushed()
	return err
}

// flushHandshake is flush while the handshake is not done.
func (w *wire) flushHandshake() error {
	err := w.flush()
	w.noteFailed(err)
	return err
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
