package gateway

import (
	"context"
	"io"
	"io/fs"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must happen, and pause how long between two looks.
const (
	patience = 20 * time.Second
	pause    = 5 * time.Millisecond
	group    = protocol.GroupSize
)

// swarm is a relay with nodes, in memory.
type swarm struct {
	t       testing.TB
	network transport.Network
	relay   string
	client  *peer.Client
	ends    func()       // ends the relay
	dialed  atomic.Int64 // links that the client has made, also to the relay
}

// background runs something until the test ends or the returned function is called.
func background(t testing.TB, run func(context.Context) error) (end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	over := make(chan struct{})
	go func() {
		defer close(over)
		run(ctx)
	}()
	end = func() {
		cancel()
		<-over
	}
	t.Cleanup(end)
	return end
}

func newSwarm(t testing.TB) *swarm {
	t.Helper()
	s := &swarm{t: t, network: transport.NewMemory()}
	s.startRelay()
	s.client = &peer.Client{Network: s.network, Relay: s.relay}
	s.client.Trace = func(e transport.Event) {
		if e.What == transport.Dialled {
			s.dialed.Add(1)
		}
	}
	return s
}

// startRelay serves a relay, where it was before, until the test ends or endRelay is called.
func (s *swarm) startRelay() {
	s.t.Helper()
	at := s.relay
	if at == "" {
		at = "127.0.0.1:0"
	}
	listener, err := s.network.Listen(s.t.Context(), at)
	if err != nil {
		s.t.Fatal(err)
	}
	s.relay = listener.Addr().String()
	relay := &peer.Relay{Network: s.network}
	s.ends = background(s.t, func(ctx context.Context) error { return relay.Serve(ctx, listener) })
}

func (s *swarm) endRelay() { s.ends() }

// join runs a node until the test ends or the returned function is called.
func (s *swarm) join(share transport.Share) (leave func()) {
	s.t.Helper()
	return s.joinAs(&peer.Node{Share: share})
}

func (s *swarm) joinAs(n *peer.Node) (leave func()) {
	s.t.Helper()
	n.Network, n.Relay, n.Listen = s.network, s.relay, "127.0.0.1:0"
	leave = background(s.t, n.Run)
	ctx, cancel := context.WithTimeout(s.t.Context(), patience)
	defer cancel()
	if _, err := n.Ready(ctx); err != nil {
		s.t.Fatal(err)
	}
	if !n.NoPublish {
		s.published()
	}
	return leave
}

// published waits until no node may have more than it has published.
func (s *swarm) published() {
	s.t.Helper()
	for over := time.Now().Add(patience); time.Now().Before(over); time.Sleep(pause) {
		may := 0
		for range s.client.Who(s.t.Context(), peer.Request{Name: "no such file"}) {
			may++
		}
		if may == 0 {
			return
		}
	}
	s.t.Fatal("not everything was published")
}

func (s *swarm) share(files fs.FS) *fsshare.Share {
	share := fsshare.New(files, fsshare.Options{Hidden: true})
	s.t.Cleanup(func() { share.Close() })
	return share
}

// gateway returns a gateway that is closed with the test.
func (s *swarm) gateway() *Gateway {
	g := New(s.client, nil)
	s.t.Cleanup(func() { g.Close() })
	return g
}

// served are nodes of these shares and a gateway over HTTP.
type served struct {
	*swarm
	gateway *Gateway
	url     string
	client  *http.Client
}

func serve(t testing.TB, shares ...fs.FS) *served {
	t.Helper()
	s := newSwarm(t)
	for _, files := range shares {
		s.join(s.share(files))
	}
	return s.serve()
}

func (s *swarm) serve() *served {
	g := s.gateway()
	server := httptest.NewServer(g)
	s.t.Cleanup(server.Close)
	client := server.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	s.t.Cleanup(client.CloseIdleConnections)
	return &served{s, g, server.URL, client}
}

// got is an answer.
type got struct {
	code   int
	header http.Header
	body   []byte
	err    error // of the body
}

// do sends a request with header fields, names and values in turn.
func (s *served) do(method, path string, fields ...string) got {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	response, err := s.client.Do(r)
	if err != nil {
		return got{err: err}
	}
	defer response.Body.Close()
	is := got{code: response.StatusCode, header: response.Header}
	is.body, is.err = io.ReadAll(response.Body)
	return is
}

func (s *served) get(path string, fields ...string) got {
	s.t.Helper()
	return s.do(http.MethodGet, path, fields...)
}

// record has a gateway answer without a network, as in a bubble of package synctest.
func record(g *Gateway, path string, fields ...string) *httptest.ResponseRecorder {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	w := httptest.NewRecorder()
	g.ServeHTTP(w, r)
	return w
}

// random returns bytes of which no two stretches are equal.
func random(size int) []byte {
	b := make([]byte, size)
	rand.NewChaCha8([32]byte{byte(size)}).Read(b)
	return b
}

func tree(texts ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for i := 0; i < len(texts); i += 2 {
		files[texts[i]] = &fstest.MapFile{Data: []byte(texts[i+1]), ModTime: time.Unix(1_700_000_000, 0)}
	}
	return files
}

// dying is a share whose files cannot be read any more, from some byte on of each or once it is dead.
type dying struct {
	*fsshare.Share
	after int64 // bytes
	dead  atomic.Bool
}

type dyingFile struct {
	transport.File
	of   *dying
	read int64
}

func (d *dying) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	if d.dead.Load() {
		return nil, &protocol.Error{Code: protocol.NotFound}
	}
	f, err := d.Share.Open(ctx, name, hash, hashing)
	if err != nil {
		return nil, err
	}
	return &dyingFile{File: f, of: d}, nil
}

func (f *dyingFile) Read(b []byte) (int, error) {
	if f.of.after > 0 && f.read >= f.of.after {
		f.of.dead.Store(true)
	}
	if f.of.dead.Load() {
		return 0, fs.ErrInvalid
	}
	n, err := f.File.Read(b)
	f.read += int64(n)
	return n, err
}
