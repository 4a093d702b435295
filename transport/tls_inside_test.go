package transport

import (
	"crypto/tls"
	"testing"
)

// Under returns the connection of the network below TLS, or else the connection itself.
func Under(conn Conn) Conn { return below(conn) }

// Configs returns the options under which a network speaks TLS.
func Configs(t *TLS) (server, client *tls.Config) {
	self, err := t.identity()
	if err != nil {
		panic(err)
	}
	return self.server, self.client
}

// A peer that has TLS say more and more, and takes nothing of it, is cut off.
func TestWhatTLSItselfSaysIsBounded(t *testing.T) {
	w := &wire{}
	written := 0
	for err := error(nil); err == nil; {
		var n int
		n, err = w.Write(make([]byte, 27))
		written += n
	}
	if written > spareSize {
		t.Errorf("%d bytes", written)
	}
	if at := w.reserve(pieceSize + pieceSize/recordSize*recordExtra); at != written {
		t.Errorf("a piece comes behind %d bytes, not %d", at, written)
	}
	if n, err := w.Write(make([]byte, pieceSize+pieceSize/recordSize*recordExtra)); err != nil {
		t.Errorf("%d bytes of a piece: %v", n, err)
	}
}
