package transport

import (
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// Clients who always have more to pass get the same number of bytes, or nearly, however many circuits each has, and
// in whatever order the turns come to their end.
func TestRoundsGiveEachClientTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r rounds
		var held []roundTurn
		for range mostTurns {
			held = append(held, r.enter(roles.Origin{}))
		}
		type circuit struct {
			client int
			turn   chan roundTurn
		}
		circuits := []circuit{}
		of := rapid.SliceOfN(rapid.IntRange(1, 9), 2*mostTurns, 2*mostTurns+5).Draw(t, "circuits") // of fewer clients each has a turn
		for n, number := range of {
			for range number {
				circuits = append(circuits, circuit{n, r.wait(clientNumber(n))})
			}
		}
		for _, turn := range held {
			r.leave(turn, roles.Origin{}, 0, false)
		}
		chance := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)) // in which order turns come to their end
		passed := make([]int, len(of))
		for range 400 * len(of) {
			var has []*circuit
			for n := range circuits {
				if len(circuits[n].turn) > 0 {
					has = append(has, &circuits[n])
				}
			}
			one := has[chance.IntN(len(has))]
			turn := <-one.turn
			passed[one.client] += turn.most
			one.turn = r.leave(turn, clientNumber(one.client), turn.most, true)
		}
		if least, most := slices.Min(passed), slices.Max(passed); least*10 < most*8 { // a turn may be a long one
			t.Fatalf("%v bytes passed, by %v circuits", passed, of)
		}
	})
}

// wait has a client wait for a turn.
func (r *rounds) wait(from roles.Origin) chan roundTurn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.queue(from)
}

func clientNumber(n int) roles.Origin { return roles.Origin{ID: protocol.PeerID{byte(n + 1)}} }

// Nobody waits while fewer ask than there are turns, and nobody who waits is forgotten.
func TestRoundsWaitOnlyWhenBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var r rounds
		var taken []roundTurn
		for n := range mostTurns {
			taken = append(taken, r.enter(clientNumber(n)))
		}
		got := make(chan roundTurn)
		for n := range 3 {
			go func() { got <- r.enter(clientNumber(n)) }()
		}
		synctest.Wait()
		select {
		case <-got:
			t.Fatal("there are more turns than processors")
		case <-time.After(time.Hour):
		}
		for _, turn := range taken {
			r.leave(turn, roles.Origin{}, 1, false)
		}
		for range 3 {
			turn := <-got
			if turn.most < 1 || turn.most > mostInTurn {
				t.Errorf("a turn has %d bytes", turn.most)
			}
			r.leave(turn, roles.Origin{}, turn.most, false)
		}
		if r.taken != 0 || !r.idle() || len(r.clients) != 0 {
			t.Errorf("%d turns, %d clients are left", r.taken, len(r.clients))
		}
	})
}

// A client that has passed more in a turn than it was for, since more had not fitted before, waits for the others until
// they have passed as much.
func TestWhoPassesTooMuchInATurnWaitsForTheOthers(t *testing.T) {
	var r rounds
	var held []roundTurn
	for range mostTurns {
		held = append(held, r.enter(roles.Origin{}))
	}
	turns, passed := make([]chan roundTurn, 2*mostTurns+2), make([]int, 2*mostTurns+2)
	for n := range turns {
		turns[n] = r.wait(clientNumber(n))
	}
	for _, turn := range held {
		r.leave(turn, roles.Origin{}, 0, false)
	}
	for range 100 {
		for n := range turns {
			if len(turns[n]) == 0 {
				continue
			}
			turn := <-turns[n]
			if turn.most < 1 || turn.most > roles.CircuitTurn {
				t.Fatalf("a turn is for %d bytes", turn.most)
			}
			bytes := turn.most
			if n == 0 && passed[n] == 0 {
				bytes = mostInTurn // what was left of before
			}
			passed[n] += bytes
			turns[n] = r.leave(turn, clientNumber(n), bytes, true)
		}
	}
	for n, bytes := range passed {
		if off := bytes - passed[1]; off < -2*roles.CircuitTurn || off > 2*roles.CircuitTurn {
			t.Errorf("client %d has passed %d bytes more than another one: %v", n, off, passed)
		}
	}
}

// Clients who have little to pass, and come again and again, take no turn of one who waits for the next round.
func TestWhoComesAnewWaitsBehindTheNextRound(t *testing.T) {
	var r rounds
	var held []roundTurn
	for range mostTurns {
		held = append(held, r.enter(roles.Origin{}))
	}
	much := r.wait(clientNumber(0))
	for _, turn := range held[:1] {
		r.leave(turn, roles.Origin{}, 0, false)
	}
	little := make([]chan roundTurn, mostTurns+2)
	for n := range little {
		little[n] = r.wait(clientNumber(n + 1))
	}
	turn := <-much
	much = r.leave(turn, clientNumber(0), turn.most, true)
	for _, turn := range held[1:] {
		r.leave(turn, roles.Origin{}, 0, false)
	}
	for range 3 {
		for n := range little {
			if len(little[n]) > 0 {
				r.leave(<-little[n], clientNumber(n+1), 1, false)
				little[n] = r.wait(clientNumber(n + 1))
			}
		}
	}
	if len(much) == 0 {
		t.Error("a client waits while others have three turns each")
	}
}

// turns are circuits of clients that pass bytes in turns, for tests in which one goroutine does all.
type turns struct {
	rounds
	waiting [2][]chan roundTurn // by client
}

// newTurns returns one in which so many circuits of each client wait for their turns.
func newTurns(of ...int) *turns {
	r := &turns{}
	var held []roundTurn
	for range mostTurns {
		held = append(held, r.enter(roles.Origin{}))
	}
	for client, circuits := range of {
		for range circuits {
			r.waiting[client] = append(r.waiting[client], r.wait(clientNumber(client)))
		}
	}
	for _, turn := range held {
		r.leave(turn, roles.Origin{}, 0, false)
	}
	return r
}

// has returns a turn that a client has got; false: it has none.
func (r *turns) has(client int) (turn roundTurn, has bool) {
	for n, one := range r.waiting[client] {
		if len(one) > 0 {
			r.waiting[client] = slices.Delete(r.waiting[client], n, n+1)
			return <-one, true
		}
	}
	return turn, false
}

// passes ends a client's turn, after which it waits for another one.
func (r *turns) passes(turn roundTurn, client, bytes int) {
	r.waiting[client] = append(r.waiting[client], r.leave(turn, clientNumber(client), bytes, true))
}

// A client that has had the relay for itself, and has not passed all that it might, has nothing put by for the time when
// others come.
func TestWhoWasAloneHasNothingPutBy(t *testing.T) {
	r := newTurns(1)
	for range 1000 {
		turn, _ := r.has(0)
		r.passes(turn, 0, 1)
	}
	for range 2 * mostTurns {
		r.waiting[0] = append(r.waiting[0], r.wait(clientNumber(0)))
		r.waiting[1] = append(r.waiting[1], r.wait(clientNumber(1)))
	}
	passed := 0
	for range 200 * mostTurns {
		if _, comes := r.has(1); comes {
			return
		}
		if turn, has := r.has(0); has {
			passed += turn.most
			r.passes(turn, 0, turn.most)
		}
	}
	t.Errorf("client 0 has passed %d bytes, and client 1 none", passed)
}
