package transport

import (
	"context"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// secure has the link's reader do a TLS handshake over it, after all that was written to it.
func (k *link) secure(e roles.Secure) {
	if k.flush(); !k.failed {
		k.order(command{what: toSecure, secure: &e})
	}
}

// handshake does a TLS handshake over the link. The other side may have begun it already: what it said
// stands in the inbox.
func (k *link) handshake(e roles.Secure) letter {
	conn, err := k.overTLS(e)
	if err != nil {
		return letter{end: endOf(err), err: err, input: roles.Lost{Link: k.id, Code: dialCode(err), Text: err.Error()}}
	}
	return letter{conn: conn, input: k.openedOver(conn)}
}

func (k *link) overTLS(e roles.Secure) (Conn, error) {
	network, can := k.run.loop.Network.(Authenticated)
	if !can {
		return nil, &DialError{Code: protocol.NoTLS, Text: "there is no key here to make a link sure with"}
	}
	conn := feed(k.conn, k.in.unread())
	k.in.empty()
	// A cut closes the connection, and nothing is said after that; the run's context would be ahead of it.
	return network.Secure(context.WithoutCancel(k.run.ctx), conn, e.ID, e.Accepts)
}
