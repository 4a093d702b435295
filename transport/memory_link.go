package transport

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	flightChunks = 16      // pieces under way in one direction of a memory link
	flightPiece  = 4 << 10 // bytes of a piece at most
)

// memoryConn is an end of a memory link. Written bytes wait in a bounded buffer, as in a socket's,
// and a pump goroutine passes them on over a net.Pipe. The goroutine ends when all bytes are read
// or either end is closed.
type memoryConn struct {
	local, peer netip.AddrPort
	out         *flight  // what we write
	in          *flight  // what the peer writes
	inbound     net.Conn // our end of in's pipe
	closed      atomic.Bool
}

// flight is one direction of a memory link.
type flight struct {
	pieces  chan []byte
	pipe    net.Conn      // where the pump writes
	ended   chan struct{} // closed when the writer has no more
	refused chan struct{} // closed when the reader is gone
	end     sync.Once
	refuse  sync.Once
	by      *deadline // of writes
}

func newMemoryLink(dialler, listener netip.AddrPort) (near, far *memoryConn) {
	forth, farIn := newFlight()
	back, nearIn := newFlight()
	near = &memoryConn{local: dialler, peer: listener, out: forth, in: back, inbound: nearIn}
	far = &memoryConn{local: listener, peer: dialler, out: back, in: forth, inbound: farIn}
	return near, far
}

func newFlight() (*flight, net.Conn) {
	from, to := net.Pipe()
	f := &flight{
		pieces: make(chan []byte, flightChunks), pipe: from,
		ended: make(chan struct{}), refused: make(chan struct{}), by: newDeadline(),
	}
	go f.pump()
	return f, to
}

// pump carries pieces to the reader, and the end of stream after the last piece.
func (f *flight) pump() {
	defer f.pipe.Close()
	for {
		select {
		case piece := <-f.pieces:
			if _, err := f.pipe.Write(piece); err != nil {
				return
			}
		case <-f.refused:
			return
		case <-f.ended:
			select {
			case piece := <-f.pieces:
				if _, err := f.pipe.Write(piece); err != nil {
					return
				}
			default:
				return
			}
		}
	}
}

func (f *flight) stop() { f.end.Do(func() { close(f.ended) }) }

func (f *flight) turnBack() { f.refuse.Do(func() { close(f.refused) }) }

// Read reads bytes that the peer has written.
func (c *memoryConn) Read(b []byte) (int, error) {
	n, err := c.inbound.Read(b)
	if err == io.EOF && c.closed.Load() || errors.Is(err, io.ErrClosedPipe) {
		err = c.failure("read", net.ErrClosed) // the pump ends too, which is no end of the peer's
	}
	return n, err
}

// Write puts all of b into the buffer. It waits for room until the deadline.
func (c *memoryConn) Write(b []byte) (int, error) {
	written := 0
	for written < len(b) {
		piece := b[written:min(len(b), written+flightPiece)]
		select {
		case <-c.out.ended:
			return written, c.failure("write", net.ErrClosed)
		case <-c.out.refused:
			return written, c.failure("write", syscall.ECONNRESET)
		case <-c.out.by.passed():
			return written, c.failure("write", os.ErrDeadlineExceeded)
		default:
		}
		select {
		case c.out.pieces <- append([]byte(nil), piece...):
			written += len(piece)
		case <-c.out.ended:
			return written, c.failure("write", net.ErrClosed)
		case <-c.out.refused:
			return written, c.failure("write", syscall.ECONNRESET)
		case <-c.out.by.passed():
			return written, c.failure("write", os.ErrDeadlineExceeded)
		}
	}
	return written, nil
}

func (c *memoryConn) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: "memory", Source: endpoint(c.local), Addr: endpoint(c.peer), Err: err}
}

// CloseWrite ends our direction: the peer reads the buffered bytes, and then the end of stream.
func (c *memoryConn) CloseWrite() error {
	c.out.stop()
	return nil
}

// Close ends both directions. The peer can still read the buffered bytes; its writes fail from now
// on.
func (c *memoryConn) Close() error {
	c.closed.Store(true)
	c.out.stop()
	c.out.by.set(time.Time{})
	c.in.turnBack()
	return c.inbound.Close()
}

func (c *memoryConn) LocalAddr() net.Addr  { return endpoint(c.local) }
func (c *memoryConn) RemoteAddr() net.Addr { return endpoint(c.peer) }

func (c *memoryConn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetReadDeadline(t), c.SetWriteDeadline(t))
}

func (c *memoryConn) SetReadDeadline(t time.Time) error { return c.inbound.SetReadDeadline(t) }

func (c *memoryConn) SetWriteDeadline(t time.Time) error {
	c.out.by.set(t)
	return nil
}
