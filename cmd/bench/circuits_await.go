package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// come is a client that has come to a node.
type come struct {
	node   protocol.PeerID
	ticket protocol.Ticket
	at     time.Time
}

// waiters are nodes that wait for clients, each on a link of its own.
type waiters struct {
	all     []*waiter
	come    chan come
	waiting sync.WaitGroup
	mu      sync.Mutex
	stops   bool
	failed  error // the first
}

// awaitingNodes tells what a link on which a node waits takes of the relay's memory, and how soon a client's call reaches
// the node.
func awaitingNodes(ctx context.Context, l *lab) (rows []row, err error) {
	c, err := l.startSwitchboard(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.stop()) }()
	before := residentMemory(c.relay.Process.Pid)
	w := &waiters{come: make(chan come, 16)}
	defer func() { w.stop() }()
	if err := w.add(ctx, c.relayAt(), l.few(awaitLinks)); err != nil {
		return nil, err
	}
	if err := pause(ctx, time.Duration(circuitRounds*l.few(awaitLinks)/awaitLinks)*circuitRest); err != nil {
		return nil, err
	}
	links := float64(len(w.all))
	each := float64(residentMemory(c.relay.Process.Pid)-before) / links / 1024
	reached, joined, err := w.called(ctx, c.relayAt(), l.few(awaitCalls))
	if err != nil {
		return nil, err
	}
	what := number(links) + " links on which nodes wait"
	if len(w.all) < l.few(awaitLinks) {
		what += " (as many as the relay has room for)"
	}
	return []row{
		{what: what + ", each of the relay's memory", ours: each, unit: "KiB", bar: bar{most: 32}},
		{what: "from CIRCUIT to its node's AWAITED among them, median", ours: middle(reached), unit: "ms", bar: bar{most: 5}},
		{what: "the same, of 99 in 100", ours: within(reached, 0.99), unit: "ms", bar: bar{most: 5}},
		{what: "from CIRCUIT to both ends being told JOINED, median", ours: middle(joined), unit: "ms"},
	}, nil
}

// within returns the milliseconds within which that share of sorted times lies.
func within(sorted []time.Duration, of float64) float64 {
	return float64(sorted[int(of*float64(len(sorted)-1))]) / float64(time.Millisecond)
}

// add has nodes wait, as many as asked for or as there is room for.
func (w *waiters) add(ctx context.Context, at string, number int) error {
	added := make([]*waiter, number)
	err := atOnce(secureClients, number, func(n int) (err error) {
		if added[n], err = newWaiter(ctx, at); err != nil {
			return fmt.Errorf("node %d: %w", n, err)
		}
		if _, err = added[n].await(time.Millisecond); err != nil {
			err = errors.Join(err, added[n].close())
			added[n] = nil
		} else {
			w.waiting.Go(func() { w.wait(added[n]) })
		}
		return err
	})
	for _, one := range added {
		if one != nil {
			w.all = append(w.all, one)
		}
	}
	if refusal := (*protocol.Error)(nil); errors.As(err, &refusal) && refusal.Code == protocol.Busy && len(w.all) > 0 {
		return nil
	}
	return err
}

// wait has a node wait again and again, until all are to stop.
func (w *waiters) wait(node *waiter) {
	for {
		invitations, err := node.await(roles.AwaitMost)
		now := time.Now()
		if err != nil {
			w.lost(err)
			return
		}
		for _, one := range invitations {
			w.come <- come{node.id, one.Ticket, now}
		}
	}
}

// lost keeps the first error of a node that was not to stop.
func (w *waiters) lost(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.stops && w.failed == nil {
		w.failed = err
	}
}

func (w *waiters) stop() {
	w.mu.Lock()
	w.stops = true
	w.mu.Unlock()
	for _, one := range w.all {
		one.close()
	}
	w.waiting.Wait()
}

// called has clients call some of the nodes, and returns how long that took, sorted: until the node knew, and until both
// were told that the other is there.
func (w *waiters) called(ctx context.Context, at string, calls int) (reached, joined []time.Duration, err error) {
	client, err := dialRoom(ctx, &transport.TLS{}, at, smallRoom)
	if err != nil {
		return nil, nil, err
	}
	defer client.close()
	for n := range min(calls, len(w.all)) {
		node := w.all[n*len(w.all)/min(calls, len(w.all))]
		begin := time.Now()
		mine, err := client.call(node.id)
		if err != nil {
			return nil, nil, err
		}
		theirs, err := w.next(ctx, node)
		if err != nil {
			return nil, nil, err
		}
		reached = append(reached, theirs.at.Sub(begin))
		c, err := joinCircuit(ctx, at, mine, theirs.ticket)
		if err != nil {
			return nil, nil, err
		}
		joined = append(joined, time.Since(begin))
		c.close()
	}
	slices.Sort(reached)
	slices.Sort(joined)
	w.mu.Lock()
	defer w.mu.Unlock()
	return reached, joined, w.failed
}

// next waits until a client has come to a node.
func (w *waiters) next(ctx context.Context, node *waiter) (come, error) {
	select {
	case c := <-w.come:
		if c.node != node.id {
			return c, errors.New("another node was told than the one that was called")
		}
		return c, nil
	case <-time.After(roles.JoinTimeout):
		return come{}, errors.New("the node was not told that a client has come")
	case <-ctx.Done():
		return come{}, ctx.Err()
	}
}
