package transport

import (
	"cmp"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net/netip"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// TLS is a network over another one, on whose links both ends prove their ids, and that nobody between
// them can read or change. SPEC "Identity". It is used by its pointer.
type TLS struct {
	Network Network            // below; nil: TCP{}
	Key     ed25519.PrivateKey // this side's; nil: one is drawn, which nobody else has
	By      protocol.Party     // the sender of refusals to those who cannot be served here; zero: a node
	// MaxUnproven is how many connections of a listener may be there whose handshake is not done: each
	// has a descriptor. 0: roles.MaxHandshakes and roles.MaxHandshakesWaiting.
	MaxUnproven int
	// LinkRate is how many handshakes a listener begins in a second for one address, of IPv6 of one /64, after
	// ten times as many at once; the others wait for their turn. Loopback has no such bound. 0: roles.LinkRateFrom.
	LinkRate float64

	once sync.Once
	self *identity
	err  error
}

// identity is one side's key with what lasts as long: tickets that are handed out under one
// configuration are of no use under another.
type identity struct {
	id     protocol.PeerID
	server *tls.Config
	client *tls.Config // of which each dial takes a copy
	cache  tls.ClientSessionCache
}

const (
	alpn        = "relaypeer/1"
	exportLabel = "EXPORTER-relaypeer"
	mostTickets = 256 // peers to which a link can be resumed
)

var errNoKey = errors.New("the key is no Ed25519 key")

// identity returns the identity, which is made once.
func (t *TLS) identity() (*identity, error) {
	t.once.Do(func() {
		if t.self == nil && t.err == nil {
			t.self, t.err = newIdentity(t.Key)
		}
	})
	return t.self, t.err
}

func newIdentity(key ed25519.PrivateKey) (*identity, error) {
	if key == nil {
		var err error
		if _, key, err = ed25519.GenerateKey(rand.Reader); err != nil {
			return nil, err
		}
	}
	if len(key) != ed25519.PrivateKeySize {
		return nil, errNoKey
	}
	certificate, err := selfSigned(key)
	if err != nil {
		return nil, err
	}
	config := func() *tls.Config {
		return &tls.Config{
			Certificates: []tls.Certificate{certificate}, NextProtos: []string{alpn},
			MinVersion: tls.VersionTLS13, MaxVersion: tls.VersionTLS13,
			DynamicRecordSizingDisabled: true,
		}
	}
	i := &identity{server: config(), client: config(), cache: tls.NewLRUClientSessionCache(mostTickets)}
	copy(i.id[:], key.Public().(ed25519.PublicKey))
	i.server.ClientAuth = tls.RequestClientCert // and refused in the protocol: SPEC "Identity"
	i.server.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		hello.Conn.(*wire).greeted()
		return nil, nil // the same
	}
	i.client.InsecureSkipVerify = true // nothing in a certificate but its key counts
	i.client.VerifyConnection = func(state tls.ConnectionState) error {
		if _, unfit := provenBy(state); unfit != "" {
			return &DialError{Code: protocol.NoPeer, Text: unfit.there()}
		}
		return nil
	}
	return i, nil
}

// selfSigned returns the certificate of a key. It is the same whenever it is made.
func selfSigned(key ed25519.PrivateKey) (tls.Certificate, error) {
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "relaypeer"},
		NotBefore: time.Unix(0, 0).UTC(), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC),
	}
	signed, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	return tls.Certificate{Certificate: [][]byte{signed}, PrivateKey: key}, err
}

// ID returns the id that this side proves; the zero id if Key is none.
func (t *TLS) ID() (id protocol.PeerID) {
	if self, err := t.identity(); err == nil {
		id = self.id
	}
	return id
}

// Below returns the network below.
func (t *TLS) Below() Network {
	if t.Network == nil {
		return TCP{}
	}
	return t.Network
}

// Over returns the same peer over another network below: with the same key, and the tickets of one are
// good for the other.
func (t *TLS) Over(below Network) *TLS {
	self, err := t.identity()
	return &TLS{Network: below, Key: t.Key, By: t.By, MaxUnproven: t.MaxUnproven, LinkRate: t.LinkRate, self: self, err: err}
}

// LookUp returns the addresses that the network below returns.
func (t *TLS) LookUp(ctx context.Context, address string) ([]netip.AddrPort, error) {
	return t.Below().LookUp(ctx, address)
}

// Listen listens over the network below.
func (t *TLS) Listen(ctx context.Context, address string) (Listener, error) {
	self, err := t.identity()
	if err != nil {
		return nil, err
	}
	below, err := t.Below().Listen(ctx, address)
	if err != nil {
		return nil, err
	}
	return newTLSListener(below, self, cmp.Or(t.By, protocol.Node), t.MaxUnproven, cmp.Or(t.LinkRate, roles.LinkRateFrom)), nil
}

// Dial connects to any peer.
func (t *TLS) Dial(ctx context.Context, address string) (Conn, error) {
	return t.DialPeer(ctx, address, protocol.PeerID{})
}

// DialPeer connects to the peer with an id; zero: to any. An address of a host counts as one that
// answers once the handshake is done there.
func (t *TLS) DialPeer(ctx context.Context, address string, id protocol.PeerID) (Conn, error) {
	self, err := t.identity()
	if err != nil {
		return nil, err
	}
	targets, err := t.LookUp(ctx, address)
	if err != nil {
		return nil, err
	}
	return race(ctx, targets, func(ctx context.Context, to netip.AddrPort) (Conn, error) {
		below, err := t.Below().Dial(ctx, to.String())
		if err != nil {
			return nil, err
		}
		return self.initiate(ctx, below, id)
	})
}

// Secure does the handshake over a connection of the network below.
func (t *TLS) Secure(ctx context.Context, conn Conn, id protocol.PeerID, accepts bool) (Conn, error) {
	self, err := t.identity()
	switch {
	case err != nil:
		conn.Close()
		return nil, err
	case accepts:
		return self.admit(ctx, conn, id, cmp.Or(t.By, protocol.Node))
	}
	return self.initiate(ctx, conn, id)
}
