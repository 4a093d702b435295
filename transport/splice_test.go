package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// What one end says comes to the other one, whole and in order, both ways at once, from the bytes on that
// have come behind JOIN. An end of stream is passed on while the other way goes on.
func TestACircuitPassesBytesBothWays(t *testing.T) {
	overEach(t, func(t *testing.T, listen, dial Network) {
		for _, early := range []int{0, 1, 300, pageSize, 100_000} {
			b, stop := openBoard(t, listen, dial, nil)
			said := [2][]byte{randomBytes(3<<20 + early), randomBytes(2<<20 + early)}
			var ends [2]Conn
			for leg := range ends {
				ends[leg] = b.call(leg, said[leg][:early])
			}
			var talking sync.WaitGroup
			for leg, conn := range ends {
				b.joined(conn)
				talking.Go(func() {
					if early > 50_000 {
						time.Sleep(50 * time.Millisecond) // call writes it from another goroutine
					}
					conn.Write(said[leg][early:])
					conn.CloseWrite()
				})
				talking.Go(func() {
					got, err := io.ReadAll(conn)
					if err != nil || !bytes.Equal(got, said[1-leg]) {
						t.Errorf("leg %d got %d bytes, not those %d: %v", leg, len(got), len(said[1-leg]), err)
					}
				})
			}
			talking.Wait()
			for leg, conn := range ends {
				b.await(leg, told[roles.PeerEnded])
				ins, moved := b.inputs(leg)
				if moved != int64(len(said[leg])) || slices.ContainsFunc(ins, told[roles.Lost]) {
					t.Errorf("leg %d was told of %d bytes, and %v", leg, moved, ins)
				}
				conn.Close()
			}
			stop()
		}
	})
}

// An end that has said all still hears, whichever it is.
func TestAHalfCloseIsPassedOn(t *testing.T) {
	overEach(t, func(t *testing.T, listen, dial Network) {
		for first := range 2 {
			b, stop := openBoard(t, listen, dial, nil)
			ends := b.circuit()
			ends[first].Write([]byte("question"))
			ends[first].CloseWrite()
			if got, err := io.ReadAll(ends[1-first]); string(got) != "question" || err != nil {
				t.Errorf("%q, %v", got, err)
			}
			answer := randomBytes(1 << 20)
			go func() { ends[1-first].Write(answer); ends[1-first].CloseWrite() }()
			if got, err := io.ReadAll(ends[first]); !bytes.Equal(got, answer) || err != nil {
				t.Errorf("%d bytes, %v", len(got), err)
			}
			for _, conn := range ends {
				conn.Close()
			}
			stop()
		}
	})
}

// No byte passes beyond what a Splice allows, and none is lost between two of them.
func TestASpliceEndsAtItsLimit(t *testing.T) {
	const size, early = 100_000, 500
	for _, limits := range [][]uint64{
		{0}, {1}, {early - 1}, {early}, {early + 1}, {size - 1}, {size}, {size + 1},
		{0, 1, early, 4096, 0, size}, {size, 0, 1}, {1 << 60, 5},
	} {
		allowed := uint64(0)
		for _, limit := range limits {
			allowed += limit
		}
		overEach(t, func(t *testing.T, listen, dial Network) {
			b, stop := openBoard(t, listen, dial, func(b *board) { b.limits[0] = limits })
			said := randomBytes(size)
			from := b.call(0, said[:early])
			to := b.call(1, nil)
			b.joined(from)
			b.joined(to)
			go func() { from.Write(said[early:]); from.CloseWrite() }()
			got, _ := io.ReadAll(to)
			if want := said[:min(allowed, size)]; !bytes.Equal(got, want) {
				t.Errorf("%v: %d bytes have come, not those %d", limits, len(got), len(want))
			}
			b.await(0, func(in roles.Input) bool {
				if allowed > size {
					return told[roles.PeerEnded](in)
				}
				return told[roles.BodyDone](in)
			})
			done := 0
			ins, moved := b.inputs(0)
			for _, in := range ins {
				if told[roles.BodyDone](in) {
					done++
				}
			}
			if allowed <= size && done != len(limits) || moved != int64(min(allowed, size)) {
				t.Errorf("%v: %d bytes have passed, %d of them came to their end", limits, moved, done)
			}
			if passed := b.passed.Load(); passed != moved {
				t.Errorf("%v: %d bytes are counted, of %d", limits, passed, moved)
			}
			from.Close()
			to.Close()
			stop()
		})
	}
}

// Whichever link ends in the middle, the other one ends soon, although its peer takes nothing, says nothing
// or says more than is taken.
func TestACircuitEndsOnBothSides(t *testing.T) {
	ends := map[string]func(b *board, leg int, conn Conn){
		"its peer closes": func(_ *board, _ int, conn Conn) { conn.Close() },
		"its peer resets": func(_ *board, _ int, conn Conn) {
			if socket, is := conn.(*net.TCPConn); is {
				socket.SetLinger(0)
			}
			conn.Close()
		},
		"its machine hangs up": func(b *board, leg int, _ Conn) {
			b.mu.Lock()
			b.end = true
			other := b.legs[1-leg].number
			b.mu.Unlock()
			b.order(leg, roles.HangUp{}, roles.Wake{Number: other})
		},
	}
	for name, end := range ends {
		for leg := range 2 {
			for talks := range 3 { // leg 0, 1, or none
				t.Run(fmt.Sprintf("%s, %d while %d talks", name, leg, talks), func(t *testing.T) {
					overEach(t, func(t *testing.T, listen, dial Network) {
						b, stop := openBoard(t, listen, dial, nil)
						both := b.circuit()
						var talking sync.WaitGroup
						if talks < 2 {
							talking.Go(func() { both[talks].Write(make([]byte, 32<<20)) })
							time.Sleep(50 * time.Millisecond) // nobody takes it
						}
						end(b, leg, both[leg])
						begin := time.Now()
						both[1-leg].SetReadDeadline(begin.Add(10 * time.Second))
						if talks == leg {
							io.Copy(io.Discard, both[1-leg])
						}
						if talks == 2 { // nothing else tells that the peer has gone
							both[1-leg].CloseWrite()
							io.Copy(io.Discard, both[1-leg])
						}
						if talks == 1-leg {
							talking.Wait()
						}
						if took := time.Since(begin); took > 5*time.Second {
							t.Errorf("it took %v", took)
						}
						both[0].Close()
						both[1].Close()
						talking.Wait()
						stop()
					})
				})
			}
		}
	}
}

// A link whose circuit has ended rests: its machine is told nothing by itself, and may read the rest away.
func TestALinkRestsWhenItsCircuitHasEnded(t *testing.T) {
	overEach(t, func(t *testing.T, listen, dial Network) {
		for _, flood := range []bool{false, true} {
			b, stop := openBoard(t, listen, dial, func(b *board) { b.stay = true })
			ends := b.circuit()
			var talking sync.WaitGroup
			if flood {
				talking.Go(func() {
					ends[1].Write(make([]byte, 32<<20))
					ends[1].CloseWrite()
				})
			}
			time.Sleep(50 * time.Millisecond)
			b.order(0, roles.HangUp{})
			time.Sleep(50 * time.Millisecond)
			if ins, _ := b.inputs(1); slices.ContainsFunc(ins, func(in roles.Input) bool {
				return told[roles.PeerEnded](in) || told[roles.Lost](in) || told[roles.BodyDone](in)
			}) {
				t.Errorf("it was told %v", ins)
			}
			b.order(1, roles.Send{Message: &protocol.Error{Code: protocol.PeerGone, By: protocol.Relay, Text: "gone"}}, roles.HalfClose{}, roles.Discard{})
			rest, err := io.ReadAll(ends[1])
			if m, _, bad := protocol.DecodeWithin(rest, protocol.MaxFirst); err != nil || bad != nil || m == nil {
				t.Errorf("%q, %v", rest, err)
			}
			talking.Wait()
			ends[1].CloseWrite()
			b.await(1, told[roles.PeerEnded])
			b.mu.Lock()
			b.stay = false
			b.mu.Unlock()
			b.order(1, roles.HangUp{})
			stop()
		}
	})
}

// A link that is hung up while the other one takes nothing of it leaves nothing behind, whatever becomes of
// that one.
func TestALinkIsHungUpThatTheOtherDoesNotTake(t *testing.T) {
	overEach(t, func(t *testing.T, listen, dial Network) {
		b, stop := openBoard(t, listen, dial, func(b *board) { b.stay = true })
		ends := b.circuit()
		var talking sync.WaitGroup
		talking.Go(func() { ends[0].Write(make([]byte, 32<<20)) })
		time.Sleep(50 * time.Millisecond)
		b.order(0, roles.HangUp{})
		for deadline := time.Now().Add(5 * time.Second); len(b.servers[0].running()) > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Error("its reader still waits")
				break
			}
		}
		talking.Wait()
		if ins, _ := b.inputs(1); slices.ContainsFunc(ins, told[roles.Lost]) {
			t.Errorf("the other one was told %v", ins)
		}
		b.order(1, roles.HangUp{})
		stop()
		ends[1].Close()
	})
}

// A machine that wants something else of its link takes it out of the circuit: nothing of it is passed on
// any more.
func TestALinkIsTakenOutOfItsCircuit(t *testing.T) {
	overEach(t, func(t *testing.T, listen, dial Network) {
		b, stop := openBoard(t, listen, dial, func(b *board) { b.stay = true })
		ends := b.circuit()
		b.order(1, roles.Discard{})
		time.Sleep(20 * time.Millisecond)
		ends[1].Write(make([]byte, 8<<20))
		ends[1].CloseWrite()
		b.await(1, told[roles.PeerEnded])
		ins, moved := b.inputs(0)
		if _, of := b.inputs(1); moved != 0 || of != 0 || slices.ContainsFunc(ins, told[roles.Lost]) {
			t.Errorf("%d and %d bytes have passed, and the other one was told %v", moved, of, ins)
		}
		b.order(0, roles.HangUp{})
		b.order(1, roles.HangUp{})
		stop()
		ends[0].Close()
		ends[1].Close()
	})
}

// A leg whose other one never comes waits, reads nothing, and is freed by its machine, or by the end of its
// server.
func TestALegWaitsForTheOtherOne(t *testing.T) {
	overEach(t, func(t *testing.T, listen, dial Network) {
		for _, ends := range []func(b *board){
			func(b *board) { b.order(0, roles.HangUp{}) },
			func(b *board) { b.order(0, roles.HalfClose{}, roles.HangUp{}) },
			func(*board) {}, // the server stops
		} {
			b, stop := openBoard(t, listen, dial, func(b *board) { b.alone = true })
			conn := b.call(0, []byte("early"))
			b.joined(conn)
			time.Sleep(20 * time.Millisecond)
			if ins, moved := b.inputs(0); len(ins) != 0 || moved != 0 {
				t.Errorf("it was told %v, and of %d bytes", ins, moved)
			}
			ends(b)
			if ins, _ := b.inputs(0); slices.ContainsFunc(ins, told[roles.BodyDone]) {
				t.Errorf("it was told %v", ins)
			}
			stop()
			conn.Close()
		}
	})
}

// Machines that do not end are cut with their server, whatever their readers wait for.
func TestASpliceIsCutWithItsServer(t *testing.T) {
	for _, talks := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			memory := NewMemory()
			b, stop := openBoard(t, memory, memory, func(b *board) { b.stay = true })
			ends := b.circuit()
			var talking sync.WaitGroup
			if talks {
				for _, conn := range ends {
					talking.Go(func() { conn.Write(make([]byte, 8<<20)) })
				}
			}
			synctest.Wait()
			begin := time.Now()
			stop()
			if took := time.Since(begin); took != roles.DrainTimeout {
				t.Errorf("it took %v", took)
			}
			talking.Wait()
			for _, conn := range ends {
				conn.Close()
			}
		})
	}
}

// A splice is held up for as long as its peer takes nothing, without a deadline, and goes on then.
func TestASpliceHasNoDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		memory := NewMemory()
		b, stop := openBoard(t, memory, memory, nil)
		ends := b.circuit()
		said := randomBytes(4 << 20)
		go func() { ends[0].Write(said); ends[0].CloseWrite() }()
		time.Sleep(time.Hour)
		if got, err := io.ReadAll(ends[1]); err != nil || !bytes.Equal(got, said) {
			t.Errorf("%d bytes, %v", len(got), err)
		}
		time.Sleep(time.Hour)
		ends[1].Write([]byte("late"))
		ends[1].CloseWrite()
		if got, err := io.ReadAll(ends[0]); err != nil || string(got) != "late" {
			t.Errorf("%q, %v", got, err)
		}
		for _, conn := range ends {
			conn.Close()
		}
		stop()
	})
}

// Without a switch a link is not spliced, and a third leg belongs to no circuit.
func TestWhatCannotBeSpliced(t *testing.T) {
	memory := NewMemory()
	l, err := memory.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	near, err := memory.Dial(t.Context(), l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	far, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	b := &board{t: t, alone: true}
	near.Write(protocol.Append(nil, &protocol.Join{Ticket: protocol.Ticket{0, 1}}))
	loop := &Loop{}
	if err := loop.Serve(t.Context(), nil, &legMachine{board: b, leg: -1}, far); err != nil {
		t.Error(err)
	}
	if ins, _ := b.inputs(0); len(ins) != 1 || !told[roles.Lost](ins[0]) {
		t.Errorf("it was told %v", ins)
	}
}

// An idle circuit holds no buffer, whatever has passed over it.
func TestAnIdleCircuitHoldsNoBuffer(t *testing.T) {
	const circuits = 30
	var boards []func()
	before := memoryInUse()
	for range circuits {
		b, stop := openBoard(t, TCP{}, TCP{}, nil)
		ends := b.circuit()
		exchange(t, ends[0], ends[1], make([]byte, 1<<20))
		exchange(t, ends[1], ends[0], make([]byte, 1<<20))
		boards = append(boards, func() { ends[0].Close(); ends[1].Close(); stop() })
	}
	time.Sleep(20 * time.Millisecond) // the readers wait again
	if each := (memoryInUse() - before) / circuits / 2; each > 24<<10 {
		t.Errorf("each link of an idle circuit holds %d bytes", each) // with its listener, server and peer
	}
	for _, stop := range boards {
		stop()
	}
}

func memoryInUse() int64 {
	for range 3 {
		runtime.GC() // a pool loses what is in it with the second one
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// For its server each link of a circuit is as busy as the circuit, whichever of them talks.
func TestBothLinksOfACircuitAreBusy(t *testing.T) {
	memory := NewMemory()
	b, stop := openBoard(t, memory, memory, nil)
	ends := b.circuit()
	exchange(t, ends[0], ends[1], make([]byte, 1<<20))
	exchange(t, ends[1], ends[0], make([]byte, 1))
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
		least := int64(1 << 60)
		b.over.mu.Lock()
		for _, r := range b.over.runs {
			least = min(least, r.moved.Load())
		}
		b.over.mu.Unlock()
		if least > 1<<20 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("only %d bytes count", least)
		}
	}
	ends[0].Close()
	ends[1].Close()
	stop()
}

// A machine that is busy has one notice on its way, however often it is woken; none that has ended is woken.
func TestWakingNeitherWaitsNorGathers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Switch{}
		m := &slowMachine{free: make(chan struct{})}
		near, far := newMemoryLink(netip.MustParseAddrPort("127.0.0.1:1"), netip.MustParseAddrPort("127.0.0.1:2"))
		defer near.Close()
		done := make(chan error)
		loop := &Loop{Switch: s}
		go func() { done <- loop.Serve(context.Background(), nil, m, far) }()
		synctest.Wait()
		for range 1000 {
			s.wake(m.number)
			s.wake(m.number + 1)
			s.wake(0)
		}
		synctest.Wait()
		close(m.free)
		synctest.Wait()
		for range 3 {
			s.wake(m.number)
			synctest.Wait()
		}
		if m.notified != 4 || m.number == 0 {
			t.Errorf("number %d was notified %d times", m.number, m.notified)
		}
		near.Close()
		if err := <-done; err != nil || len(s.runs) != 0 {
			t.Errorf("%v, %d runs are left", err, len(s.runs))
		}
		s.wake(m.number)
	})
}

// slowMachine is busy with its Opened until it is freed, and ends with its link.
type slowMachine struct {
	stubborn
	free     chan struct{}
	number   uint64
	notified int
}

func (m *slowMachine) Step(at roles.Moment, in roles.Input) []roles.Effect {
	switch in := in.(type) {
	case roles.Opened:
		m.number = in.Number
		<-m.free
	case roles.Notified:
		m.notified++
		return nil
	}
	return m.stubborn.Step(at, in)
}
