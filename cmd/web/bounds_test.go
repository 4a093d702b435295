package web

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
)

// closedSoon reports whether the door closes a connection, without more than what is left in it.
func closedSoon(c net.Conn) bool {
	_, err := io.Copy(io.Discard, c)
	return !errors.Is(err, os.ErrDeadlineExceeded)
}

func TestSoManyConnectionsAreThereAtOnce(t *testing.T) {
	const most = 4
	s := serve(t, Options{}, text, func(d *Door) { d.limits.conns = most })
	var open []net.Conn
	for range most {
		c := s.dial()
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		if got := s.read(bufio.NewReader(c), "GET"); got.code != 200 {
			t.Fatalf("%+v", got)
		}
		open = append(open, c)
	}
	if !closedSoon(s.dial()) {
		t.Error("there is one too many")
	}
	open[0].Close()
	eventually(t, "another one has its place", func() bool {
		c := s.dial()
		defer c.Close()
		fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		_, err := http.ReadResponse(bufio.NewReader(c), nil)
		return err == nil
	})
	if log := s.log.String(); !strings.Contains(log, "too many connections") {
		t.Error(log)
	}
}

// from is a listener whose connections come from addresses that a test says.
type from struct {
	net.Listener
	addrs []string
}

// Accept returns a connection that is from the next address.
func (f *from) Accept() (net.Conn, error) {
	if len(f.addrs) == 0 {
		return nil, net.ErrClosed
	}
	one, _ := net.Pipe()
	addr := net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.addrs[0]))
	f.addrs = f.addrs[1:]
	return &remote{one, addr}, nil
}

type remote struct {
	net.Conn
	addr net.Addr
}

func (r *remote) RemoteAddr() net.Addr { return r.addr }

func TestOneAddressHasSoManyConnections(t *testing.T) {
	listener := &from{addrs: []string{
		"192.0.2.1:1", "192.0.2.1:2", "192.0.2.1:3", "192.0.2.2:1", "[2001:db8::1]:1", "[2001:db8::2]:1", "[2001:db8::3]:1",
		"127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3", "192.0.2.1:4",
	}}
	b := &bounded{Listener: listener, limits: &limits{conns: 100, connsFrom: 2, slowFor: time.Second}, sampled: newSampled(hclog.NewNullLogger())}
	var got []string
	var first net.Conn
	for {
		c, err := b.Accept()
		if err != nil {
			break
		}
		got = append(got, c.RemoteAddr().String())
		if len(got) == 8 { // the last one of 127.0.0.1: room for one more of 192.0.2.1
			first.Close()
		}
		if len(got) == 1 {
			first = c
		} else {
			defer c.Close()
		}
	}
	want := "192.0.2.1:1 192.0.2.1:2 192.0.2.2:1 [2001:db8::1]:1 [2001:db8::2]:1 127.0.0.1:1 127.0.0.1:2 127.0.0.1:3 192.0.2.1:4"
	if strings.Join(got, " ") != want {
		t.Errorf("%v", got)
	}
}

func TestAHeaderHasToComeInTime(t *testing.T) {
	s := serve(t, Options{}, text, func(d *Door) { d.limits.headerTimeout = 50 * time.Millisecond })
	for name, say := range map[string]func(net.Conn){
		"nothing": func(net.Conn) {},
		"half":    func(c net.Conn) { fmt.Fprint(c, "GET / HTTP/1.1\r\nHost: local") },
		"drops": func(c net.Conn) {
			fmt.Fprint(c, "GET / HTTP/1.1\r\n")
			for {
				if _, err := fmt.Fprint(c, "X: y\r\n"); err != nil {
					return
				}
				time.Sleep(5 * time.Millisecond)
			}
		},
	} {
		c := s.dial()
		done := make(chan struct{})
		go func() { defer close(done); say(c) }()
		if !closedSoon(c) {
			t.Errorf("%s: it waits for ever", name)
		}
		c.Close()
		<-done
	}
}

func TestAHandshakeHasToComeInTime(t *testing.T) {
	cert, key := pair(t, "one")
	s := serve(t, Options{Cert: cert, Key: key}, text, func(d *Door) { d.limits.headerTimeout = 50 * time.Millisecond })
	if c := s.dial(); !closedSoon(c) {
		t.Error("it waits for ever")
	}
	if c, _ := s.shake(); !closedSoon(c) {
		t.Error("it waits for ever for the header behind the handshake")
	}
}

func TestAHeaderIsNotLong(t *testing.T) {
	s := serve(t, Options{}, text, nil)
	if got := s.get("/", "X: "+strings.Repeat("x", maxHeader/2)); got.code != 200 {
		t.Errorf("%+v", got)
	}
	if got := s.get("/", "X: "+strings.Repeat("x", 2*maxHeader)); got.code != 431 {
		t.Errorf("%+v", got)
	}
}

func TestSoManyRequestsAreServedAtOnce(t *testing.T) {
	begun, goOn := make(chan struct{}, 1000), make(chan struct{})
	s := serve(t, Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		begun <- struct{}{}
		<-goOn
	}), func(d *Door) { d.limits.requests = 2 })
	for range 2 {
		fmt.Fprint(s.dial(), "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
		<-begun
	}
	if got := s.get("/"); got.code != 503 || got.header.Get("Retry-After") == "" {
		t.Errorf("%+v", got)
	}
	close(goOn)
	eventually(t, "there is room again", func() bool {
		return s.get("/").code == 200
	})
}

func TestTheDoorEndsInTimeWhateverIsUnderWay(t *testing.T) {
	told, stuck := make(chan error, 1), make(chan struct{})
	s := serve(t, Options{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/soon":
			w.WriteHeader(200)
			w.(http.Flusher).Flush()
			<-Ending(r)
			fmt.Fprint(w, "all of it")
		case "/stuck":
			close(stuck)
			<-r.Context().Done()
			told <- r.Context().Err()
		}
	}), func(d *Door) { d.limits.drainFor = time.Second })
	s.dial() // a browser opens connections ahead
	idle := s.dial()
	fmt.Fprint(idle, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
	s.read(bufio.NewReader(idle), "GET")
	fmt.Fprint(s.dial(), "GET /stuck HTTP/1.1\r\nHost: localhost\r\n\r\n")
	<-stuck
	soon := s.dial()
	fmt.Fprint(soon, "GET /soon HTTP/1.1\r\nHost: localhost\r\n\r\n")
	from := bufio.NewReader(soon)
	response, err := http.ReadResponse(from, nil)
	if err != nil {
		t.Fatal(err)
	}
	go s.end()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "all of it" {
		t.Errorf("what is under way is cut: %q, %v", body, err)
	}
	if err := <-told; err == nil {
		t.Error("nothing ends")
	}
	s.end()
	if c, err := net.Dial("tcp", s.listener.Addr().String()); err == nil {
		c.Close()
		t.Error("the door is still open")
	}
}
