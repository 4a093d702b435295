package peer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// claimed is a share with one file, which claims any size. Its first group is zeros, and its tree
// vouches for it; there are no others.
type claimed struct {
	size  uint64
	hash  protocol.Hash
	slice []byte // for the first page of groups
}

type claimedFile struct {
	*bytes.Reader
	*claimed
}

func (f claimedFile) Close() error        { return nil }
func (f claimedFile) Size() uint64        { return f.size }
func (f claimedFile) Hash() protocol.Hash { return f.hash }
func (f claimedFile) Changed() bool       { return false }

func (f claimedFile) Attributes() protocol.Attributes { return protocol.Attributes{} }

func (f claimedFile) Slice(uint64, uint64) ([]byte, error) { return f.slice, nil }

// newClaimed makes up the tree above the first page of a file.
func newClaimed(size uint64) *claimed {
	c := &claimed{size: size}
	groups := protocol.Groups(size)
	random := rand.NewChaCha8([32]byte{1})
	var build func(lo, hi uint64) protocol.Hash
	build = func(lo, hi uint64) (value protocol.Hash) {
		switch {
		case lo == 0 && hi == 1:
			return content.ChainingValue(0, make([]byte, min(size, protocol.GroupSize)), groups == 1)
		case hi-lo == 1 || lo >= protocol.MaxGroups:
			random.Read(value[:])
			return value
		}
		half := uint64(1)
		for 2*half < hi-lo {
			half *= 2
		}
		at := len(c.slice)
		c.slice = append(c.slice, make([]byte, content.NodeSize)...)
		children := []protocol.Hash{build(lo, lo+half), build(lo+half, hi)}
		copy(c.slice[at:], append(children[0][:], children[1][:]...))
		if hi-lo == groups {
			value, _ = content.Build(children)
		} else {
			value, _ = content.Subtree(children)
		}
		return value
	}
	c.hash = build(0, groups)
	return c
}

func (c *claimed) Open(context.Context, string, protocol.Hash, func(done, size uint64)) (transport.File, *protocol.Error) {
	return claimedFile{bytes.NewReader(make([]byte, protocol.GroupSize)), c}, nil
}

// A node may claim any size: the client allocates by what comes, and ends with what is wrong.
func TestAClaimedSizeAllocatesNothing(t *testing.T) {
	network := transport.NewMemory()
	for _, size := range []uint64{protocol.MaxFile, protocol.MaxFile - 1, 1<<61 + 1, 1 << 50, 8193 * protocol.GroupSize} {
		relay := startRelay(t, network, &peer.Relay{})
		end := startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: newClaimed(size)})
		c := &peer.Client{Network: network, Relay: relay}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		for _, sources := range []int{1, 4} {
			c.Sources = sources
			if r := c.FetchFile(t.Context(), peer.Request{Name: "file"}, filepath.Join(t.TempDir(), "file")); r.Size != size || !errors.Is(r.Err(), peer.ErrUndelivered) {
				t.Errorf("of %d bytes: %d, %v", size, r.Size, r.Err())
			}
			if r := c.Fetch(t.Context(), peer.Request{Name: "file"}, io.Discard); !errors.Is(r.Err(), peer.ErrUndelivered) {
				t.Errorf("of %d bytes: %v", size, r.Err())
			}
		}
		f := opened(t, c, "file")
		if n, err := f.ReadAt(make([]byte, 10), int64(size)-5); n != 0 || err == nil || err == io.EOF {
			t.Errorf("of %d bytes: %d, %v", size, n, err)
		}
		if at, err := f.Seek(10, io.SeekEnd); err != nil || at != int64(size)+10 {
			t.Errorf("of %d bytes: %d, %v", size, at, err)
		}
		f.Close()
		runtime.ReadMemStats(&after)
		if took := after.TotalAlloc - before.TotalAlloc; took > 200<<20 {
			t.Errorf("of %d bytes: %d MiB were allocated", size, took>>20)
		}
		end()
	}
}

// A share that claims more than the protocol has room for is refused, and its name is not published.
func TestAShareThatClaimsTooMuchIsRefused(t *testing.T) {
	network := transport.NewMemory()
	relay := startRelay(t, network, &peer.Relay{})
	c := newClaimed(1000)
	c.size = 1<<64 - 1
	startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: listedClaim{c}})
	client := &peer.Client{Network: network, Relay: relay, Sources: 1}
	awaitPublished(t, client, 1)
	if r := client.Fetch(t.Context(), peer.Request{Name: "file"}, io.Discard); !errors.Is(r.Err(), peer.ErrNotFound) {
		t.Errorf("%v", r.Err())
	}
	for offer, err := range client.List(t.Context(), "", false) {
		if err != nil || offer.Name != "sound" {
			t.Errorf("%v, %v", offer, err)
		}
	}
}

var _ transport.Lister = listedClaim{}

// listedClaim tells what it has.
type listedClaim struct{ *claimed }

func (c listedClaim) Follow(ctx context.Context, change func(protocol.Entry), extent func(roles.Extent)) error {
	change(protocol.Entry{Name: "file", Size: c.size, Hash: c.hash})
	change(protocol.Entry{Name: "sound", Size: 1, Hash: c.hash})
	extent(roles.ExtentWhole)
	<-ctx.Done()
	return nil
}
