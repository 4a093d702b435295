package transport

import (
	"context"
	"io"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// endMachine is the machine of one end of a circuit: it joins in plain, and makes the link sure. The one that
// accepts answers a LOCATE.
type endMachine struct {
	relay   string
	leg     byte
	want    protocol.PeerID
	accepts bool
	hangUp  bool // in the middle of the handshake

	mu    sync.Mutex
	had   []roles.Input
	heard int
	over  bool
	ended chan struct{}
}

func newEnd(relay string, leg byte, want protocol.PeerID, accepts bool) *endMachine {
	return &endMachine{relay: relay, leg: leg, want: want, accepts: accepts, ended: make(chan struct{})}
}

func (m *endMachine) Final() bool { return m.over }

func (m *endMachine) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.had = append(m.had, in)
	switch in := in.(type) {
	case roles.Started:
		return []roles.Effect{roles.Dial{Link: 3, To: m.relay, Plain: true}}
	case roles.Invited:
		return []roles.Effect{roles.Dial{Link: 3, To: in.Relay, Plain: true}}
	case roles.Opened:
		switch {
		case in.ID.IsZero():
			return []roles.Effect{roles.Send{Link: 3, Message: &protocol.Join{Ticket: protocol.Ticket{m.leg, 1}}}, roles.Hear{Link: 3}}
		case m.accepts:
			return []roles.Effect{roles.Hear{Link: 3}}
		}
		return []roles.Effect{roles.Send{Link: 3, Message: &protocol.Locate{}}, roles.Hear{Link: 3}}
	case roles.Heard:
		if m.heard++; m.heard == 1 {
			effects := []roles.Effect{roles.Secure{Link: 3, ID: m.want, Accepts: m.accepts}}
			if m.hangUp {
				effects = append(effects, m.end()...)
			}
			return effects
		}
		if m.accepts {
			return []roles.Effect{roles.Send{Link: 3, Message: &protocol.Located{}}, roles.Hear{Link: 3}}
		}
	}
	return m.end()
}

func (m *endMachine) end() []roles.Effect {
	if !m.over {
		m.over = true
		close(m.ended)
	}
	return []roles.Effect{roles.HangUp{Link: 3}}
}

// secured returns the Opened over TLS, and the Lost.
func (m *endMachine) secured() (opened roles.Opened, lost roles.Lost) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, in := range m.had {
		switch in := in.(type) {
		case roles.Opened:
			if !in.ID.IsZero() {
				opened = in
			}
		case roles.Lost:
			lost = in
		}
	}
	return opened, lost
}

// vouching is a wrapper as transport/peer has one.
type vouching struct{ Authenticated }

// Both ends of a circuit prove their ids to each other over it, through a relay that takes no part in that.
func TestBothEndsOfACircuitAreProven(t *testing.T) {
	overEach(t, func(t *testing.T, listen, dial Network) {
		from, to, other := &TLS{Network: dial}, &TLS{Network: dial}, (&TLS{}).ID()
		for name, test := range map[string]struct {
			wanted, accepted protocol.PeerID
			initiator        protocol.Code // with which it is lost; 0: it is not
			responder        protocol.Code
		}{
			"any":                  {},
			"the right ones":       {wanted: to.ID(), accepted: from.ID()},
			"another node":         {wanted: other, initiator: protocol.WrongPeer},
			"another client":       {wanted: to.ID(), accepted: other, responder: protocol.WrongPeer},
			"the right one, again": {wanted: to.ID()},
		} {
			t.Run(name, func(t *testing.T) {
				b, stop := openBoard(t, listen, dial, nil)
				client, node := newEnd(b.at[0], 0, test.wanted, false), newEnd(b.at[1], 1, test.accepted, true)
				var running sync.WaitGroup
				running.Go(func() { (&Loop{Network: vouching{from}}).Run(t.Context(), nil, client) })
				running.Go(func() { (&Loop{Network: vouching{to}}).Run(t.Context(), nil, node) })
				running.Wait()
				opened, lost := client.secured()
				if lost.Code != test.initiator && test.responder == 0 {
					t.Errorf("the client: %+v", lost)
				}
				far, farLost := node.secured()
				if test.responder != 0 && farLost.Code != test.responder {
					t.Errorf("the node: %+v", farLost)
				}
				if test.initiator == 0 && (opened.ID != to.ID() || opened.Link != 3 || opened.Number != 0 || opened.Peer.String() != b.at[0] || !opened.Local.IsValid()) {
					t.Errorf("the client: %+v", opened)
				}
				if test.initiator == 0 && test.responder == 0 {
					if far.ID != from.ID() || far.Exporter != opened.Exporter || far.Exporter == [protocol.ExporterSize]byte{} {
						t.Errorf("the node: %+v, and the client: %+v", far, opened)
					}
					if client.heard != 2 {
						t.Error("the client has got no answer")
					}
				}
				stop()
			})
		}
	})
}

// What the other side says together with the message before stands in front of the handshake.
func TestAHandshakeBeginsWithWhatHasCome(t *testing.T) {
	for _, behind := range []int{0, 1, 5, 200, 1 << 20} {
		memory := NewMemory()
		l, err := memory.Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		to, from := &TLS{Network: memory}, &TLS{Network: memory}
		node := newEnd(l.Addr().String(), 1, protocol.PeerID{}, true)
		var running sync.WaitGroup
		running.Go(func() { (&Loop{Network: to}).Run(t.Context(), nil, node) })
		conn, err := l.Accept()
		if err != nil {
			t.Fatal(err)
		}
		io.ReadFull(conn, protocol.Append(nil, &protocol.Join{Ticket: protocol.Ticket{1}}))
		joined := &lateStart{Conn: conn, first: protocol.Append(nil, &protocol.Joined{}), most: behind}
		over, err := from.Secure(t.Context(), joined, to.ID(), false)
		if err != nil {
			t.Fatal(behind, err)
		}
		over.Write(protocol.Append(nil, &protocol.Locate{}))
		if n, err := over.Read(make([]byte, 1)); n != 1 {
			t.Errorf("%d bytes: %v", behind, err)
		}
		over.Close()
		running.Wait()
		l.Close()
	}
}

// lateStart is a connection whose first write has something in front, and is cut in two.
type lateStart struct {
	Conn
	first []byte
	most  int
}

func (l *lateStart) Write(b []byte) (int, error) {
	if l.first == nil {
		return l.Conn.Write(b)
	}
	begin := min(l.most, len(b))
	l.Conn.Write(append(l.first, b[:begin]...))
	l.first = nil
	time.Sleep(5 * time.Millisecond)
	n, err := l.Conn.Write(b[begin:])
	return begin + n, err
}

// Where the other end is no peer, is silent or goes, the link is lost with the code that a dial would have.
func TestWhatIsNoPeerAtTheOtherEnd(t *testing.T) {
	joined := protocol.Append(nil, &protocol.Joined{})
	for name, test := range map[string]struct {
		behave             func(Conn)
		initiator, accepts protocol.Code
		after              time.Duration
	}{
		"silent":         {func(conn Conn) { io.Copy(io.Discard, conn) }, protocol.Timeout, protocol.Timeout, roles.HandshakeTimeout},
		"it ends":        {func(conn Conn) { conn.CloseWrite(); io.Copy(io.Discard, conn) }, protocol.Lost, protocol.Lost, 0},
		"it resets":      {func(conn Conn) { conn.Close() }, protocol.Lost, protocol.Lost, 0},
		"it speaks HTTP": {func(conn Conn) { conn.Write([]byte("HTTP/1.1 400")); io.Copy(io.Discard, conn) }, protocol.NoPeer, protocol.NoTLS, 0},
		"it is in plain": {func(conn Conn) {
			conn.Write(protocol.Append(nil, &protocol.Locate{}))
			io.Copy(io.Discard, conn)
		}, protocol.NoTLS, protocol.NoTLS, 0},
	} {
		for _, accepts := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				memory := NewMemory()
				l, err := memory.Listen(t.Context(), "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				m := newEnd(l.Addr().String(), 1, protocol.PeerID{}, accepts)
				var running sync.WaitGroup
				running.Go(func() { (&Loop{Network: &TLS{Network: memory}}).Run(t.Context(), nil, m) })
				conn, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				begin := time.Now()
				conn.Read(make([]byte, 1<<10)) // JOIN
				conn.Write(joined)
				test.behave(conn)
				conn.Close()
				running.Wait()
				want := test.initiator
				if accepts {
					want = test.accepts
				}
				if _, lost := m.secured(); lost.Code != want || lost.Text == "" || time.Since(begin) < test.after || time.Since(begin) > test.after+roles.CloseTimeout {
					t.Errorf("%s, it accepts: %v: %+v after %v, not %v", name, accepts, lost, time.Since(begin), want)
				}
			})
		}
	}
}

// A link that is hung up in the middle of a handshake, or whose run is cut, says nothing more.
func TestAHandshakeEndsWithItsLink(t *testing.T) {
	for _, accepts := range []bool{false, true} {
		for _, hangUp := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				memory := NewMemory()
				l, err := memory.Listen(t.Context(), "127.0.0.1:0")
				if err != nil {
					t.Fatal(err)
				}
				defer l.Close()
				m := newEnd(l.Addr().String(), 1, protocol.PeerID{}, accepts)
				m.hangUp = hangUp
				ctx, cancel := context.WithCancel(t.Context())
				begin := time.Now()
				if !hangUp {
					time.AfterFunc(time.Second, cancel)
				}
				done := make(chan struct{})
				go func() {
					(&Loop{Network: &TLS{Network: memory}}).Run(ctx, nil, m)
					close(done)
				}()
				conn, err := l.Accept()
				if err != nil {
					t.Fatal(err)
				}
				conn.Write(protocol.Append(nil, &protocol.Joined{}))
				<-done
				cancel()
				conn.Close()
				if opened, lost := m.secured(); !opened.ID.IsZero() || lost.Code != 0 || time.Since(begin) > time.Second {
					t.Errorf("%+v, %+v after %v", opened, lost, time.Since(begin))
				}
			})
		}
	}
}

// A network that proves nothing makes no link sure, and dials in plain anyway.
func TestAPlainNetworkMakesNoLinkSure(t *testing.T) {
	memory := NewMemory()
	l, err := memory.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	m := newEnd(l.Addr().String(), 1, protocol.PeerID{}, false)
	var running sync.WaitGroup
	running.Go(func() { (&Loop{Network: memory}).Run(t.Context(), nil, m) })
	conn, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	conn.Write(protocol.Append(nil, &protocol.Joined{}))
	running.Wait()
	conn.Close()
	if _, lost := m.secured(); lost.Code != protocol.NoTLS {
		t.Errorf("%+v", lost)
	}
	if conn, err := (&TLS{Key: []byte("short"), Network: memory}).Secure(t.Context(), conn, protocol.PeerID{}, true); err != errNoKey {
		t.Errorf("%v, %v", conn, err)
	}
}

// A relay that splices has connections in plain from its TLS port on which a message begins; all else, and
// all others, refuse what is in plain.
func TestWhoTakesConnectionsInPlain(t *testing.T) {
	join := protocol.Append(nil, &protocol.Join{Ticket: protocol.Ticket{5}})
	for name, test := range map[string]struct {
		by      protocol.Party
		splices *Switch
		says    []byte
		taken   bool
	}{
		"a relay that splices":            {protocol.Relay, &Switch{}, join, true},
		"it hears one byte":               {protocol.Relay, &Switch{}, join[:1], true},
		"it hears much at once":           {protocol.Relay, &Switch{}, append(slices.Clone(join), make([]byte, 1<<20)...), true},
		"it hears something else":         {protocol.Relay, &Switch{}, []byte("GET / HTTP/1.1"), false},
		"it hears an alert":               {protocol.Relay, &Switch{}, []byte{0x15, 3, 1, 0, 2, 1, 0}, false},
		"a relay that does not":           {protocol.Relay, nil, join, false},
		"a node":                          {protocol.Node, &Switch{}, join, false},
		"one whose party nobody has told": {0, &Switch{}, join, false},
	} {
		for _, below := range []Network{TCP{}, NewMemory()} {
			l, err := (&TLS{By: test.by, Network: below}).Listen(t.Context(), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			m := &recording{}
			s := &Server{Loop: &Loop{Switch: test.splices}, Listener: l, New: func() roles.Machine { return m }}
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { s.Serve(ctx) })
			awaitServing(s)
			conn, err := below.Dial(t.Context(), l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			running.Go(func() { conn.Write(test.says); conn.CloseWrite() })
			answer, _ := io.ReadAll(conn)
			refused, _, _ := protocol.DecodeWithin(answer, protocol.MaxFirst)
			e, is := refused.(*protocol.Error)
			if is = is && e.Code == protocol.TLSRequired; is == test.taken {
				t.Errorf("%s: the answer is %q", name, answer)
			}
			conn.Close()
			cancel()
			running.Wait()
			opened, heard := m.opened, m.heard
			if (opened != nil) != test.taken || test.taken && (!opened.ID.IsZero() || opened.Number == 0) {
				t.Errorf("%s: %+v", name, opened)
			}
			if _, whole := heard.(*protocol.Join); test.taken && len(test.says) >= len(join) && !whole {
				t.Errorf("%s: it has heard %v", name, heard)
			}
		}
	}
}

// No deadline of the handshake is left on a connection in plain: the machine's own ones bound it.
func TestAConnectionInPlainHasNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := NewMemory()
		l, err := (&TLS{By: protocol.Relay, Network: memory}).Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		m := &recording{}
		s := &Server{Loop: &Loop{Switch: &Switch{}}, Listener: l, New: func() roles.Machine { return m }}
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { s.Serve(ctx) })
		awaitServing(s)
		conn, err := memory.Dial(t.Context(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		join := protocol.Append(nil, &protocol.Join{Ticket: protocol.Ticket{5}})
		conn.Write(join[:1])
		time.Sleep(2 * roles.HandshakeTimeout)
		conn.Write(join[1:])
		io.Copy(io.Discard, conn)
		conn.Close()
		cancel()
		running.Wait()
		if _, whole := m.heard.(*protocol.Join); !whole {
			t.Errorf("it has heard %v", m.heard)
		}
	})
}

// recording is a machine that hears one message.
type recording struct {
	stubborn
	opened *roles.Opened
	heard  protocol.Message
}

func (m *recording) Step(at roles.Moment, in roles.Input) []roles.Effect {
	switch in := in.(type) {
	case roles.Opened:
		m.opened = &in
	case roles.Heard:
		m.heard = in.Message
	}
	return m.stubborn.Step(at, in)
}

// A connection that was fed leads to the socket below it, once what is in front has been read.
func TestAFedConnectionIsTheSocketBelow(t *testing.T) {
	l, err := TCP{}.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := TCP{}.Dial(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	conn := feed(feed(near, []byte("behind")), []byte("front"))
	for _, under := range []func(Conn) Conn{unfed, below, bottom} {
		if _, is := under(conn).(*net.TCPConn); !is {
			t.Errorf("%T", under(conn))
		}
	}
	got := make([]byte, len("frontbehind"))
	if !isFed(conn) {
		t.Error("nothing is in front")
	}
	if _, err := io.ReadFull(conn, got); string(got) != "frontbehind" || err != nil || isFed(conn) {
		t.Errorf("%q, %v", got, err)
	}
	if feed(near, nil) != near {
		t.Error("nothing is fed")
	}
}
