package transport

import (
	"context"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Conn is a connection whose two directions end separately.
type Conn interface {
	net.Conn
	// CloseWrite tells the peer that nothing more comes; reading goes on.
	CloseWrite() error
}

// Listener accepts connections at one address.
type Listener interface {
	// Accept waits for the next connection. After Close it fails with net.ErrClosed.
	Accept() (Conn, error)
	// Addr returns the listening address, with the port that was picked.
	Addr() netip.AddrPort
	// Close ends listening and wakes Accept. Accepted connections stay open.
	Close() error
}

// Network makes connections. Addresses are host:port.
type Network interface {
	// Listen listens at an address; port 0 picks a free one, no host means all interfaces.
	Listen(ctx context.Context, address string) (Listener, error)
	// LookUp returns the addresses of a host:port in the order in which they are to be tried: at
	// least one if it does not fail. It ends with ctx.
	LookUp(ctx context.Context, address string) ([]netip.AddrPort, error)
	// Dial connects to an address, of a host with several to the first that answers. It ends with
	// ctx. Where nothing listens its error is syscall.ECONNREFUSED.
	Dial(ctx context.Context, address string) (Conn, error)
}

// Authenticated is a Network on whose links both ends prove their ids.
type Authenticated interface {
	Network
	// ID returns the id that this side proves.
	ID() protocol.PeerID
	// DialPeer connects as Dial does, but only to the peer with an id. The error for another peer, or
	// for something that is none, is a [DialError].
	DialPeer(ctx context.Context, address string, id protocol.PeerID) (Conn, error)
	// Below returns the network below, on whose links nobody proves anything.
	Below() Network
	// Secure has both ends of a connection of the network below prove their ids: the side that accepts
	// waits for the other one to begin. Its errors are those of DialPeer; the connection is closed then.
	// It ends with ctx, and when the connection is closed.
	Secure(ctx context.Context, conn Conn, id protocol.PeerID, accepts bool) (Conn, error)
}

// Proven is a Conn whose two ends have proven their ids to each other.
type Proven interface {
	Conn
	PeerID() protocol.PeerID               // of the other end
	Exporter() [protocol.ExporterSize]byte // see [roles.Opened]
}

// DialError says why there is no link although something answers at an address.
type DialError struct {
	Code protocol.Code   // WrongPeer, NoTLS, NoPeer or RelayChanged
	ID   protocol.PeerID // with WrongPeer: of the peer that answers
	Text string          // the same for people, printable
}

// Error returns the text.
func (e *DialError) Error() string { return e.Text }

// dialPeer connects to the peer with an id, or to any if that is zero.
func dialPeer(ctx context.Context, network Network, address string, id protocol.PeerID) (Conn, error) {
	if id.IsZero() {
		return network.Dial(ctx, address)
	}
	if over, can := network.(Authenticated); can {
		return over.DialPeer(ctx, address, id)
	}
	return nil, &DialError{Code: protocol.WrongPeer, Text: "the peer has an id, which it cannot prove in plain"}
}

// Share is the source of shared files. Many links use it at once.
type Share interface {
	// Open opens a file by its name, its content (a hash that is not zero), or both. With both,
	// another content under that name is refused as Changed. A named file that is not hashed yet is
	// hashed first: Open waits, and calls hashing about every second with the progress. A content
	// that is not known is refused at once: as Indexing while a file that may be it waits to be
	// hashed, and otherwise as NotFound. Open ends with ctx. The caller closes the file.
	Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (File, *protocol.Error)
}

// Reader is a [Share] that can read a small file whole, which is less work than to open it.
type Reader interface {
	Share
	// Read reads a file, named as for Open, into the buffer, and returns what it is. It reports false,
	// and may have used the buffer, unless the share knows the file's content, the file fits in, and it
	// was that content while it was read. Open then says what the file is, or why it cannot be had.
	Read(name string, hash protocol.Hash, buffer []byte) (found roles.FileFound, ok bool)
}

// Lister is a [Share] that can say what it has, so that a node can publish it. A node whose share
// is none counts as one that may have anything.
type Lister interface {
	Share
	// Follow calls change for each name that is shared, and then for each change. Another date of a file whose
	// content stays is one. A name whose content is not known comes with a mark in place of a hash: protocol.Pending while it waits to
	// be hashed, protocol.Opaque where that is in vain; neither says that the name is not shared any
	// more. It calls extent when all names that are there have been reported, with a hash or a mark,
	// and whenever the extent of what it has reported is another one. Calls come one at a time and in
	// order; they return soon and do not call the share. Follow returns when ctx is done, or, with an
	// error, when the share is closed. Several may follow at once.
	Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error
}

// Turns bounds the bodies that links send at once. Many links use it at once.
type Turns interface {
	// Ask asks for a turn, and returns its number and the answer, roles.TurnGiven or roles.TurnRefused.
	// Where that is nil told is called with it later, unless the turn is ended before. It must not wait.
	Ask(now time.Duration, ask roles.AskTurn, told func(roles.Input)) (number uint64, answer roles.Input)
	// End ends a turn, or the wait for it.
	End(now time.Duration, number uint64)
}

// Checker is a [Share] that can look whether its files are still what they were hashed as, although
// nothing says that they have changed.
type Checker interface {
	Share
	// Check has files compared with their hash. It returns at once, and takes on no more than it can do
	// beside other work.
	Check(roles.CheckFile)
}

// File is an open file of a share. sendfile requires that it embeds an *os.File.
type File interface {
	io.ReadSeekCloser
	Size() uint64                    // bytes, when it was hashed
	Hash() protocol.Hash             // of the content then
	Attributes() protocol.Attributes // of the file then
	// Slice returns the part of the file's tree that verifies count groups from first on: see
	// content.Slice.
	Slice(first, count uint64) ([]byte, error)
	// Changed reports whether the file may have changed since it was hashed.
	Changed() bool
}

// Prover is a [File] that can tell, once it has changed, which of its bytes are as they were.
type Prover interface {
	File
	// Holds reports whether these bytes of the content are in the file now. Without a length it
	// reports whether any may be.
	Holds(offset, length uint64) bool
}

// Store is the destination of fetched content. Ranges of one item may come over several links at
// once. Of the other calls for one item, a machine's loop makes one at a time.
type Store interface {
	// Holds returns the content of which an earlier try left a part of an item. The zero hash:
	// there is none. It ends with ctx.
	Holds(ctx context.Context, item roles.InspectStore) (hash protocol.Hash, size uint64, err error)
	// Open prepares for an item's content. It returns the verified groups that are already present,
	// and whether another content was present, which it has dropped. It calls checking as often as
	// it likes with the number of bytes verified; the machine gets one report a second. It ends
	// with ctx.
	Open(ctx context.Context, want roles.OpenStore, checking func(done, size uint64)) (has roles.Groups, other bool, err error)
	// Receive returns the sink for a body of an item from offset on, from a node that says that of
	// the item. A store that puts an item in its place before Commit goes by it.
	Receive(item int, offset uint64, about protocol.Attributes) (Sink, error)
	// Release closes what is open of an item. A sink of the item may still be called, and fails.
	// The item may be opened again.
	Release(item int)
	// Commit returns when the items, which have come whole, are durable and in their places, with
	// their attributes. The error is a [Misplaced] if it concerns some of the items.
	Commit(ctx context.Context, items ...roles.Placement) error
}

// Misplaced is the error of a Commit that could not put some of its items in their places. It has
// the reason by the item's number.
type Misplaced map[int]error

// Error returns the reason of one of them.
func (m Misplaced) Error() string {
	for _, first := range slices.Sorted(maps.Keys(m)) {
		return m[first].Error()
	}
	return "no item"
}

// Sink stores a verified group of a body. It is called in the order of the groups, one after the
// other. The data belong to the caller and are valid during the call only.
type Sink func(group uint64, value protocol.Hash, data []byte) error

// Buffer is memory for a group.
type Buffer = [protocol.GroupSize]byte

// buffers has those that are not in use.
var buffers = sync.Pool{New: func() any { return new(Buffer) }}

// TakeBuffer returns a buffer that is not in use, with any content.
func TakeBuffer() *Buffer { return buffers.Get().(*Buffer) }

// FreeBuffer gives a buffer back, which is not used any more.
func FreeBuffer(buffer *Buffer) { buffers.Put(buffer) }

// Keeper is a [Store] that keeps groups in memory, and spares their copy: it takes the buffer that they have come in.
type Keeper interface {
	Store
	// ReceiveBuffers does what Receive does. Small groups may come to Receive's sink all the same.
	ReceiveBuffers(item int, offset uint64, about protocol.Attributes) (BufferSink, error)
}

// BufferSink stores a verified group as a [Sink] does: the first size bytes of the buffer, which is the store's from
// then on. It returns another buffer in its place, also with an error.
type BufferSink func(group uint64, value protocol.Hash, buffer *Buffer, size int) (*Buffer, error)

// addrPort returns the address of one end of a connection, an IPv4-mapped one as IPv4.
func addrPort(a net.Addr) netip.AddrPort {
	tcp, is := a.(*net.TCPAddr)
	if !is {
		return netip.AddrPort{}
	}
	at := tcp.AddrPort()
	return netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
}
