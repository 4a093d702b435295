package transport_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// slowStore is a store that takes a while to open, or fails.
type slowStore struct {
	heap
	steps int           // each of which checks a byte
	takes time.Duration // a step
	err   error
	ended error // what a context that ended said
}

func (s *slowStore) Open(ctx context.Context, _ roles.OpenStore, checking func(done, size uint64)) (has roles.Groups, other bool, err error) {
	for done := range s.steps {
		select {
		case <-time.After(s.takes):
		case <-ctx.Done():
			s.ended = ctx.Err()
			return nil, false, s.ended
		}
		checking(uint64(done)+1, uint64(s.steps))
	}
	has.Add(3)
	return has, true, s.err
}

// opens returns a machine that opens a store, and ends with the answer or at its deadline.
func opens(patience time.Duration) *told {
	m := &told{}
	m.does = func(in roles.Input) []roles.Effect {
		switch in.(type) {
		case roles.Started:
			return []roles.Effect{roles.OpenStore{Item: 5, Name: "file"}, roles.Arm{Number: 1, After: patience}}
		case roles.StoreReady, roles.StoreFailed, roles.TimerFired:
			m.over = true
		}
		return nil
	}
	return m
}

// The machine gets the store's progress about every second, and then its groups.
func TestAStoreIsOpenedOffTheStepper(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := opens(time.Minute)
		(&transport.Loop{Store: &slowStore{steps: 35, takes: 100 * time.Millisecond}}).Run(t.Context(), nil, m)
		var done []uint64
		for _, in := range m.inputs {
			if in, is := in.(roles.StoreChecking); is {
				done = append(done, in.Done)
			}
		}
		if !slices.Equal(done, []uint64{10, 20, 30}) {
			t.Errorf("told of %v", done)
		}
		ready, is := m.inputs[len(m.inputs)-1].(roles.StoreReady)
		if !is || ready.Item != 5 || !ready.Other || !ready.Has.Has(3) || ready.Has.Count() != 1 {
			t.Errorf("%+v", m.inputs)
		}
	})
}

func TestAStoreThatCantBeOpenedIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := opens(time.Minute)
		(&transport.Loop{Store: &slowStore{err: errors.New("no room")}}).Run(t.Context(), nil, m)
		if got := m.String(); got != "Started, store failed 5 no room; 0 moved" {
			t.Error(got)
		}
	})
}

// The end of a machine ends the work of its store.
func TestOpeningEndsWithTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := opens(time.Second)
		store := &slowStore{steps: 1, takes: time.Hour}
		begin := time.Now()
		(&transport.Loop{Store: store}).Run(t.Context(), nil, m)
		if took := time.Since(begin); took != time.Second || !errors.Is(store.ended, context.Canceled) {
			t.Errorf("after %v: %v", took, store.ended)
		}
	})
}

// Each value of Notify is a Notified, also after Stopped, until the machine ends; a closed channel
// gives none.
func TestNudgesAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		notify, stop := make(chan struct{}), make(chan struct{})
		m := &told{}
		m.does = func(in roles.Input) []roles.Effect {
			if _, is := in.(roles.TimerFired); is {
				m.over = true
			}
			return []roles.Effect{roles.Arm{Number: uint64(len(m.inputs)), After: time.Second}}
		}
		go func() {
			notify <- struct{}{}
			notify <- struct{}{}
			close(stop)
			notify <- struct{}{}
			close(notify)
		}()
		(&transport.Loop{Notify: notify}).Run(t.Context(), stop, m)
		if got := m.String(); got != "Started, Notified, Notified, Stopped, Notified, TimerFired; 0 moved" &&
			got != "Started, Notified, Notified, Notified, Stopped, TimerFired; 0 moved" {
			t.Error(got)
		}
	})
}

// The first message of a stranger is limited to MaxFirst, whatever its kind allows; later messages
// are not.
func TestAFirstMessageHasItsOwnBound(t *testing.T) {
	long := &protocol.Publish{ID: protocol.PeerID{1}, Epoch: 1, Index: 1, To: 100, Latest: 100}
	for i := range 100 {
		long.Changes = append(long.Changes, protocol.Entry{Name: strings.Repeat("n", 100) + string(rune('a'+i%26))})
	}
	bytes := protocol.Append(nil, long)
	both(t, func(t *testing.T, network transport.Network) {
		for first, want := range map[bool]string{true: "Malformed; 0 moved", false: "PUBLISH; 0 moved"} {
			m := &told{}
			m.does = func(in roles.Input) []roles.Effect {
				switch in.(type) {
				case roles.Opened:
					return []roles.Effect{roles.Hear{First: first}}
				}
				return m.end()
			}
			served(t, network, m, nil, bytes)
			if got := m.String(); got != want {
				t.Errorf("first %v: %s", first, got)
			}
		}
	})
}

// Each timer of a machine fires separately, in its time, with the number of its last arming.
func TestTimersAreApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var fired []roles.TimerFired
		m := &told{}
		m.does = func(in roles.Input) []roles.Effect {
			switch in := in.(type) {
			case roles.Started:
				var arms []roles.Effect
				for timer := range roles.Timer(9) {
					arms = append(arms, roles.Arm{Timer: timer, Number: 1, After: time.Hour},
						roles.Arm{Timer: timer, Number: 100 + uint64(timer), After: time.Duration(9-timer) * time.Second})
				}
				return append(arms, roles.Disarm{Timer: 4})
			case roles.TimerFired:
				fired = append(fired, in)
				m.over = len(fired) == 8
			}
			return nil
		}
		begin := time.Now()
		(&transport.Loop{}).Run(t.Context(), nil, m)
		for i, timer := range []roles.Timer{8, 7, 6, 5, 3, 2, 1, 0} {
			if want := (roles.TimerFired{Timer: timer, Number: 100 + uint64(timer)}); fired[i] != want {
				t.Errorf("%+v fired, not %+v", fired[i], want)
			}
		}
		if took := time.Since(begin); took != 9*time.Second {
			t.Errorf("the last fired after %v", took)
		}
	})
}

// The links of a machine are independent: one that hangs does not delay the others, and a number
// may be used again.
func TestLinksAreApart(t *testing.T) {
	both(t, func(t *testing.T, network transport.Network) {
		l := listen(t, network, "127.0.0.1:0")
		accepting := make(chan struct{})
		go func() { // says nothing on the first link, and LEFT on each later one
			defer close(accepting)
			for n := range 10 {
				conn, err := l.Accept()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				if n > 0 {
					conn.Write(protocol.Append(nil, &protocol.Left{}))
				}
			}
		}()
		opened, heard := 0, 0
		m := &told{}
		m.does = func(in roles.Input) []roles.Effect {
			switch in := in.(type) {
			case roles.Started:
				return []roles.Effect{roles.Dial{Link: 0, To: l.Addr().String()}}
			case roles.Opened:
				effects := []roles.Effect{roles.Hear{Link: in.Link}}
				if opened++; opened == 1 {
					for link := roles.Link(1); link <= 8; link++ {
						effects = append(effects, roles.Dial{Link: link, To: l.Addr().String()})
					}
				}
				return effects
			case roles.Heard:
				if heard++; heard == 9 {
					m.over = true
					return nil
				}
				effects := []roles.Effect{roles.HangUp{Link: in.Link}}
				if heard == 1 {
					effects = append(effects, roles.Dial{Link: in.Link, To: l.Addr().String()})
				}
				return effects
			}
			return nil
		}
		(&transport.Loop{Network: network}).Run(t.Context(), nil, m)
		<-accepting
		if opened != 10 || heard != 9 {
			t.Errorf("%d links opened, %d heard", opened, heard)
		}
	})
}
