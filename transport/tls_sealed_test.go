package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"testing"
	"time"
)

// cutting is a connection of which one long write ends at a deadline, after some bytes.
type cutting struct {
	Conn
	after int // bytes of that write; -1: it has been
}

// Write implements [Conn].
func (c *cutting) Write(b []byte) (int, error) {
	if c.after < 0 || len(b) <= c.after || len(b) < pieceSize/2 {
		return c.Conn.Write(b)
	}
	n, err := c.Conn.Write(b[:c.after])
	c.after = -1
	if err == nil {
		err = os.ErrDeadlineExceeded
	}
	return n, err
}

// cuttingTCP dials connections that are cut.
type cuttingTCP struct {
	TCP
	after int
}

// Dial implements [Network].
func (n cuttingTCP) Dial(ctx context.Context, to string) (Conn, error) {
	conn, err := n.TCP.Dial(ctx, to)
	if err != nil {
		return nil, err
	}
	return &cutting{Conn: conn, after: n.after}, nil
}

// TestADeadlineMayEndAWriteAtAnyByte of what is encrypted, also where all of the plaintext is out and the rest of its last
// record is not: what is written then follows, and nothing is lost.
func TestADeadlineMayEndAWriteAtAnyByte(t *testing.T) {
	const record, whole = recordSize + recordExtra, pieceSize / recordSize * (recordSize + recordExtra)
	content := make([]byte, 3*pieceSize+777)
	for i := range content {
		content[i] = byte(i * 7 >> 3)
	}
	for _, after := range []int{1, 100, record - 17, record - 16, record - 1, record, record + 1, whole - 23, whole - 18, whole - 17, whole - 16, whole - 5, whole - 1} {
		listener, err := (&TLS{}).Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		come := make(chan []byte, 1)
		go func() {
			conn, err := listener.Accept()
			if err != nil {
				t.Error(err)
				close(come)
				return
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(10 * time.Second))
			all, err := io.ReadAll(conn)
			if err != nil {
				t.Errorf("cut after %d bytes: the reader has %v", after, err)
			}
			come <- all
		}()
		conn, err := (&TLS{Network: cuttingTCP{after: after}}).Dial(t.Context(), listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		for sent := 0; sent < len(content); {
			n, err := io.CopyN(conn, bytes.NewReader(content[sent:]), int64(min(len(content)-sent, pieceSize-sent%pieceSize)))
			if sent += int(n); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("cut after %d bytes: writing ends at %d with %v", after, sent, err)
				break
			}
		}
		conn.Close()
		if got := <-come; !bytes.Equal(got, content) {
			t.Errorf("cut after %d bytes: %d of %d bytes come, or others", after, len(got), len(content))
		}
		listener.Close()
	}
}
