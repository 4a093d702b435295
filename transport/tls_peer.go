package transport

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/tls"

	"github.com/relaypeer/relaypeer/protocol"
)

// unfit is why the other end of a TLS connection is no peer: what is there in place of one; "": it is
// a peer.
type unfit string

// The reasons.
const (
	noALPN        unfit = "another protocol than " + alpn
	noCertificate unfit = "no certificate"
	weakKey       unfit = "a certificate with a weak Ed25519 key, which is nobody's"
)

// there says for the terminal of an initiator what answers.
func (u unfit) there() string { return "it speaks TLS, with " + string(u) }

// here says to an initiator why it is refused.
func (u unfit) here() string {
	return "you speak TLS with " + string(u) + ": see the protocol's Identity"
}

// provenBy returns the id of the other end of a TLS connection. Before the end of its handshake the id is
// only claimed.
func provenBy(state tls.ConnectionState) (id protocol.PeerID, why unfit) {
	if state.NegotiatedProtocol != alpn {
		return id, noALPN
	}
	if len(state.PeerCertificates) == 0 {
		return id, noCertificate
	}
	switch key := state.PeerCertificates[0].PublicKey.(type) {
	case ed25519.PublicKey:
		copy(id[:], key)
	case *rsa.PublicKey:
		return id, "an RSA certificate, not an Ed25519 one"
	case *ecdsa.PublicKey:
		return id, "an ECDSA certificate, not an Ed25519 one"
	default:
		return id, "a certificate that is not an Ed25519 one"
	}
	if !id.Sound() {
		return protocol.PeerID{}, weakKey
	}
	return id, ""
}
