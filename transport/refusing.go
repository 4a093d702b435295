package transport

import (
	"context"
	"net"
	"net/netip"
	"syscall"
)

// Refusing is a network without listeners that allows none, for a program that must not use the
// network.
type Refusing struct{}

// Listen fails with syscall.EACCES.
func (Refusing) Listen(ctx context.Context, _ string) (Listener, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, &net.OpError{Op: "listen", Net: "refusing", Err: syscall.EACCES}
}

// LookUp finds an address that refuses.
func (Refusing) LookUp(ctx context.Context, _ string) ([]netip.AddrPort, error) {
	return []netip.AddrPort{netip.AddrPortFrom(loopback, 1)}, ctx.Err()
}

// Dial fails with syscall.ECONNREFUSED.
func (Refusing) Dial(ctx context.Context, _ string) (Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, &net.OpError{Op: "dial", Net: "refusing", Err: syscall.ECONNREFUSED}
}
