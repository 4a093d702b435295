package web

import (
	"context"
	"errors"
	"log"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/hashicorp/go-hclog"
)

const (
	// maxHeader is the most bytes of a request's header, give or take what package net/http adds.
	maxHeader = 16 << 10
	// headerTimeout is how long a peer may take for a request's header, and for a handshake of TLS.
	headerTimeout = 10 * time.Second
	// idleTimeout is how long a connection may be without a request.
	idleTimeout = time.Minute
	// maxStreams is how many requests one connection of HTTP/2 has at once.
	maxStreams = 64
	// pingAfter is after how long of silence a peer of HTTP/2 has to show that it is there.
	pingAfter = 30 * time.Second
	// drainFor is how long what is under way goes on when the door ends.
	drainFor = 3 * time.Second
	// abandonAfter is how long handlers may take to end that were cut off.
	abandonAfter = time.Second
)

const errorLevel = hclog.Error

// Serve serves a handler until ctx is done, and for a few seconds what is under way then. It
// returns nil then, and closes the door in any case. Without a door it waits for ctx.
func (d *Door) Serve(ctx context.Context, h http.Handler) error {
	if d == nil {
		<-ctx.Done()
		return nil
	}
	defer d.Close()
	requests, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	ending := make(chan struct{})
	g := &gate{Door: d, handler: h, ending: ending, slots: make(chan struct{}, MaxRequests)}
	fresh := &unused{}
	server := d.server(g)
	server.BaseContext = func(net.Listener) context.Context { return requests }
	server.ConnState = fresh.track
	ended := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(ended)
		close(ending)
		fresh.close()
		drain(server)
	})
	err := d.accept(server)
	if stop() { // ctx is not done: the listener has failed, or was closed
		close(ending)
		server.Close()
	} else {
		<-ended
		err = nil
	}
	cut()
	g.wait()
	if errors.Is(err, net.ErrClosed) || errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// server returns the server of a handler, with its bounds.
func (d *Door) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:                      h,
		DisableGeneralOptionsHandler: true,
		ReadHeaderTimeout:            headerTimeout,
		IdleTimeout:                  idleTimeout,
		MaxHeaderBytes:               maxHeader,
		TLSConfig:                    d.tls(),
		ErrorLog:                     log.New(d.sampled, "", 0),
		HTTP2: &http.HTTP2Config{
			MaxConcurrentStreams:          maxStreams,
			MaxReceiveBufferPerConnection: 64 << 10, // bodies are not read: the least that is possible
			MaxReceiveBufferPerStream:     16 << 10,
			SendPingTimeout:               pingAfter,
			PingTimeout:                   pingAfter,
		},
	}
}

func (d *Door) accept(server *http.Server) error {
	if server.TLSConfig != nil {
		return server.ServeTLS(d.listener, "", "")
	}
	return server.Serve(d.listener)
}

// drain lets requests end for a while, and then cuts them off.
func drain(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), drainFor)
	defer cancel()
	if server.Shutdown(ctx) != nil {
		server.Close()
	}
}

// wait waits for a while until no handler runs.
func (g *gate) wait() {
	enough := time.NewTimer(abandonAfter)
	defer enough.Stop()
	for range cap(g.slots) {
		select {
		case g.slots <- struct{}{}:
		case <-enough.C:
			g.log.Warn("a request goes on although the door has ended")
			return
		}
	}
}

// unused are the connections on which no request has come yet. Browsers open some ahead; the end of
// the door does not wait for them.
type unused struct {
	mu     sync.Mutex
	conns  map[net.Conn]bool
	closed bool
}

// track is called when a connection changes its state.
func (u *unused) track(c net.Conn, state http.ConnState) {
	u.mu.Lock()
	defer u.mu.Unlock()
	switch {
	case state != http.StateNew:
		delete(u.conns, c)
	case u.closed:
		c.Close()
	default:
		if u.conns == nil {
			u.conns = map[net.Conn]bool{}
		}
		u.conns[c] = true
	}
}

// close closes those that there are and will be.
func (u *unused) close() {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.closed = true
	for c := range u.conns {
		c.Close()
	}
}
