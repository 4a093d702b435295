package transport

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// certified returns a certificate of a key, with so many bytes that say nothing.
func certified(t *testing.T, key crypto.Signer, padding int) []tls.Certificate {
	t.Helper()
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().AddDate(1, 0, 0)}
	for range padding / 1000 {
		of.DNSNames = append(of.DNSNames, strings.Repeat("x", 1000))
	}
	signed, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return []tls.Certificate{{Certificate: [][]byte{signed}, PrivateKey: key}}
}

// anyone is a signer under a weak key, for which nobody needs a secret.
type anyone struct{}

func (anyone) Public() crypto.PublicKey {
	return ed25519.PublicKey(append([]byte{1}, make([]byte, 31)...))
}

func (anyone) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return append([]byte{1}, make([]byte, 63)...), nil
}

func keys(t *testing.T) (sound ed25519.PrivateKey, byRSA *rsa.PrivateKey, byECDSA *ecdsa.PrivateKey) {
	t.Helper()
	_, sound, err := ed25519.GenerateKey(rand.Reader)
	if err == nil {
		byRSA, err = rsa.GenerateKey(rand.Reader, 2048)
	}
	if err == nil {
		byECDSA, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	}
	if err != nil {
		t.Fatal(err)
	}
	return sound, byRSA, byECDSA
}

// pretence listens in plain, and has each connection do what is no peer's way. It ends with the test.
func pretence(t *testing.T, network Network, behave func(net.Conn)) (at string) {
	t.Helper()
	l, err := network.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			behave(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-over })
	return l.Addr().String()
}

// says returns a behaviour: to read once, and to answer.
func says(answer string) func(net.Conn) {
	return func(conn net.Conn) {
		conn.Read(make([]byte, 64<<10))
		io.WriteString(conn, answer)
		conn.SetReadDeadline(time.Now().Add(time.Minute))
		io.Copy(io.Discard, conn)
	}
}

// speaks returns a behaviour: to speak TLS with these options.
func speaks(config *tls.Config) func(net.Conn) {
	return func(conn net.Conn) {
		over := tls.Server(conn, config.Clone())
		if over.Handshake() == nil {
			io.Copy(io.Discard, over)
		}
	}
}

// What is no peer of TLS is recognized, and said in one line.
func TestWhatAnswersInPlaceOfAPeer(t *testing.T) {
	sound, byRSA, byECDSA := keys(t)
	busy := string(protocol.Append(nil, &protocol.Error{Code: protocol.Malformed, By: protocol.Relay, Text: "what is that"}))
	ours := []string{alpn}
	for name, test := range map[string]struct {
		behave func(net.Conn)
		code   protocol.Code
		text   string
	}{
		"a peer in plain":    {says(busy), protocol.NoTLS, "the peer speaks without TLS"},
		"HTTP":               {says("HTTP/1.1 400 Bad Request\r\n\r\n400 Bad Request"), protocol.NoPeer, "it answers in HTTP"},
		"SSH":                {says("SSH-2.0-OpenSSH_9.2\r\n"), protocol.NoPeer, "it answers in SSH"},
		"noise":              {says("\x9d\x41\xe2\x07 \x1b[31m and more"), protocol.NoPeer, "it speaks neither TLS nor this protocol"},
		"noise like TLS":     {says("\x16\x03\x03\x00\x10" + strings.Repeat("\x1b", 16)), protocol.NoPeer, "it speaks TLS, but not as a peer does: tls: handshake message of length 1776411 bytes exceeds maximum of 65536 bytes"},
		"no ALPN":            {speaks(&tls.Config{Certificates: certified(t, sound, 0)}), protocol.NoPeer, "it speaks TLS, with another protocol than relaypeer/1"},
		"another ALPN":       {speaks(&tls.Config{Certificates: certified(t, sound, 0), NextProtos: []string{"h2"}}), protocol.NoPeer, "it speaks TLS, with another protocol than relaypeer/1"},
		"TLS 1.2":            {speaks(&tls.Config{Certificates: certified(t, sound, 0), NextProtos: ours, MaxVersion: tls.VersionTLS12}), protocol.NoPeer, "it speaks TLS 1.2 at most"},
		"TLS 1.2, not asked": {says("\x16\x03\x03\x00\x2a\x02\x00\x00\x26\x03\x03" + strings.Repeat("r", 32) + "\x00\xc0\x2f\x00"), protocol.NoPeer, "it speaks TLS 1.2 at most"},
		"RSA":                {speaks(&tls.Config{Certificates: certified(t, byRSA, 0), NextProtos: ours}), protocol.NoPeer, "it speaks TLS, with an RSA certificate, not an Ed25519 one"},
		"ECDSA":              {speaks(&tls.Config{Certificates: certified(t, byECDSA, 0), NextProtos: ours}), protocol.NoPeer, "it speaks TLS, with an ECDSA certificate, not an Ed25519 one"},
		"a weak key":         {speaks(&tls.Config{Certificates: certified(t, anyone{}, 0), NextProtos: ours}), protocol.NoPeer, "it speaks TLS, with a certificate with a weak Ed25519 key, which is nobody's"},
		"200 KiB":            {speaks(&tls.Config{Certificates: certified(t, sound, 200_000), NextProtos: ours}), protocol.NoPeer, "it sends more than 8 KiB before the TLS handshake is done"},
		"an alert":           {says("\x15\x03\x03\x00\x02\x02\x28"), protocol.NoPeer, "it speaks TLS, but not as a peer does: remote error: tls: handshake failure"},
		"an end":             {func(conn net.Conn) { conn.Read(make([]byte, 64<<10)) }, protocol.Lost, "in the TLS handshake: the link ended without notice: somebody may have cut it"},
		"an end within a hello": {func(conn net.Conn) {
			conn.Read(make([]byte, 64<<10))
			io.WriteString(conn, "\x16\x03\x03\x00\x2a\x02\x00")
		}, protocol.Lost, "in the TLS handshake: the link ended without notice: somebody may have cut it"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, below := range []Network{TCP{}, NewMemory()} {
				at := pretence(t, below, test.behave)
				over := &TLS{Network: below}
				for _, id := range []protocol.PeerID{{}, {2}} {
					conn, err := over.DialPeer(t.Context(), at, id)
					if err == nil {
						t.Fatalf("%T: %v", below, conn)
					}
					if code := dialCode(err); code != test.code || err.Error() != test.text {
						t.Errorf("%T: %v: %q", below, code, err)
					}
				}
			}
		})
	}
}

// A peer that is gone in the middle of a handshake is lost, whatever this side is at.
func TestAPeerThatIsGoneInTheHandshake(t *testing.T) {
	for _, below := range []Network{TCP{}, NewMemory()} {
		for _, takes := range []int{0, 1, 100} {
			at := pretence(t, below, func(conn net.Conn) { conn.Read(make([]byte, takes)) })
			for range 20 {
				if conn, err := (&TLS{Network: below}).Dial(t.Context(), at); dialCode(err) != protocol.Lost {
					t.Errorf("%T, %d bytes: %v, %v", below, takes, conn, err)
				}
			}
		}
	}
}

// Another peer than the expected one is told by both ids, after it has proven its own.
func TestAnotherPeerThanTheExpectedOne(t *testing.T) {
	below := NewMemory()
	there, here := &TLS{Network: below}, &TLS{Network: below}
	l, err := there.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	want := (&TLS{}).ID()
	_, err = here.DialPeer(t.Context(), l.Addr().String(), want)
	var told *DialError
	if !errors.As(err, &told) || told.Code != protocol.WrongPeer || told.ID != there.ID() ||
		!strings.Contains(told.Text, want.String()) || !strings.Contains(told.Text, there.ID().String()) {
		t.Errorf("%v", err)
	}
	gone, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer gone.Close()
	if n, err := gone.Read(make([]byte, 1)); n != 0 || err != io.EOF {
		t.Errorf("%d bytes, %v", n, err)
	}
	near, far := over(t, l, here, there.ID())
	talk(t, near, far)
}

// A handshake ends in time, however slow the peer is.
func TestASlowHandshakeEndsInTime(t *testing.T) {
	drip := func(conn net.Conn) {
		for _, b := range "\x16\x03\x03\x02\x00\x02\x00\x01\xfc\x03\x03" + strings.Repeat("x", 500) {
			if _, err := conn.Write([]byte{byte(b)}); err != nil {
				return
			}
			time.Sleep(time.Second)
		}
	}
	silent := func(conn net.Conn) { io.Copy(io.Discard, conn) }
	for name, behave := range map[string]func(net.Conn){"a byte a second": drip, "silent": silent} {
		t.Run("it dials, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				below := NewMemory()
				at := pretence(t, below, behave)
				begin := time.Now()
				conn, err := (&TLS{Network: below}).Dial(t.Context(), at)
				if dialCode(err) != protocol.Timeout || time.Since(begin) != roles.HandshakeTimeout {
					t.Errorf("%v after %v: %v", conn, time.Since(begin), err)
				}
			})
		})
		t.Run("it listens, "+name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				below := NewMemory()
				l, err := (&TLS{Network: below}).Listen(t.Context(), "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				conn, err := below.Dial(t.Context(), l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				behaved := make(chan struct{})
				go func() { defer close(behaved); behave(conn) }()
				<-behaved
				if took := time.Since(begin).Truncate(time.Second); took < roles.HandshakeTimeout || took > roles.HandshakeTimeout+time.Second {
					t.Errorf("after %v", took)
				}
				conn.Close()
				l.Close()
			})
		})
	}
}

// A dial ends with its context in the middle of a handshake, too.
func TestAHandshakeEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		below := NewMemory()
		at := pretence(t, below, func(conn net.Conn) { io.Copy(io.Discard, conn) })
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		begin := time.Now()
		if conn, err := (&TLS{Network: below}).Dial(ctx, at); err == nil || time.Since(begin) != time.Second {
			t.Errorf("%v after %v: %v", conn, time.Since(begin), err)
		}
	})
}

// refused reads one ERROR and the end of stream.
func refused(t *testing.T, conn io.Reader) *protocol.Error {
	t.Helper()
	got, err := io.ReadAll(conn)
	if err != nil {
		t.Fatalf("%q, %v", got, err)
	}
	m, size, err := protocol.Decode(got)
	refusal, is := m.(*protocol.Error)
	if !is || size != len(got) {
		t.Fatalf("not one ERROR: %q, %v", got, err)
	}
	return refusal
}

// One that comes to TLS and is no peer learns why, in the protocol: in plain what speaks in plain, and
// within TLS what speaks TLS.
func TestWhoComesInPlaceOfAPeer(t *testing.T) {
	sound, byRSA, _ := keys(t)
	ours := []string{alpn}
	plain := func(text string) func(*testing.T, net.Conn) *protocol.Error {
		return func(t *testing.T, conn net.Conn) *protocol.Error {
			if _, err := io.WriteString(conn, text); err != nil {
				t.Fatal(err)
			}
			return refused(t, conn)
		}
	}
	within := func(config *tls.Config) func(*testing.T, net.Conn) *protocol.Error {
		return func(t *testing.T, conn net.Conn) *protocol.Error {
			config := config.Clone()
			config.InsecureSkipVerify = true
			over := tls.Client(conn, config)
			if err := over.Handshake(); err != nil {
				t.Fatal(err)
			}
			return refused(t, over)
		}
	}
	for name, test := range map[string]struct {
		come func(*testing.T, net.Conn) *protocol.Error
		code protocol.Code
		text string
	}{
		"a peer in plain": {plain(string(protocol.Append(nil, &protocol.Locate{}))), protocol.TLSRequired, "TLS is spoken here: connect with it, not in plain"},
		"much in plain":   {plain(strings.Repeat("RP", 20_000)), protocol.TLSRequired, "TLS is spoken here: connect with it, not in plain"},
		"HTTP":            {plain("GET / HTTP/1.1\r\n\r\n"), protocol.TLSRequired, "TLS is spoken here: connect with it, not in plain"},
		"no certificate":  {within(&tls.Config{NextProtos: ours}), protocol.Denied, "you speak TLS with no certificate: see the protocol's Identity"},
		"no ALPN":         {within(&tls.Config{Certificates: certified(t, sound, 0)}), protocol.Denied, "you speak TLS with another protocol than relaypeer/1: see the protocol's Identity"},
		"RSA":             {within(&tls.Config{Certificates: certified(t, byRSA, 0), NextProtos: ours}), protocol.Denied, "you speak TLS with an RSA certificate, not an Ed25519 one: see the protocol's Identity"},
		"a weak key":      {within(&tls.Config{Certificates: certified(t, anyone{}, 0), NextProtos: ours}), protocol.Denied, "you speak TLS with a certificate with a weak Ed25519 key, which is nobody's: see the protocol's Identity"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, below := range []Network{TCP{}, NewMemory()} {
				l, err := (&TLS{Network: below, By: protocol.Relay}).Listen(t.Context(), "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				conn, err := below.Dial(t.Context(), l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				refusal := test.come(t, conn)
				if refusal.Code != test.code || refusal.By != protocol.Relay || refusal.Text != test.text {
					t.Errorf("%T: %v", below, refusal)
				}
				conn.Close()
				l.Close()
			}
		})
	}
}

// One that comes to TLS with less than that gets an alert of TLS, or nothing.
func TestWhatIsNoHandshakeIsEnded(t *testing.T) {
	sound, _, _ := keys(t)
	for name, config := range map[string]*tls.Config{
		"TLS 1.2":      {MaxVersion: tls.VersionTLS12, NextProtos: []string{alpn}, Certificates: certified(t, sound, 0)},
		"another ALPN": {NextProtos: []string{"h2"}, Certificates: certified(t, sound, 0)},
		"200 KiB":      {NextProtos: []string{alpn}, Certificates: certified(t, sound, 200_000)},
	} {
		config.InsecureSkipVerify = true
		for _, below := range []Network{TCP{}, NewMemory()} {
			l, err := (&TLS{Network: below}).Listen(t.Context(), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			conn, err := below.Dial(t.Context(), l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			over := tls.Client(conn, config)
			if err = over.Handshake(); err == nil {
				_, err = over.Read(make([]byte, 1))
			}
			if err == nil || isTimeout(err) || errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("%s over %T: %v", name, below, err)
			}
			conn.Close()
			l.Close()
		}
	}
}
