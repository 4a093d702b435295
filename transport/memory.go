package transport

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"sync"
	"syscall"
)

// Memory is a network inside the process: endpoints by name, links over net.Pipe. It takes no time
// but for deadlines, so that it runs under testing/synctest. Make it with [NewMemory].
type Memory struct {
	mu        sync.Mutex
	hosts     map[string][]netip.Addr // by name
	ports     map[netip.Addr]uint16   // last picked
	listeners map[netip.AddrPort]*memoryListener
	silent    map[netip.Addr]bool
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
		hosts:     map[string][]netip.Addr{"": {loopback}, "localhost": {loopback}},
		ports:     map[netip.Addr]uint16{},
		listeners: map[netip.AddrPort]*memoryListener{},
		silent:    map[netip.Addr]bool{},
	}
}

// Name gives a host its addresses, in the order in which they are tried: one or more.
func (m *Memory) Name(host string, addrs ...netip.Addr) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.hosts[host] = addrs
}

// Silence lets dials to an address go unanswered, or be answered again.
func (m *Memory) Silence(addr netip.Addr, silent bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.silent[addr] = silent
}

// Listen listens at host:port: at each address of the host. A host name gets an address of its own at
// its first Listen.
func (m *Memory) Listen(ctx context.Context, address string) (Listener, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	all, err := m.resolve(address, true)
	if err != nil {
		return nil, err
	}
	if all[0].Port() == 0 {
		port := m.pick(all[0].Addr()).Port()
		for i, at := range all {
			all[i] = netip.AddrPortFrom(at.Addr(), port)
		}
	}
	for _, at := range all {
		if m.listeners[at] != nil {
			return nil, &net.OpError{Op: "listen", Net: "memory", Addr: endpoint(at), Err: syscall.EADDRINUSE}
		}
	}
	l := &memoryListener{network: m, all: all, arrived: make(chan Conn, backlog), closed: make(chan struct{})}
	for _, at := range all {
		m.listeners[at] = l
	}
	return l, nil
}

// LookUp returns the addresses of a host that has listened, or has been named.
func (m *Memory) LookUp(ctx context.Context, address string) ([]netip.AddrPort, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.resolve(address, false)
}

// Dial connects from the loopback host.
func (m *Memory) Dial(ctx context.Context, address string) (Conn, error) {
	return m.dial(ctx, []netip.Addr{loopback}, address)
}

// From returns the network of a host: its dials come from that host's address.
func (m *Memory) From(host string) Network { return memoryHost{m, host} }

type memoryHost struct {
	*Memory
	host string
}

func (h memoryHost) Dial(ctx context.Context, address string) (Conn, error) {
	h.mu.Lock()
	all, err := h.resolve(net.JoinHostPort(h.host, "0"), true)
	h.mu.Unlock()
	if err != nil {
		return nil, err
	}
	var from []netip.Addr
	for _, at := range all {
		from = append(from, at.Addr())
	}
	return h.dial(ctx, from, address)
}

// dial connects from a host with these addresses: from that of the family to which it connects, if
// it has one, and else from the first.
func (m *Memory) dial(ctx context.Context, from []netip.Addr, address string) (Conn, error) {
	targets, err := m.LookUp(ctx, address)
	if err != nil {
		return nil, err
	}
	return race(ctx, targets, func(ctx context.Context, to netip.AddrPort) (Conn, error) {
		here := from[0]
		for _, addr := range slices.Backward(from) {
			if addr.Is4() == to.Addr().Is4() {
				here = addr
			}
		}
		return m.connect(ctx, here, to)
	})
}

// connect connects two addresses.
func (m *Memory) connect(ctx context.Context, from netip.Addr, to netip.AddrPort) (Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	m.mu.Lock()
	l, silent := m.listeners[to], m.silent[to.Addr()]
	local := m.pick(from)
	m.mu.Unlock()
	refused := &net.OpError{Op: "dial", Net: "memory", Addr: endpoint(to), Err: syscall.ECONNREFUSED}
	switch {
	case silent:
		<-ctx.Done()
		return nil, ctx.Err()
	case l == nil:
		return nil, refused
	}
	near, far := newMemoryLink(local, to)
	err := l.arrive(ctx, far, refused)
	if err != nil {
		near.Close()
		far.Close()
		return nil, err
	}
	return near, nil
}

// resolve returns the addresses of host:port. With naming, an unknown name gets an address; otherwise
// it is a failed lookup.
func (m *Memory) resolve(address string, naming bool) (all []netip.AddrPort, err error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := strconv.ParseUint(service, 10, 16)
	if err != nil {
		return nil, &net.AddrError{Err: "invalid port", Addr: address}
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return []netip.AddrPort{netip.AddrPortFrom(addr.Unmap(), uint16(port))}, nil
	}
	if m.hosts[host] == nil {
		if !naming {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		n := len(m.hosts)
		m.hosts[host] = []netip.Addr{netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})}
	}
	for _, addr := range m.hosts[host] {
		all = append(all, netip.AddrPortFrom(addr.Unmap(), uint16(port)))
	}
	return all, nil
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
	all     []netip.AddrPort // its addresses, of one port
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
	return &net.OpError{Op: "accept", Net: "memory", Addr: endpoint(l.all[0]), Err: net.ErrClosed}
}

func (l *memoryListener) Addr() netip.AddrPort { return l.all[0] }

// Close removes the endpoint. It closes links that have not been accepted.
func (l *memoryListener) Close() error {
	l.once.Do(func() {
		l.network.mu.Lock()
		for _, at := range l.all {
			delete(l.network.listeners, at)
		}
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
