package web

import (
	"context"
	"crypto/tls"
	"net"
	"strings"
	"sync"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/cmd/cli"
)

// Door is where requests come in: a listener and the rules for who may. Nil is no door.
type Door struct {
	options     Options
	log         hclog.Logger
	sampled     *sampled
	at          endpoint
	hosts       *hosts
	token       *watched[hashed]           // nil: none is asked for
	certificate *watched[*tls.Certificate] // nil: there is no TLS
	wrong       wrongTokens
	listener    *bounded

	closing  sync.Once
	closeErr error
}

// Open opens the door that the options describe, or returns nil if they describe none. Nobody comes
// in before [Door.Serve] is called. Errors are usage errors of package cli where flags are at fault.
// Log may be nil.
func Open(ctx context.Context, o Options, log hclog.Logger) (*Door, error) {
	if err := o.tidy(); err != nil || o.Listen == "" {
		return nil, err
	}
	if log == nil {
		log = hclog.NewNullLogger()
	}
	d := &Door{options: o, log: log, sampled: newSampled(log)}
	if err := d.check(ctx); err != nil {
		return nil, err
	}
	listener, err := d.at.listen(ctx)
	if err != nil {
		return nil, err
	}
	d.listener = &bounded{Listener: listener, most: MaxConns, mostFrom: MaxConnsFrom, slowFor: slowFor, sampled: d.sampled}
	if !d.at.own() && d.certificate == nil {
		log.Warn("web page without TLS: whoever is on the way reads all of it, and the token", "at", d.URL())
	}
	log.Info("web page at " + d.URL())
	return d, nil
}

// check finds out where the door is to be, and whether what that demands is there.
func (d *Door) check(ctx context.Context) (err error) {
	o := d.options
	if d.at, err = parseListen(ctx, o.Listen); err != nil {
		return err
	}
	if d.hosts, err = newHosts(d.at, o.Hosts); err != nil {
		return err
	}
	if !d.at.own() {
		const beyond = "--http: %s can be reached from other machines, which needs %s"
		switch {
		case o.TokenFile == "":
			return cli.Usage(beyond, o.Listen, "--token-file FILE, and --http-cert and --http-key (or --http-insecure); localhost:PORT needs neither")
		case o.Cert == "" && !o.Insecure:
			return cli.Usage(beyond, o.Listen, "--http-cert FILE and --http-key FILE, or --http-insecure, with which the token travels in plain")
		}
	}
	if o.TokenFile != "" {
		if err := d.openToken(o.TokenFile); err != nil {
			return err
		}
	}
	if o.Cert != "" {
		return d.openCertificate(o.Cert, o.Key)
	}
	return nil
}

// URL returns where the door is, as people type it, or unix:PATH of a socket; "": there is no door.
func (d *Door) URL() string {
	if d == nil {
		return ""
	}
	if d.at.socket != "" {
		return unixPrefix + d.at.socket
	}
	scheme := "http://"
	if d.certificate != nil {
		scheme = "https://"
	}
	host, port, _ := net.SplitHostPort(d.listener.Addr().String())
	switch {
	case d.at.at.Addr().IsUnspecified() && len(d.options.Hosts) > 0:
		host = strings.Trim(d.options.Hosts[0], "[]")
	case d.at.host != "":
		host = d.at.host
	}
	return scheme + net.JoinHostPort(host, port) + d.options.Base
}

// Close closes a door that nobody serves. It may be called at any time, and twice.
func (d *Door) Close() error {
	if d == nil {
		return nil
	}
	d.closing.Do(func() { d.closeErr = d.listener.Close() })
	return d.closeErr
}
