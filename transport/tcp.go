package transport

import (
	"context"
	"net"
	"net/netip"
	"slices"
)

// TCP is the network of real sockets. Its connections are plain *net.TCPConn: behind a wrapper
// sendfile is lost.
type TCP struct {
	// From is the address of this machine that connections are made from, to hosts that have an
	// address of its family; zero: the system picks one. A loopback address serves for loopback
	// alone.
	From netip.Addr
	// Resolve returns the addresses of a host name, in the order in which they are to be tried; nil:
	// the system is asked.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
}

// Listen listens on a TCP port of this machine.
func (TCP) Listen(ctx context.Context, address string) (Listener, error) {
	// Every state has a deadline, so that keepalives would detect nothing more. Without them an
	// accepted link costs four system calls less.
	config := net.ListenConfig{KeepAlive: -1}
	config.SetMultipathTCP(false)
	l, err := config.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	listener := l.(*net.TCPListener)
	return tcpListener{listener, unpace(listener)}, nil
}

// Dial connects to a TCP port, at the first of the host's addresses that answers: a silent address
// keeps none of the others from being tried.
func (t TCP) Dial(ctx context.Context, address string) (Conn, error) {
	targets, err := t.LookUp(ctx, address)
	if err != nil {
		return nil, err
	}
	return race(ctx, targets, t.dial)
}

// LookUp returns the addresses of host:port that can be dialled from where connections are made
// from, of both families in turn.
func (t TCP) LookUp(ctx context.Context, address string) ([]netip.AddrPort, error) {
	targets, err := t.lookUp(ctx, address)
	if err != nil {
		return nil, err
	}
	if t.From.IsValid() && !t.From.IsUnspecified() {
		of := func(to netip.AddrPort) bool {
			return to.Addr().Is4() != t.From.Unmap().Is4() && (t.bound() || to.Addr().IsLoopback())
		}
		if targets = slices.DeleteFunc(targets, of); len(targets) == 0 {
			return nil, &net.AddrError{Err: "no address of the host is of the family of " + t.From.String(), Addr: address}
		}
	}
	return targets, nil
}

func (t TCP) bound() bool { return t.From.IsValid() && !t.From.IsUnspecified() && !t.From.IsLoopback() }

// dial connects to one address.
func (t TCP) dial(ctx context.Context, to netip.AddrPort) (Conn, error) {
	dialer := net.Dialer{KeepAlive: -1}
	if t.bound() || t.From.IsLoopback() && to.Addr().IsLoopback() && to.Addr().Is4() == t.From.Unmap().Is4() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(t.From.Unmap(), 0))
	}
	conn, err := dialer.DialContext(ctx, "tcp", to.String())
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

type tcpListener struct {
	*net.TCPListener
	usual string // the congestion control of connections that lead to other machines; "": that of all
}

func (l tcpListener) Accept() (Conn, error) {
	conn, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	if l.usual != "" && !ofThisMachine(conn) {
		pace(conn, l.usual)
	}
	return conn, nil
}

// ofThisMachine reports whether both ends of a connection are on this machine.
func ofThisMachine(conn *net.TCPConn) bool {
	peer := addrPort(conn.RemoteAddr()).Addr()
	return peer.IsLoopback() || peer == addrPort(conn.LocalAddr()).Addr()
}

func (l tcpListener) Addr() netip.AddrPort { return addrPort(l.TCPListener.Addr()) }
