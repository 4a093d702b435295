package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"time"
)

// httpsWay is nginx over TLS 1.3, with the cipher that ours has.
const httpsWay = "nginx https + curl"

// measureTLS is about what is moved over TLS: a large file beside nginx and curl, and small ones beside
// the same in plain.
func measureTLS(ctx context.Context, l *lab) (rows []row, err error) {
	defer func() { l.overTLS = false }()
	for _, p := range l.places(int64(l.size)) {
		l.overTLS = true
		more, err := l.fetchSecurely(ctx, p)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	more, err := l.manySecurely(ctx)
	return append(rows, more...), err
}

// fetchSecurely measures one place.
func (l *lab) fetchSecurely(ctx context.Context, p place) (rows []row, err error) {
	b, err := l.startBulk(ctx, int64(l.size), p.dir, true)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.stop()) }()
	ways := []way{{"peer-client over TLS", b.ours}}
	if b.web != nil {
		ways = append(ways, way{httpsWay, b.nginx})
	}
	samples, err := l.turns(ctx, b.bytes, func() error { return p.settled(b.target) }, ways...)
	if err != nil {
		return nil, err
	}
	speed := func(s []sample) float64 { return rate(s, float64(b.bytes)/mebibyte) }
	fetched := row{what: "fetch of " + l.size.String() + " over TLS to a file " + p.name + ", verified, one node", ours: speed(samples[0]), unit: "MiB/s"}
	cost := b.costRow(ways, samples)
	cost.what = "CPU of that, node and client together, " + p.name
	if b.web != nil {
		fetched.rival, fetched.theirs, fetched.bar = httpsWay+", not verified", speed(samples[1]), bar{least: 1.15}
		cost.bar = bar{most: 1}
	}
	return []row{fetched, cost}, nil
}

// manySecurely measures small files over TLS and in plain.
func (l *lab) manySecurely(ctx context.Context) (rows []row, err error) {
	m, p := many{files: l.files, bytes: smallFile, size: "4 KiB"}, l.memory()
	m.to = filepath.Join(p.dir, "copies")
	if m.from, err = l.scratch("many"); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(m.from), os.RemoveAll(m.to)) }()
	if err := makeMany(m.from, m.files, m.bytes, manyFolder); err != nil {
		return nil, err
	}
	var ways []way
	for name, over := range map[string]bool{"over TLS": true, "in plain": false} {
		l.overTLS = over
		c, err := l.startCrew(ctx, m.from, m.files)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, c.stop()) }()
		ways = append(ways, way{name, m.checked(func(ctx context.Context) (sample, error) {
			l.overTLS = over
			return c.fetch(ctx, m.to+"/", "**")
		})})
	}
	ready := func() error { return errors.Join(p.settled(m.to), os.MkdirAll(m.to, 0o755)) }
	samples, err := l.turns(ctx, 4*int64(m.files)*smallFile, ready, ways...)
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("%s files of %s over TLS into a folder %s", number(float64(m.files)), m.size, p.name)
	speed := map[string]float64{}
	for i, w := range ways {
		speed[w.name] = rate(samples[i], float64(m.files))
	}
	return []row{{what, speed["over TLS"], "files/s", "the same in plain", speed["in plain"], bar{least: 0.7}}}, nil
}

// webCertificate makes a certificate for nginx, and returns what its listen ends with.
func webCertificate(dir string) (directives string, err error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return "", err
	}
	of := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	signed, err := x509.CreateCertificate(rand.Reader, of, of, &key.PublicKey, key)
	if err != nil {
		return "", err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return "", err
	}
	certificate, secret := filepath.Join(dir, "certificate.pem"), filepath.Join(dir, "key.pem")
	err = errors.Join(
		os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600),
		os.WriteFile(secret, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}), 0o600),
	)
	return fmt.Sprintf(` ssl;
		ssl_certificate %s;
		ssl_certificate_key %s;
		ssl_protocols TLSv1.3;
		ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
`, certificate, secret), err
}
