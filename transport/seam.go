package transport

import (
	"context"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
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
	// Open opens a file by its name, by its content (a hash that is not zero), or both: then the content of that name
	// must be that one, or the refusal is Changed. It waits until the file has been hashed, and says about every second how
	// far that is. It ends with ctx. The loop closes the file.
	Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (File, *protocol.Error)
}

// Lister is a [Share] that tells what it has, so that a node can publish it. One that does not is taken for one that may
// have anything.
type Lister interface {
	Share
	// Follow calls change for each name that is shared and whose content is known, and then for each change; the zero hash
	// says that the name is shared no longer. Once all names that were there when the share was opened have been told, or
	// turned out not to be readable, it calls complete. Calls come one at a time and in order; they return soon and do not
	// call the share. Follow returns when ctx is done, or, with an error, when the share is closed. It may be called several
	// times, at once as well.
	Follow(ctx context.Context, change func(protocol.Entry), complete func()) error
}

// File is a shared file that is open. Sendfile needs it to embed an *os.File.
type File interface {
	io.ReadSeekCloser
	Size() uint64        // bytes, when it was hashed
	Hash() protocol.Hash // of its content then
	// Slice returns the part of its tree that verifies count groups from first on: see content.Slice.
	Slice(first, count uint64) ([]byte, error)
	// Changed reports whether the file may not be what was hashed any more.
	Changed() bool
}

// Store is where fetched content goes. Different stretches of an item may come over several links at once. Of the other
// calls for one item, a machine's loop makes one at a time.
type Store interface {
	// Holds returns the content of which an earlier try left a part of an item; the zero hash: of none. It ends with ctx.
	Holds(ctx context.Context, item roles.InspectStore) (hash protocol.Hash, size uint64, err error)
	// Open makes ready for an item's content, and returns the groups of it that are there, verified, and whether
	// something else was there, which has been dropped. It says as often as it likes how many bytes have been checked; the
	// machine is told about every second. It ends with ctx.
	Open(ctx context.Context, want roles.OpenStore, checking func(done, size uint64)) (has roles.Groups, other bool, err error)
	// Receive returns the sink for a stretch of an item from offset on.
	Receive(item int, offset uint64) (Sink, error)
	// Release closes what an item holds open. A sink of the item may yet be called, and fails. The item may be opened again.
	Release(item int)
	// Commit returns when the items, which have come whole, are durable and in their places. The error is [Misplaced] if it
	// concerns some of them alone.
	Commit(ctx context.Context, items ...roles.Placement) error
}

// Misplaced is the error of a Commit that put some items in their places, but not these: the reason of each, by its
// number.
type Misplaced map[int]error

// Error returns the reason of one of them.
func (m Misplaced) Error() string {
	for _, first := range slices.Sorted(maps.Keys(m)) {
		return m[first].Error()
	}
	return "no item"
}

// Sink keeps a group of a stretch that is what its value says. It is called in the order of the groups, one after the
// other; the data are the caller's and valid during the call alone.
type Sink func(group uint64, value protocol.Hash, data []byte) error

// addrPort returns the address of a connection's end, IPv4 as IPv4.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, is := a.(*net.TCPAddr)
	if !is {
		return netip.AddrPort{}
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
