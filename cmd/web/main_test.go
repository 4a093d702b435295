package web

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what should come soon.
const patience = 20 * time.Second

// served is a door that a test has opened, and that serves.
type served struct {
	*Door
	t   *testing.T
	log *lines
	end func() // ends it, and waits until it has ended
}

// serve opens a door, at a free port of loopback unless the options say otherwise, and serves. Change
// is called before; it may be nil.
func serve(t *testing.T, o Options, h http.Handler, change func(*Door)) *served {
	t.Helper()
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	log := &lines{}
	d, err := Open(t.Context(), o, hclog.New(&hclog.LoggerOptions{Output: log, Level: hclog.Debug, DisableTime: true}))
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		change(d)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Serve(ctx, h) }()
	s := &served{Door: d, t: t, log: log}
	s.end = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("Serve: %v", err)
			}
		case <-time.After(patience):
			t.Error("Serve does not end")
		}
	})
	t.Cleanup(s.end)
	return s
}

// text is a handler that says which path it was asked for.
var text = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprintf(w, "%s at %s", r.URL.Path, Path(r, "x")) })

// dial connects to the door.
func (s *served) dial() net.Conn {
	s.t.Helper()
	network, address := s.network()
	c, err := net.Dial(network, address)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(patience))
	return c
}

// network returns the network and the address of the door.
func (s *served) network() (network, address string) {
	if path, is := strings.CutPrefix(s.URL(), unixPrefix); is {
		return "unix", path
	}
	return "tcp", s.listener.Addr().String()
}

// answer is what came of a request.
type answer struct {
	code   int
	header http.Header
	body   string
}

// ask sends a request with a method, a path, a Host and further header lines, as they are.
func (s *served) ask(method, path, host string, lines ...string) answer {
	s.t.Helper()
	c := s.dial()
	defer c.Close()
	head := append([]string{method + " " + path + " HTTP/1.1", "Host: " + host}, lines...)
	fmt.Fprintf(c, "%s\r\n\r\n", strings.Join(head, "\r\n"))
	return s.read(bufio.NewReader(c), method)
}

func (s *served) read(from *bufio.Reader, method string) answer {
	s.t.Helper()
	response, err := http.ReadResponse(from, &http.Request{Method: method, URL: &url.URL{}})
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{response.StatusCode, response.Header, string(body)}
}

// get asks for a path as localhost.
func (s *served) get(path string, lines ...string) answer {
	s.t.Helper()
	return s.ask("GET", path, "localhost", lines...)
}

// lines is the log of a test.
type lines struct {
	mu  sync.Mutex
	all strings.Builder
}

func (l *lines) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.Write(line)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.all.String()
}

// eventually waits until something is so.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !is(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it does not come to this: %s", what)
		}
	}
}

// file writes a file that only its owner can read.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
