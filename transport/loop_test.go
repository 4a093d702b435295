package transport_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/roles/node"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// shrunk is a file that is shorter than its size: its end gives err.
type shrunk struct {
	*file
	half *strings.Reader
	err  error
}

func (s shrunk) Seek(at int64, from int) (int64, error) { return s.half.Seek(at, from) }

func (s shrunk) Read(b []byte) (int, error) {
	n, err := s.half.Read(b)
	if err == io.EOF {
		err = s.err
	}
	return n, err
}

// shrinking is a share whose files lose their second half when they are sent.
type shrinking struct {
	folder
	err error
}

func (s shrinking) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	whole, err := s.folder.Open(ctx, name, hash, hashing)
	if err != nil {
		return nil, err
	}
	return shrunk{whole.(*file), strings.NewReader(s.folder[name][:whole.Size()/2]), s.err}, nil
}

// A file that can't be read to its end leaves the link in step and is reported with a code; the
// client gets it from another node.
func TestAFileThatShrinksIsNeverDelivered(t *testing.T) {
	large, small := folder{"file": strings.Repeat("content ", 64<<10)}, folder{"file": "content"}
	for code, err := range map[protocol.Code]error{protocol.Changed: io.EOF, protocol.Internal: errors.New("bad sector")} {
		for _, files := range []folder{large, small} {
			both(t, func(t *testing.T, network transport.Network) {
				w := newWorld(t, network, 0)
				w.join(shrinking{files, err})
				store := &heap{}
				result := w.fetch("file", store)
				if result.Outcome != client.Undelivered || result.Tried[0].Code != code {
					t.Errorf("%+v, not %v", result, code)
				}
				w.join(files)
				store = &heap{}
				if result := w.fetch("file", store); result.Outcome != client.Fetched || store.String() != files["file"] {
					t.Errorf("%+v", result)
				}
				w.allGraceful()
			})
		}
	}
}

// full is a store that takes a limited number of bytes.
type full struct {
	heap
	left int
}

func (f *full) Receive(int, uint64, protocol.Attributes) (transport.Sink, error) { return f.put, nil }

func (f *full) put(_ uint64, _ protocol.Hash, data []byte) error {
	if len(data) > f.left {
		return errors.New("no space left")
	}
	f.left -= len(data)
	return nil
}

func TestAFullStoreIsNotTheNodesFault(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, 0)
		w.join(folder{"file": strings.Repeat("content ", 64<<10)})
		for _, room := range []int{0, 200 << 10} {
			result := w.fetch("file", &full{left: room})
			if result.Outcome != client.DiskFailed || !strings.Contains(result.Text, "no space left") {
				t.Errorf("%+v", result)
			}
		}
		w.end()
	})
}

// hanging is a share whose disk does not answer before it is freed.
type hanging struct {
	folder
	free chan struct{}
}

func (h hanging) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	<-h.free
	return h.folder.Open(ctx, name, hash, hashing)
}

func TestADiskThatHangsHoldsNobodyLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, transport.NewMemory(), 0)
		share := hanging{folder{"file": "content"}, make(chan struct{})}
		w.join(share)
		result := w.fetch("file", &heap{})
		if result.Outcome != client.Unsure || result.Tried[0].Code != protocol.Timeout && result.Tried[0].Code != protocol.Internal {
			t.Errorf("%+v", result)
		}
		begin := time.Now()
		w.end() // although the disk still hangs
		if took := time.Since(begin); took > 2*roles.CloseTimeout {
			t.Errorf("the end took %v", took)
		}
		close(share.free)
	})
}

// A slow link is kept as long as it makes progress: the deadlines of single writes do not end it.
func TestASlowLinkIsLetBe(t *testing.T) {
	const size = 512 << 10
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		w := newWorld(t, network, 0)
		at := w.join(folder{"file": strings.Repeat("x", size)})
		conn := call(t, network, at, nil)
		content := ask(t, conn, &protocol.Get{Name: "file"}).(*protocol.Content)
		conn.Write(protocol.Append(nil, &protocol.Get{Name: "file", Offset: size})) // ahead, as clients do
		begin := time.Now()
		for got := int64(0); got < int64(content.Length); time.Sleep(3 * time.Second) {
			n, err := io.CopyN(io.Discard, conn, 16<<10)
			if got += n; err != nil {
				t.Fatalf("cut after %d bytes and %v: %v", got, time.Since(begin), err)
			}
		}
		if last := hear(t, conn).(*protocol.Content); last.Offset != size || last.Length != 0 {
			t.Errorf("%+v", last)
		}
		conn.Close()
		w.end()
	})
}

// stalled is a network on which no dial ends.
type stalled struct{ transport.Refusing }

func (stalled) Dial(ctx context.Context, _ string) (transport.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAStalledDialIsGivenUpInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin := time.Now()
		c := peer.Client{Network: stalled{}, Relay: "relay:1"}
		result := c.FetchInto(t.Context(), peer.Request{Name: "file"}, nil)
		if took := time.Since(begin); took != roles.DialTimeout || result.Code != protocol.Timeout {
			t.Errorf("%+v after %v", result, took)
		}
	})
}

// A member rests between renewals; stop lets it leave, and a cut ends it at
// once.
func TestStopAndCut(t *testing.T) {
	for name, test := range map[string]struct {
		cut  bool
		left int // leases afterwards
	}{"stopped": {false, 0}, "cut": {true, 1}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, transport.NewMemory(), 0)
				ctx, cancel := context.WithCancel(t.Context())
				stop := make(chan struct{})
				member := node.NewMembership(node.Config{Relay: w.relay.String(), ID: protocol.PeerID{1}, Epoch: 1, Port: 1})
				go func() {
					time.Sleep(10 * roles.LeaseTTL) // renewed many times by then
					if active := w.registry.Active(time.Since(w.start)); active != 1 {
						t.Errorf("%d leases", active)
					}
					if test.cut {
						cancel()
					} else {
						close(stop)
					}
				}()
				loop := transport.Loop{Network: w.network, Start: w.start}
				loop.Run(ctx, stop, member)
				cancel()
				if active := w.registry.Active(time.Since(w.start)); active != test.left {
					t.Errorf("%d leases afterwards", active)
				}
				w.end()
			})
		})
	}
}

// Serve carries one accepted link, without a server.
func TestServeOneLink(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		near, far := connect(t, network, "127.0.0.1:0")
		session := relay.NewSession(relay.NewRegistry(relay.Policy{}), &relay.Answers{})
		served := make(chan struct{})
		var ends []transport.End
		loop := &transport.Loop{Start: time.Now(), Trace: func(e transport.Event) {
			if e.What == transport.Closed {
				ends = append(ends, e.End)
			}
		}}
		go func() {
			defer close(served)
			loop.Serve(context.Background(), nil, session, far)
		}()
		if answer := ask(t, near, &protocol.Locate{}); answer.Kind() != protocol.KindLocated {
			t.Errorf("%v", answer)
		}
		near.Close()
		<-served
		if len(ends) != 1 || ends[0] != transport.Graceful || !session.Final() {
			t.Errorf("the link ended so: %v, the machine in %v", ends, session.State())
		}
	})
}

// Each way in which a peer can end a link is recognized. TLS tells an end of stream from one that somebody
// in between has made.
func TestEndsAreTold(t *testing.T) {
	request := protocol.Append(nil, &protocol.Locate{})
	end := func(conn transport.Conn) { conn.CloseWrite(); io.Copy(io.Discard, conn) }
	for name, test := range map[string]struct {
		behave func(transport.Conn)
		plain  transport.End
		tls    transport.End
	}{
		"an end":                     {end, transport.Graceful, transport.Graceful},
		"within a frame":             {func(conn transport.Conn) { conn.Write(request[:5]); end(conn) }, transport.Truncated, transport.Truncated},
		"a reset":                    {reset, transport.Reset, transport.Reset},
		"FIN alone":                  {func(conn transport.Conn) { end(transport.Under(conn)) }, transport.Graceful, transport.Truncated},
		"FIN alone, after a message": {func(conn transport.Conn) { conn.Write(request); end(transport.Under(conn)) }, transport.Graceful, transport.Truncated},
		"within a record": {func(conn transport.Conn) {
			transport.Under(conn).Write([]byte("\x17\x03\x03\x01\x00half"))
			end(transport.Under(conn))
		}, transport.Graceful, transport.Truncated},
	} {
		for over, want := range map[string]transport.End{"plain": test.plain, "TLS": test.tls} {
			t.Run(name+" "+over, func(t *testing.T) {
				network := transport.Network(transport.TCP{})
				if over == "TLS" {
					network = &transport.TLS{}
				}
				near, far := connect(t, network, "127.0.0.1:0")
				got := make(chan transport.End, 1)
				loop := &transport.Loop{Start: time.Now(), Trace: func(e transport.Event) {
					if e.What == transport.Closed {
						got <- e.End
					}
				}}
				done := make(chan struct{})
				go func() {
					defer close(done)
					test.behave(near)
					near.Close()
				}()
				loop.Serve(t.Context(), nil, relay.NewSession(relay.NewRegistry(relay.Policy{}), &relay.Answers{}), far)
				if end := <-got; end != want {
					t.Errorf("%v", end)
				}
				<-done
			})
		}
	}
}
