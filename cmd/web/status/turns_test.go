package status

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/transport/peer"
)

// slow is a relay that takes its time for each page, and counts who asks at once.
type slow struct {
	*fakeRelay
	now, most atomic.Int64
}

func (s *slow) Nodes(peer.PageQuery) peer.NodesPage {
	now := s.now.Add(1)
	defer s.now.Add(-1)
	for most := s.most.Load(); now > most && !s.most.CompareAndSwap(most, now); most = s.most.Load() {
	}
	time.Sleep(time.Second)
	return peer.NodesPage{}
}

// Whatever is looked at by however many, processors stay for those that the relay is there for.
func TestFewAnswersAreMadeAtOnceAndAllAreMade(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slow{fakeRelay: &fakeRelay{}}
		s := relaySite(r, &fakeMeters{}, "v1", time.Now)
		var asking sync.WaitGroup
		for i := range 40 {
			asking.Go(func() {
				if w := get(t, s, []string{"/nodes", "/api/v1/nodes"}[i%2]); w.Code != http.StatusOK {
					t.Errorf("%d %s", w.Code, w.Body)
				}
			})
		}
		asking.Wait()
		if most := r.most.Load(); most > int64(madeAtOnce()) {
			t.Errorf("%d answers are made at once, not %d", most, madeAtOnce())
		}
	})
}

// Searches take longest, and may be many.
func TestAPageWaitsForOneSearchAtMost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := relaySite(&slow{fakeRelay: &fakeRelay{}}, &fakeMeters{}, "v1", time.Now)
		var asking sync.WaitGroup
		for range 10 * madeAtOnce() {
			asking.Go(func() { get(t, s, "/nodes?search=x") })
		}
		synctest.Wait()
		began := time.Now()
		get(t, s, "/circuits")
		if took := time.Since(began); took > time.Second {
			t.Errorf("a page waits for %v", took)
		}
		asking.Wait()
	})
}

// hasty is a request that is given up while it waits for its turn.
func hasty(s http.Handler, path string) (aborted bool) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
	defer cancel()
	defer func() { aborted = recover() == http.ErrAbortHandler }()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, path, nil).WithContext(ctx))
	return false
}

func TestWhoGivesUpWhileWaitingHoldsNothingUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := &slow{fakeRelay: &fakeRelay{}}
		s := relaySite(r, &fakeMeters{}, "v1", time.Now)
		for range madeAtOnce() {
			s.turns <- struct{}{}
		}
		for _, path := range []string{"/nodes", "/api/v1/nodes"} {
			if !hasty(s, path) {
				t.Errorf("%s is answered", path)
			}
		}
		if r.most.Load() > 0 {
			t.Error("an answer is made that nobody waits for")
		}
		<-s.turns
		if w := get(t, s, "/nodes"); w.Code != http.StatusOK {
			t.Error(w.Code)
		}
	})
}
