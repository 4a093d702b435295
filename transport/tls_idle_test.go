package transport

import (
	"io"
	"runtime"
	"testing"

	"github.com/relaypeer/relaypeer/protocol"
)

// heapNow returns the bytes in use, of the heap and of stacks, after what is pooled has been dropped.
func heapNow() int64 {
	for range 3 {
		runtime.GC()
	}
	var is runtime.MemStats
	runtime.ReadMemStats(&is)
	return int64(is.HeapAlloc + is.StackInuse)
}

// A link over TLS that rests costs its responder no more than 32 KiB, with the goroutine that waits on it:
// whether it has said nothing, has exchanged messages, or has sent or received a lot.
func TestALinkThatRestsCostsLittle(t *testing.T) {
	const links = 100
	message := make([]byte, 200)
	large := make([]byte, 300<<10)
	for name, use := range map[string]func(near, far Conn){
		"silent":          func(near, far Conn) {},
		"messages":        func(near, far Conn) { exchange(t, near, far, message); exchange(t, far, near, message) },
		"a body sent":     func(near, far Conn) { exchange(t, near, far, message); exchange(t, far, near, large) },
		"a body received": func(near, far Conn) { exchange(t, near, far, large) },
	} {
		cost := func(responders bool) int64 {
			from, to := &TLS{}, &TLS{}
			l, err := to.Listen(t.Context(), "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			begin := heapNow()
			var rest, gone []Conn
			for range links {
				near, far := over(t, l, from, protocol.PeerID{})
				use(near, far)
				rest, gone = append(rest, far), append(gone, near)
			}
			waits := make(chan struct{}, links)
			for _, conn := range rest {
				go func() {
					conn.Read(make([]byte, 1))
					waits <- struct{}{}
				}()
			}
			if !responders {
				rest, gone = gone, rest
			}
			both := heapNow() - begin
			for i, conn := range append(gone, rest...) {
				if conn.Close(); i < links {
					gone[i] = nil
				}
			}
			for range links {
				<-waits
			}
			runtime.KeepAlive(rest)
			return both / links
		}
		both := cost(true)
		t.Logf("%-16s %6d bytes for both ends", name, both)
		if both > 2*32<<10 {
			t.Errorf("%s: %d bytes for both ends of a link", name, both)
		}
	}
}

// exchange has one end send bytes that the other reads.
func exchange(t *testing.T, from, to Conn, bytes []byte) {
	t.Helper()
	sent := make(chan struct{})
	go func() {
		defer close(sent)
		from.Write(bytes)
	}()
	if _, err := io.ReadFull(to, make([]byte, len(bytes))); err != nil {
		t.Error(err)
	}
	<-sent
}
