package e2e

import (
	"bytes"
	"context"
	"encoding/hex"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// recorder is TCP that keeps all bytes of each connection that comes in.
type recorder struct {
	transport.TCP
	mu   sync.Mutex
	kept []*recorded
}

// recorded is a connection, and what has been read from it and written to it.
type recorded struct {
	transport.Conn
	mu      sync.Mutex
	in, out []byte
}

type recordingListener struct {
	transport.Listener
	to *recorder
}

func (r *recorder) Listen(ctx context.Context, address string) (transport.Listener, error) {
	l, err := r.TCP.Listen(ctx, address)
	return &recordingListener{l, r}, err
}

func (l *recordingListener) Accept() (transport.Conn, error) {
	conn, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	kept := &recorded{Conn: conn}
	l.to.mu.Lock()
	defer l.to.mu.Unlock()
	l.to.kept = append(l.to.kept, kept)
	return kept, nil
}

// all returns the connections that have come.
func (r *recorder) all() []*recorded {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.kept)
}

func (c *recorded) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.in = append(c.in, b[:n]...)
	return n, err
}

func (c *recorded) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.out = append(c.out, b[:n]...)
	return n, err
}

// both returns the bytes of both directions.
func (c *recorded) both() [2][]byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	return [2][]byte{slices.Clone(c.in), slices.Clone(c.out)}
}

// joins reports whether a connection is a leg of a circuit: it begins with a JOIN in plain.
func joins(in []byte) bool {
	m, _, err := protocol.Decode(in)
	_, is := m.(*protocol.Join)
	return is && err == nil
}

// unreached is a listener at an address where nobody listens.
type unreached struct {
	addr   netip.AddrPort
	once   sync.Once
	closed chan struct{}
}

func newUnreached(t *testing.T) *unreached {
	t.Helper()
	return &unreached{addr: netip.MustParseAddrPort("0.0.0.0:" + freePort(t)), closed: make(chan struct{})}
}

func (u *unreached) Addr() netip.AddrPort { return u.addr }

func (u *unreached) Accept() (transport.Conn, error) {
	<-u.closed
	return nil, net.ErrClosed
}

func (u *unreached) Close() error {
	u.once.Do(func() { close(u.closed) })
	return nil
}

// given looks for what tells something of a file.
type given struct {
	name, hash string // the hash as its 32 bytes
	pieces     map[[16]byte]int
}

func givenBy(name, content string) given {
	digits, _ := hex.DecodeString(hashOf(content))
	g := given{name, string(digits), map[[16]byte]int{}}
	for at := 0; at+16 <= len(content); at += 16 {
		g.pieces[[16]byte([]byte(content[at:]))] = at
	}
	return g
}

// in says what of the file is in recorded bytes: any 31 bytes of it in a row have a whole piece.
func (g given) in(b []byte) string {
	for what, text := range map[string]string{"the name": g.name, "the hash": g.hash, "a half of the hash": g.hash[:16], "the hash as text": hex.EncodeToString([]byte(g.hash))} {
		if bytes.Contains(b, []byte(text)) {
			return what
		}
	}
	for at := 0; at+16 <= len(b); at++ {
		if _, is := g.pieces[[16]byte(b[at:])]; is {
			return "content"
		}
	}
	return ""
}

// TestARelayThatRecordsAllBytesHasNeitherNameNorContent of what passes through it: it keeps every byte of every
// connection, of which the two legs of the circuit are in plain below what node and client say to each other.
func TestARelayThatRecordsAllBytesHasNeitherNameNorContent(t *testing.T) {
	t.Parallel()
	const name = "a-name-that-nobody-else-reads.txt"
	content := noise(7, 300<<10)
	looks := givenBy(name, content)
	for what, bytes := range map[string]string{"content": content[1000:1031], "the name": "x" + name, "the hash": looks.hash} {
		if got := looks.in([]byte(bytes)); got == "" {
			t.Fatalf("it does not find %s", what)
		}
	}
	over := &recorder{}
	secured := &transport.TLS{Network: over, By: protocol.Relay}
	listener, err := secured.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := listener.Addr().String()
	relay := &peer.Relay{Network: secured}
	share := fsshare.New(fstest.MapFS{name: {Data: []byte(content)}}, fsshare.Options{})
	node := &peer.Node{Network: &transport.TLS{}, Relay: at, Listener: newUnreached(t), Share: share}
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { relay.Serve(ctx, listener) })
	running.Go(func() { node.Run(ctx) })
	defer func() {
		stop()
		running.Wait()
		share.Close()
	}()
	if listing, err := node.Ready(ctx); err != nil || !listing.Relayed() {
		t.Fatalf("the node is at %+v, %v", listing, err)
	}
	client := &peer.Client{Network: &transport.TLS{}, Relay: at}
	var got bytes.Buffer
	eventually(t, 20*time.Second, "the file comes through the relay", func() bool {
		got.Reset()
		return client.Fetch(ctx, peer.Request{Name: name}, &got).Err() == nil
	})
	if got.String() != content {
		t.Error("it is another file")
	}
	legs, passed := 0, 0
	for _, conn := range over.all() {
		all := conn.both()
		if joins(all[0]) {
			legs++
			passed = max(passed, len(all[0]))
		}
		for direction, b := range all {
			if found := looks.in(b); found != "" {
				t.Errorf("of %d bytes in direction %d of a connection that joins a circuit (%t) %s can be read", len(b), direction, joins(all[0]), found)
			}
		}
	}
	if legs != 2 || passed < len(content) {
		t.Errorf("there were %d legs, of which one had %d bytes", legs, passed)
	}
}
