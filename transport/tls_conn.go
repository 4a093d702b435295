package transport

import (
	"cmp"
	"crypto/tls"
	"io"
	"net"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// tlsConn is a link over TLS whose handshake is done.
//
// A Write that its deadline has ended may have encrypted more than it reports, and an encrypted byte
// cannot be taken back. So the bytes that it does not report are to be written again, as after any
// write that was ended so, and the same ones: the next Write takes what is encrypted already for the
// beginning of its own.
type tlsConn struct {
	wire     *wire
	tls      *tls.Conn
	id       protocol.PeerID
	exporter [protocol.ExporterSize]byte

	writing sync.Mutex // held by Write and by the end of writing
	piece   int        // bytes that are encrypted
	at      int        // where they begin among the sealed bytes
	handed  int        // those of them that the system has
	told    int        // those that were reported
	ended   bool       // writing has ended
}

// lastPatience is how long the notice of the end is waited for that the system does not take at once. It
// has room for it nearly always: the wait is long enough for a busy machine to find that out.
const lastPatience = 50 * time.Millisecond

var pieces = sync.Pool{New: func() any { return new([pieceSize]byte) }}

// newTLSConn returns the link of a tls.Conn whose handshake is done, or why there is none: its error is
// about this side.
func newTLSConn(over *tls.Conn, below *wire) (conn *tlsConn, why unfit, err error) {
	state := over.ConnectionState()
	id, why := provenBy(state)
	conn = &tlsConn{wire: below, tls: over, id: id}
	exported, err := state.ExportKeyingMaterial(exportLabel, nil, len(conn.exporter))
	copy(conn.exporter[:], exported)
	below.handshakeDone()
	below.Conn.SetDeadline(time.Time{})
	return conn, why, err
}

// PeerID returns the id of the other end.
func (c *tlsConn) PeerID() protocol.PeerID { return c.id }

// Exporter returns the value that both ends have, and no other link has.
func (c *tlsConn) Exporter() [protocol.ExporterSize]byte { return c.exporter }

// Read reads bytes that the peer has written, of one record at most. An end of stream without notice is
// no [io.EOF].
func (c *tlsConn) Read(b []byte) (int, error) { return c.tls.Read(b) }

// Write encrypts b and writes it. It may be called again with what a deadline has left.
func (c *tlsConn) Write(b []byte) (n int, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	for n < len(b) {
		if c.told == c.piece {
			if err := c.seal(b[n:min(len(b), n+pieceSize)]); err != nil {
				return n, err
			}
		}
		err := c.hand()
		if n += c.tell(len(b) - n); err != nil {
			return n, err
		}
	}
	return n, nil
}

// seal encrypts a piece.
func (c *tlsConn) seal(piece []byte) error {
	if c.ended {
		return &net.OpError{Op: "write", Net: "tls", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: net.ErrClosed}
	}
	records := (len(piece) + recordSize - 1) / recordSize
	c.at = c.wire.reserve(len(piece) + records*recordExtra)
	if _, err := c.tls.Write(piece); err != nil {
		return err
	}
	c.piece, c.handed, c.told = len(piece), 0, 0
	return nil
}

// hand hands what is encrypted to the system, or as much as that takes until the deadline.
func (c *tlsConn) hand() error {
	to, err := c.wire.flushed()
	if err == nil {
		c.handed = c.piece
	} else if whole := max(0, to-c.at); whole > 0 {
		records, rest := whole/(recordSize+recordExtra), whole%(recordSize+recordExtra)
		c.handed = min(c.piece, records*recordSize+min(max(0, rest-recordHeader), recordSize))
	}
	return err
}

// tell counts bytes that the system has as reported, no more than most, and returns how many.
func (c *tlsConn) tell(most int) int {
	more := min(c.handed-c.told, most)
	c.told += more
	return more
}

// ReadFrom writes what r has, in large pieces. A deadline may leave r behind what it reports: what is
// written again begins there. While the peer takes nothing, it holds a piece encrypted alone.
func (c *tlsConn) ReadFrom(r io.Reader) (n int64, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	for c.told < c.piece {
		err := c.hand()
		came, ended := io.CopyN(io.Discard, r, int64(c.handed-c.told))
		if n += int64(c.tell(int(came))); err != nil || ended != nil {
			return n, cmp.Or(err, notEOF(ended))
		}
	}
	for {
		ended := c.sealFrom(r)
		err := c.hand()
		if n += int64(c.tell(c.piece)); err != nil || ended != nil {
			return n, cmp.Or(err, notEOF(ended))
		}
	}
}

// sealFrom reads and encrypts a piece. Its error says that there are no more.
func (c *tlsConn) sealFrom(r io.Reader) error {
	piece := pieces.Get().(*[pieceSize]byte)
	defer pieces.Put(piece)
	has, ended := r.Read(piece[:])
	if has > 0 {
		if err := c.seal(piece[:has]); err != nil {
			return err
		}
	}
	return ended
}

func notEOF(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}

// CloseWrite tells the peer that nothing more comes, after all that was encrypted. What the peer does
// not take at once is left to a goroutine, which ends with the link at the latest.
func (c *tlsConn) CloseWrite() error {
	c.writing.Lock()
	if err := c.endWriting(); !isTimeout(err) {
		defer c.writing.Unlock()
		if err != nil {
			return err
		}
		return c.wire.CloseWrite()
	}
	go func() {
		defer c.writing.Unlock()
		c.wire.Conn.SetWriteDeadline(time.Time{})
		if c.wire.flush() == nil {
			c.wire.CloseWrite()
		}
	}()
	return nil
}

// endWriting writes what is left, and the notice of the end.
func (c *tlsConn) endWriting() error {
	if c.ended {
		return nil
	}
	c.ended = true
	c.wire.reserve(recordExtra + 2)
	if err := c.tls.CloseWrite(); err != nil {
		return err
	}
	c.wire.Conn.SetWriteDeadline(time.Now().Add(lastPatience))
	return c.wire.flush()
}

// Close ends both directions. It gives notice of the end if the system takes that at once.
func (c *tlsConn) Close() error {
	if c.writing.TryLock() {
		if c.told == c.piece {
			c.endWriting()
		}
		c.writing.Unlock()
	}
	return c.wire.Conn.Close()
}

// LocalAddr returns the address of this end.
func (c *tlsConn) LocalAddr() net.Addr { return c.wire.LocalAddr() }

// RemoteAddr returns the address of the other end.
func (c *tlsConn) RemoteAddr() net.Addr { return c.wire.RemoteAddr() }

// SetDeadline sets both deadlines.
func (c *tlsConn) SetDeadline(t time.Time) error { return c.wire.Conn.SetDeadline(t) }

// SetReadDeadline sets the deadline of Read.
func (c *tlsConn) SetReadDeadline(t time.Time) error { return c.wire.Conn.SetReadDeadline(t) }

// SetWriteDeadline sets the deadline of Write.
func (c *tlsConn) SetWriteDeadline(t time.Time) error { return c.wire.Conn.SetWriteDeadline(t) }

// below returns the connection of the network below TLS, or else the connection itself.
func below(conn Conn) Conn {
	if over, is := conn.(*tlsConn); is {
		conn = over.wire.Conn
	}
	return unfed(conn)
}

// readAhead has a connection over TLS read as much at once as has come, or stop to do so. The goroutine
// that reads calls it, when it waits for a body, which is worth a large buffer.
func readAhead(conn Conn, on bool) {
	if over, is := conn.(*tlsConn); is {
		over.wire.ahead = on
	}
}
