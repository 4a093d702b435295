package protocol

import (
	"crypto/ed25519"
	"slices"
)

const enterContext = "relaypeer enter"

// Signed returns the bytes that the signature of an Enter is over. They are of one link alone, so that
// nobody who sees an Enter can use it on another.
func (m *Enter) Signed(exporter [ExporterSize]byte, initiator, relay PeerID) []byte {
	return slices.Concat([]byte(enterContext), exporter[:], m.Token[:], initiator[:], relay[:])
}

// SignedBy reports whether the signature is that of a token's key, on the link between two peers that has
// this exporter value.
func (m *Enter) SignedBy(key PeerID, exporter [ExporterSize]byte, initiator, relay PeerID) bool {
	return key.Sound() && ed25519.Verify(key[:], m.Signed(exporter, initiator, relay), m.Signature[:])
}

// Enter returns the request by which the initiator of a link is admitted by the relay of the invite.
func (i *Invite) Enter(exporter [ExporterSize]byte, initiator PeerID) *Enter {
	m := &Enter{Token: i.Token}
	copy(m.Signature[:], ed25519.Sign(i.Key(), m.Signed(exporter, initiator, i.Relay)))
	return m
}
