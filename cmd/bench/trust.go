package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/peer"
)

const (
	secureLocates = 2000 // of each counted run
	secureClients = 16   // that ask at once
	secureLeases  = 50   // that an answer names
	secureIdle    = 2000 // links that rest
	restRounds    = 4    // of rest, each of less than IdleTimeout
	secureNodes   = 100  // registrations of each counted run
	secureRenews  = 2000 // renewals that are counted
	secureCrowd   = 2000 // nodes that register at once
	crowdTries    = 50   // of each of them
	manyLeases    = 100_000
)

// few returns a number of these measures, smaller where there are fewer small files than usual: in tests.
func (l *lab) few(usual int) int { return max(1, usual*min(l.files, usualFiles)/usualFiles) }

// measureTrust is about what links that prove ids cost a relay.
func measureTrust(ctx context.Context, l *lab) (rows []row, err error) {
	for _, part := range []func(context.Context, *lab) ([]row, error){locateSecurely, idleSecurely, registerSecurely, renewSecurely, registerAtOnce} {
		more, err := part(ctx, l)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	return rows, nil
}

// served is a server of this process, until it is stopped.
type served struct {
	at   string
	stop func() error
}

// serveRelay serves a relay over a network.
func serveRelay(ctx context.Context, r *peer.Relay, network transport.Network) (served, error) {
	listener, err := network.Listen(ctx, "127.0.0.1:0")
	if err != nil {
		return served{}, err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- r.Serve(ctx, listener) }()
	return served{listener.Addr().String(), func() error {
		cancel()
		return <-ended
	}}, nil
}

// unbounded is a relay without a bound on how often one id asks: all clients of these measures have one.
func unbounded(directory relay.Directory, network transport.Network) *peer.Relay {
	return &peer.Relay{Directory: directory, Network: network, RequestRate: 1 << 30}
}

// atOnce calls f for each number below all, so many at once.
func atOnce(workers, all int, f func(n int) error) error {
	failed := make([]error, workers)
	var working sync.WaitGroup
	for w := range workers {
		working.Go(func() {
			for n := w; n < all && failed[w] == nil; n += workers {
				failed[w] = f(n)
			}
		})
	}
	working.Wait()
	for _, err := range failed { // one of them tells enough
		if err != nil {
			return err
		}
	}
	return nil
}

// serveSecurely starts a relay of its own process, over TLS.
func (l *lab) serveSecurely(ctx context.Context) (*server, string, error) {
	l.overTLS = true
	defer func() { l.overTLS = false }()
	args := append(l.speaking(), "--host", "127.0.0.1", "--log-level", "warn", "--request-rate", "1000000", "0")
	return serve(ctx, "ready ", l.program("relay-server"), args...)
}

// idleSecurely tells what a link that rests takes of the server's memory.
func idleSecurely(ctx context.Context, l *lab) (rows []row, err error) {
	server, at, err := l.serveSecurely(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	network := &transport.TLS{}
	idle := l.few(secureIdle)
	wires := make([]*wire, idle)
	rest := func(n int) (err error) {
		if wires[n], err = secureWire(ctx, network, at); err == nil {
			_, err = wires[n].ask(&protocol.Locate{})
		}
		return err
	}
	defer func() {
		for _, w := range wires {
			if w != nil {
				w.close()
			}
		}
	}()
	before := residentMemory(server.Process.Pid)
	if err := atOnce(secureClients, idle, rest); err != nil {
		return nil, err
	}
	for range restRounds * idle / secureIdle { // until the server has given back what the handshakes took, and no link is idle for too long
		if err := pause(ctx, roles.IdleTimeout*4/5); err != nil {
			return nil, err
		}
		if err := atOnce(secureClients, idle, func(n int) error {
			_, err := wires[n].ask(&protocol.Locate{})
			return err
		}); err != nil {
			return nil, err
		}
	}
	each := float64(residentMemory(server.Process.Pid)-before) / float64(idle) / 1024
	return []row{{what: "a TLS link that rests, of the server's memory", ours: each, unit: "KiB", bar: bar{most: 32}}}, nil
}

// pause waits, unless ctx is done before.
func pause(ctx context.Context, wait time.Duration) error {
	select {
	case <-time.After(wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// registerSecurely tells how long a registration takes, with the proof of its address and without.
func registerSecurely(ctx context.Context, l *lab) (rows []row, err error) {
	node, err := newSecureNode(ctx)
	if err != nil {
		return nil, err
	}
	defer node.stop()
	network := &transport.TLS{By: protocol.Relay}
	var ways []way
	for name, over := range map[string]transport.Network{"with a proof": network, "without": nil} {
		relay, err := serveRelay(ctx, unbounded(nil, over), network)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, relay.stop()) }()
		ways = append(ways, way{name, func(ctx context.Context) (sample, error) {
			var took []time.Duration
			for range l.few(secureNodes) {
				begin := time.Now()
				reach, err := node.register(ctx, relay.at)
				if err != nil || (reach == protocol.ReachDirect) != (over != nil) {
					return sample{}, errors.Join(err, fmt.Errorf("the node is %s", reach))
				}
				took = append(took, time.Since(begin))
			}
			slices.Sort(took)
			return sample{took: took[len(took)/2]}, nil
		}})
	}
	samples, err := l.turns(ctx, 0, func() error { return nil }, ways...)
	if err != nil {
		return nil, err
	}
	took := map[string]float64{}
	for i, w := range ways {
		took[w.name] = medianSeconds(samples[i]) * 1000
	}
	return []row{
		{what: "registration over TLS with the proof of its address, median", ours: took["with a proof"], unit: "ms", bar: bar{most: 5}},
		{what: "the same without a proof", ours: took["without"], unit: "ms"},
	}, nil
}

// renewSecurely tells how much of a processor the renewals of many leases take: each is a whole handshake, and
// the relay says how many of them come in a second.
func renewSecurely(ctx context.Context, l *lab) (rows []row, err error) {
	server, at, err := l.serveSecurely(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	node, err := newSecureNode(ctx)
	if err != nil {
		return nil, err
	}
	defer node.stop()
	if _, err := node.register(ctx, at); err != nil {
		return nil, err
	}
	before := usedCPU(server.Process.Pid)
	renews := l.few(secureRenews)
	if err := atOnce(4, renews, func(int) error {
		_, err := node.renew(ctx, at)
		return err
	}); err != nil {
		return nil, err
	}
	each := (usedCPU(server.Process.Pid) - before).Seconds() / float64(renews)
	crowded := relay.NewRegistry(relay.Policy{})
	var renew uint64
	for n := range manyLeases {
		id := protocol.PeerID{byte(n), byte(n >> 8), byte(n >> 16), 1}
		from := relay.From{Peer: netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})}
		if granted, is := crowded.Register(roles.Moment{}, from, &protocol.Register{ID: id, Epoch: 1, Port: 1}).(*protocol.Registered); is {
			renew = granted.Renew
		}
	}
	every := (time.Duration(renew) * time.Millisecond).Seconds()
	return []row{
		{what: "a renewal over TLS, the relay's CPU", ours: each * 1e6, unit: "µs"},
		{what: fmt.Sprintf("the renewals of %s leases, each after %s s as the relay says then", number(manyLeases), number(every)),
			ours: each * manyLeases / every, unit: "processors", bar: bar{most: 1}},
	}, nil
}

// registerAtOnce has many nodes register in the same moment, as after a restart of the relay, and another one renew
// meanwhile.
func registerAtOnce(ctx context.Context, l *lab) (rows []row, err error) {
	network := &transport.TLS{By: protocol.Relay}
	relay, err := serveRelay(ctx, unbounded(nil, network), network)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, relay.stop()) }()
	crowd := l.few(secureCrowd)
	nodes := make([]*secureNode, crowd+1)
	defer func() {
		for _, n := range nodes {
			if n != nil {
				n.stop()
			}
		}
	}()
	for n := range nodes {
		if nodes[n], err = newSecureNode(ctx); err != nil {
			return nil, err
		}
	}
	steady := nodes[crowd]
	if _, err := steady.register(ctx, relay.at); err != nil {
		return nil, err
	}
	renewing, done := make(chan []time.Duration, 1), make(chan struct{})
	go func() {
		var took []time.Duration
		for {
			select {
			case <-done:
				renewing <- took
				return
			default:
			}
			begin := time.Now()
			if _, err := steady.renew(ctx, relay.at); err == nil {
				took = append(took, time.Since(begin))
			}
		}
	}()
	var pending sync.Map
	begin := time.Now()
	err = atOnce(crowd, crowd, func(n int) error {
		for try := 0; ; try++ { // as a node does whose relay has no room
			reach, err := nodes[n].register(ctx, relay.at)
			if reach == protocol.ReachPending {
				pending.Store(n, true)
			}
			if err == nil || try == crowdTries {
				return err
			}
			time.Sleep(time.Duration(1+n%10) * 100 * time.Millisecond)
		}
	})
	registered := time.Since(begin)
	later := 0
	pending.Range(func(n, _ any) bool { // what is pending is proven beside a renewal
		later++
		nodes[n.(int)].renew(ctx, relay.at)
		return true
	})
	unproven := 0
	for n := range crowd {
		if reach, _ := nodes[n].renew(ctx, relay.at); reach != protocol.ReachDirect {
			unproven++
		}
	}
	close(done)
	took := <-renewing
	if err != nil || len(took) == 0 {
		return nil, errors.Join(err, errors.New("nobody renewed meanwhile"))
	}
	slices.Sort(took)
	what := fmt.Sprintf("%s nodes that register at once over TLS", number(float64(crowd)))
	return []row{
		{what: what + ": all are listed", ours: registered.Seconds(), unit: "s"},
		{what: "of these, nodes that were told `pending`", ours: float64(later), unit: ""},
		{what: "of these, nodes that are not proven after their next renewal", ours: float64(unproven), unit: "", bar: bar{most: 0.5}},
		{what: "a renewal meanwhile, median", ours: middle(took), unit: "ms"},
	}, nil
}
