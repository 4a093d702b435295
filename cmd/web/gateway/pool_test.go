package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
)

// A player's seek is another request: it finds the file open.
func TestASeekUsesTheLinkAgain(t *testing.T) {
	whole := random(8 * group)
	s := serve(t, fstest.MapFS{"a.mp4": {Data: whole}})
	s.get("/files/a.mp4", "Range", "bytes=0-9")
	dialed := s.dialed.Load()
	for i := range 20 {
		from := (i * 37 % 8) * group
		is := s.get("/files/a.mp4", "Range", fmt.Sprintf("bytes=%d-%d", from, from+99))
		if is.code != 206 || !bytes.Equal(is.body, whole[from:from+100]) {
			t.Fatalf("%d: %d, %d bytes", from, is.code, len(is.body))
		}
	}
	if more := s.dialed.Load() - dialed; more != 0 {
		t.Errorf("%d links more", more)
	}
}

// A browser lets go of a film in the middle when it seeks: the file can be used again.
func TestARequestThatEndsLeavesItsFileOpen(t *testing.T) {
	whole := random(long)
	s := serve(t, fstest.MapFS{"a.mp4": {Data: whole}})
	for i := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/files/a.mp4", nil)
		if err != nil {
			t.Fatal(err)
		}
		response, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		io.CopyN(io.Discard, response.Body, 1000)
		cancel()
		response.Body.Close()
		for over := time.Now().Add(patience); len(s.gateway.reads) > 0; time.Sleep(pause) {
			if time.Now().After(over) {
				t.Fatal("the file is not given back")
			}
		}
		if i == 0 {
			s.dialed.Store(0)
		}
	}
	if n := s.dialed.Load(); n != 0 {
		t.Errorf("%d links more", n)
	}
}

func TestAFileThatNobodyReadsIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm(t)
		s.join(s.share(fstest.MapFS{"a": {Data: random(group + 1)}}))
		g := s.gateway()
		if w := record(g, "/files/a", "Range", "bytes=0-0"); w.Code != 206 {
			t.Fatal(w.Code)
		}
		idle := func() int {
			g.files.mu.Lock()
			defer g.files.mu.Unlock()
			return len(g.files.idle)
		}
		time.Sleep(idleTime - time.Second)
		if n := idle(); n != 1 {
			t.Errorf("%d files are open", n)
		}
		record(g, "/files/a", "Range", "bytes=0-0")
		time.Sleep(idleTime - time.Second)
		if n := idle(); n != 1 {
			t.Errorf("%d files are open after it was used again", n)
		}
		time.Sleep(2 * time.Second)
		if n := idle(); n != 0 {
			t.Errorf("%d files are open after %v", n, idleTime)
		}
	})
}

func TestFilesThatNobodyReadsAreBounded(t *testing.T) {
	files := fstest.MapFS{}
	for i := range mostIdle + 10 {
		files[fmt.Sprint(i)] = &fstest.MapFile{Data: []byte{byte(i)}}
	}
	s := serve(t, files)
	for name := range files {
		if is := s.get("/files/" + name); is.code != 200 {
			t.Fatal(is.code)
		}
	}
	s.gateway.files.mu.Lock()
	defer s.gateway.files.mu.Unlock()
	if n := len(s.gateway.files.idle); n != mostIdle {
		t.Errorf("%d files are open", n)
	}
}

// stuck is a share whose files cannot be read before they are freed.
type stuck struct {
	*fsshare.Share
	free    chan struct{}
	reached chan struct{}
}

type stuckFile struct {
	transport.File
	of *stuck
}

func (s *stuck) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	f, err := s.Share.Open(ctx, name, hash, hashing)
	if err != nil {
		return nil, err
	}
	return stuckFile{f, s}, nil
}

func (f stuckFile) Read(b []byte) (int, error) {
	select {
	case f.of.reached <- struct{}{}:
	default:
	}
	<-f.of.free
	return f.File.Read(b)
}

func TestARequestThatEndsDoesNotWaitForANode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSwarm(t)
		share := &stuck{s.share(fstest.MapFS{"a": {Data: random(3 * group)}}), make(chan struct{}), make(chan struct{}, 1)}
		s.join(share)
		g := s.gateway()
		for _, fields := range [][]string{nil, {"Range", "bytes=0-9,20-29"}} {
			ctx, cancel := context.WithCancel(t.Context())
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/files/a", nil)
			if fields != nil {
				r.Header.Set(fields[0], fields[1])
			}
			ended := make(chan any)
			go func() {
				defer func() { ended <- recover() }()
				g.ServeHTTP(httptest.NewRecorder(), r)
			}()
			<-share.reached
			began := time.Now()
			cancel()
			if how := <-ended; how != http.ErrAbortHandler {
				t.Errorf("%v", how)
			}
			if took := time.Since(began); took > readGrace {
				t.Errorf("it ended after %v", took)
			}
		}
		close(share.free)
		if w := record(g, "/files/a"); w.Code != 200 || w.Body.Len() != 3*group {
			t.Errorf("%d, %d bytes", w.Code, w.Body.Len())
		}
	})
}

func TestAnOpeningEndsWithItsRequest(t *testing.T) {
	s := newSwarm(t)
	g := s.gateway()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := g.files.take(ctx, key{name: "a"}, false); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// mostOfAPlayer bounds what one player costs, with all that is between the gateway and the share in this process.
const mostOfAPlayer = 12 << 20

func TestManyPlayersAtOnce(t *testing.T) {
	const players, seeks, size = 50, 4, 16 * group
	whole := random(size)
	s := serve(t, fstest.MapFS{"a.mp4": {Data: whole}})
	s.client.Transport.(*http.Transport).MaxIdleConnsPerHost = players
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var most uint64
	var mu sync.Mutex
	var playing sync.WaitGroup
	for p := range players {
		playing.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(p)))
			for i := range seeks {
				from := random.IntN(size)
				to := min(size, from+1+random.IntN(group/4))
				is := s.get("/files/a.mp4", "Range", fmt.Sprintf("bytes=%d-%d", from, to-1))
				if is.code != 206 || !bytes.Equal(is.body, whole[from:to]) {
					t.Errorf("%d to %d: %d, %d bytes, %v", from, to, is.code, len(is.body), is.err)
				}
				if p == 0 && i%2 == 1 {
					runtime.GC()
					var now runtime.MemStats
					runtime.ReadMemStats(&now)
					mu.Lock()
					most = max(most, now.HeapAlloc)
					mu.Unlock()
				}
			}
		})
	}
	playing.Wait()
	runtime.ReadMemStats(&after)
	if used := int64(most) - int64(before.HeapAlloc); used > players*mostOfAPlayer {
		t.Errorf("%d MiB for %d players", used>>20, players)
	} else {
		t.Logf("%d MiB for %d players", used>>20, players)
	}
}
