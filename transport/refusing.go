package transport

import (
	"context"
	"net"
	"syscall"
)

// Refusing is the network on which nobody listens and nobody may: for what must not be used.
type Refusing struct{}

// Listen fails with syscall.EACCES.
func (Refusing) Listen(ctx context.Context, _ string) (Listener, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, &net.OpError{Op: "listen", Net: "refusing", Err: syscall.EACCES}
}

// Dial fails, as it does where nobody listens.
func (Refusing) Dial(ctx context.Context, _ string) (Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return nil, &net.OpError{Op: "dial", Net: "refusing", Err: syscall.ECONNREFUSED}
}
