package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
)

// wire is a connection on which one request is sent after the other: the least that a peer can be,
// for times that a client would hide.
type wire struct {
	conn net.Conn
	buf  []byte
	have int // bytes in buf
}

const replyWait = 10 * time.Minute // a node may have to hash a large file first

func dialWire(ctx context.Context, to string) (*wire, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", to)
	if err != nil {
		return nil, err
	}
	return newWire(conn, protocol.HeaderSize+protocol.MaxList), nil
}

// secureWire dials a peer, without a ticket of an earlier link.
func secureWire(ctx context.Context, network transport.Network, to string) (*wire, error) {
	return dialRoom(ctx, network, to, 64<<10)
}

// dialRoom dials a peer, with room for answers of so many bytes.
func dialRoom(ctx context.Context, network transport.Network, to string, room int) (*wire, error) {
	conn, err := network.Dial(ctx, to)
	if err != nil {
		return nil, err
	}
	return newWire(conn, room), nil
}

// newWire returns a connection with room for answers of so many bytes.
func newWire(conn net.Conn, room int) *wire {
	conn.SetDeadline(time.Now().Add(replyWait))
	return &wire{conn: conn, buf: make([]byte, room)}
}

func (w *wire) close() error { return w.conn.Close() }

// ask sends a request and returns its answer. A refusal is an error.
func (w *wire) ask(m protocol.Message) (protocol.Message, error) {
	if err := w.say(m); err != nil {
		return nil, err
	}
	return w.hear()
}

// say sends a request.
func (w *wire) say(m protocol.Message) error {
	_, err := w.conn.Write(protocol.Append(nil, m))
	return err
}

// hear returns the answer to the request that was sent.
func (w *wire) hear() (protocol.Message, error) {
	for {
		answer, size, wrong := protocol.Decode(w.buf[:w.have])
		switch {
		case wrong != nil:
			return nil, wrong
		case answer == nil:
			if err := w.read(); err != nil {
				return nil, err
			}
			continue
		}
		w.have = copy(w.buf, w.buf[size:w.have])
		switch refusal := answer.(type) {
		case *protocol.Error:
			return nil, refusal
		case *protocol.Hashing: // the answer follows
		default:
			return answer, nil
		}
	}
}

func (w *wire) read() error {
	n, err := w.conn.Read(w.buf[w.have:])
	w.have += n
	if n > 0 {
		return nil
	}
	return errors.Join(errors.New("no more came"), err)
}

// content returns when a byte of content has come, behind the frame that says so.
func (w *wire) content() error {
	if w.have > 0 {
		return nil
	}
	return w.read()
}
