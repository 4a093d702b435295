package peer_test

import (
	"bytes"
	"context"
	"io"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/protocol/content"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// memoryCache is a peer.Cache that keeps everything.
type memoryCache struct {
	t *testing.T

	mu     sync.Mutex
	groups map[cacheKey][]byte
	puts   int
	copies bool // what it returns is its own memory, not the buffer
}

type cacheKey struct {
	hash        protocol.Hash
	size, group uint64
}

func (c *memoryCache) Get(hash protocol.Hash, size, group uint64, buffer []byte) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	data, is := c.groups[cacheKey{hash, size, group}]
	switch {
	case len(buffer) < protocol.GroupSize:
		c.t.Errorf("a buffer of %d bytes", len(buffer))
	case is && !c.copies:
		return buffer[:copy(buffer, data)], true
	}
	return data, is
}

func (c *memoryCache) Put(hash protocol.Hash, size, group uint64, value protocol.Hash, data []byte) {
	if content.ChainingValue(group, data, value == hash) != value {
		c.t.Errorf("group %d is put with the value of another one", group)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.groups[cacheKey{hash, size, group}] = bytes.Clone(data)
	c.puts++
}

// forget removes some groups.
func (c *memoryCache) forget(hash protocol.Hash, size uint64, groups ...uint64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, group := range groups {
		delete(c.groups, cacheKey{hash, size, group})
	}
}

// What was read once is not fetched again, whichever name it has, and of a window with holes only these are.
func TestWhatIsInTheCacheIsNotFetched(t *testing.T) {
	const groups = 12
	whole := random(groups*group - 7)
	both(t, func(t *testing.T, network transport.Network) {
		cache := &memoryCache{t: t, groups: map[cacheKey][]byte{}}
		c := connected(t, network, fstest.MapFS{"a": {Data: whole}, "other": {Data: whole}, "small": {Data: whole[:10]}})
		c.Cache = cache
		read := func(request peer.Request, want int) protocol.Hash {
			t.Helper()
			cache.puts = 0
			f, err := c.Open(t.Context(), request)
			if err != nil {
				t.Fatal(err)
			}
			all, err := io.ReadAll(f)
			if err != nil || !bytes.Equal(all, whole[:f.Identity().Size]) {
				t.Errorf("%d bytes, %v", len(all), err)
			}
			reads(t, f, whole[:f.Identity().Size], 3, 4)
			f.Close()
			if cache.puts != want {
				t.Errorf("%d groups were fetched, not %d", cache.puts, want)
			}
			return f.Identity().Hash
		}
		hash := read(peer.Request{Name: "a"}, groups)
		read(peer.Request{Name: "a"}, 0)
		read(peer.Request{Name: "other"}, 0)
		cache.copies = true
		read(peer.Request{Hash: hash}, 0)
		cache.forget(hash, uint64(len(whole)), 1, 4, 6, 11)
		read(peer.Request{Name: "other"}, 4)
		read(peer.Request{Name: "small"}, 1)
		read(peer.Request{Name: "small"}, 0)
	})
}

// short is a cache whose groups are no whole ones.
type short struct{ memoryCache }

func (c *short) Get(hash protocol.Hash, size, group uint64, buffer []byte) ([]byte, bool) {
	data, is := c.memoryCache.Get(hash, size, group, buffer)
	return data[:len(data)/2], is
}

func TestACacheWithGroupsThatAreNoneIsNotBelieved(t *testing.T) {
	whole := random(2 * group)
	c := connected(t, transport.NewMemory(), fstest.MapFS{"a": {Data: whole}})
	c.Cache = &short{memoryCache{t: t, groups: map[cacheKey][]byte{}}}
	for range 2 {
		f := opened(t, c, "a")
		reads(t, f, whole, 0, len(whole))
		f.Close()
	}
}

// shrunk is a share that says of each file that it has one group, whose hash would be that of the whole. That is a tree as
// good as another until the group comes.
type shrunk struct{ transport.Share }

type shrunkFile struct{ transport.File }

func (s shrunk) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	f, err := s.Share.Open(ctx, name, hash, hashing)
	if err != nil {
		return nil, err
	}
	return shrunkFile{f}, nil
}

func (shrunkFile) Size() uint64                         { return group }
func (shrunkFile) Slice(uint64, uint64) ([]byte, error) { return nil, nil }

// A size is a claim until the last group has been verified, and a group of the cache is the last one of one size alone.
func TestTheCacheDoesNotVouchForASizeThatANodeMakesUp(t *testing.T) {
	network, whole := transport.NewMemory(), random(2*group)
	c := connected(t, network, fstest.MapFS{"a": {Data: whole}})
	cache := &memoryCache{t: t, groups: map[cacheKey][]byte{}}
	c.Cache = cache
	f := opened(t, c, "a")
	reads(t, f, whole, 0, len(whole))
	share := fsshare.New(fstest.MapFS{"b": {Data: whole}}, fsshare.Options{})
	t.Cleanup(func() { share.Close() })
	liar := &peer.Node{Network: network, Relay: c.Relay, Listen: "127.0.0.1:0", Share: shrunk{share}}
	background(t, liar.Run)
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if _, err := liar.Ready(ctx); err != nil {
		t.Fatal(err)
	}
	lied, err := c.Open(t.Context(), peer.Request{Name: "b", Hash: f.Identity().Hash})
	if err != nil {
		t.Fatal(err)
	}
	defer lied.Close()
	all, err := io.ReadAll(lied)
	if err == nil || lied.Identity().Size != group {
		t.Errorf("%d bytes of %d are taken for the content, of %d", len(all), len(whole), lied.Identity().Size)
	}
}
