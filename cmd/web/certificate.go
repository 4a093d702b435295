package web

import (
	"crypto/tls"
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// openCertificate reads the certificate for the first time.
func (d *Door) openCertificate(cert, key string) error {
	d.certificate = &watched[*tls.Certificate]{paths: []string{cert, key}, read: func() (*tls.Certificate, error) {
		pair, err := tls.LoadX509KeyPair(cert, key)
		return &pair, err
	}, told: func(err error) {
		if err != nil {
			d.log.Error("the new certificate cannot be used; the one before is used on", "why", unwrapped(err))
			return
		}
		d.log.Info("the certificate has been read again", "file", cert)
	}}
	pair, err := d.certificate.get()
	if err != nil {
		return &cli.Failure{Code: cli.ExitFailure, Text: fmt.Sprintf("--http-cert and --http-key: %s", unwrapped(err))}
	}
	if pair.Leaf != nil && time.Now().After(pair.Leaf.NotAfter) {
		d.log.Warn("the certificate has expired, and browsers will say so", "file", cert, "expired", pair.Leaf.NotAfter)
	}
	return nil
}

// tls returns how the door speaks TLS; nil: it does not. Each handshake asks for the certificate, so
// that a new one is used by new connections, and those that are open go on.
func (d *Door) tls() *tls.Config {
	if d.certificate == nil {
		return nil
	}
	return &tls.Config{
		MinVersion: tls.VersionTLS12, // players have no newer one
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) {
			pair, _ := d.certificate.get() // the last good one, whatever the files are now
			return pair, nil
		},
	}
}
