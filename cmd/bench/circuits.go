package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

const (
	nowhere       = "127.0.0.1:1" // nobody listens there: a node that is listed there is reached through the relay alone
	circuitFew    = 200           // circuits that are open before those are counted that rest
	circuitIdle   = 2000          // of these
	circuitCrowd  = 1000          // that carry at once
	awaitLinks    = 10_000        // links on which nodes wait for clients
	awaitCalls    = 1000          // of which so many are called
	awaitFiles    = 50_000        // descriptors that this takes, at either end
	smallRoom     = 2 << 10       // bytes of an answer
	circuitRounds = 2             // of rest, until the relay has given back what the beginning took
	circuitRest   = 20 * time.Second
)

// overCircuits returns what measures something of circuits, which are over TLS.
func overCircuits(measure func(context.Context, *lab) ([]row, error)) func(context.Context, *lab) ([]row, error) {
	return func(ctx context.Context, l *lab) ([]row, error) {
		l.overTLS = true
		defer func() { l.overTLS = false }()
		defer wantFiles(awaitFiles)()
		return measure(ctx, l)
	}
}

// startSwitchboard starts a relay with room for all circuits of these measures.
func (l *lab) startSwitchboard(ctx context.Context) (*crew, error) {
	return l.startRelay(ctx, "--circuits", "1000000", "--awaits", "1000000", "--request-rate", "1000000", "--max-links", "60000")
}

// waiter is the least that a node can be to which clients come through a relay.
type waiter struct {
	*wire
	id    protocol.PeerID
	epoch uint64
}

// newWaiter registers a node that nobody can dial.
func newWaiter(ctx context.Context, at string) (*waiter, error) {
	network := &transport.TLS{}
	link, err := dialRoom(ctx, network, at, smallRoom)
	if err != nil {
		return nil, err
	}
	w := &waiter{wire: link, id: network.ID(), epoch: 1}
	if _, err := w.ask(&protocol.Register{ID: w.id, Epoch: w.epoch, Port: 1}); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// await waits for clients, and returns the tickets of those who came, or none.
func (w *waiter) await(wait time.Duration) ([]protocol.Invitation, error) {
	answer, err := w.ask(&protocol.Await{ID: w.id, Epoch: w.epoch, Wait: protocol.ToMillis(wait)})
	if awaited, is := answer.(*protocol.Awaited); is {
		return awaited.Invitations, nil
	}
	return nil, err
}

// call asks over a client's link for a way to a node, and returns the client's ticket.
func (w *wire) call(node protocol.PeerID) (t protocol.Ticket, err error) {
	answer, err := w.ask(&protocol.Circuit{Node: node})
	if opened, is := answer.(*protocol.Opened); is {
		return opened.Ticket, nil
	}
	return t, err
}

// circuit is an open one.
type circuit struct{ client, node *wire }

// close ends both ends.
func (c circuit) close() error { return errors.Join(c.client.close(), c.node.close()) }

// joinCircuit joins both ends, and returns when both have heard of the other.
func joinCircuit(ctx context.Context, at string, client, node protocol.Ticket) (c circuit, err error) {
	if c.client, err = joinWire(ctx, at, client); err != nil {
		return c, err
	}
	if c.node, err = joinWire(ctx, at, node); err != nil {
		return c, errors.Join(err, c.client.close())
	}
	for _, end := range []*wire{c.client, c.node} {
		if _, err := end.hear(); err != nil {
			return c, errors.Join(err, c.close())
		}
	}
	return c, nil
}

// joinWire makes a connection an end of a circuit, and does not wait for the other.
func joinWire(ctx context.Context, at string, ticket protocol.Ticket) (*wire, error) {
	end, err := dialRoom(ctx, transport.TCP{}, at, smallRoom)
	if err != nil {
		return nil, err
	}
	if err := end.say(&protocol.Join{Ticket: ticket}); err != nil {
		return nil, errors.Join(err, end.close())
	}
	return end, nil
}

// openCircuits opens so many between a node and a client of their own.
func openCircuits(ctx context.Context, at string, number int) (all []circuit, err error) {
	defer func() {
		if err != nil {
			closeCircuits(all)
		}
	}()
	node, err := newWaiter(ctx, at)
	if err != nil {
		return nil, err
	}
	defer node.close()
	if _, err := node.await(time.Millisecond); err != nil {
		return nil, err
	}
	client, err := dialRoom(ctx, &transport.TLS{}, at, smallRoom)
	if err != nil {
		return nil, err
	}
	defer client.close()
	for range number {
		c, err := oneCircuit(ctx, at, client, node)
		if err != nil {
			return all, fmt.Errorf("after %d circuits: %w", len(all), err)
		}
		all = append(all, c)
	}
	return all, nil
}

// oneCircuit opens one: the client is there first, and its invitation is what the node's next AWAIT is answered with.
func oneCircuit(ctx context.Context, at string, client *wire, node *waiter) (c circuit, err error) {
	mine, err := client.call(node.id)
	if err != nil {
		return c, err
	}
	come, err := node.await(roles.AwaitMost)
	if err != nil {
		return c, err
	}
	if len(come) != 1 {
		return c, fmt.Errorf("%d invitations came in place of one", len(come))
	}
	return joinCircuit(ctx, at, mine, come[0].Ticket)
}

func closeCircuits(all []circuit) {
	for _, c := range all {
		c.close()
	}
}
