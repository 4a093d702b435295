package scale

import (
	"reflect"
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// short returns parameters for forty minutes in which the relay restarts twice.
func short(nodes int) Params {
	p := Typical(1, nodes, time.Hour)
	p.For = 40 * time.Minute
	p.Restarts = []Restart{{10 * time.Minute, 5 * time.Second}, {20 * time.Minute, 10 * time.Minute}}
	return p
}

// exchange is longer than a registration takes: a few round trips.
const exchange = 10 * 100 * time.Millisecond

// TestARestartedRelayIsNotOverrun checks that no second has more than three times the mean, and
// that all nodes are back within one renewal and its spread.
func TestARestartedRelayIsNotOverrun(t *testing.T) {
	f := Run(short(2000))
	want := float64(f.Nodes) / (roles.RenewAfter + exchange/2).Seconds()
	if f.Mean < want*0.9 || f.Mean > want*1.1 {
		t.Errorf("%.1f announces a second in quiet time, where %.1f are expected", f.Mean, want)
	}
	if len(f.Returns) != 2 {
		t.Fatalf("%d restarts", len(f.Returns))
	}
	for _, r := range f.Returns {
		if ratio := f.Ratio(r); ratio > 3 || ratio < 1 {
			t.Errorf("after %v away the largest second has %d announces, %.2f times the mean", r.Down, r.Largest, ratio)
		}
		if longest := roles.RenewAfter*(100+roles.RenewSpread)/100 + exchange; r.Took > longest || r.Took < time.Second {
			t.Errorf("after %v away the last node was back after %v; at most %v", r.Down, r.Took, longest)
		}
		if r.Late > 0 || r.Waited < f.Nodes*8/10 {
			t.Errorf("after %v away %d of %d nodes never came back", r.Down, r.Late, r.Waited)
		}
	}
	if f.Unlisted > 0 || f.Leases < f.Live*99/100 {
		t.Errorf("at the end %d leases for %d nodes, %d of which are missing", f.Leases, f.Live, f.Unlisted)
	}
}

// TestManyNodesAnnounceNoMoreThanTheRelayAsksFor: with more nodes each renews more seldom, so that all
// together stay at the rate, and come back at that rate after a restart.
func TestManyNodesAnnounceNoMoreThanTheRelayAsksFor(t *testing.T) {
	p := short(2000)
	p.Announces = 20 // a renewal each 100 s
	p.Restarts = p.Restarts[:1]
	renewed := time.Duration(float64(p.Nodes)/p.Announces) * time.Second
	f := Run(p)
	if f.Mean > p.Announces*1.05 || f.Mean < p.Announces*0.9 {
		t.Errorf("%.1f announces a second, where %v are asked for", f.Mean, p.Announces)
	}
	r := f.Returns[0]
	if longest := renewed*(100+roles.RenewSpread)/100 + exchange; r.Took > longest || r.Took < renewed*8/10 || r.Late > 0 {
		t.Errorf("after the restart the last node was back after %v, at most %v; %d never", r.Took, longest, r.Late)
	}
	if ratio := f.Ratio(r); ratio > 5 { // each comes back with two, a RENEW and a REGISTER, and 20 vary more than 70 do
		t.Errorf("the largest second after the restart has %d announces, %.2f times the mean", r.Largest, ratio)
	}
	if f.Unlisted > 0 || f.Leases < f.Live*99/100 {
		t.Errorf("at the end %d leases for %d nodes, %d of which are missing", f.Leases, f.Live, f.Unlisted)
	}
	if f.Oldest > 3*renewed*105/100+p.Farthest {
		t.Errorf("a node that had been gone for %v was handed out", f.Oldest)
	}
}

// TestWhatIsStaleIsBounded derives the share of stale addresses from the rate of crashes: a node
// that crashes is listed until its lease lapses, on average two and a half renewals later; one that
// leaves is not listed at all.
func TestWhatIsStaleIsBounded(t *testing.T) {
	p := short(1000)
	p.Restarts, p.Crash, p.Leave = nil, 1, 1
	f := Run(p)
	want := p.Crash * (roles.LeaseTTL - roles.RenewAfter/2).Hours()
	if got := f.StaleShare(); got < want*0.8 || got > want*1.2 {
		t.Errorf("%.3f %% of what was handed out is stale, where %.3f %% are expected", 100*got, 100*want)
	}
	if f.Oldest > roles.LeaseTTL+p.Farthest {
		t.Errorf("a node that had been gone for %v was handed out", f.Oldest)
	}
	if f.Handed < 100_000 {
		t.Errorf("only %d addresses were handed out", f.Handed)
	}
}

func TestTheSameSeedGivesTheSameFigures(t *testing.T) {
	once, again := Run(short(100)), Run(short(100))
	if !reflect.DeepEqual(once, again) {
		t.Errorf("%+v\nand then\n%+v", once, again)
	}
	other := short(100)
	other.Seed = 2
	if reflect.DeepEqual(once, Run(other)) {
		t.Error("another seed gives the same figures")
	}
}

// TestAnEmptyWorld checks that a world without nodes has no announces and no failure.
func TestAnEmptyWorld(t *testing.T) {
	if f := Run(short(0)); f.Announces != 0 || f.Handed != 0 || f.Leases != 0 {
		t.Errorf("%+v", f)
	}
}

// TestAShortRun checks runs that end before the recovery is over, or while the relay is down.
func TestAShortRun(t *testing.T) {
	for _, d := range []time.Duration{0, time.Second / 2, time.Minute, 25 * time.Minute} {
		p := short(10)
		p.For = d
		f := Run(p)
		returns := 0
		if d > 20*time.Minute { // once back, and gone again
			returns = 1
		}
		if len(f.Returns) != returns || f.Mean > 0 != (returns > 0) || f.Nodes != 10 {
			t.Errorf("%v: %+v", d, f)
		}
	}
}

func TestTheClockKeepsOrder(t *testing.T) {
	var c clock
	var l rand
	var told []event
	for range 1000 {
		at, order := time.Duration(l.below(50)), c.asked+1
		c.after(at, func() {
			told = append(told, event{at: at, order: order})
			if c.now != at {
				t.Errorf("what was to happen at %d happens at %d", at, c.now)
			}
		})
	}
	c.run(time.Second)
	if len(told) != 1000 {
		t.Fatalf("%d of 1000 events happened", len(told))
	}
	for i := range told[1:] {
		if !told[i].before(&told[i+1]) {
			t.Errorf("%v comes before %v", told[i], told[i+1])
		}
	}
}
