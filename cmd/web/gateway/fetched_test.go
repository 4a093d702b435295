package gateway

import (
	"bytes"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"testing/synctest"

	"github.com/relaypeer/relaypeer/protocol"
)

// tally is a peer.Cache that has nothing, and counts the groups that are fetched.
type tally struct{ fetched atomic.Int64 }

func (*tally) Get(protocol.Hash, uint64, uint64, []byte) ([]byte, bool) { return nil, false }

func (c *tally) Put(protocol.Hash, uint64, uint64, protocol.Hash, []byte) { c.fetched.Add(1) }

// A file that was open for another request is read where this one begins, and nowhere else.
func TestASeekFetchesOnlyTheGroupsOfItsRange(t *testing.T) {
	const groups = 12
	whole := random(groups * group)
	for _, path := range []string{"/files/a", "/hash/" + hashOf(whole)} {
		t.Run(path[:6], func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s, cache := newSwarm(t), &tally{}
				s.client.Cache = cache
				s.join(s.share(fstest.MapFS{"a": {Data: whole}}))
				g := s.gateway()
				for _, at := range []int{0, 10, 5, 11, 2} {
					before := cache.fetched.Load()
					w := record(g, path, "Range", fmt.Sprintf("bytes=%d-%d", at*group+7, at*group+99))
					if w.Code != 206 || !bytes.Equal(w.Body.Bytes(), whole[at*group+7:at*group+100]) {
						t.Fatalf("group %d: %d, %d bytes", at, w.Code, w.Body.Len())
					}
					synctest.Wait()
					if n := cache.fetched.Load() - before; n != 1 {
						t.Errorf("for a range within group %d, %d groups are fetched", at, n)
					}
				}
			})
		})
	}
}
