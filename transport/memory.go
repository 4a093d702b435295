package transport

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"syscall"
)

// Memory is a network inside the process: endpoints by name, links over net.Pipe. It takes no time
// but for deadlines, so that it runs under testing/synctest. Make it with [NewMemory].
type Memory struct {
	mu        sync.Mutex
	hosts     map[string]netip.Addr // by name
	ports     map[netip.Addr]uint16 // last picked
	listeners map[netip.AddrPort]*memoryListener
}

const (
	backlog   = 64    // links that may wait for Accept
	firstPort = 49152 // the first port that port 0 picks
)

// loopback is the host of dials of a Memory itself.
var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// NewMemory returns a network without listeners.
func NewMemory() *Memory {
	return &Memory{
		hosts:     map[string]netip.Addr{"": loopback, "localhost": loopback},
		ports:     map[netip.Addr]uint16{},
		listeners: map[netip.AddrPort]*memoryListener{},
	}
}

// Listen listens at host:port. A host name gets an address of its own at its first Listen.
func (m *Memory) Listen(ctx context.Context, address string) (Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	at, err := m.resolve(address, true)
	if err != nil {
		return nil, err
	}
	if at.Port() == 0 {
		at = m.pick(at.Addr())
	}
	if m.listeners[at] != nil {
		return nil, &net.OpError{Op: "listen", Net: "memory", Addr: endpoint(at), Err: syscall.EADDRINUSE}
	}
	l := &memoryListener{network: m, at: at, arrived: make(chan Conn, backlog), closed: make(chan struct{})}
	m.listeners[at] = l
	return l, nil
}

// Dial connects from the loopback host.
func (m *Memory) Dial(ctx context.Context, address string) (Conn, error) {
	return m.dial(ctx, loopback, address)
}

// From returns the network of a host: its dials come from that host's address.
func (m *Memory) From(host string) Network { return memoryHost{m, host} }

type memoryHost struct {
	*Memory
	host string
}

func (h memoryHost) Dial(ctx context.Context, address string) (Conn, error) {
	h.mu.Lock()
	at, err := h.resolve(net.JoinHostPort(h.host, "0"), true)
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	return h.dial(ctx, at.Addr(), address)
}

func (m *Memory) dial(ctx context.Context, from netip.Addr, address string) (Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	to, err := m.resolve(address, false)
	l := m.listeners[to]
	local := m.pick(from)
	m.mu.Unlock()
	if err != nil {
		return nil, err
	}
	refused := &net.OpError{Op: "dial", Net: "memory", Addr: endpoint(to), Err: syscall.ECONNREFUSED}
	if l == nil {
		return nil, refused
	}
	near, far := newMemoryLink(local, to)
	err = l.arrive(ctx, far, refused)
	if err != nil {
		near.Close()
		far.Close()
		return nil, err
	}
	return near, nil
}

// resolve returns the address of host:port. With naming, an unknown name gets an address; otherwise
// it is a failed lookup.
func (m *Memory) resolve(address string, naming bool) (netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return netip.AddrPort{}, &net.AddrError{Err: "invalid port", Addr: address}
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		var known bool
		if addr, known = m.hosts[host]; !known && !naming {
			return netip.AddrPort{}, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		} else if !known {
			n := len(m.hosts)
			addr = netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
			m.hosts[host] = addr
		}
	}
	return netip.AddrPortFrom(addr.Unmap(), uint16(port)), nil
}

// pick returns a free port of a host.
func (m *Memory) pick(host netip.Addr) netip.AddrPort {
	for {
		port := max(m.ports[host]+1, firstPort)
		m.ports[host] = port
		if at := netip.AddrPortFrom(host, port); m.listeners[at] == nil {
			return at
		}
	}
}

func endpoint(at netip.AddrPort) net.Addr { return net.TCPAddrFromAddrPort(at) }

type memoryListener struct {
	network *Memory
	at      netip.AddrPort
	arrived chan Conn

	once   sync.Once
	closed chan struct{}
}

// arrive puts a link into the backlog. If the backlog is full it waits.
func (l *memoryListener) arrive(ctx context.Context, conn Conn, refused error) error {
	select {
	case <-l.closed:
		return refused
	default:
	}
	select {
	case l.arrived <- conn:
		select {
		case <-l.closed: // Accept may not take it any more
			l.refuseRest()
		default:
		}
		return nil
	case <-l.closed:
		return refused
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *memoryListener) Accept() (Conn, error) {
	select {
	case <-l.closed:
		return nil, l.gone()
	default:
	}
	select {
	case conn := <-l.arrived:
		return conn, nil
	case <-l.closed:
		return nil, l.gone()
	}
}

func (l *memoryListener) gone() error {
	return &net.OpError{Op: "accept", Net: "memory", Addr: endpoint(l.at), Err: net.ErrClosed}
}

func (l *memoryListener) Addr() netip.AddrPort { return l.at }

// Close removes the endpoint. It closes links that have not been accepted.
func (l *memoryListener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		delete(l.network.listeners, l.at)
		l.network.mu.Unlock()
		close(l.closed)
		l.refuseRest()
	})
	return nil
}

func (l *memoryListener) refuseRest() {
	for {
		select {
		case conn := <-l.arrived:
			conn.Close()
		default:
			return
		}
	}
}
