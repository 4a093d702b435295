package main

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"math/big"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
)

// locateSecurely counts LOCATEs over a link each, and those of a loop that does nothing but accept, shake hands,
// read, write and close.
func locateSecurely(ctx context.Context, l *lab) (rows []row, err error) {
	registry := relay.NewRegistry(relay.Policy{})
	for n := range secureLeases {
		id := protocol.PeerID{byte(n + 1)}
		registry.Register(roles.Moment{}, relay.From{Peer: netip.AddrFrom4([4]byte{10, 0, 0, byte(n + 1)})}, &protocol.Register{ID: id, Epoch: 1, Port: 40000})
	}
	ask := &protocol.Locate{Name: "a file"}
	answer := protocol.Append(nil, registry.Locate(roles.Moment{Rand: 7}, relay.From{}, ask))
	network := &transport.TLS{By: protocol.Relay}
	ours, err := serveRelay(ctx, unbounded(registry, nil), network)
	if err != nil {
		return nil, err
	}
	bare, err := serveBareTLS(ctx, len(protocol.Append(nil, ask)), answer)
	if err != nil {
		return nil, errors.Join(err, ours.stop())
	}
	defer func() { err = errors.Join(err, ours.stop(), bare.stop()) }()
	locates := l.few(secureLocates)
	at := func(to string) func(context.Context) (sample, error) {
		return func(ctx context.Context) (sample, error) {
			begin := time.Now()
			err := atOnce(secureClients, locates, func(int) error {
				w, err := secureWire(ctx, network, to)
				if err != nil {
					return err
				}
				defer w.close()
				_, err = w.ask(ask)
				return err
			})
			return sample{took: time.Since(begin)}, err
		}
	}
	const loop = "a bare loop of crypto/tls"
	samples, err := l.turns(ctx, 0, func() error { return nil }, way{"relay over TLS", at(ours.at)}, way{loop, at(bare.at)})
	if err != nil {
		return nil, err
	}
	return []row{{"LOCATE of 50 nodes over TLS, a link each", rate(samples[0], float64(locates)), "a second", loop, rate(samples[1], float64(locates)), bar{least: 0.85}}}, nil
}

// serveBareTLS serves that loop.
func serveBareTLS(ctx context.Context, request int, answer []byte) (served, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return served{}, err
	}
	of := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	signed, err := x509.CreateCertificate(rand.Reader, of, of, key.Public(), key)
	if err != nil {
		return served{}, err
	}
	config := &tls.Config{
		Certificates: []tls.Certificate{{Certificate: [][]byte{signed}, PrivateKey: key}}, NextProtos: []string{"relaypeer/1"},
		MinVersion: tls.VersionTLS13, ClientAuth: tls.RequestClientCert,
	}
	var listening net.ListenConfig
	listener, err := listening.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return served{}, err
	}
	wait := serveEach(listener.Accept, func(conn net.Conn) {
		over := tls.Server(conn, config)
		defer over.Close()
		if _, err := io.ReadFull(over, make([]byte, request)); err == nil {
			over.Write(answer)
		}
	})
	return served{listener.Addr().String(), func() error {
		err := listener.Close()
		wait()
		return err
	}}, nil
}

// serveEach serves each connection that is accepted, and closes it. wait waits for the end of all, once no
// more are accepted.
func serveEach[C io.Closer](accept func() (C, error), serve func(C)) (wait func()) {
	var serving sync.WaitGroup
	serving.Go(func() {
		for conn, err := accept(); err == nil; conn, err = accept() {
			serving.Go(func() {
				defer conn.Close()
				serve(conn)
			})
		}
	})
	return serving.Wait
}
