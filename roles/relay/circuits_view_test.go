package relay_test

import (
	"sync"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/roles/relay"
	"github.com/relaypeer/relaypeer/roles/rolestest"
)

// TestTheViewOfCircuitsHasTheLatestAndTheLargest, and all that counts.
func TestTheViewOfCircuitsHasTheLatestAndTheLargest(t *testing.T) {
	w := newWays(t, func(l *relay.Limits) { l.Circuits, l.CircuitsFrom, l.BytesFrom = 100, 3, 1000 })
	for n := range 5 {
		w.later(time.Second)
		circuit, _ := w.joined(hostN(n))
		w.Moved(w.at, circuit, int64(n)*100)
		if n == 4 {
			w.Ended(w.at, circuit, relay.OfClient)
			w.Ended(w.at, circuit, relay.OfNode)
		}
	}
	w.later(time.Second)
	w.await(1, 3)
	w.opens(1, hostN(3)) // nobody has joined it
	v := w.View(w.at.Now, 3, 3)
	if !v.On || v.ByID || v.Awaits != 1 || v.Circuits != 5 || v.Clients != 5 || v.Limits.BytesFrom != 1000 || len(v.Open) != 3 || len(v.Used) != 3 {
		t.Fatalf("%+v", v)
	}
	for i, want := range []relay.OpenCircuit{
		{From: roles.HostOf(hostN(3)), Since: 6 * time.Second},
		{From: roles.HostOf(hostN(3)), Since: 4 * time.Second, Bytes: 300, Joined: true},
		{From: roles.HostOf(hostN(2)), Since: 3 * time.Second, Bytes: 200, Joined: true},
	} {
		want.Node, want.Client = rolestest.Node(1), rolestest.Node(200)
		if v.Open[i] != want {
			t.Errorf("circuit %d is %+v, not %+v", i, v.Open[i], want)
		}
	}
	for i, n := range []int{4, 3, 2} {
		want := relay.CircuitUse{From: roles.Origin{Host: roles.HostOf(hostN(n))}, Open: map[int]int{4: 0, 3: 2, 2: 1}[n], Bytes: int64(n) * 100, Left: 1000 - int64(n)*100, Refill: time.Duration(n+1)*time.Second + 24*time.Hour}
		if v.Used[i] != want {
			t.Errorf("client %d is %+v, not %+v", i, v.Used[i], want)
		}
	}
	w.later(25 * time.Hour)
	if v := w.View(w.at.Now, 9, 9); v.Clients != 4 || v.Used[0].Bytes != 0 || v.Used[0].Left != 1000 {
		t.Errorf("in a new day: %+v", v)
	}
}

// TestOthersHaveTheirTurnWhileCircuitsAreViewed, and what they change meanwhile does no harm.
func TestOthersHaveTheirTurnWhileCircuitsAreViewed(t *testing.T) {
	w := newWays(t, func(l *relay.Limits) { l.Circuits = relay.NoLimit })
	var passed []relay.Passed
	for n := range 5000 {
		passed = append(passed, relay.Passed{From: roles.Origin{Host: roles.HostOf(hostN(n))}, Bytes: 1})
	}
	w.Restore(0, passed)
	stop := make(chan struct{})
	var others sync.WaitGroup
	others.Go(func() {
		for n := uint64(1); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			w.Await(roles.Moment{Now: time.Second}, rolestest.Node(1), roles.HostOf(visitor.Addr()), n)
			at := roles.Moment{Now: time.Second, Rand: n}
			answer, _ := w.Open(at, relay.From{Peer: hostN(10_000 + int(n%5000))}, &protocol.Circuit{Node: rolestest.Node(1)})
			if opened, is := answer.(*protocol.Opened); is {
				w.Cut(at, w.Join(at, 7, opened.Ticket).Circuit, relay.OfClient, protocol.Lost)
			}
		}
	})
	for range 50 {
		if v := w.View(time.Second, 10, 10); v.Clients < 5000 || len(v.Used) != 10 || len(v.Open) > 10 {
			t.Errorf("%d clients, %d of them told", v.Clients, len(v.Used))
		}
	}
	close(stop)
	others.Wait()
}
