package transport

import (
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
	exporter [32]byte

	writing sync.Mutex // held by Write and by the end of writing
	piece   int        // bytes that are encrypted
	at      int        // where they begin among the sealed bytes
	handed  int        // those of them that the system has
	told    int        // those that were reported
	ended   bool       // writing has ended
}

// lastPatience is how long an end of stream is waited for that the system does not take at once, and
// closePatience the same where the link is closed.
const (
	lastPatience  = 20 * time.Millisecond
	closePatience = 5 * time.Millisecond
)

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
func (c *tlsConn) Exporter() [32]byte { return c.exporter }

// Read reads bytes that the peer has written, of one record at most. An end of stream without notice is
// no [io.EOF].
func (c *tlsConn) Read(b []byte) (int, error) { return c.tls.Read(b) }

// Write encrypts b and writes it. It may be called again with what a deadline has left.
func (c *tlsConn) Write(b []byte) (n int, err error) {
	c.writing.Lock()
	defer c.writing.Unlock()
	if c.ended {
		return 0, &net.OpError{Op: "write", Net: "tls", Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: net.ErrClosed}
	}
	for n < len(b) {
		if c.told == c.piece {
			if err := c.seal(b[n:min(len(b), n+pieceSize)]); err != nil {
				return n, err
			}
		}
		err := c.hand()
		more := min(c.handed-c.told, len(b)-n)
		c.told += more
		if n += more; err != nil {
			return n, err
		}
	}
	return n, nil
}

// seal encrypts a piece.
func (c *tlsConn) seal(piece []byte) error {
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

// ReadFrom writes what r has, in large pieces.
func (c *tlsConn) ReadFrom(r io.Reader) (n int64, err error) {
	piece := pieces.Get().(*[pieceSize]byte)
	defer pieces.Put(piece)
	for {
		has, err := r.Read(piece[:])
		if has > 0 {
			wrote, err := c.Write(piece[:has])
			if n += int64(wrote); err != nil {
				return n, err
			}
		}
		switch {
		case err == io.EOF:
			return n, nil
		case err != nil:
			return n, err
		}
	}
}

// CloseWrite tells the peer that nothing more comes, after all that was encrypted. What the peer does
// not take at once is left to a goroutine, which ends with the link at the latest.
func (c *tlsConn) CloseWrite() error {
	c.writing.Lock()
	if err := c.endWriting(lastPatience); !isTimeout(err) {
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
func (c *tlsConn) endWriting(patience time.Duration) error {
	if c.ended {
		return nil
	}
	c.ended = true
	c.wire.reserve(spareSize / 2)
	if err := c.tls.CloseWrite(); err != nil {
		return err
	}
	c.wire.Conn.SetWriteDeadline(time.Now().Add(patience))
	return c.wire.flush()
}

// Close ends both directions. It gives notice of the end if the system takes that at once.
func (c *tlsConn) Close() error {
	if c.writing.TryLock() {
		if c.told == c.piece {
			c.endWriting(closePatience)
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
		return over.wire.Conn
	}
	return conn
}

// readAhead has a connection over TLS read as much at once as has come, or stop to do so. The goroutine
// that reads calls it, when it waits for a body, which is worth a large buffer.
func readAhead(conn Conn, on bool) {
	if over, is := conn.(*tlsConn); is {
		over.wire.ahead = on
	}
}
