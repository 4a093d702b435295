package levels

import (
	"context"
	"net"
	"sync"

	"github.com/relaypeer/relaypeer/transport"
)

// plug is the network of one process. Once it is pulled, as when the process is killed, nothing that
// the process had opened is open any more, and it can open nothing.
type plug struct {
	transport.Network

	mu     sync.Mutex
	pulled bool
	open   []interface{ Close() error }
}

func (p *plug) pull() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.pulled = true
	for _, c := range p.open {
		c.Close()
	}
}

func (p *plug) isPulled() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.pulled
}

// add notes what is open; what comes too late is closed.
func (p *plug) add(c interface{ Close() error }) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.pulled {
		c.Close()
		return net.ErrClosed
	}
	p.open = append(p.open, c)
	return nil
}

// Dial implements [transport.Network].
func (p *plug) Dial(ctx context.Context, address string) (transport.Conn, error) {
	conn, err := p.Network.Dial(ctx, address)
	if err != nil {
		return nil, err
	}
	return conn, p.add(conn)
}

// Listen implements [transport.Network].
func (p *plug) Listen(ctx context.Context, address string) (transport.Listener, error) {
	listener, err := p.Network.Listen(ctx, address)
	if err != nil {
		return nil, err
	}
	return pluggedListener{listener, p}, p.add(listener)
}

type pluggedListener struct {
	transport.Listener
	plug *plug
}

func (l pluggedListener) Accept() (transport.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return conn, l.plug.add(conn)
}
