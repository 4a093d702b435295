package transport

import (
	"bytes"
	"crypto/ed25519"
	"crypto/x509"
	"io"
	"net/netip"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
)

// ends returns both ends of a link over TLS.
func ends(t *testing.T, from, to *TLS, id protocol.PeerID) (near, far *tlsConn) {
	t.Helper()
	l, err := to.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return over(t, l, from, id)
}

func over(t *testing.T, l Listener, from *TLS, id protocol.PeerID) (near, far *tlsConn) {
	t.Helper()
	dialled, err := from.DialPeer(t.Context(), l.Addr().String(), id)
	if err != nil {
		t.Fatal(err)
	}
	accepted, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { dialled.Close(); accepted.Close(); l.Close() })
	return dialled.(*tlsConn), accepted.(*tlsConn)
}

// talk says something on a link, both ways, and ends it: then tickets have come.
func talk(t *testing.T, near, far *tlsConn) {
	t.Helper()
	near.Write([]byte("question"))
	near.CloseWrite()
	if got, err := io.ReadAll(far); string(got) != "question" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	far.Write([]byte("answer"))
	far.Close()
	if got, err := io.ReadAll(near); string(got) != "answer" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
	near.Close()
}

// Both ends of a link know each other's id and have one value, which no other link has, resumed or not.
func TestBothEndsAreProven(t *testing.T) {
	values := map[[protocol.ExporterSize]byte]bool{}
	for _, below := range []Network{TCP{}, NewMemory()} {
		from, to := &TLS{Network: below}, &TLS{Network: below}
		for _, resumed := range []bool{false, true, true} {
			near, far := ends(t, from, to, to.ID())
			if near.PeerID() != to.ID() || far.PeerID() != from.ID() || from.ID() == to.ID() || !from.ID().Sound() {
				t.Errorf("%v and %v", near.PeerID(), far.PeerID())
			}
			if near.Exporter() != far.Exporter() || values[near.Exporter()] {
				t.Errorf("the values %x and %x", near.Exporter(), far.Exporter())
			}
			values[near.Exporter()] = true
			for _, conn := range []*tlsConn{near, far} {
				if state := conn.tls.ConnectionState(); state.DidResume != resumed || state.ServerName != "" {
					t.Errorf("resumed: %v, %q", state.DidResume, state.ServerName)
				}
			}
			talk(t, near, far)
		}
	}
}

// A key has one certificate, which is of use at any time.
func TestACertificateIsOfTheKeyAlone(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	first, err := selfSigned(key)
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := selfSigned(key); !bytes.Equal(first.Certificate[0], again.Certificate[0]) {
		t.Error("it has two certificates")
	}
	if is, err := x509.ParseCertificate(first.Certificate[0]); err != nil || !is.NotBefore.Equal(time.Unix(0, 0)) || is.NotAfter.Year() != 9999 {
		t.Errorf("%+v, %v", is, err)
	}
	of := &TLS{Key: key}
	if id := of.ID(); !bytes.Equal(id[:], key.Public().(ed25519.PublicKey)) {
		t.Errorf("%v", id)
	}
}

// A ticket is offered once. A listener that does not know it, as after a restart, costs a whole handshake
// and no more.
func TestATicketIsOfferedOnce(t *testing.T) {
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	below := NewMemory()
	from := &TLS{Network: below}
	resumed := func(to *TLS) bool {
		near, far := ends(t, from, to, to.ID())
		defer talk(t, near, far)
		return near.tls.ConnectionState().DidResume
	}
	ticket := func(id protocol.PeerID) bool {
		_, has := from.self.cache.Get(string(id[:]))
		return has
	}
	before, after := &TLS{Network: below, Key: key}, &TLS{Network: below, Key: key}
	if resumed(before) || !resumed(before) || resumed(after) || !resumed(after) || resumed(before) {
		t.Error("not as the tickets are")
	}
	near, _ := ends(t, from, after, after.ID())
	if near.tls.ConnectionState().DidResume || ticket(after.ID()) {
		t.Error("a refused ticket is kept")
	}
	other := &TLS{Network: below}
	l, err := other.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	first := resumed(after) // which brings the ticket at the latest
	if again := resumed(after); !first && !again {
		t.Error("it does not resume any more")
	}
	if _, err := from.DialPeer(t.Context(), l.Addr().String(), after.ID()); dialCode(err) != protocol.WrongPeer {
		t.Error(err)
	}
	if ticket(after.ID()) || ticket(other.ID()) {
		t.Error("there is a ticket after another peer was found")
	}
	near, far := ends(t, from, before, protocol.PeerID{})
	talk(t, near, far)
	if ticket(before.ID()) {
		t.Error("a ticket is kept of a peer that was not expected")
	}
}

// The same peer over another network below has the same key, and tickets.
func TestTheSamePeerOverAnotherNetwork(t *testing.T) {
	to := &TLS{Network: TCP{}}
	from := &TLS{}
	talk2 := func(from *TLS) bool {
		near, far := ends(t, from, to.Over(TCP{}), to.ID())
		defer talk(t, near, far)
		return near.tls.ConnectionState().DidResume
	}
	again := from.Over(TCP{From: netip.MustParseAddr("127.0.0.1")})
	if talk2(from) || !talk2(again) || again.ID() != from.ID() {
		t.Error("it is another peer")
	}
	if below, is := again.Below().(TCP); !is || !below.From.IsValid() {
		t.Errorf("%+v", again.Below())
	}
	if _, is := (&TLS{}).Below().(TCP); !is {
		t.Error("TCP is below by itself")
	}
}

// What is no key is said wherever the network is used.
func TestWhatIsNoKeyProvesNothing(t *testing.T) {
	none := &TLS{Network: NewMemory(), Key: ed25519.PrivateKey("short")}
	if l, err := none.Listen(t.Context(), "127.0.0.1:0"); err != errNoKey {
		t.Errorf("%v, %v", l, err)
	}
	if conn, err := none.Over(NewMemory()).Dial(t.Context(), "127.0.0.1:1"); err != errNoKey {
		t.Errorf("%v, %v", conn, err)
	}
	if !none.ID().IsZero() {
		t.Errorf("it is %v", none.ID())
	}
}
