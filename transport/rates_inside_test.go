package transport

import (
	"testing"
	"time"

	"github.com/relaypeer/relaypeer/roles"
)

// TestRatesAreForgottenWhenTheyAreFullAgain: what is remembered has a bound, and a key that has used up
// what it may is remembered while others are forgotten.
func TestRatesAreForgottenWhenTheyAreFullAgain(t *testing.T) {
	r, now := newRates[int](1), time.Now()
	for range int(roles.RateBurst / time.Second) {
		if !r.allow(-1, now) {
			t.Fatal("the burst is refused")
		}
	}
	for key := range 3 * roles.MaxRated {
		r.allow(key, now)
		if len(r.buckets) > roles.MaxRated {
			t.Fatalf("%d are remembered", len(r.buckets))
		}
	}
	if r.allow(-1, now) {
		t.Error("the key that has had its burst was forgotten before others")
	}
	now = now.Add(time.Second)
	r.allow(-2, now)
	if got := len(r.buckets); got > roles.MaxRated-forgetStep+2 {
		t.Errorf("%d are remembered, of which all but one are full", got)
	}
}

// TestARateComesBackWithTime: so many at once, and then so many a second.
func TestARateComesBackWithTime(t *testing.T) {
	r, now := newRates[string](2), time.Now()
	took := func() (n int) {
		for r.allow("a", now) {
			n++
		}
		return n
	}
	if n := took(); n != 20 {
		t.Errorf("%d at once", n)
	}
	now = now.Add(3 * time.Second)
	if n := took(); n != 6 {
		t.Errorf("%d after three seconds", n)
	}
	now = now.Add(time.Hour)
	if n := took(); n != 20 {
		t.Errorf("%d after an hour", n)
	}
	for i := range 4 {
		if got, want := waits(r, "a", now), time.Duration(i+1)*time.Second/2; got != want {
			t.Errorf("one more waits for %v, not %v", got, want)
		}
	}
	if !r.allow("b", now) {
		t.Error("another one has to wait, too")
	}
}

// waits counts one, and returns for how long it has to be put off.
func waits[K comparable](r *rates[K], key K, now time.Time) time.Duration {
	wait, _ := r.reserve(key, now)
	return wait
}

// TestWhatIsTakenBackIsNotCounted: a request whose link has ended while it waited does not put off those of other links.
func TestWhatIsTakenBackIsNotCounted(t *testing.T) {
	r, now := newRates[string](1), time.Now()
	for r.allow("a", now) {
	}
	var cancels []func()
	for i := range 5 {
		wait, cancel := r.reserve("a", now)
		if want := time.Duration(i+1) * time.Second; wait != want {
			t.Errorf("one more waits for %v, not %v", wait, want)
		}
		cancels = append(cancels, cancel)
	}
	for i := range cancels {
		cancels[len(cancels)-1-i]()
	}
	if wait := waits(r, "a", now); wait > time.Second {
		t.Errorf("the next one waits for %v", wait)
	}
}

// TestNoRateBoundsNothing: neither does one of less than nothing.
func TestNoRateBoundsNothing(t *testing.T) {
	if r := newRates[int](0); r != nil || !r.allow(1, time.Now()) || waits(r, 1, time.Now()) != 0 {
		t.Error("it does")
	}
	if newRequestRates(0, 0) != nil {
		t.Error("requests are counted for nothing")
	}
}

// TestAnHonestCrowdIsWithinTheRates: 10,000 nodes behind one address that come back within a renewal, with
// three requests each, and somebody who lists 5,000,000 names as fast as he can. None of them waits.
func TestAnHonestCrowdIsWithinTheRates(t *testing.T) {
	const nodes, pages = 10_000, 5_000
	if roles.MaxLeasesFrom < nodes {
		t.Errorf("one address has %d leases", roles.MaxLeasesFrom)
	}
	links, requests, now := newRates[int](roles.LinkRateFrom), newRates[int](roles.RequestRateFrom), time.Now()
	for n := range nodes {
		at := now.Add(roles.RenewAfter * time.Duration(n) / nodes)
		if !links.allow(0, at) {
			t.Fatalf("node %d is told busy", n)
		}
		for range 3 {
			if wait := waits(requests, 0, at); wait > 0 {
				t.Fatalf("node %d waits for %v", n, wait)
			}
		}
	}
	ids := newRates[int](roles.RequestRate)
	for page := range pages {
		if wait := waits(ids, 0, now) + waits(requests, 1, now); wait > 0 {
			t.Fatalf("page %d waits for %v", page, wait)
		}
	}
}
