package transport

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// inviting is a server whose machines are counted.
type inviting struct {
	*Server
	taken, freed atomic.Int32
	mu           sync.Mutex
	first        []roles.Input // of each machine
	stop         func()
}

// guest is a machine that ends as the test says: at once, when it is stopped, or not by itself.
type guest struct {
	at     *inviting
	ends   func(roles.Input) bool
	hasHad bool
	over   bool
}

func (g *guest) Final() bool { return g.over }

func (g *guest) Step(_ roles.Moment, in roles.Input) []roles.Effect {
	g.at.mu.Lock()
	defer g.at.mu.Unlock()
	if !g.hasHad {
		g.at.first = append(g.at.first, in)
	}
	g.hasHad = true
	g.over = g.ends(in)
	return nil
}

// serveGuests serves, where serving has begun when it returns.
func serveGuests(t *testing.T, limit int, ends func(roles.Input) bool) *inviting {
	t.Helper()
	memory := NewMemory()
	l, err := memory.Listen(t.Context(), "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	i := &inviting{}
	i.Server = &Server{
		Loop: &Loop{Network: memory, Switch: &Switch{}}, Listener: l, Limit: limit,
		New:  func() roles.Machine { i.taken.Add(1); return &guest{at: i, ends: ends} },
		Free: func(roles.Machine) { i.freed.Add(1) },
	}
	i.Invite(roles.Invited{Relay: "too early"})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := i.Serve(ctx); err != nil {
			t.Error(err)
		}
	}()
	synctest.Wait()
	i.stop = func() {
		cancel()
		<-done
		if i.taken.Load() != i.freed.Load() || len(i.runs) != 0 {
			t.Errorf("of %d machines %d came back, and %d run", i.taken.Load(), i.freed.Load(), len(i.runs))
		}
	}
	return i
}

// An invitation is the first that its machine is told. Before a server serves, and after that, there is none.
func TestAnInvitationRunsAMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := serveGuests(t, 0, func(roles.Input) bool { return true })
		in := roles.Invited{Relay: "relay:1", Ticket: protocol.Ticket{1}}
		i.Invite(in)
		synctest.Wait()
		i.stop()
		i.Invite(in)
		synctest.Wait()
		if len(i.first) != 1 || i.first[0] != roles.Input(in) {
			t.Errorf("the machines were told %v", i.first)
		}
	})
}

// Invitations count among the links. Those above the limit are told so, and those beyond that do not run.
func TestInvitationsAreLimited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const limit = 10
		i := serveGuests(t, limit, told[roles.Stopped])
		for range 3 * (limit + Farewells(limit)) {
			i.Invite(roles.Invited{Relay: "relay:1"})
		}
		synctest.Wait()
		busy := 0
		for _, in := range i.first {
			if in.(roles.Invited).Busy {
				busy++
			}
		}
		if len(i.first) != limit+Farewells(limit) || busy != Farewells(limit) {
			t.Errorf("%d machines run, %d of them are told that there is no room", len(i.first), busy)
		}
		begin := time.Now()
		i.stop()
		if time.Since(begin) != 0 {
			t.Errorf("stopping took %v", time.Since(begin))
		}
	})
}

// Those that do not end when their server stops are cut.
func TestInvitationsAreCutWithTheirServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := serveGuests(t, 0, func(roles.Input) bool { return false })
		for range 5 {
			i.Invite(roles.Invited{})
		}
		begin := time.Now()
		i.stop()
		if time.Since(begin) != roles.DrainTimeout || len(i.first) != 5 {
			t.Errorf("stopping took %v, with %d", time.Since(begin), len(i.first))
		}
	})
}

// Invitations come from any goroutine, while a server begins and stops.
func TestInvitationsComeAtAnyTime(t *testing.T) {
	for range 20 {
		memory := NewMemory()
		l, err := memory.Listen(t.Context(), "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		i := &inviting{}
		i.Server = &Server{
			Loop: &Loop{Network: memory}, Listener: l, Limit: 3,
			New:  func() roles.Machine { i.taken.Add(1); return &guest{at: i, ends: told[roles.Stopped]} },
			Free: func(roles.Machine) { i.freed.Add(1) },
		}
		ctx, cancel := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				for range 200 {
					i.Invite(roles.Invited{Relay: "relay:1"})
				}
			})
		}
		all.Go(func() { i.Serve(ctx) })
		time.Sleep(time.Millisecond)
		cancel()
		all.Wait()
		if i.taken.Load() != i.freed.Load() {
			t.Errorf("of %d machines %d came back", i.taken.Load(), i.freed.Load())
		}
	}
}

// A node that is invited serves the client at the other end of the circuit; above its limit it says so.
func TestAnInvitedNodeServesOverACircuit(t *testing.T) {
	overEach(t, func(t *testing.T, listen, dial Network) {
		for _, busy := range []bool{false, true} {
			b, stop := openBoard(t, listen, dial, nil)
			own := &TLS{Network: dial}
			l, err := own.Listen(t.Context(), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			node := newEnd("", 1, protocol.PeerID{}, true)
			machines := make(chan roles.Machine, 2)
			if busy {
				machines <- &guest{at: &inviting{}, ends: told[roles.Stopped]}
			}
			machines <- node
			s := &Server{Loop: &Loop{Network: own}, Listener: l, Limit: 1, New: func() roles.Machine { return <-machines }}
			ctx, cancel := context.WithCancel(t.Context())
			var running sync.WaitGroup
			running.Go(func() { s.Serve(ctx) })
			awaitServing(s)
			for range len(machines) {
				s.Invite(roles.Invited{Relay: b.at[1], Ticket: protocol.Ticket{1}})
			}
			client := newEnd(b.at[0], 0, own.ID(), false)
			if err := (&Loop{Network: &TLS{Network: dial}}).Run(t.Context(), nil, client); err != nil || client.heard != 2 {
				t.Errorf("%v, and %v", err, client.had)
			}
			<-node.ended
			if opened, _ := node.secured(); opened.Busy != busy || node.had[0].(roles.Invited).Busy != busy {
				t.Errorf("%+v", node.had)
			}
			cancel()
			running.Wait()
			stop()
		}
	})
}

// awaitServing waits until a server takes links and invitations.
func awaitServing(s *Server) {
	for serves := false; !serves; time.Sleep(time.Millisecond) {
		s.mu.Lock()
		serves = s.inviting
		s.mu.Unlock()
	}
}

// TestOneRelayInvitesNoMoreThanAnAddressMayHave: what a relay has a node serve leaves links to those who dial it.
func TestOneRelayInvitesNoMoreThanAnAddressMayHave(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		i := serveGuests(t, 100, func(in roles.Input) bool { _, stops := in.(roles.Stopped); return stops })
		i.From = 3
		for range 5 {
			i.Invite(roles.Invited{Relay: "127.0.0.1:1"})
		}
		synctest.Wait()
		if len(i.runs) != 3 {
			t.Errorf("%d run", len(i.runs))
		}
		i.stop()
		if i.guests != 0 {
			t.Errorf("%d are counted when all are over", i.guests)
		}
	})
}
