package transport

import (
	"context"
	"io"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// board is a relay's program in small: two servers, whose machines splice the links of one circuit.
type board struct {
	t       testing.TB
	over    Switch
	dial    Network // of the peers
	at      [2]string
	servers [2]*Server
	limits  [2][]uint64 // of each leg's splices, one after the other; none: one without a limit
	alone   bool        // a leg is spliced before the other one has come
	stay    bool        // a machine neither ends with the circuit nor when it is told to stop

	passed atomic.Int64 // as Loop.Passed was told

	mu   sync.Mutex
	legs [2]*legMachine
	had  [2][]roles.Input
	end  bool // the circuit has ended
}

// openBoard serves until stop, which waits for that and checks that nothing is left.
func openBoard(t testing.TB, listen, dial Network, set func(b *board)) (b *board, stop func()) {
	t.Helper()
	b = &board{t: t, dial: dial}
	if set != nil {
		set(b)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var serving sync.WaitGroup
	for leg := range b.at {
		l, err := listen.Listen(ctx, "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		b.at[leg] = l.Addr().String()
		s := &Server{
			Loop: &Loop{Switch: &b.over, Passed: b.count}, Listener: l, By: protocol.Relay,
			New: func() roles.Machine { return &legMachine{board: b, leg: -1} }, rest: boardRest,
		}
		b.servers[leg] = s
		serving.Go(func() {
			if err := s.Serve(ctx); err != nil {
				t.Error(err)
			}
		})
	}
	for _, s := range b.servers {
		awaitServing(s) // before that a listener of TLS takes nothing in plain
	}
	return b, sync.OnceFunc(func() {
		cancel()
		serving.Wait()
		if len(b.over.runs) != 0 || len(b.over.waiting) != 0 {
			t.Errorf("%d runs and %d legs are left", len(b.over.runs), len(b.over.waiting))
		}
	})
}

// count takes bytes that Loop.Passed is told of.
func (b *board) count(e Event) {
	if e.What != SplicedBody {
		b.t.Errorf("%v", e)
	}
	b.passed.Add(e.Bytes)
}

// call connects a peer to the relay as one leg, and says more behind its JOIN.
func (b *board) call(leg int, early []byte) Conn {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := b.dial.Dial(ctx, b.at[leg])
	if err != nil {
		b.t.Fatal(err)
	}
	go func() {
		conn.Write(append(protocol.Append(nil, &protocol.Join{Ticket: protocol.Ticket{byte(leg), 1}}), early...))
	}()
	return conn
}

// joined reads JOINED.
func (b *board) joined(conn Conn) {
	b.t.Helper()
	want := protocol.Append(nil, &protocol.Joined{})
	got := make([]byte, len(want))
	if _, err := io.ReadFull(conn, got); err != nil || !slices.Equal(got, want) {
		b.t.Fatalf("%q, %v", got, err)
	}
}

// circuit returns both ends of a circuit.
func (b *board) circuit() (ends [2]Conn) {
	b.t.Helper()
	for leg := range ends {
		ends[leg] = b.call(leg, nil)
		b.t.Cleanup(func() { ends[leg].Close() })
	}
	for _, conn := range ends {
		b.joined(conn)
	}
	return ends
}

// inputs returns what a leg's machine was told, but for Moved, and how many bytes have passed from it.
func (b *board) inputs(leg int) (ins []roles.Input, moved int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, in := range b.had[leg] {
		if m, is := in.(roles.Moved); is {
			moved += m.Bytes
		} else {
			ins = append(ins, in)
		}
	}
	return ins, moved
}

// await waits until a leg's machine was told something of that kind.
func (b *board) await(leg int, is func(roles.Input) bool) {
	b.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		ins, _ := b.inputs(leg)
		if slices.ContainsFunc(ins, is) {
			return
		}
		if time.Now().After(deadline) {
			b.t.Fatalf("leg %d was told %v alone", leg, ins)
		}
	}
}

func told[Kind roles.Input](in roles.Input) bool { _, is := in.(Kind); return is }

// order has a leg's machine, when it is woken, do something.
func (b *board) order(leg int, effects ...roles.Effect) {
	b.t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		b.mu.Lock()
		if m := b.legs[leg]; m != nil {
			m.next = effects
			b.over.wake(m.number)
			b.mu.Unlock()
			return
		}
		b.mu.Unlock()
		if time.Now().After(deadline) {
			b.t.Fatalf("leg %d has not come", leg)
		}
	}
}

// legMachine is the machine of one leg.
type legMachine struct {
	board   *board
	leg     int // -1: not known yet
	number  uint64
	spliced int
	ended   bool
	over    bool
	next    []roles.Effect
}

func (m *legMachine) Final() bool { return m.over }

func (m *legMachine) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	b := m.board
	b.mu.Lock()
	defer b.mu.Unlock()
	if m.leg >= 0 {
		b.had[m.leg] = append(b.had[m.leg], in)
	}
	switch in := in.(type) {
	case roles.Opened:
		m.number = in.Number
		return []roles.Effect{roles.Hear{First: true}}
	case roles.Heard:
		m.leg = int(in.Message.(*protocol.Join).Ticket[0])
		b.legs[m.leg] = m
		if other := b.legs[1-m.leg]; other != nil || b.alone {
			return append(m.start(), b.wake(m)...)
		}
	case roles.Notified:
		return m.notified()
	case roles.Moved, roles.Sent:
	case roles.BodyDone:
		if m.spliced < len(b.limits[m.leg]) {
			return m.splice()
		}
		return m.hangUp()
	case roles.PeerEnded:
		m.ended = true
		if other := b.legs[1-m.leg]; other != nil && other.ended {
			return m.hangUp()
		}
	case roles.Stopped:
		if b.stay {
			return nil
		}
		return m.hangUp()
	default:
		return m.hangUp()
	}
	return nil
}

func (m *legMachine) notified() (effects []roles.Effect) {
	b := m.board
	switch {
	case m.next != nil:
		effects, m.next = m.next, nil
		if slices.ContainsFunc(effects, func(e roles.Effect) bool { _, is := e.(roles.HangUp); return is }) {
			m.over = true
		}
		return effects
	case b.end && !b.stay:
		return m.hangUp()
	case m.spliced == 0 && b.legs[0] != nil && b.legs[1] != nil:
		return m.start()
	}
	return nil
}

func (m *legMachine) start() []roles.Effect {
	return append([]roles.Effect{roles.Send{Message: &protocol.Joined{}}}, m.splice()...)
}

func (m *legMachine) splice() []roles.Effect {
	limit := uint64(1 << 60)
	if all := m.board.limits[m.leg]; m.spliced < len(all) {
		limit = all[m.spliced]
	}
	m.spliced++
	return []roles.Effect{roles.Splice{Circuit: 7, Bytes: limit}}
}

// hangUp ends the circuit.
func (m *legMachine) hangUp() []roles.Effect {
	m.over, m.board.end = true, true
	return append(m.board.wake(m), roles.HangUp{})
}

// wake wakes the other leg.
func (b *board) wake(m *legMachine) []roles.Effect {
	if m.leg < 0 || b.legs[1-m.leg] == nil {
		return nil
	}
	return []roles.Effect{roles.Wake{Number: b.legs[1-m.leg].number}}
}

// overEach tests over each network on which links are spliced: that on which a relay listens, and that from
// which it is dialed.
func overEach(t *testing.T, test func(t *testing.T, listen, dial Network)) {
	t.Run("TCP", func(t *testing.T) { test(t, TCP{}, TCP{}) })
	t.Run("TCP, parked soon", func(t *testing.T) {
		boardRest = time.Millisecond
		defer func() { boardRest = 0 }()
		test(t, TCP{}, TCP{})
	})
	for name, set := range map[string]func(on bool){"without pipes": withoutPipes, "with small vessels": withoutVessels} {
		t.Run("TCP, "+name, func(t *testing.T) {
			set(true)
			defer set(false)
			test(t, TCP{}, TCP{})
		})
	}
	t.Run("Memory", func(t *testing.T) { memory := NewMemory(); test(t, memory, memory) })
	t.Run("in plain to a listener of TLS", func(t *testing.T) { test(t, &TLS{By: protocol.Relay}, TCP{}) })
}

// boardRest is after which time the links of a board are parked; 0: as ever.
var boardRest time.Duration

func randomBytes(n int) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{byte(n)}).Read(b)
	return b
}
