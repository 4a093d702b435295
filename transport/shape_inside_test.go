package transport

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/roles"
)

func originNumber(n int) roles.Origin {
	return roles.Origin{ID: protocol.PeerID{1, byte(n), byte(n >> 8)}}
}

// TestComingBackBringsNoMore: a lane is forgotten only once it is as a new one.
func TestComingBackBringsNoMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, began, sent := &Shape{Each: 1 << 20}, time.Now(), 0
		for n := 0; time.Since(began) < 10*time.Second; n++ {
			l := s.enter(originNumber(0))
			if err := s.wait(t.Context(), l, s.piece()); err != nil {
				t.Fatal(err)
			}
			sent += s.piece()
			s.leave(l)
			s.leave(s.enter(originNumber(n % 5000))) // others come and go
		}
		if most := 10<<20 + 2*s.piece(); sent > most {
			t.Errorf("%d bytes in 10 s, more than %d", sent, most)
		}
	})
}

func TestLanesAreForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Shape{All: 1 << 20}
		stays := s.enter(originNumber(0))
		for n := 1; n < 20_000; n++ {
			s.leave(s.enter(originNumber(n)))
		}
		if n := len(s.lanes); n > 2*mostIdleLanes {
			t.Errorf("%d lanes are kept", n)
		}
		if s.enter(originNumber(0)) != stays {
			t.Error("a lane in use was forgotten")
		}
	})
}

func TestAWaitForRoomEndsWithItsLink(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Shape{All: 1, Each: 1}
		l := s.enter(originNumber(0))
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error, 3)
		for range cap(failed) {
			go func() {
				err := error(nil)
				for err == nil {
					err = s.wait(ctx, l, s.piece())
				}
				failed <- err
			}()
		}
		synctest.Wait()
		cancel()
		for range cap(failed) {
			<-failed
		}
	})
}
