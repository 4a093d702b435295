package web

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// pair writes a certificate of a name and its key.
func pair(t *testing.T, name string) (cert, key string) {
	t.Helper()
	dir := t.TempDir()
	cert, key = filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	writePair(t, cert, key, name)
	return cert, key
}

func writePair(t *testing.T, cert, key, name string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	for path, block := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: keyDER}} {
		if err := os.WriteFile(path, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// shake makes a connection over TLS, and returns the name in the certificate.
func (s *served) shake() (c *tls.Conn, name string) {
	s.t.Helper()
	c = tls.Client(s.dial(), &tls.Config{InsecureSkipVerify: true})
	if err := c.Handshake(); err != nil {
		s.t.Fatal(err)
	}
	return c, c.ConnectionState().PeerCertificates[0].Subject.CommonName
}

func TestANewCertificateIsUsedAndABadOneIsNot(t *testing.T) {
	cert, key := pair(t, "one")
	s := serve(t, Options{Cert: cert, Key: key}, text, nil)
	first, name := s.shake()
	if name != "one" {
		t.Fatal(name)
	}
	writePair(t, cert, key, "two")
	if _, name := s.shake(); name != "two" {
		t.Errorf("after the change: %s", name)
	}
	if err := os.WriteFile(key, []byte("no key"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, name := s.shake(); name != "two" {
		t.Errorf("with a bad pair: %s", name)
	}
	if err := os.Remove(cert); err != nil {
		t.Fatal(err)
	}
	if _, name := s.shake(); name != "two" {
		t.Errorf("without a certificate: %s", name)
	}
	writePair(t, cert, key, "three")
	if _, name := s.shake(); name != "three" {
		t.Errorf("with a good one: %s", name)
	}
	fmt.Fprint(first, "GET /still HTTP/1.1\r\nHost: localhost\r\n\r\n") // the connection of the first one goes on
	if got := s.read(bufio.NewReader(first), "GET"); got.code != 200 {
		t.Errorf("%+v", got)
	}
	if log := s.log.String(); !strings.Contains(log, "the one before is used on") || !strings.Contains(log, "has been read again") {
		t.Error(log)
	}
}

func TestACertificateThatCannotBeReadOpensNoDoor(t *testing.T) {
	cert, _ := pair(t, "one")
	_, key := pair(t, "another")
	for _, o := range []Options{{Cert: cert, Key: key}, {Cert: cert, Key: key + "x"}, {Cert: key, Key: cert}} {
		o.Listen = "localhost:0"
		if d, err := Open(t.Context(), o, nil); d != nil || err == nil || !strings.Contains(err.Error(), "--http-cert") {
			t.Errorf("%+v: %v", o, err)
		}
	}
}

// client returns a client of HTTP/1.1 or HTTP/2, and ends it with the test.
func (s *served) client(two bool) *http.Client {
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, ForceAttemptHTTP2: two,
		DialContext: func(context.Context, string, string) (net.Conn, error) { return s.dial(), nil },
	}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: patience}
}

func TestHTTP2ComesOverTLS(t *testing.T) {
	cert, key := pair(t, "one")
	s := serve(t, Options{Cert: cert, Key: key, Base: "/p/"}, text, nil)
	response, err := s.client(true).Get("https://localhost/p/a")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.ProtoMajor != 2 || response.StatusCode != 200 || response.Header.Get("Content-Security-Policy") != Policy {
		t.Errorf("%v", response)
	}
}
