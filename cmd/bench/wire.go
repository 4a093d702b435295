package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// wire is a connection on which we ask one thing after the other, for what only a client of our own can see.
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

// indexed waits until that many names are listed at the relay.
func (c *crew) indexed(ctx context.Context, files int) error {
	w, err := dialWire(ctx, net.JoinHostPort(c.host, c.port))
	if err != nil {
		return err
	}
	defer func() { w.close() }()
	defer context.AfterFunc(ctx, func() { w.close() })()
	look := time.NewTicker(200 * time.Millisecond)
	defer look.Stop()
	for end := time.Now().Add(replyWait); time.Now().Before(end); {
		listed, err := w.listed()
		if err != nil {
			return err
		}
		if listed >= files {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
	return fmt.Errorf("the node did not publish %d files within %v", files, replyWait)
}

// listed counts the names at the relay.
func (w *wire) listed() (names int, err error) {
	ask := protocol.List{Limit: protocol.MaxPage}
	for {
		answer, err := w.ask(&ask)
		if err != nil {
			return 0, err
		}
		page, is := answer.(*protocol.Listed)
		if !is {
			return 0, fmt.Errorf("%s is no answer to LIST", answer.Kind())
		}
		names += len(page.Items)
		if ask.Cursor = page.Cursor; len(ask.Cursor) == 0 {
			return names, nil
		}
	}
}
