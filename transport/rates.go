package transport

import (
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

// rates bounds how often something happens of each of many keys. Each key has a token bucket, which
// takes roles.RateBurst to fill. A key whose bucket is full says no more than one that was never seen, so
// it may be forgotten, and there are never more than roles.MaxRated. Nil: nothing is bounded.
type rates[K comparable] struct {
	limit rate.Limit // a second
	burst int

	mu      sync.Mutex
	buckets map[K]*rate.Limiter
}

// newRates returns the rates of so many a second; 0: nil.
func newRates[K comparable](limit float64) *rates[K] {
	if limit <= 0 {
		return nil
	}
	burst := max(1, int(min(limit*roles.RateBurst.Seconds(), 1<<30)))
	return &rates[K]{limit: rate.Limit(limit), burst: burst, buckets: map[K]*rate.Limiter{}}
}

// allow counts one of a key, unless it is too many.
func (r *rates[K]) allow(key K, now time.Time) bool {
	return r == nil || r.bucket(key, now).AllowN(now, 1)
}

// reserve counts one of a key, and returns for how long it has to be put off, and what takes that back.
func (r *rates[K]) reserve(key K, now time.Time) (wait time.Duration, cancel func()) {
	if r == nil {
		return 0, func() {}
	}
	reserved := r.bucket(key, now).ReserveN(now, 1)
	return reserved.DelayFrom(now), reserved.Cancel
}

func (r *rates[K]) bucket(key K, now time.Time) *rate.Limiter {
	r.mu.Lock()
	defer r.mu.Unlock()
	bucket := r.buckets[key]
	if bucket == nil {
		if len(r.buckets) >= roles.MaxRated {
			r.forget(now)
		}
		bucket = rate.NewLimiter(r.limit, r.burst)
		r.buckets[key] = bucket
	}
	return bucket
}

// forgetStep is the number of buckets that forget looks at.
const forgetStep = 64

// forget makes room for another bucket: of some that it looks at it forgets those that are full, or, if
// none is, the one that has most. The caller holds the mutex.
func (r *rates[K]) forget(now time.Time) {
	looked, before, fullest, tokens := 0, len(r.buckets), *new(K), -1e300
	for key, bucket := range r.buckets {
		if has := bucket.TokensAt(now); has >= float64(r.burst) {
			delete(r.buckets, key)
		} else if has > tokens {
			fullest, tokens = key, has
		}
		if looked++; looked == forgetStep {
			break
		}
	}
	if len(r.buckets) == before {
		delete(r.buckets, fullest)
	}
}

// requestRates bounds the requests of one id and of one address.
type requestRates struct {
	ids   *rates[protocol.PeerID]
	hosts *rates[roles.Host]
}

// newRequestRates returns the rates of so many requests a second; nil: neither is bounded.
func newRequestRates(ofID, ofHost float64) *requestRates {
	if ofID <= 0 && ofHost <= 0 {
		return nil
	}
	return &requestRates{newRates[protocol.PeerID](ofID), newRates[roles.Host](ofHost)}
}

// ofIDs returns the same rates of ids alone; nil: there are none.
func (r *requestRates) ofIDs() *requestRates {
	if r == nil {
		return nil
	}
	return &requestRates{ids: r.ids}
}

// reserve counts a request, and returns for how long it has to be put off, and what takes that back.
func (r *requestRates) reserve(k *link) (wait time.Duration, cancel func()) {
	host := roles.HostOf(k.peer.Addr())
	if !host.Bounded() {
		return 0, nil
	}
	now := time.Now()
	wait, cancel = r.hosts.reserve(host, now)
	if proven, is := k.conn.(Proven); is {
		ofID, cancelID := r.ids.reserve(proven.PeerID(), now)
		return max(wait, ofID), func() { cancel(); cancelID() }
	}
	return wait, cancel
}

// pace puts a request off that has come too soon. Nothing is read meanwhile, so that a peer that asks too
// often is slowed down and not refused: each of its links has one request that waits, and no more. The wait
// ends when the link does, or the machine does not want the request any more: it is not counted then.
func (k *link) pace() {
	if k.run.requests == nil {
		return
	}
	wait, cancel := k.run.requests.reserve(k)
	if wait <= 0 {
		return
	}
	turn := make(chan struct{})
	k.run.mu.Lock()
	if k.gone || k.want.what != toRest {
		k.run.mu.Unlock()
		cancel()
		return
	}
	k.pacing = turn
	k.run.mu.Unlock()
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-turn:
		cancel()
		return
	}
	k.run.mu.Lock()
	k.pacing = nil
	k.run.mu.Unlock()
}
