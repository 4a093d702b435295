package transport

import (
	"context"
	"net"
	"net/netip"
)

// TCP is the network of real sockets. Its connections are plain *net.TCPConn: behind a wrapper
// sendfile is lost.
type TCP struct{}

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
	return tcpListener{l.(*net.TCPListener)}, nil
}

// Dial connects to a TCP port, at the first of the host's addresses that answers.
func (TCP) Dial(ctx context.Context, address string) (Conn, error) {
	dialer := net.Dialer{KeepAlive: -1}
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return conn.(*net.TCPConn), nil
}

type tcpListener struct{ *net.TCPListener }

func (l tcpListener) Accept() (Conn, error) {
	conn, err := l.AcceptTCP()
	if err != nil {
		return nil, err
	}
	return conn, nil
}

func (l tcpListener) Addr() netip.AddrPort { return addrPort(l.TCPListener.Addr()) }
