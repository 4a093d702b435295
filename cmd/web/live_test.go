package web

import (
	"bufio"
	"fmt"
	"html/template"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// listen asks for events, and returns the connection and what comes after the header.
func (s *served) listen(lines ...string) (net.Conn, *bufio.Reader, *http.Response) {
	s.t.Helper()
	c := s.dial()
	lines = append([]string{"GET / HTTP/1.1", "Host: localhost", "Accept: text/event-stream"}, lines...)
	fmt.Fprintf(c, "%s\r\n\r\n", strings.Join(lines, "\r\n"))
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return c, bufio.NewReader(response.Body), response
}

// event reads an event, or a comment, up to the blank line behind it.
func event(t *testing.T, from *bufio.Reader) string {
	t.Helper()
	var all strings.Builder
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			t.Fatalf("%q, %v", all.String(), err)
		}
		if line == "\n" {
			return all.String()
		}
		all.WriteString(line)
	}
}

// serveLive serves a page whose sections a and b are numbers.
func serveLive(t *testing.T, l *Live, a, b *atomic.Int64) *served {
	return serve(t, Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !WantsLive(r) {
			text(w, r)
			return
		}
		l.Serve(w, r, func() Sections {
			return Sections{"a": template.HTML(fmt.Sprintf("<p>\n%d</p>", a.Load())), "b": template.HTML(fmt.Sprint(b.Load()))}
		})
	}), nil)
}

func TestTheSectionsThatHaveChangedComeAgain(t *testing.T) {
	var a, b atomic.Int64
	s := serveLive(t, &Live{Every: time.Millisecond, heartbeat: 5 * time.Millisecond}, &a, &b)
	_, from, response := s.listen()
	for name, want := range map[string]string{"Content-Type": "text/event-stream; charset=utf-8", "X-Accel-Buffering": "no", "Cache-Control": "no-store", "Vary": "Accept"} {
		if got := response.Header.Get(name); got != want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := event(t, from); got != "event: sections\ndata: {\"a\":\"\\u003cp\\u003e\\n0\\u003c/p\\u003e\",\"b\":\"0\"}\n" {
		t.Errorf("%q", got)
	}
	if got := event(t, from); got != ": still here\n" {
		t.Errorf("%q", got)
	}
	b.Store(7)
	got := ": still here\n"
	for got == ": still here\n" {
		got = event(t, from)
	}
	if got != "event: sections\ndata: {\"b\":\"7\"}\n" {
		t.Errorf("%q", got)
	}
	if got := s.get("/"); got.body != "/ at /x" {
		t.Errorf("the page itself: %+v", got)
	}
	if got := s.ask("HEAD", "/", "localhost", "Accept: text/event-stream"); got.code != 200 {
		t.Errorf("%+v", got)
	}
}

func TestSoManyStreamsAreServedAtOnce(t *testing.T) {
	var a, b atomic.Int64
	s := serveLive(t, &Live{Every: time.Millisecond}, &a, &b)
	var streams []net.Conn
	for range MaxLive {
		c, from, _ := s.listen()
		event(t, from)
		streams = append(streams, c)
	}
	if got := s.get("/", "Accept: text/event-stream"); got.code != 503 || got.header.Get("Retry-After") != liveRetry {
		t.Errorf("%+v", got)
	}
	streams[0].Close()
	eventually(t, "another one has its place", func() bool {
		c, _, response := s.listen()
		defer c.Close()
		return response.StatusCode == 200
	})
}

func TestAStreamEndsWithItsToken(t *testing.T) {
	path := file(t, "token", secret)
	l := &Live{Every: time.Millisecond}
	s := serve(t, Options{TokenFile: path}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l.Serve(w, r, func() Sections { return Sections{"a": "1"} })
	}), nil)
	_, from, response := s.listen(basic("", secret))
	if response.StatusCode != 200 {
		t.Fatal(response.Status)
	}
	event(t, from)
	if err := os.WriteFile(path, []byte("another "+secret), 0o600); err != nil {
		t.Fatal(err)
	}
	if line, err := from.ReadString('\n'); err != io.EOF {
		t.Errorf("%q, %v", line, err)
	}
}

func TestStreamsEndWithTheDoorAtOnce(t *testing.T) {
	var a, b atomic.Int64
	s := serveLive(t, &Live{}, &a, &b)
	_, from, _ := s.listen()
	event(t, from)
	begun := time.Now()
	s.end()
	if took := time.Since(begun); took >= drainFor {
		t.Errorf("it took %v", took)
	}
	if _, err := from.ReadString('\n'); err == nil {
		t.Error("the stream goes on")
	}
}
