package transport_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/client"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

// Links and servers at unusual moments.

// admitted opens a link to a server once it has room, and has it answer.
func admitted(t *testing.T, network transport.Network, at netip.AddrPort, request protocol.Message) transport.Conn {
	t.Helper()
	for {
		conn := call(t, network, at, nil)
		if refusal, is := ask(t, conn, request).(*protocol.Error); !is {
			return conn
		} else if refusal.Code != protocol.Busy {
			t.Fatalf("%+v", refusal)
		}
		conn.Close()
	}
}

// Each place under the limit is given back, after whichever end of its link, and so are those of links
// above the limit: however many there have been, the limit holds, exactly.
func TestTheLimitHoldsAfterItHasBeenServed(t *testing.T) {
	const limit, rounds = 2, 4
	locate := &protocol.Locate{}
	both(t, func(t *testing.T, network transport.Network) {
		w := newWorld(t, network, limit)
		for round := range rounds {
			inside := []transport.Conn{admitted(t, network, w.relay, locate), admitted(t, network, w.relay, locate)}
			for range transport.Farewells(limit) / 4 {
				outside := call(t, network, w.relay, protocol.Append(nil, locate))
				if code := refusal(t, outside); code != protocol.Busy {
					t.Errorf("round %d: one more than the limit: %v", round, code)
				}
				outside.Close()
			}
			for number, conn := range inside {
				if answer := ask(t, conn, locate); answer.Kind() != protocol.KindLocated {
					t.Errorf("round %d: %v within the limit", round, answer)
				}
				if number == round%limit {
					reset(conn)
				}
				conn.Close()
			}
		}
		admitted(t, network, w.relay, locate).Close()
		w.end()
	})
}

// late is a network whose dials succeed, but only after the one who dials has given up.
type late struct {
	transport.Network
	dialling chan struct{}
	give     chan struct{}
}

func (l late) Dial(ctx context.Context, to string) (transport.Conn, error) {
	conn, err := l.Network.Dial(context.WithoutCancel(ctx), to)
	close(l.dialling)
	<-ctx.Done()
	<-l.give
	return conn, err
}

// A link that is cut while it is dialled ends its machine at once, and one that comes into being after
// that is closed.
func TestALinkIsCutWhileItIsDialled(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		l := listen(t, network, "127.0.0.1:0")
		slow := late{network, make(chan struct{}), make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		m := &told{}
		m.does = func(in roles.Input) []roles.Effect {
			switch in.(type) {
			case roles.Started:
				return []roles.Effect{roles.Dial{To: l.Addr().String()}}
			case roles.Stopped:
				return m.end()
			}
			return nil
		}
		ended := make(chan struct{})
		stop := make(chan struct{})
		go func() {
			defer close(ended)
			(&transport.Loop{Network: slow}).Run(ctx, stop, m)
		}()
		far, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer far.Close()
		<-slow.dialling
		close(stop) // the machine hangs up
		close(slow.give)
		<-ended
		cancel()
		if got := m.String(); got != "Started, Stopped; 0 moved" {
			t.Error(got)
		}
		far.SetReadDeadline(time.Now().Add(patience))
		if n, err := far.Read(make([]byte, 1)); n > 0 || err == nil || strings.Contains(err.Error(), "timeout") {
			t.Errorf("the link that came late is open: %v", err)
		}
	})
}

// silentAt is a node that ends its direction in place of one answer.
type silentAt struct {
	file *file
	kind protocol.Kind // of the request that it does not answer
}

func (s silentAt) Serve(t *testing.T, l transport.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		for request := heard(conn); request != nil && request.Kind() != s.kind; request = heard(conn) {
			conn.Write(protocol.Append(nil, &protocol.Outboard{Size: s.file.size, Hash: s.file.hash, Count: protocol.Groups(s.file.size), Nodes: s.file.tree}))
		}
		conn.CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
	}
}

// heard reads one message; nil: there is no more.
func heard(conn transport.Conn) protocol.Message {
	var got []byte
	for {
		var b [1]byte
		if _, err := io.ReadFull(conn, b[:]); err != nil {
			return nil
		}
		got = append(got, b[0])
		if m, _, refusal := protocol.Decode(got); m != nil || refusal != nil {
			return m
		}
	}
}

// Nodes that end their direction in place of an answer cost an attempt each, all at once or one after
// the other; the node that answers delivers. Without it the outcome says that they were lost.
func TestAHalfCloseInPlaceOfAnAnswer(t *testing.T) {
	text := strings.Repeat("content ", 300<<10)
	for name, kind := range map[string]protocol.Kind{"of an OUTBOARD": protocol.KindTree, "of a CONTENT": protocol.KindGet} {
		for _, sources := range []int{1, 3} {
			t.Run(name, func(t *testing.T) {
				both(t, func(t *testing.T, network transport.Network) {
					w := newWorld(t, network, 0)
					serving := make(chan struct{}, 3)
					for range 3 {
						l := listen(t, network, "127.0.0.1:0")
						go func() {
							silentAt{newFile(text), kind}.Serve(t, l)
							serving <- struct{}{}
						}()
						defer func() { l.Close(); <-serving }()
						w.list(l.Addr())
					}
					result := w.client(sources).FetchInto(t.Context(), peer.Request{Name: "file"}, &heap{})
					if result.Outcome == client.Fetched || result.Outcome == client.NobodyHad {
						t.Errorf("%+v", result)
					}
					for _, tried := range result.Tried {
						if tried.Code != protocol.Lost {
							t.Errorf("%+v", tried)
						}
					}
					if len(result.Tried) < 3 {
						t.Errorf("only %d were tried", len(result.Tried))
					}
					w.join(folder{"file": text})
					store := &heap{}
					if result := w.client(sources).FetchInto(t.Context(), peer.Request{Name: "file"}, store); result.Outcome != client.Fetched || store.String() != text {
						t.Errorf("with one that answers: %+v", result)
					}
					w.end()
				})
			})
		}
	}
}

// What is sent to a peer that is gone loses the link, once, whichever way it is sent.
func TestASendToAPeerThatHasReset(t *testing.T) {
	long := &protocol.Listed{}
	for name, sends := range map[string][]roles.Effect{
		"a message":      {roles.Send{Message: &protocol.Locate{}}},
		"several":        {roles.Send{Message: &protocol.Locate{}}, roles.Send{Message: &protocol.Left{}}, roles.HalfClose{}},
		"one that takes": {roles.Send{Message: long, Told: true}, roles.Send{Message: &protocol.Left{}}},
		"and hears":      {roles.Send{Message: &protocol.Locate{}}, roles.Hear{}},
	} {
		t.Run(name, func(t *testing.T) {
			both(t, func(t *testing.T, network transport.Network) {
				near, far := connect(t, network, "127.0.0.1:0")
				m := &told{}
				m.does = func(in roles.Input) []roles.Effect {
					switch in.(type) {
					case roles.Opened:
						reset(near)
						return append(sends, roles.Arm{Number: 1, After: 20 * time.Second})
					case roles.Lost, roles.TimerFired:
						return m.end()
					}
					return nil
				}
				(&transport.Loop{Start: time.Now()}).Serve(t.Context(), nil, m, far)
				if got := m.String(); got != "Lost; 0 moved" {
					t.Error(got)
				}
			})
		})
	}
}

// reset closes a connection, with a reset where that can be.
func reset(conn transport.Conn) {
	under := transport.Under(conn)
	if tcp, is := under.(*net.TCPConn); is {
		tcp.SetLinger(0)
	}
	under.Close()
}

// A node gives back the place of a client that resets its link while it is answered.
func TestANodeOutlivesClientsThatReset(t *testing.T) {
	for _, network := range []transport.Network{transport.TCP{}, overTLS(transport.TCP{})} {
		w := newWorld(t, network, 0)
		at := w.run(&peer.Node{Share: folder{"file": strings.Repeat("content ", 1<<20)}, MaxLinks: 1})
		for range 8 {
			conn := admitted(t, w.network, at, &protocol.Tree{Name: "file"})
			get := &protocol.Get{Name: "file"}
			if _, err := conn.Write(protocol.Append(protocol.Append(nil, get), get)); err != nil {
				t.Fatal(err)
			}
			if _, err := io.ReadFull(conn, make([]byte, 4<<10)); err != nil {
				t.Fatal(err)
			}
			reset(conn)
		}
		admitted(t, w.network, at, &protocol.Tree{Name: "file"}).Close()
		w.end()
	}
}

// deafDial is a network whose dials take a second, and do not end when they are given up.
type deafDial struct{ transport.Network }

func (d deafDial) Dial(ctx context.Context, to string) (transport.Conn, error) {
	time.Sleep(time.Second)
	return d.Network.Dial(context.WithoutCancel(ctx), to)
}

// A link that is hung up while it is dialled, and comes into being all the same, is closed, and its
// machine does not hear of it.
func TestALinkThatIsHungUpWhileItIsDialled(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := transport.NewMemory()
		l := listen(t, network, "host:1")
		m := &told{}
		m.does = func(in roles.Input) []roles.Effect {
			switch in.(type) {
			case roles.Started:
				return []roles.Effect{roles.Dial{To: l.Addr().String()}, roles.Arm{After: time.Second / 2}}
			case roles.TimerFired:
				return []roles.Effect{roles.HangUp{}}
			case roles.Stopped:
				m.over = true
			}
			return nil
		}
		stop := make(chan struct{})
		time.AfterFunc(3*time.Second, func() { close(stop) })
		begin := time.Now()
		closed := make(chan time.Duration, 1)
		go func() {
			if far, err := l.Accept(); err == nil {
				far.Read(make([]byte, 1))
				far.Close()
			}
			closed <- time.Since(begin)
		}()
		if err := (&transport.Loop{Network: deafDial{network}}).Run(t.Context(), stop, m); err != nil {
			t.Error(err)
		}
		l.Close()
		if at := <-closed; at != time.Second {
			t.Errorf("the link is closed after %v", at)
		}
		if got := m.String(); got != "Started, TimerFired, Stopped; 0 moved" {
			t.Error(got)
		}
	})
}

// Of a link that is hung up, and of one that is lost, a machine hears nothing more, whatever is under
// way on it.
func TestALinkThatIsOverSaysNothing(t *testing.T) {
	content := strings.Repeat("x", 1<<20)
	hangUp := func(*told) []roles.Effect { return []roles.Effect{roles.HangUp{}} }
	send := roles.Send{Message: outboards[len(outboards)-1], Told: true}
	for name, test := range map[string]struct {
		begins []roles.Effect
		then   func(*told) []roles.Effect // after a second
		peer   func(transport.Conn)       // after that
		want   string
	}{
		"hung up in a body":       {[]roles.Effect{roles.SendBody{Length: 1 << 20}}, hangUp, func(transport.Conn) {}, "FileFound, TimerFired, Stopped"},
		"hung up in a message":    {[]roles.Effect{send}, hangUp, func(transport.Conn) {}, "FileFound, TimerFired, Stopped"},
		"hung up while it hears":  {[]roles.Effect{roles.Hear{}}, hangUp, func(transport.Conn) {}, "FileFound, TimerFired, Stopped"},
		"lost in a body":          {[]roles.Effect{roles.SendBody{Length: 1 << 20}, roles.Hear{}}, nil, func(c transport.Conn) { c.Write([]byte("RP")); c.Close() }, "FileFound, TimerFired, Lost, Stopped"},
		"lost in a message":       {[]roles.Effect{send, roles.Hear{}}, nil, func(c transport.Conn) { c.Write([]byte("RP")); c.Close() }, "FileFound, TimerFired, Lost, Stopped"},
		"lost, and then sent to":  {[]roles.Effect{roles.Hear{}}, nil, func(c transport.Conn) { c.Write([]byte("RP")); c.Close() }, "FileFound, TimerFired, Lost, Stopped"},
		"ended, and then sent to": {[]roles.Effect{roles.Hear{}}, nil, func(c transport.Conn) { c.Close() }, "FileFound, TimerFired, PeerEnded, Lost, Stopped"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				near, far := connect(t, transport.NewMemory(), "host:0")
				m := &told{}
				m.does = func(in roles.Input) []roles.Effect {
					switch in.(type) {
					case roles.Opened:
						return []roles.Effect{roles.OpenFile{Name: "file", Count: 1}}
					case roles.FileFound:
						return append(test.begins, roles.Arm{After: time.Second})
					case roles.TimerFired:
						if test.then != nil {
							return test.then(m)
						}
					case roles.PeerEnded:
						return []roles.Effect{send}
					case roles.Lost:
						return []roles.Effect{send, roles.Hear{}, roles.HalfClose{}}
					case roles.Stopped:
						return m.end()
					}
					return nil
				}
				time.AfterFunc(2*time.Second, func() { test.peer(near) })
				stop := make(chan struct{})
				time.AfterFunc(4*time.Second, func() { close(stop) })
				if err := (&transport.Loop{Share: folder{"file": content}}).Serve(t.Context(), stop, m, far); err != nil {
					t.Error(err)
				}
				got, _, _ := strings.Cut(m.String(), ";")
				if got != test.want {
					t.Errorf("it heard %s, not %s", got, test.want)
				}
			})
		})
	}
}
