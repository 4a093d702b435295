package transport

import (
	"runtime"
	"sync"

	"github.com/relaypeer/relaypeer/roles"
)

// rounds has the clients of circuits take turns, so that each gets the same share of a busy relay, however
// many circuits it has and however much it sends at once: deficit round robin (Shreedhar and Varghese, 1995)
// over clients in place of queues. In each round a client may pass roles.CircuitTurn bytes, and what one of its circuits
// does not use of that is for the others. A turn waits for nobody, so there are as many at once as there are
// processors. While fewer ask, nobody waits.
//
// Its zero value works.
type rounds struct {
	mu      sync.Mutex
	taken   int // turns
	round   uint64
	clients map[roles.Origin]*contender
	now     []*contender // who wait and have not had all of this round, the next one first
	later   []*contender // who wait for the next round
}

// contender is a client of whom something waits for its turn, or has one.
type contender struct {
	from    roles.Origin
	waiting []chan roundTurn
	queued  bool   // among now or later
	turns   int    // that it has
	round   uint64 // in which it had its last quantum
	deficit int    // bytes that it may pass yet of that; below 0: it has passed more, and pays with its next ones
}

// roundTurn is the permission to pass bytes, at most that many and at least one.
type roundTurn struct {
	most int
	of   *contender // nil: nobody waited
}

// mostInTurn is how many bytes pass in a turn where nobody waits.
const mostInTurn = 256 << 10

// mostTurns is the number of turns at once.
var mostTurns = runtime.GOMAXPROCS(0)

// enter waits for a turn. Then leave is to follow, soon.
func (r *rounds) enter(from roles.Origin) roundTurn {
	r.mu.Lock()
	if r.taken < mostTurns && r.idle() {
		r.taken++
		r.mu.Unlock()
		return roundTurn{most: mostInTurn}
	}
	mine := r.queue(from)
	r.mu.Unlock()
	return <-mine
}

// leave ends a turn in which so many bytes have passed. With more of them it begins to wait for the next one, which is
// sent to the channel: whoever would ask for that himself, later, might miss a round.
func (r *rounds) leave(t roundTurn, from roles.Origin, passed int, more bool) (next chan roundTurn) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.taken--
	if t.of != nil {
		t.of.turns--
		t.of.deficit = min(t.of.deficit+t.most-passed, roles.CircuitTurn)
	}
	if more {
		next = r.queue(from)
	}
	if t.of != nil && t.of.turns == 0 && !t.of.queued {
		delete(r.clients, t.of.from)
	}
	for r.taken < mostTurns && !r.idle() {
		r.give()
	}
	return next
}

// idle reports whether nobody waits. The caller holds the mutex.
func (r *rounds) idle() bool { return len(r.now) == 0 && len(r.later) == 0 }

// queue has a client wait for a turn. The caller holds the mutex.
func (r *rounds) queue(from roles.Origin) (mine chan roundTurn) {
	client := r.clients[from]
	if client == nil {
		if r.clients == nil {
			r.clients, r.round = map[roles.Origin]*contender{}, 1
		}
		client = &contender{from: from}
		if len(r.later) > 0 {
			client.round = r.round // or that would have no end while some come anew
		}
		r.clients[from] = client
	}
	mine = make(chan roundTurn, 1)
	client.waiting = append(client.waiting, mine)
	switch {
	case client.queued:
	case client.round < r.round || client.deficit > 0:
		r.now = append(r.now, client)
	default:
		r.later = append(r.later, client)
	}
	client.queued = true
	return mine
}

// give gives the next client a turn. The caller holds the mutex.
func (r *rounds) give() {
	client := r.first()
	t := roundTurn{min(client.deficit, roles.CircuitTurn), client}
	client.deficit -= t.most
	if r.taken == 0 && len(r.now)+len(r.later) == 1 {
		t.most = mostInTurn // nobody else is there
	}
	r.taken++
	client.turns++
	client.waiting[0] <- t
	client.waiting = client.waiting[1:]
	if client.queued = len(client.waiting) > 0; !client.queued {
		r.now = r.now[1:]
	} else if client.deficit <= 0 {
		r.now, r.later = r.now[1:], append(r.later, client)
	}
}

// first returns the next client that may pass something, which stands first among now. One that has passed more than
// it might, since more was left of before than its turn was for, lets rounds go by. The caller holds the mutex, and
// somebody waits.
func (r *rounds) first() *contender {
	for {
		if len(r.now) == 0 {
			r.now, r.later = r.later, nil
			r.round++
		}
		client := r.now[0]
		if client.round < r.round {
			client.round = r.round
			client.deficit = min(client.deficit, roles.CircuitTurn) + roles.CircuitTurn
		}
		if client.deficit > 0 {
			return client
		}
		r.now, r.later = r.now[1:], append(r.later, client)
	}
}
