package transport

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
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
	joins    atomic.Bool // connections in plain are handed out that may become an end of a circuit
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
	conn, err := l.self.respond(context.Background(), below, greeted)
	var plain *plainError
	switch {
	case err == nil:
		return conn
	case errors.As(err, &plain) && plain.speaks() && l.joins.Load():
		return plain.conn
	}
	refuseUnfit(err, l.by)
	return nil
}

// takeJoins has a relay's listener hand out connections in plain on which a message of the protocol has
// begun: one end of a circuit comes so. The machine that serves such a one refuses every other message. The
// listeners of others refuse all that is in plain.
func (l *tlsListener) takeJoins() { l.joins.Store(l.by == protocol.Relay) }

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

// plainError is the error of a handshake that the other side has not begun: it speaks without TLS.
type plainError struct{ conn Conn } // with what has come in front

func (*plainError) Error() string { return "the peer speaks without TLS" }

// speaks reports whether what has come may be a message of the protocol.
func (e *plainError) speaks() bool {
	f, is := e.conn.(*fed)
	return is && f.begin[0] == protocol.Magic[0]
}

// unfitError is the error of a handshake with one that is no peer.
type unfitError struct {
	conn Conn
	why  unfit
}

func (e *unfitError) Error() string { return e.why.there() }

// respond does the handshake of the side that was dialled, as shake does. It leaves a connection open only
// if that is returned, or in its error: refuseUnfit closes it then.
func (i *identity) respond(ctx context.Context, below Conn, greeted func()) (*tlsConn, error) {
	wire := newWire(below, true)
	wire.greeted = greeted
	over := tls.Server(wire, i.server)
	if err := over.HandshakeContext(ctx); err != nil {
		if errors.Is(err, errNotTLS) {
			return nil, &plainError{wire.unfold()}
		}
		wire.flush() // the alert
		below.Close()
		return nil, err
	}
	conn, why, err := newTLSConn(over, wire)
	switch {
	case err != nil:
		conn.Close()
		return nil, err
	case why != "":
		return nil, &unfitError{conn, why}
	}
	return conn, nil
}

// refuseUnfit refuses one that is no peer, as the error of respond says, and closes the connection.
func refuseUnfit(err error, by protocol.Party) {
	var plain *plainError
	var unfit *unfitError
	switch {
	case errors.As(err, &plain):
		refuse(plain.conn, &protocol.Error{Code: protocol.TLSRequired, By: by, Text: "TLS is spoken here: connect with it, not in plain"})
		plain.conn.Close()
	case errors.As(err, &unfit):
		refuse(unfit.conn, &protocol.Error{Code: protocol.Denied, By: by, Text: unfit.why.here()})
		unfit.conn.Close()
	}
}

// admit does the handshake of the side that was dialled over a connection that was not accepted here, with
// the peer with an id, or any if that is zero. It refuses those that are no peers, and says who is there.
func (i *identity) admit(ctx context.Context, below Conn, want protocol.PeerID, by protocol.Party) (Conn, error) {
	conn, err := i.respond(ctx, below, func() {})
	refuseUnfit(err, by)
	var plain *plainError
	var unfit *unfitError
	switch {
	case errors.As(err, &plain):
		return nil, &DialError{Code: protocol.NoTLS, Text: plain.Error()}
	case errors.As(err, &unfit):
		return nil, &DialError{Code: protocol.NoPeer, Text: unfit.Error()}
	case err != nil:
		return nil, fmt.Errorf("in the TLS handshake: %w", err)
	case !want.IsZero() && conn.id != want:
		conn.Close()
		return nil, wrongPeer(conn.id, want)
	}
	return conn, nil
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
