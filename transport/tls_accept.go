package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// tlsListener accepts links whose handshake is done.
type tlsListener struct {
	Listener // of the network below
	self     *identity
	by       protocol.Party

	ready    chan Conn
	failures chan error
	ended    chan struct{} // closed by Close
	end      sync.Once
	all      sync.WaitGroup // its goroutines
	queue    *handshakes
	files    descriptors
}

func newTLSListener(below Listener, self *identity, by protocol.Party, unproven int, rate float64) *tlsListener {
	l := &tlsListener{
		Listener: below, self: self, by: by,
		files: newDescriptors(), ready: make(chan Conn), failures: make(chan error), ended: make(chan struct{}),
	}
	l.queue = newHandshakes(l.shake, l.pass, unproven, rate)
	l.all.Go(l.accept)
	return l
}

// ID returns the id that each accepted link has proven to its peer.
func (l *tlsListener) ID() protocol.PeerID { return l.self.id }

// accept accepts connections of the network below.
func (l *tlsListener) accept() {
	for {
		conn, err := l.Listener.Accept()
		if err == nil {
			l.take(conn)
			continue
		}
		select {
		case l.failures <- err:
		case <-l.ended:
			return
		}
	}
}

// take begins the handshake of a connection, unless descriptors are so scarce that it takes one away from
// those who are inside. There is no way to say so before the handshake.
func (l *tlsListener) take(conn Conn) {
	if _, none := l.files.judge(conn); none {
		conn.Close()
		return
	}
	l.queue.add(conn)
}

// Accept waits for the next link whose handshake is done.
func (l *tlsListener) Accept() (Conn, error) {
	closed := &net.OpError{Op: "accept", Net: "tls", Addr: endpoint(l.Addr()), Err: net.ErrClosed}
	select {
	case <-l.ended:
		return nil, closed
	default:
	}
	select {
	case conn := <-l.ready:
		return conn, nil
	case err := <-l.failures:
		return nil, err
	case <-l.ended:
		return nil, closed
	}
}

// Close ends listening, and the handshakes that are not done.
func (l *tlsListener) Close() error {
	err := error(nil)
	l.end.Do(func() {
		err = l.Listener.Close()
		close(l.ended)
		l.queue.close()
	})
	l.all.Wait()
	l.queue.awaitEnd()
	return err
}

// shake does the handshake of a connection, and returns the link, or nil if there is none. It calls greeted once the
// peer's first message has come.
func (l *tlsListener) shake(below Conn, greeted func()) Conn {
	return l.self.respond(below, l.by, greeted)
}

// pass passes a link on to Accept, or ends it.
func (l *tlsListener) pass(conn Conn) {
	if conn == nil {
		return
	}
	select {
	case l.ready <- conn:
	case <-l.ended:
		conn.Close()
	}
}

// respond does the handshake of the side that was dialled, as shake does. It returns nil after one that has failed.
func (i *identity) respond(below Conn, by protocol.Party, greeted func()) Conn {
	wire := newWire(below, true)
	wire.greeted = greeted
	over := tls.Server(wire, i.server)
	if err := over.HandshakeContext(context.Background()); err != nil {
		wire.flush() // the alert
		if errors.Is(err, errNotTLS) {
			refuse(below, &protocol.Error{Code: protocol.TLSRequired, By: by, Text: "TLS is spoken here: connect with it, not in plain"})
		}
		below.Close()
		return nil
	}
	conn, why, err := newTLSConn(over, wire)
	switch {
	case err != nil:
	case why != "":
		refuse(conn, &protocol.Error{Code: protocol.Denied, By: by, Text: why.here()})
	default:
		return conn
	}
	conn.Close()
	return nil
}

// mostRefused is how much of what a peer has sent is read after it was refused: what is unread would
// take the refusal from it.
const mostRefused = 64 << 10

// refuse sends a refusal and waits for the peer's end, not for long.
func refuse(conn Conn, refusal *protocol.Error) {
	conn.SetDeadline(time.Now().Add(roles.CloseTimeout))
	if _, err := conn.Write(protocol.Append(nil, refusal)); err != nil {
		return
	}
	if conn.CloseWrite() == nil {
		io.CopyN(io.Discard, conn, mostRefused)
	}
}
