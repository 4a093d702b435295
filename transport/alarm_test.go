package transport_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/roles"
	"github.com/relaypeer/relaypeer/transport"
)

// A machine sees its inputs one at a time, at moments that do not run backwards, with different
// random numbers.
func TestMomentsAndLuck(t *testing.T) {
	m := &ticking{}
	synctest.Test(t, func(t *testing.T) {
		(&transport.Loop{Start: time.Now()}).Run(t.Context(), nil, m)
	})
	for i, at := range m.moments {
		if want := time.Duration(i) * time.Second; at.Now != want {
			t.Errorf("step %d at %v", i, at.Now)
		}
		if i > 0 && at.Rand == m.moments[i-1].Rand {
			t.Errorf("the random of step %d is that of the step before", i)
		}
	}
	if len(m.moments) != 6 || m.stale != 0 {
		t.Errorf("%d steps, %d of them by timers that were armed anew or disarmed", len(m.moments), m.stale)
	}
}

// ticking arms its deadline anew each second and its second timer never to ring.
type ticking struct {
	moments []roles.Moment
	stale   int
}

func (m *ticking) Step(at roles.Moment, in roles.Input) []roles.Effect {
	m.moments = append(m.moments, at)
	n := uint64(len(m.moments))
	if fired, is := in.(roles.TimerFired); is && (fired.Timer != roles.Deadline || fired.Number != n-1) {
		m.stale++
	}
	if m.Final() {
		return nil
	}
	return []roles.Effect{
		roles.Arm{Timer: roles.Deadline, Number: 100 + n, After: time.Millisecond},
		roles.Arm{Timer: roles.Deadline, Number: n, After: time.Second},
		roles.Arm{Timer: 1, Number: n, After: time.Millisecond},
		roles.Disarm{Timer: 1},
	}
}

func (m *ticking) Final() bool { return len(m.moments) == 6 }
