package transport

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// initiate does the handshake of the side that dialled.
func (i *identity) initiate(ctx context.Context, below Conn, want protocol.PeerID) (Conn, error) {
	config := i.client.Clone()
	if !want.IsZero() {
		config.ClientSessionCache = ticket{i.cache, string(want[:])}
	}
	wire := newWire(below, false)
	over := tls.Client(wire, config)
	err := over.HandshakeContext(ctx)
	if sent := wire.flushHandshake(); err == nil {
		err = sent
	}
	if err != nil {
		below.Close()
		return nil, wire.answers(err)
	}
	conn, why, err := newTLSConn(over, wire)
	switch {
	case err != nil:
	case why != "":
		err = &DialError{Code: protocol.NoPeer, Text: why.there()}
	case !want.IsZero() && conn.id != want:
		err = wrongPeer(conn.id, want)
	default:
		return conn, nil
	}
	conn.Close()
	return nil, err
}

// wrongPeer returns the error for another peer than the one that is wanted.
func wrongPeer(is, want protocol.PeerID) error {
	return &DialError{Code: protocol.WrongPeer, ID: is, Text: fmt.Sprintf("the peer there is %s, not %s", is, want)}
}

// ticket is the place of one peer's ticket. It is used once: one that was refused would be offered for
// ever, and one that is seen twice tells that both links are of the same peer.
type ticket struct {
	all tls.ClientSessionCache
	of  string
}

// Get takes the ticket.
func (t ticket) Get(string) (*tls.ClientSessionState, bool) {
	state, has := t.all.Get(t.of)
	if has {
		t.all.Put(t.of, nil)
	}
	return state, has
}

// Put keeps a ticket, or none.
func (t ticket) Put(_ string, state *tls.ClientSessionState) { t.all.Put(t.of, state) }

// The first bytes of records and alerts, which the handshake sends in clear.
const (
	recordOfAlert     = 0x15
	recordOfHandshake = 0x16

	alertProtocolVersion = 70
	alertNoProtocol      = 120
)

// answers returns what the failure of an initiator's handshake means: a [DialError] if that tells what
// answers there.
func (w *wire) answers(err error) error {
	var told *DialError
	none := func(text string) error { return &DialError{Code: protocol.NoPeer, Text: text} }
	begins := func(with string) bool { return bytes.HasPrefix(w.begin, []byte(with)) }
	tls := len(w.begin) > 0 && (w.begin[0] == recordOfAlert || w.begin[0] == recordOfHandshake)
	switch {
	case errors.As(err, &told):
		return told
	case begins(protocol.Magic):
		return &DialError{Code: protocol.NoTLS, Text: "the peer speaks without TLS"}
	case begins("HTTP"):
		return none("it answers in HTTP")
	case begins("SSH-"):
		return none("it answers in SSH")
	case len(w.begin) > 0 && !tls:
		return none("it speaks neither TLS nor this protocol")
	case errors.Is(err, errHandshake):
		return none(fmt.Sprintf("it sends more than %d KiB before the TLS handshake is done", roles.HandshakeBytes>>10))
	case w.failed != nil || isTimeout(err) || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("in the TLS handshake: %w", err)
	case w.alert() == alertProtocolVersion || strings.Contains(err.Error(), "unsupported protocol version"):
		return none("it speaks TLS 1.2 at most")
	case w.alert() == alertNoProtocol:
		return none(noALPN.there())
	}
	return none("it speaks TLS, but not as a peer does: " + protocol.Printable(err.Error(), 100))
}

// alert returns the alert that came first, 0 if there is none.
func (w *wire) alert() byte {
	if len(w.begin) > recordHeader+1 && w.begin[0] == recordOfAlert {
		return w.begin[recordHeader+1]
	}
	return 0
}
