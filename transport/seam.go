package transport

import (
	"context"
	"io"
	"net"
	"net/netip"

	"github.com/relaypeer/relaypeer/protocol"
)

// Conn is a connection both of whose directions end on their own.
type Conn interface {
	net.Conn
	// CloseWrite tells the peer that nothing more comes; reading goes on.
	CloseWrite() error
}

// Listener takes connections at one address.
type Listener interface {
	// Accept waits for the next connection. After Close it fails with net.ErrClosed.
	Accept() (Conn, error)
	// Addr returns where it listens, with the port that was picked.
	Addr() netip.AddrPort
	// Close ends listening and wakes Accept. What has been accepted lives on.
	Close() error
}

// Network makes connections. Addresses are host:port.
type Network interface {
	// Listen listens at an address; port 0 picks a free one, no host means all interfaces.
	Listen(ctx context.Context, address string) (Listener, error)
	// Dial connects to an address. It ends with ctx; where nobody listens its error is syscall.ECONNREFUSED.
	Dial(ctx context.Context, address string) (Conn, error)
}

// Share is where shared files come from. It is used by many links at once.
type Share interface {
	// Open opens a file and says how many bytes it has, with a version tag that differs when the file does. The
	// loop closes it. Sendfile needs it to be an *os.File.
	Open(name string) (file io.ReadSeekCloser, size uint64, version []byte, err *protocol.Error)
}

// Store is where fetched content goes.
type Store interface {
	// Writer returns a writer for what belongs at offset, good until the next call. Splice needs an *os.File
	// that stands there and was not opened for appending.
	Writer(offset uint64) (io.Writer, error)
	// Clear forgets all content.
	Clear() error
}

// addrPort returns the address of a connection's end, IPv4 as IPv4.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, is := a.(*net.TCPAddr)
	if !is {
		return netip.AddrPort{}
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
