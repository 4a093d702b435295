package gateway

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/hashicorp/go-hclog"

	"github.com/relaypeer/relaypeer/protocol"
	"github.com/relaypeer/relaypeer/transport"
	"github.com/relaypeer/relaypeer/transport/fsshare"
	"github.com/relaypeer/relaypeer/transport/peer"
)

func TestAnErrorHasAStatusAndItsReason(t *testing.T) {
	var g Gateway
	for _, x := range []struct {
		err   error
		code  int
		again bool
		text  string
	}{
		{&peer.Error{Kind: peer.ErrNotFound}, 404, false, "no node has it"},
		{&peer.Error{Kind: peer.ErrTooEarly}, 503, true, "that may change by itself"},
		{&peer.Error{Kind: peer.ErrUnsure, Code: protocol.Timeout, By: protocol.Client}, 504, false, "timeout (the client)"},
		{&peer.Error{Kind: peer.ErrUnsure, Code: protocol.Refused, By: protocol.Client, Text: "a node"}, 502, false, "(the client: a node)"},
		{&peer.Error{Kind: peer.ErrUnsure, Code: protocol.Busy, By: protocol.Node}, 503, true, "busy (the node)"},
		{&peer.Error{Kind: peer.ErrUndelivered, Code: protocol.BadHash, By: protocol.Client}, 502, false, "bad-hash"},
		{&peer.Error{Kind: peer.ErrUndelivered, Code: protocol.Changed, By: protocol.Node}, 503, true, "changed (the node)"},
		{&peer.Error{Kind: peer.ErrNoRelay, Code: protocol.Refused, By: protocol.Client}, 502, false, "the relay could not be asked"},
		{&peer.Error{Kind: peer.ErrNoRelay, Code: protocol.Timeout, By: protocol.Client}, 504, false, "timeout"},
		{&peer.Error{Kind: peer.ErrNoRelay, Code: protocol.Denied, By: protocol.Relay, Text: "<b>\x1b[1m"}, 502, false, "(the relay: <b>?[1m)"},
		{&peer.Error{Kind: peer.ErrBadName, Text: "a component"}, 400, false, "a component"},
		{&peer.Error{Kind: peer.ErrTooMany}, 503, false, "more names match"},
		{&peer.Error{Kind: peer.ErrDisk, Text: "full"}, 500, false, "full"},
		{peer.ErrInterrupted, 503, true, "interrupted"}, {errBusy, 503, true, "try again"}, {errRanges, 416, false, "ranges"}, {io.ErrNoProgress, 500, false, "multiple Read"},
	} {
		code, again := statusOf(fmt.Errorf("within: %w", x.err))
		if text := g.explain(x.err); code != x.code || again != x.again || !strings.Contains(text, x.text) {
			t.Errorf("%v: %d, %t, %q", x.err, code, again, text)
		}
	}
	g.Explain = func(err error) error { return fmt.Errorf("%w; do this", err) }
	if text := g.explain(&peer.Error{Kind: peer.ErrNotFound}); text != "no node has it; do this" {
		t.Error(text)
	}
}

// reading is an answer that is read bit by bit.
func (s *served) reading(path string, fields ...string) *http.Response {
	s.t.Helper()
	r, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Set(fields[i], fields[i+1])
	}
	response, err := s.client.Do(r)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { response.Body.Close() })
	return response
}

// long is more than lies between a node and whoever reads slowly.
const long = 24 * group

func TestAnotherNodeGoesOnInTheMiddle(t *testing.T) {
	s := newSwarm(t)
	whole := random(long)
	first := &dying{Share: s.share(fstest.MapFS{"a": {Data: whole}})}
	s.join(first)
	web := s.serve()
	body := web.reading("/files/a").Body
	got := make([]byte, group)
	if _, err := io.ReadFull(body, got); err != nil {
		t.Fatal(err)
	}
	s.join(s.share(fstest.MapFS{"a": {Data: whole}}))
	first.dead.Store(true)
	rest, err := io.ReadAll(body)
	if err != nil || !bytes.Equal(append(got, rest...), whole) {
		t.Errorf("%d bytes of %d, %v", group+len(rest), len(whole), err)
	}
}

func TestWithoutAnotherNodeTheAnswerIsAborted(t *testing.T) {
	for _, fields := range [][]string{nil, {"Range", "bytes=1-"}, {"Range", fmt.Sprintf("bytes=0-%d,%d-%d", group, 2*group, long-2)}} {
		s := newSwarm(t)
		only := &dying{Share: s.share(fstest.MapFS{"a": {Data: random(long)}})}
		s.join(only)
		response := s.serve().reading("/files/a", fields...)
		if _, err := io.CopyN(io.Discard, response.Body, group); err != nil {
			t.Fatal(err)
		}
		only.dead.Store(true)
		if n, err := io.Copy(io.Discard, response.Body); !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%q: %d more bytes, %v", fields, n, err)
		}
	}
}

// wrong is a share that sends other bytes than it has hashed.
type wrong struct{ *fsshare.Share }

type wrongFile struct{ transport.File }

func (w wrong) Open(ctx context.Context, name string, hash protocol.Hash, hashing func(done, size uint64)) (transport.File, *protocol.Error) {
	f, err := w.Share.Open(ctx, name, hash, hashing)
	if err != nil {
		return nil, err
	}
	return wrongFile{f}, nil
}

func (w wrongFile) Read(b []byte) (int, error) {
	n, err := w.File.Read(b)
	for i := range b[:n] {
		b[i]++
	}
	return n, err
}

func TestNoByteLeavesThatIsNotVerified(t *testing.T) {
	s := newSwarm(t)
	files := fstest.MapFS{"a": {Data: random(2 * group)}}
	s.join(wrong{s.share(files)})
	web := s.serve()
	for _, fields := range [][]string{nil, {"Range", "bytes=5-9"}} {
		if is := web.get("/files/a", fields...); is.code != 502 || !strings.Contains(string(is.body), "bad-hash") || len(is.body) > 500 || is.header.Get("Content-Range") != "" {
			t.Errorf("%d, %.200q, %v", is.code, is.body, is.header)
		}
	}
	s.join(s.share(files))
	if is := web.get("/files/a"); is.code != 200 || !bytes.Equal(is.body, files["a"].Data) {
		t.Errorf("%d, %d bytes", is.code, len(is.body))
	}
}

// The list is some seconds old: what it has under a name may be nowhere any more.
func TestAContentThatChangedSinceTheListIsServedAsItIsNow(t *testing.T) {
	s := newSwarm(t)
	leave := s.join(s.share(tree("a.txt", "then")))
	web := s.serve()
	if is := web.do(http.MethodHead, "/files/a.txt"); is.header.Get("Etag") != `"`+hashOf([]byte("then"))+`"` {
		t.Fatalf("%v", is.header)
	}
	leave()
	s.join(s.share(tree("a.txt", "now, and longer")))
	for range 2 {
		if is := web.get("/files/a.txt"); is.code != 200 || string(is.body) != "now, and longer" || is.header.Get("Etag") != `"`+hashOf([]byte("now, and longer"))+`"` {
			t.Errorf("%d, %q, %v", is.code, is.body, is.header)
		}
	}
}

func TestARelayThatIsAwayIsTold(t *testing.T) {
	network := transport.NewMemory()
	s := &swarm{t: t, network: network, relay: "127.0.0.1:1"}
	s.client = &peer.Client{Network: network, Relay: s.relay}
	web := s.serve()
	for path, code := range map[string]int{"/": 502, "/files/a": 502, "/who/a": 502, "/zip/": 502, "/search?q=a": 502, "/hash/" + strings.Repeat("1", 64): 502, "/search": 200} {
		is := web.get(path, "Accept", "text/html")
		if is.code != code || code == 502 && !strings.Contains(string(is.body), "the relay could not be asked") || !strings.Contains(is.header.Get("Content-Type"), "text/html") {
			t.Errorf("%s: %d, %s", path, is.code, is.body)
		}
	}
}

func TestAnOldLinkIsToldWhyItMayLeadNowhere(t *testing.T) {
	s := serve(t, tree("a", "1"))
	for _, path := range []string{"/files/b", "/who/b", "/hash/" + strings.Repeat("1", 64)} {
		if is := s.get(path); is.code != 404 || !strings.Contains(string(is.body), "deleted or renamed") {
			t.Errorf("%s: %d, %s", path, is.code, is.body)
		}
	}
}

// Whoever shares a file and looks for it sees it at the first look, unless a list takes long.
func TestALookWaitsAMomentForANewerList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var takes time.Duration
		c := &catalogue{ctx: t.Context(), ask: func(context.Context) (*peer.Snapshot, error) {
			time.Sleep(takes)
			return &peer.Snapshot{Taken: time.Now()}, nil
		}}
		defer c.close()
		c.look(t.Context())
		for _, x := range []struct{ takes, age, waited time.Duration }{
			{listBrief / 2, 0, listBrief / 2}, {2 * listBrief, listFresh, listBrief},
		} {
			time.Sleep(listFresh)
			takes = x.takes
			began := time.Now()
			is := c.look(t.Context())
			if waited := time.Since(began); waited != x.waited || began.Sub(is.Taken) > x.age {
				t.Errorf("%+v: waited %s for a list of %s before", x, waited, began.Sub(is.Taken))
			}
		}
	})
}

func TestAnEmptyPageSaysWhyItIsEmpty(t *testing.T) {
	for want, shares := range map[string][]fs.FS{"No machine shares anything": nil, "All that is here is hidden": {tree(".a", "1")}} {
		s := serve(t, shares...)
		if is := s.get("/", "Accept", "text/html"); is.code != 200 || !strings.Contains(string(is.body), want) {
			t.Errorf("%d, %s", is.code, is.body)
		}
	}
}

// Whoever looks at no page reads the log, which says each turn once.
func TestTheLogSaysThatTheListIsNotToBeHadAndThatItIsAgain(t *testing.T) {
	away := &peer.Error{Kind: peer.ErrNoRelay, Text: "refused"}
	var lines bytes.Buffer
	g := &Gateway{log: hclog.New(&hclog.LoggerOptions{Output: &lines})}
	for _, one := range []struct {
		ends error
		line string
	}{
		{nil, ""}, {away, "no list of files could be had"}, {away, ""}, {nil, "a list of files again"}, {nil, ""},
		{&peer.Error{Kind: peer.ErrTooMany}, "more names than a list has"}, {nil, ""},
	} {
		if g.list == nil {
			g.list = &catalogue{ctx: t.Context(), told: g.tellList}
		}
		g.list.ask = func(context.Context) (*peer.Snapshot, error) { return &peer.Snapshot{}, one.ends }
		lines.Reset()
		g.list.mu.Lock()
		g.list.begin()
		g.list.mu.Unlock()
		g.list.close()
		if is := lines.String(); !strings.Contains(is, one.line) || (one.line == "") != (is == "") {
			t.Errorf("after %v: %q", one.ends, is)
		}
	}
}

func TestMoreReadersThanThereMayBeAreToldToComeAgain(t *testing.T) {
	s := serve(t, tree("a", "1"))
	var entered sync.WaitGroup
	for range MaxReads {
		entered.Go(func() { s.gateway.reads <- struct{}{} })
	}
	entered.Wait()
	if is := s.get("/files/a"); is.code != 503 || is.header.Get("Retry-After") == "" || is.header.Get("Etag") != "" {
		t.Errorf("%d, %v", is.code, is.header)
	}
	if is := s.do(http.MethodHead, "/files/a"); is.code != 200 {
		t.Errorf("HEAD: %d", is.code)
	}
	for range MaxReads {
		s.gateway.reads.leave()
	}
	if is := s.get("/files/a"); is.code != 200 || len(s.gateway.reads) != 0 {
		t.Errorf("%d, %d are under way", is.code, len(s.gateway.reads))
	}
}

func TestAClosedGatewayRefuses(t *testing.T) {
	s := serve(t, tree("a", "1"))
	s.gateway.Close()
	if is := s.get("/files/a"); is.code != 503 {
		t.Error(is.code)
	}
	s.gateway.Close()
}
