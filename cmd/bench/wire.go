package main

import (
	"context"
	"errors"
	"net"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
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
	conn.SetDeadline(time.Now().Add(replyWait))
	return &wire{conn: conn, buf: make([]byte, protocol.HeaderSize+protocol.MaxList)}, nil
}

func (w *wire) close() error { return w.conn.Close() }

// ask sends a request and returns its answer. A refusal is an error.
func (w *wire) ask(m protocol.Message) (protocol.Message, error) {
	if _, err := w.conn.Write(protocol.Append(nil, m)); err != nil {
		return nil, err
	}
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
