package peer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// random returns bytes of which no two stretches are equal.
func random(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(size)}).Read(b)
	return b
}

const group = protocol.GroupSize

// opened returns an open file of the client, which is closed with the test.
func opened(t *testing.T, c *peer.Client, name string) *peer.File {
	t.Helper()
	f, err := c.Open(t.Context(), peer.Request{Name: name})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// reads fails unless the file has these bytes at an offset.
func reads(t *testing.T, f io.ReaderAt, whole []byte, offset, size int) {
	t.Helper()
	b := make([]byte, size)
	n, err := f.ReadAt(b, int64(offset))
	if want := whole[min(offset, len(whole)):min(offset+size, len(whole))]; !bytes.Equal(b[:n], want) || (err == io.EOF) != (n < size) || err != nil && err != io.EOF {
		t.Fatalf("%d bytes at %d, of %d that are there, equal: %t, %v", n, offset, len(want), bytes.Equal(b[:n], want), err)
	}
}

func TestAFileIsReadAtAnyPlace(t *testing.T) {
	whole := random(5*group + 77)
	both(t, func(t *testing.T, network transport.Network) {
		c := connected(t, network, fstest.MapFS{"a/large": {Data: whole}}, fstest.MapFS{"a/large": {Data: whole}})
		f := opened(t, c, "a/large")
		if is, err := f.Stat(); err != nil || is.Name() != "large" || is.Size() != int64(len(whole)) || is.Mode() != 0o444 || !is.ModTime().IsZero() || is.IsDir() {
			t.Errorf("%+v, %v", is, err)
		}
		for range 20 {
			reads(t, f, whole, rand.IntN(len(whole)+10), rand.IntN(2*group))
		}
		reads(t, f, whole, 0, len(whole)+1)
		if all, err := io.ReadAll(f); err != nil || !bytes.Equal(all, whole) {
			t.Errorf("%d bytes, %v", len(all), err)
		}
		if at, err := f.Seek(-5, io.SeekEnd); err != nil || at != int64(len(whole))-5 {
			t.Error(at, err)
		}
		if all, err := io.ReadAll(f); err != nil || !bytes.Equal(all, whole[len(whole)-5:]) {
			t.Errorf("%d bytes, %v", len(all), err)
		}
	})
}

func TestAnOpenFileIsAsReadersAre(t *testing.T) {
	c := connected(t, transport.NewMemory(), fstest.MapFS{"text": {Data: []byte("some text")}, "empty": {}})
	for name, whole := range map[string]string{"text": "some text", "empty": ""} {
		if err := iotest.TestReader(opened(t, c, name), []byte(whole)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	f := opened(t, c, "text")
	if _, err := f.ReadAt(make([]byte, 1), -1); !errors.Is(err, fs.ErrInvalid) {
		t.Error(err)
	}
	byHash, err := c.Open(t.Context(), peer.Request{Hash: f.Identity().Hash})
	if err != nil {
		t.Fatal(err)
	}
	defer byHash.Close()
	if is, _ := byHash.Stat(); is.Name() != f.Identity().Hash.String() || is.Size() != 9 {
		t.Errorf("%+v", is)
	}
}

func TestWhatCannotBeOpenedIsKnown(t *testing.T) {
	network := transport.NewMemory()
	c := connected(t, network, shared())
	over, cancel := context.WithCancel(t.Context())
	cancel()
	none := &peer.Client{Network: network, Relay: "nowhere:1"}
	for name, test := range map[string]struct {
		ctx    context.Context
		client *peer.Client
		file   string
		want   error
	}{
		"not found":       {t.Context(), c, "nothing", peer.ErrNotFound},
		"does not exist":  {t.Context(), c, "nothing", fs.ErrNotExist},
		"bad name":        {t.Context(), c, "../x", peer.ErrBadName},
		"no relay":        {t.Context(), none, "x", peer.ErrNoRelay},
		"interrupted":     {over, c, "hello.txt", peer.ErrInterrupted},
		"its own context": {over, c, "hello.txt", context.Canceled},
	} {
		if f, err := test.client.Open(test.ctx, peer.Request{Name: test.file}); !errors.Is(err, test.want) || f != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// gated is a share whose files cannot be read before they are freed.
type gated struct {
	transport.Share
	free    chan struct{}
	reached chan struct{} // somebody waits
}

type gatedFile struct {
	transport.File
	at *gated
}

func (g *gated) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	f, err := g.Share.Open(ctx, name, hash, hashing)
	if err != nil {
		return nil, err
	}
	return gatedFile{f, g}, nil
}

func (f gatedFile) Read(b []byte) (int, error) {
	select {
	case f.at.reached <- struct{}{}:
	default:
	}
	<-f.at.free
	return f.File.Read(b)
}

func TestAReadThatWaitsEndsWithTheFileAndTheContext(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		share := &gated{share(t, tree("a", "text")), make(chan struct{}), make(chan struct{}, 1)}
		relay := startRelay(t, network, &peer.Relay{})
		startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share})
		defer close(share.free)
		c := &peer.Client{Network: network, Relay: relay}
		for name, end := range map[string]func(f *peer.File, cancel func()) error{
			"closed":      func(f *peer.File, _ func()) error { f.Close(); return fs.ErrClosed },
			"interrupted": func(_ *peer.File, cancel func()) error { cancel(); return peer.ErrInterrupted },
		} {
			ctx, cancel := context.WithCancel(t.Context())
			f, err := c.Open(ctx, peer.Request{Name: "a"})
			if err != nil {
				t.Fatal(err)
			}
			failed := make(chan error)
			for range 3 {
				go func() {
					_, err := f.ReadAt(make([]byte, 1), 1)
					failed <- err
				}()
			}
			<-share.reached
			want := end(f, cancel)
			for range 3 {
				if err := <-failed; !errors.Is(err, want) {
					t.Errorf("%s: %v", name, err)
				}
			}
			if _, err := f.Read(make([]byte, 1)); !errors.Is(err, want) {
				t.Errorf("%s, and read again: %v", name, err)
			}
			cancel()
			for range 2 {
				if err := f.Close(); err != nil {
					t.Errorf("%s, and closed again: %v", name, err)
				}
			}
		}
	})
}

func TestAnotherNodeTakesOverAReading(t *testing.T) {
	whole := random(3 * group)
	synctest.Test(t, func(t *testing.T) { // a node that leaves waits for links on which reading may go on
		network := transport.NewMemory()
		relay := startRelay(t, network, &peer.Relay{})
		c := &peer.Client{Network: network, Relay: relay}
		join := func() (leave func() error) {
			leave = startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share(t, fstest.MapFS{"a": {Data: whole}})})
			awaitPublished(t, c, 1)
			return leave
		}
		leave := join()
		f := opened(t, c, "a")
		reads(t, f, whole, 0, 10)
		second := join()
		leave()
		reads(t, f, whole, 2*group, 10)
		second()
		reads(t, f, whole, 2*group+10, 10) // it is kept
		_, err := f.ReadAt(make([]byte, 1), group-1)
		if !errors.Is(err, peer.ErrUndelivered) && !errors.Is(err, peer.ErrNotFound) && !errors.Is(err, peer.ErrUnsure) {
			t.Error(err)
		}
		join()
		reads(t, f, whole, group-1, 10)
	})
}

// wrong is a share that sends other bytes than it has hashed.
type wrong struct{ transport.Share }

type wrongFile struct{ transport.File }

func (w wrong) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	f, err := w.Share.Open(ctx, name, hash, hashing)
	if err != nil {
		return nil, err
	}
	return wrongFile{f}, nil
}

func (w wrongFile) Read(b []byte) (int, error) {
	n, err := w.File.Read(b)
	for i := range b[:n] {
		b[i]++
	}
	return n, err
}

func TestWrongBytesAreNeverRead(t *testing.T) {
	whole := random(2 * group)
	network := transport.NewMemory()
	relay := startRelay(t, network, &peer.Relay{})
	c := &peer.Client{Network: network, Relay: relay}
	files := fstest.MapFS{"a": {Data: whole}}
	startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: wrong{share(t, files)}})
	f := opened(t, c, "a")
	if n, err := f.ReadAt(make([]byte, 10), group); n > 0 || !errors.Is(err, protocol.BadHash) || !errors.Is(err, peer.ErrUndelivered) {
		t.Errorf("%d bytes, %v", n, err)
	}
	startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: share(t, files)})
	reads(t, f, whole, group, 10)
}

func TestContentThatChangedIsAnError(t *testing.T) {
	network := transport.NewMemory()
	dir := t.TempDir()
	write := func(text string) {
		if err := os.WriteFile(filepath.Join(dir, "a"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(strings.Repeat("first", group))
	files := fsshare.New(os.DirFS(dir), fsshare.Options{})
	defer files.Close()
	relay := startRelay(t, network, &peer.Relay{})
	end := startNode(t, &peer.Node{Network: network, Relay: relay, Listen: "127.0.0.1:0", Share: files})
	defer end()
	f := opened(t, &peer.Client{Network: network, Relay: relay}, "a")
	reads(t, f, []byte("firstfirst"), 0, 9)
	write("second")
	_, err := f.ReadAt(make([]byte, 1), 4*group)
	if !errors.Is(err, protocol.Changed) {
		t.Error(err)
	}
}

// A link on which nothing is read is hung up, and a node dialed again when something is.
func TestAnOpenFileKeepsNoIdleLink(t *testing.T) {
	whole := random(2 * group)
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		c := connected(t, network, fstest.MapFS{"a": {Data: whole}})
		var open, closed atomic.Int64
		c.Trace = func(e transport.Event) {
			switch e.What {
			case transport.Dialled:
				open.Add(1)
			case transport.Closed:
				closed.Add(1)
			}
		}
		f := opened(t, c, "a")
		for n := range int64(3) {
			reads(t, f, whole, 0, group)
			reads(t, f, whole, group, group)
			time.Sleep(roles.HoldTimeout - time.Second)
			if idle := open.Load() - closed.Load(); n == 0 && idle != 1 {
				t.Errorf("%d links while reading may go on", idle)
			}
			time.Sleep(roles.HoldTimeout)
			if idle := open.Load() - closed.Load(); idle != 0 {
				t.Errorf("%d links after %v of idleness", idle, roles.HoldTimeout)
			}
			time.Sleep(2 * roles.LeaseTTL)
			f.Seek(0, io.SeekStart)
		}
		f.Close()
	})
}

func TestManyReadOneFileAtOnce(t *testing.T) {
	whole := random(6*group + 1)
	both(t, func(t *testing.T, network transport.Network) {
		c := connected(t, network, fstest.MapFS{"a": {Data: whole}})
		f := opened(t, c, "a")
		var reading sync.WaitGroup
		for range 8 {
			reading.Go(func() {
				for range 10 {
					reads(t, f, whole, rand.IntN(len(whole)), rand.IntN(3000))
				}
			})
		}
		reading.Wait()
	})
}
