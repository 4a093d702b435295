package web

import (
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// endless sends until it cannot, and tells why.
func endless(told chan<- error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for {
			if _, err := w.Write(make([]byte, 4*slowBytes)); err != nil {
				told <- err
				return
			}
		}
	})
}

func TestWhoDoesNotReadIsLetGo(t *testing.T) {
	cert, key := pair(t, "one")
	for name, o := range map[string]Options{"HTTP": {}, "TLS": {Cert: cert, Key: key}} {
		t.Run(name, func(t *testing.T) {
			told := make(chan error, 1)
			s := serve(t, o, endless(told), func(d *Door) { d.limits.slowFor = 100 * time.Millisecond })
			c := s.dial()
			if o.Cert != "" {
				c, _ = s.shake()
			}
			defer c.Close()
			fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
			select {
			case <-told:
			case <-time.After(patience):
				t.Error("it goes on for ever")
			}
		})
	}
}

// Over HTTP/2 the connection is read, but the stream is not.
func TestAStreamThatIsNotReadIsLetGo(t *testing.T) {
	cert, key := pair(t, "one")
	told := make(chan error, 1)
	s := serve(t, Options{Cert: cert, Key: key}, endless(told), func(d *Door) { d.limits.slowFor = 100 * time.Millisecond })
	response, err := s.client(true).Get("https://localhost/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	select {
	case <-told:
	case <-time.After(patience):
		t.Error("it goes on for ever")
	}
}

// A reader that takes much longer than slowFor gets all of it as long as it goes on reading.
func TestWhoReadsSlowlyGetsItAll(t *testing.T) {
	const size, step, slow = 32 << 20, 256 << 10, time.Second
	s := serve(t, Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.CopyN(w, endlessReader{}, size)
	}), func(d *Door) { d.limits.slowFor = slow })
	response, err := s.client(false).Get("http://localhost/")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	begun := time.Now()
	for got := int64(0); got < size; {
		n, err := io.CopyN(io.Discard, response.Body, step)
		if got += n; err != nil && got < size {
			t.Fatalf("%d bytes, %v", got, err)
		}
		time.Sleep(slow / 80)
	}
	if took := time.Since(begun); took < slow {
		t.Errorf("it took %v, which proves nothing", took)
	}
}

// endlessReader reads as zeros.
type endlessReader struct{}

func (endlessReader) Read(data []byte) (int, error) { return len(data), nil }

func TestASlowNodeIsNotTheReadersFault(t *testing.T) {
	cert, key := pair(t, "one")
	const parts, slow = 8, 400 * time.Millisecond
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for i := range parts {
			if i == parts/2 {
				time.Sleep(2 * slow) // a node that does not answer; the reader is not to blame
			}
			if _, err := w.Write(make([]byte, slowBytes)); err != nil {
				t.Error(err)
			}
		}
	})
	for _, two := range []bool{false, true} {
		s := serve(t, Options{Cert: cert, Key: key}, h, func(d *Door) { d.limits.slowFor = slow })
		response, err := s.client(two).Get("https://localhost/")
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, response.Body)
		if n != parts*slowBytes || err != nil {
			t.Errorf("HTTP/2 %v: %d bytes, %v", two, n, err)
		}
		response.Body.Close()
	}
}
